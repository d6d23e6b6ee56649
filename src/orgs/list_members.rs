use std::sync::Arc;

use super::Orgs;
use crate::{
    access::OrgAccess,
    cache::{CachedQuery, Key, Scope, keys},
    db::{self, Reader, Stamped, members::Known},
    domain::{MemberListQuery, MemberMarks, MemberPage, MemberSort, MemberTotal, OrgSlug},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Orgs {
    /// A page of the organization's members. Every member may read it; who lacks a second
    /// factor only those who manage members ([`MemberPage::for_reader`]).
    ///
    /// A search goes to the database: what users type hardly repeats, and would push out
    /// of the cache what does. It looks through thousands of members, so it is a heavy
    /// read, of which each user can have a few at a time. So is any page but the first,
    /// until it is remembered: there are thousands, by filter and order, and asking for all
    /// of them at once costs as much as searching.
    ///
    /// A page far into the list that is asked for by its number is found by the list's marks,
    /// which are cached as well; so is how many a search finds, where it is counted by itself.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the slug does not name the organization any more; for what is
    /// a heavy read [`Error::TooManyAtOnce`] and [`Error::Busy`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.list_members", skip_all)]
    pub async fn list_members(
        &self,
        access: &OrgAccess,
        query: &MemberListQuery,
    ) -> Result<Arc<MemberPage>> {
        let (user, slug) = (access.user().id, access.slug());
        let query = &query.clone().for_reader(access.role());
        let found = match MemberPageOf::new(slug, query) {
            Some(page) if *query == MemberListQuery::default() || self.cache.remembers(&page) => {
                self.cache.get(&page).await?
            }
            Some(page) => {
                let cache = self.cache.clone();
                let load = |_reader| async move {
                    let page = match page.marks_of() {
                        Some(marks) => MemberPageOf {
                            marks: cache.get(&marks).await?,
                            ..page
                        },
                        None => page,
                    };
                    cache.get(&page).await
                };
                self.db.heavy_read(user, load).await?
            }
            None => self.search_members(access, query).await?,
        };
        found
            .filter(|found| found.org_id == access.org_id())
            .map(|found| found.for_reader(access.role()))
            .ok_or(Error::NotFound)
    }

    /// A page of a search that finds many in a large organization says only how many it has met:
    /// counting them all can take ten times as long. So they are counted if that is asked for, or
    /// the page is asked for by a number behind those. How many there are is cached, because
    /// whoever walks through the list asks again on each page.
    async fn search_members(
        &self,
        access: &OrgAccess,
        query: &MemberListQuery,
    ) -> Result<Option<Arc<MemberPage>>> {
        let total = MemberTotalOf::new(access.slug(), query);
        if !self.cache.remembers(&total) {
            let found = self.search_page(access, query, None).await?;
            let is_enough = |MemberPage { page, .. }: &MemberPage| {
                let is_behind = query.from.is_none() && page.is_beyond_last();
                page.is_counted() || !(query.count_all || is_behind)
            };
            if found.as_deref().is_none_or(is_enough) {
                return Ok(found);
            }
        }
        let cache = self.cache.clone();
        let count = |_reader| async move { cache.get(&total).await };
        let total = self.db.heavy_read(access.user().id, count).await?;
        let total = total.filter(|total| total.org_id == access.org_id());
        self.search_page(access, query, total).await
    }

    async fn search_page(
        &self,
        access: &OrgAccess,
        query: &MemberListQuery,
        total: Option<Arc<MemberTotal>>,
    ) -> Result<Option<Arc<MemberPage>>> {
        let (slug, query) = (access.slug().clone(), query.clone());
        let known = Known {
            total,
            ..Known::default()
        };
        let search =
            |reader| async move { db::members::list_page(&reader, &slug, &query, &known).await };
        let found = self.db.heavy_read(access.user().id, search).await?;
        Ok(found.value.map(Arc::new))
    }
}

/// One page of the members of the organization with this current slug.
#[derive(Clone, Debug)]
pub struct MemberPageOf {
    slug: OrgSlug,
    query: MemberListQuery,
    /// They lead to the page and say nothing about it: without them it is the same page, and takes
    /// longer. (If members come and go between the two statements, it begins that many rows beside
    /// where its number says. Nothing is missed on the way on.)
    marks: Option<Arc<MemberMarks>>,
}

impl MemberPageOf {
    /// `None` for a search, which is not cached.
    pub fn new(slug: &OrgSlug, query: &MemberListQuery) -> Option<Self> {
        let is_cached = query.search.is_empty();
        is_cached.then(|| Self {
            slug: slug.clone(),
            query: query.clone(),
            marks: None,
        })
    }

    /// The marks that this page is found by, if it needs any.
    fn marks_of(&self) -> Option<MemberMarksOf> {
        db::members::is_deep(&self.query).then(|| MemberMarksOf::new(&self.slug, self.query.sort))
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
        let known = Known {
            marks: self.marks.clone(),
            ..Known::default()
        };
        db::members::list_page(db, &self.slug, &self.query, &known).await
    }
}

/// How many members a search of the organization with this current slug finds.
#[derive(Clone, Debug)]
pub struct MemberTotalOf {
    slug: OrgSlug,
    query: MemberListQuery,
}

impl MemberTotalOf {
    pub fn new(slug: &OrgSlug, query: &MemberListQuery) -> Self {
        Self {
            slug: slug.clone(),
            query: query.clone(),
        }
    }
}

impl CachedQuery for MemberTotalOf {
    type Answer = MemberTotal;

    fn key(&self) -> Key {
        keys::member_total(&self.slug, &self.query)
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        let list = answer.map(|total| Scope::MemberList(total.org_id));
        std::iter::once(Scope::Slug(self.slug.clone()))
            .chain(list)
            .collect()
    }

    async fn load(&self, db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        db::members::list_total(db, &self.slug, &self.query).await
    }
}

/// Places here and there in the list of the members of the organization with this current slug,
/// in one order.
#[derive(Clone, Debug)]
pub struct MemberMarksOf {
    slug: OrgSlug,
    sort: MemberSort,
}

impl MemberMarksOf {
    pub fn new(slug: &OrgSlug, sort: MemberSort) -> Self {
        Self {
            slug: slug.clone(),
            sort,
        }
    }
}

impl CachedQuery for MemberMarksOf {
    type Answer = MemberMarks;

    fn key(&self) -> Key {
        keys::member_marks(&self.slug, self.sort)
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        let list = answer.map(|marks| Scope::MemberList(marks.org_id));
        std::iter::once(Scope::Slug(self.slug.clone()))
            .chain(list)
            .collect()
    }

    async fn load(&self, db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        db::members::list_marks(db, &self.slug, self.sort).await
    }
}
