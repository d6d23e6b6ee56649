use super::{Platform, PlatformAdmin};
use crate::{boxed, db, domain::platform::QueueStatus, error::Result, telemetry::SPANS};

/// Most jobs that are listed.
const MOST_LISTED: i64 = 100;

impl Platform {
    /// What waits and what failed, over all nodes.
    ///
    /// # Errors
    /// As for every heavy read: see [`Self::count_all`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.get_queue", skip_all)]
    #[boxed]
    pub async fn get_queue(&self, admin: &PlatformAdmin) -> Result<QueueStatus> {
        let (db, now) = (self.db.clone(), self.clock.now());
        let look = |reader| async move {
            Ok(QueueStatus {
                kinds: db::jobs::list_waiting(db.pool(), now).await?,
                failed: db::jobs::list_failed(&reader, MOST_LISTED).await?,
            })
        };
        self.db.heavy_read(admin.signed_in().id, look).await
    }
}
