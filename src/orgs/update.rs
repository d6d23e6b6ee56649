use super::{Locked, Orgs};
use crate::{
    access::OrgAccess,
    cache::Change,
    db::{self, activity::NewActivity},
    domain::{ActivityKind, OrgName, OrgSlug, Permission},
    error::{Error, Result},
};

impl Orgs {
    /// Changes the organization's name and slug, and returns the slug it has then.
    /// Former slugs keep leading to it and can be taken back. Needs
    /// [`Permission::UpdateOrg`].
    ///
    /// # Errors
    /// [`Error::Conflict`] on the field `slug` when another organization has, or
    /// had, it; [`Error::Forbidden`] without the right; [`Error::NotFound`] when
    /// organization or membership are gone meanwhile; [`Error::Unavailable`] when
    /// the database does not answer.
    pub async fn update(
        &self,
        access: &OrgAccess,
        name: &OrgName,
        slug: &OrgSlug,
    ) -> Result<OrgSlug> {
        access.require(Permission::UpdateOrg)?;
        let org = access.org_id();
        let Locked {
            mut tx,
            org: before,
            actor,
        } = self.begin_change(access).await?;
        if !actor.role.may(Permission::UpdateOrg) {
            return Err(Error::Forbidden);
        }

        let renamed = before.name != name.as_str();
        let moved = before.slug != *slug;
        if !renamed && !moved {
            return Ok(before.slug);
        }
        db::orgs::update(&mut tx, org, name, slug).await?;
        let changes = [
            (
                renamed,
                ActivityKind::OrgRenamed,
                before.name.as_str(),
                name.as_str(),
            ),
            (
                moved,
                ActivityKind::SlugChanged,
                before.slug.as_str(),
                slug.as_str(),
            ),
        ];
        for (_, kind, subject, detail) in changes.into_iter().filter(|(happened, ..)| *happened) {
            let entry = NewActivity {
                org,
                actor: actor.user_id,
                actor_name: &actor.name,
                kind,
                subject,
                detail,
            };
            db::activity::insert(&mut tx, entry).await?;
        }
        let commit = tx.commit().await?;

        self.cache
            .invalidate(&[
                Change::OrgSlug(before.slug.clone()),
                Change::OrgSlug(slug.clone()),
                Change::OrgMember(before.slug, actor.user_id),
                Change::UserOrgs(actor.user_id),
            ])
            .await;
        self.cache.wait_until_applied(commit).await;
        Ok(slug.clone())
    }
}
