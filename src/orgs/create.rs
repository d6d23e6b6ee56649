use super::Orgs;
use crate::{
    cache::keys,
    db::{self, activity::NewActivity},
    domain::{ActivityKind, CurrentUser, OrgName, OrgSlug, Role},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Orgs {
    /// Creates an organization whose owner is `user`. Whoever is signed in may.
    ///
    /// # Errors
    /// [`Error::Conflict`] on the field `slug` if another organization has, or had, it;
    /// [`Error::Forbidden`] if the user is banned by now.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.create", skip_all)]
    pub async fn create(
        &self,
        user: &CurrentUser,
        name: &OrgName,
        slug: &OrgSlug,
    ) -> Result<OrgSlug> {
        let mut tx = self.db.begin().await?;
        let actor_name = db::users::find_active_name(&mut tx, user.id).await?;
        let actor_name = actor_name.ok_or(Error::Forbidden)?;
        let org = db::orgs::insert(&mut tx, name, slug).await?;
        db::members::insert(&mut tx, org, user.id, Role::Owner).await?;
        let activity = NewActivity {
            org,
            actor: Some(user.id),
            actor_name: &actor_name,
            kind: ActivityKind::OrgCreated,
            subject: name.as_str(),
            detail: "",
        };
        db::activity::insert(&mut tx, activity).await?;

        // Until now "no such organization" may have been cached for the user.
        let outdated = [keys::membership(slug, user.id), keys::user_orgs(user.id)];
        self.cache.commit(tx, &outdated).await?;
        Ok(slug.clone())
    }
}
