use super::{Platform, PlatformAdmin};
use crate::{boxed, db, domain::platform::PlatformCounts, error::Result, telemetry::SPANS};

impl Platform {
    /// How many there are of everything.
    ///
    /// # Errors
    /// [`crate::error::Error::TooManyAtOnce`] and [`crate::error::Error::Busy`], as for every
    /// heavy read.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.count_all", skip_all)]
    #[boxed]
    pub async fn count_all(&self, admin: &PlatformAdmin) -> Result<PlatformCounts> {
        let count = |reader| async move { db::platform::count_all(&reader).await };
        self.db.heavy_read(admin.signed_in().id, count).await
    }
}
