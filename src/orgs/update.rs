use super::Orgs;
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db,
    domain::{ActivityKind, Edit, OrgName, OrgSlug, Permission},
    error::{Error, Result},
    telemetry::SPANS,
};

/// Moves to another slug that an organization may make in 30 days. Each slug it ever had is
/// its own for good, so without a limit one organization could collect them.
const MOVES: i64 = 5;

impl Orgs {
    /// Changes the organization's name and slug, as far as they were edited, and returns the
    /// slug it has then. Former slugs still lead to it and can be taken back. Needs
    /// [`Permission::UpdateOrg`].
    ///
    /// # Errors
    /// [`Error::Conflict`] on the field `slug` if another organization has, or had, it, and
    /// on either field if somebody else changed it since it was shown;
    /// [`Error::Forbidden`] without the permission; [`Error::NotFound`] if organization or
    /// membership are gone by now; [`Error::LimitReached`] if the slug changed too often;
    /// [`Error::RateLimited`] if the user tried too many slugs.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.update", skip_all)]
    pub async fn update(
        &self,
        access: &OrgAccess,
        name: impl Into<Edit<OrgName>>,
        slug: impl Into<Edit<OrgSlug>>,
    ) -> Result<OrgSlug> {
        self.edit(access, name.into(), slug.into()).await
    }

    #[boxed]
    async fn edit(
        &self,
        access: &OrgAccess,
        name: Edit<OrgName>,
        slug: Edit<OrgSlug>,
    ) -> Result<OrgSlug> {
        access.require(Permission::UpdateOrg)?;
        let mut change = self.begin_change(access).await?;
        if !change.actor.role.may(Permission::UpdateOrg) {
            return Err(Error::Forbidden);
        }

        let (old_name, old_slug) = (change.org.name.clone(), change.org.slug.clone());
        let new_name = name.over("name", &old_name).map_err(Error::Conflict)?;
        let new_slug = slug
            .over("slug", old_slug.as_str())
            .map_err(Error::Conflict)?;
        if new_name.is_none() && new_slug.is_none() {
            return Ok(old_slug);
        }
        let question = match new_slug {
            Some(_) => Some(self.ask_about_slug(change.actor.user_id)?),
            None => None,
        };
        if new_slug.is_some()
            && db::activity::count_recent_moves(&mut change.tx, change.id).await? >= MOVES
        {
            return Err(Error::LimitReached(format!(
                "The slug of an organization can be changed {MOVES} times in 30 days, and this \
                 one was. Keep the slug for now."
            )));
        }
        db::orgs::update(&mut change.tx, change.id, new_name, new_slug).await?;
        if let Some(name) = new_name {
            change
                .record(ActivityKind::OrgRenamed, &old_name, name.as_str())
                .await?;
            // Invoices carry the name.
            self.billing
                .queue_customer_update(&mut change.tx, change.id)
                .await?;
        }
        if let Some(slug) = new_slug {
            let (from, to) = (old_slug.as_str(), slug.as_str());
            change.record(ActivityKind::SlugChanged, from, to).await?;
        }
        let slug = new_slug.unwrap_or(&old_slug);
        let user = change.actor.user_id;
        let outdated = [
            keys::org_overview(&old_slug),
            keys::org_overview(slug),
            keys::membership(&old_slug, user),
            keys::user_orgs(user),
        ];
        self.cache.commit(change.tx, &outdated).await?;
        if let Some(question) = question {
            question.forgive();
        }
        Ok(slug.clone())
    }
}
