use super::{Platform, PlatformAdmin};
use crate::{
    boxed, db,
    domain::{Page, RecordQuery, platform::OrgLine},
    error::Result,
    telemetry::SPANS,
};

impl Platform {
    /// The organizations that the search finds by name, slug or id, the newest first.
    ///
    /// # Errors
    /// As for every heavy read: see [`Self::count_all`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.list_orgs", skip_all)]
    #[boxed]
    pub async fn list_orgs(
        &self,
        admin: &PlatformAdmin,
        query: &RecordQuery,
    ) -> Result<Page<OrgLine>> {
        let query = query.clone();
        let list = |reader| async move { db::platform::list_orgs(&reader, &query).await };
        self.db.heavy_read(admin.signed_in().id, list).await
    }
}
