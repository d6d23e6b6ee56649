use std::sync::Arc;

use super::Orgs;
use crate::{
    access::OrgAccess,
    cache::{CachedQuery, Key, Scope, keys},
    db::{self, Reader, Stamped},
    domain::{ActivityListQuery, ActivityPage, OrgSlug, PAGE_SIZE, Permission},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Orgs {
    /// A page of the organization's audit log. It takes [`Permission::ReadActivity`].
    ///
    /// The newest page, which is looked at most, is cached. Any other is a heavy read, of which
    /// each user can have a few at a time: a name that is not there makes it go through the
    /// whole log.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::NotFound`] if the slug does not name the organization any
    /// more; for what is a heavy read [`Error::TooManyAtOnce`] and [`Error::Busy`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.list_activity", skip_all)]
    pub async fn list_activity(
        &self,
        access: &OrgAccess,
        query: &ActivityListQuery,
    ) -> Result<Arc<ActivityPage>> {
        access.require(Permission::ReadActivity)?;
        if let Some(newest) = ActivityPageOf::new(access.slug(), query) {
            let found = self.cache.get(&newest).await?;
            return found
                .filter(|found| found.org_id == access.org_id())
                .ok_or(Error::NotFound);
        }
        let (org, query) = (access.org_id(), query.clone());
        let search = |reader| async move {
            let limit = i64::from(PAGE_SIZE) + 1;
            let entries = db::activity::list(&reader, org, &query, limit).await?;
            Ok(ActivityPage::of(org, entries, PAGE_SIZE as usize))
        };
        let page = self.db.heavy_read(access.user().id, search).await?;
        Ok(Arc::new(page))
    }
}

/// The newest page of the audit log of the organization with this current slug.
#[derive(Clone, Debug)]
pub struct ActivityPageOf {
    slug: OrgSlug,
}

impl ActivityPageOf {
    /// `None` for any other page, which is not cached.
    pub fn new(slug: &OrgSlug, query: &ActivityListQuery) -> Option<Self> {
        let is_cached = *query == ActivityListQuery::default();
        is_cached.then(|| Self { slug: slug.clone() })
    }
}

impl CachedQuery for ActivityPageOf {
    type Answer = ActivityPage;

    fn key(&self) -> Key {
        keys::activity_page(&self.slug)
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        let mut scopes = vec![Scope::Slug(self.slug.clone())];
        if let Some(ActivityPage { org_id, .. }) = answer {
            // What ends all of an organization ends this, too.
            scopes.extend([Scope::Org(*org_id), Scope::Activity(*org_id)]);
        }
        scopes
    }

    async fn load(&self, db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        db::activity::find_newest(db, &self.slug).await
    }
}
