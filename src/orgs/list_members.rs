use std::sync::Arc;

use super::Orgs;
use crate::{
    access::OrgAccess,
    cache::{CachedQuery, Key, Scope, keys},
    db::{self, Reader, Stamped},
    domain::{MemberListQuery, MemberPage, OrgSlug},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Orgs {
    /// A page of the organization's members. Every member may read it.
    ///
    /// A search goes to the database: what users type hardly repeats, and would push out
    /// of the cache what does.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the slug does not name the organization any more.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.list_members", skip_all)]
    pub async fn list_members(
        &self,
        access: &OrgAccess,
        query: &MemberListQuery,
    ) -> Result<Arc<MemberPage>> {
        let slug = access.slug();
        let found = match MemberPageOf::new(slug, query) {
            Some(query) => self.cache.get(&query).await?,
            None => {
                let page = db::members::list_page(&self.db.reader(), slug, query).await?;
                page.value.map(Arc::new)
            }
        };
        found
            .filter(|found| found.org_id == access.org_id())
            .ok_or(Error::NotFound)
    }
}

/// One page of the members of the organization with this current slug.
#[derive(Clone, Debug)]
pub struct MemberPageOf {
    slug: OrgSlug,
    query: MemberListQuery,
}

impl MemberPageOf {
    /// `None` for a search, which is not cached.
    pub fn new(slug: &OrgSlug, query: &MemberListQuery) -> Option<Self> {
        let is_cached = query.search.is_empty();
        is_cached.then(|| Self {
            slug: slug.clone(),
            query: query.clone(),
        })
    }
}

impl CachedQuery for MemberPageOf {
    type Answer = MemberPage;

    fn key(&self) -> Key {
        keys::member_page(&self.slug, &self.query)
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        let list = answer.map(|page| Scope::MemberList(page.org_id));
        std::iter::once(Scope::Slug(self.slug.clone()))
            .chain(list)
            .collect()
    }

    async fn load(&self, db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        db::members::list_page(db, &self.slug, &self.query).await
    }
}
