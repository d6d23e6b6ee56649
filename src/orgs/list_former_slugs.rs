use std::sync::Arc;

use super::Orgs;
use crate::{
    access::OrgAccess,
    boxed,
    cache::{CachedQuery, Key, Scope, keys},
    db::{self, Reader, Stamped},
    domain::{FormerSlugs, OrgSlug, Permission},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Orgs {
    /// The slugs that the organization had before, and that still lead to it. Needs
    /// [`Permission::UpdateOrg`].
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the permission; [`Error::NotFound`] if the slug does not
    /// name the organization any more.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.list_former_slugs", skip_all)]
    #[boxed]
    pub async fn list_former_slugs(&self, access: &OrgAccess) -> Result<Arc<FormerSlugs>> {
        access.require(Permission::UpdateOrg)?;
        let slug = access.slug().clone();
        let found = self.cache.get(&FormerSlugsOf { slug }).await?;
        found
            .filter(|found| found.org_id == access.org_id())
            .ok_or(Error::NotFound)
    }
}

/// The former slugs of the organization with this current slug.
#[derive(Clone, Debug)]
pub struct FormerSlugsOf {
    pub slug: OrgSlug,
}

impl CachedQuery for FormerSlugsOf {
    type Answer = FormerSlugs;

    fn key(&self) -> Key {
        keys::former_slugs(&self.slug)
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        // A former slug comes about by a move, which changes the row.
        let org = answer.map(|found| Scope::Org(found.org_id));
        std::iter::once(Scope::Slug(self.slug.clone()))
            .chain(org)
            .collect()
    }

    async fn load(&self, db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        db::orgs::find_former_slugs(db, &self.slug).await
    }
}
