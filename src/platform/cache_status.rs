use super::{Platform, PlatformAdmin};
use crate::{boxed, domain::platform::CacheStatus, error::Result, telemetry::SPANS};

impl Platform {
    /// The cache of this node, as it is now.
    ///
    /// # Errors
    /// None: what does not answer is said to be so.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.cache_status", skip_all)]
    #[boxed]
    pub async fn cache_status(&self, _admin: &PlatformAdmin) -> Result<CacheStatus> {
        Ok(self.cache.status().await)
    }
}
