use std::sync::Arc;

use super::{DeletedOrgsOf, Orgs};
use crate::{
    access::{self, OrgsOf},
    cache::Companions,
    domain::{CurrentUser, OrgListQuery, OrgSummary, Page},
    error::Result,
    telemetry::SPANS,
};

impl Orgs {
    /// The user's organizations, the one joined first at the top.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.list_mine", skip_all)]
    pub async fn list_mine(&self, user: &CurrentUser) -> Result<Arc<Vec<OrgSummary>>> {
        access::list_orgs_of(&self.cache, user.id).await
    }

    /// A page of the user's organizations.
    ///
    /// It is cut out of [`Self::list_mine`], which the first page view of a user has put
    /// into the cache: a statement for each page and each search would cost more than
    /// looking through a list that one person can have.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.list_page", skip_all)]
    pub async fn list_page(
        &self,
        user: &CurrentUser,
        query: &OrgListQuery,
    ) -> Result<Page<OrgSummary>> {
        let user = user.id;
        // The page shows deleted ones, too.
        let companions = || Companions::default().and(DeletedOrgsOf { user });
        let orgs = self.cache.get_with(&OrgsOf { user }, companions).await?;
        Ok(query.page_of(&orgs.unwrap_or_default()))
    }
}
