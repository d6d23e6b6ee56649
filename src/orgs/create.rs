use super::Orgs;
use crate::{
    cache::Change,
    db::{self, activity::NewActivity},
    domain::{ActivityKind, CurrentUser, OrgName, OrgSlug, Role},
    error::{Error, Result},
};

impl Orgs {
    /// Makes an organization with the person as its owner. Whoever is signed in
    /// may.
    ///
    /// # Errors
    /// [`Error::Conflict`] on the field `slug` when another organization has, or
    /// had, it; [`Error::Forbidden`] when the person was banned meanwhile;
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn create(
        &self,
        user: &CurrentUser,
        name: &OrgName,
        slug: &OrgSlug,
    ) -> Result<OrgSlug> {
        let mut tx = self.db.begin().await?;
        let actor_name = db::users::find_active_name(&mut tx, user.id)
            .await?
            .ok_or(Error::Forbidden)?;
        let org = db::orgs::insert(&mut tx, name, slug).await?;
        db::members::insert(&mut tx, org, user.id, Role::Owner).await?;
        db::activity::insert(
            &mut tx,
            NewActivity {
                org,
                actor: user.id,
                actor_name: &actor_name,
                kind: ActivityKind::OrgCreated,
                subject: name.as_str(),
                detail: "",
            },
        )
        .await?;
        let commit = tx.commit().await?;

        // Until now "no such organization" may have been cached for the person.
        self.cache
            .invalidate(&[
                Change::OrgMember(slug.clone(), user.id),
                Change::UserOrgs(user.id),
            ])
            .await;
        self.cache.wait_until_applied(commit).await;
        Ok(slug.clone())
    }
}
