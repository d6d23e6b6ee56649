use std::sync::Arc;

use super::Orgs;
use crate::{
    access,
    domain::{CurrentUser, OrgSummary},
    error::Result,
    telemetry::SPANS,
};

impl Orgs {
    /// The user's organizations, the one joined first at the top.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.list_mine", skip_all)]
    pub async fn list_mine(&self, user: &CurrentUser) -> Result<Arc<Vec<OrgSummary>>> {
        access::list_orgs(&self.cache, user.id).await
    }
}
