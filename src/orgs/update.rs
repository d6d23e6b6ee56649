use super::Orgs;
use crate::{
    access::OrgAccess,
    cache::keys,
    db,
    domain::{ActivityKind, OrgName, OrgSlug, Permission},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Orgs {
    /// Changes the organization's name and slug, and returns the slug it has then. Former
    /// slugs still lead to it and can be taken back. Needs [`Permission::UpdateOrg`].
    ///
    /// # Errors
    /// [`Error::Conflict`] on the field `slug` if another organization has, or had, it;
    /// [`Error::Forbidden`] without the permission; [`Error::NotFound`] if organization or
    /// membership are gone by now.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.update", skip_all)]
    pub async fn update(
        &self,
        access: &OrgAccess,
        name: &OrgName,
        slug: &OrgSlug,
    ) -> Result<OrgSlug> {
        access.require(Permission::UpdateOrg)?;
        let mut change = self.begin_change(access).await?;
        if !change.actor.role.may(Permission::UpdateOrg) {
            return Err(Error::Forbidden);
        }

        let (old_name, old_slug) = (change.org.name.clone(), change.org.slug.clone());
        let is_renamed = old_name != name.as_str();
        let is_moved = old_slug != *slug;
        if !is_renamed && !is_moved {
            return Ok(old_slug);
        }
        db::orgs::update(&mut change.tx, change.id, name, slug).await?;
        if is_renamed {
            change
                .record(ActivityKind::OrgRenamed, &old_name, name.as_str())
                .await?;
        }
        if is_moved {
            let (from, to) = (old_slug.as_str(), slug.as_str());
            change.record(ActivityKind::SlugChanged, from, to).await?;
        }
        let user = change.actor.user_id;
        let outdated = [
            keys::org_overview(&old_slug),
            keys::org_overview(slug),
            keys::membership(&old_slug, user),
            keys::user_orgs(user),
        ];
        self.cache.commit(change.tx, &outdated).await?;
        Ok(slug.clone())
    }
}
