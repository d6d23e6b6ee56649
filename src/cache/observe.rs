//! What operators see of the cache: `docs/runbook.md` says what each figure means
//! and what to do about it.

use super::{Cache, breaker::BreakerState, near::Near};
use crate::{db::cache_log, error::chain};

impl Cache {
    /// Brings the gauges up to date; what is counted as it happens needs no help.
    pub async fn publish_gauges(&self) {
        let inner = &self.inner;
        metrics::gauge!("orghub_cache_lease_running").set(f64::from(u8::from(inner.coherence.lease_is_running())));
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
        match cache_log::oldest_write_seconds(inner.db.pool()).await {
            Ok(seconds) => metrics::gauge!("orghub_oldest_write_xact_seconds").set(seconds),
            Err(error) => tracing::debug!(error = %chain(&error), "the oldest write transaction is not known"),
        }
    }
}
