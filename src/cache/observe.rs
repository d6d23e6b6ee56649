//! What operators see of the cache: `docs/runbook.md` says what each figure means
//! and what to do about it.

use std::time::Duration;

use tokio::time::timeout;

use super::{Cache, breaker::BreakerState, near::Near};
use crate::{
    db::cache_log,
    error::{Error, Result},
};

/// How long a question to the database may keep an operator waiting.
const PATIENCE: Duration = Duration::from_secs(1);

impl Cache {
    /// Brings the gauges up to date; what is counted as it happens needs no help.
    pub async fn publish_gauges(&self) {
        let inner = &self.inner;
        metrics::gauge!("orghub_cache_lease_running")
            .set(f64::from(u8::from(inner.coherence.lease_is_running())));
        if let Some(heard) = inner.since_heard() {
            metrics::gauge!("orghub_cache_heard_seconds").set(heard.as_secs_f64());
        }
        let near_bytes = inner.near.as_ref().map_or(0, Near::bytes);
        metrics::gauge!("orghub_cache_near_bytes").set(near_bytes as f64);
        if let Some(redis) = &inner.redis {
            let state = match redis.breaker_state() {
                BreakerState::Closed => 0.0,
                BreakerState::HalfOpen => 1.0,
                BreakerState::Open => 2.0,
            };
            metrics::gauge!("orghub_redis_breaker_state").set(state);
        }
        // Not known is not zero.
        let seconds = self
            .oldest_write()
            .await
            .map_or(f64::NAN, |age| age.as_secs_f64());
        metrics::gauge!("orghub_oldest_write_xact_seconds").set(seconds);
    }

    /// Age of the oldest transaction of the database cluster that has written
    /// something. What is read meanwhile cannot be kept in Redis (docs/caching.md).
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not say so within a second.
    pub async fn oldest_write(&self) -> Result<Duration> {
        let seconds = timeout(
            PATIENCE,
            cache_log::oldest_write_seconds(self.inner.db.pool()),
        )
        .await
        .map_err(|elapsed| Error::unavailable("the database", elapsed))??;
        Ok(Duration::from_secs_f64(seconds.max(0.0)))
    }
}
