//! The cache of this node for those who look after it.

use super::{BreakerState, Cache, CacheHealth};
use crate::domain::platform::CacheStatus;

impl Cache {
    /// Asks Redis, the database and this process for their state now.
    pub async fn status(&self) -> CacheStatus {
        let CacheHealth {
            lease_is_running,
            last_poll_age,
            near_bytes,
            redis,
        } = self.health().await;
        let breaker = |state| match state {
            BreakerState::Closed => "closed",
            BreakerState::HalfOpen => "half-open",
            BreakerState::Open => "open",
        };
        let oldest_write = self.oldest_write().await.ok();
        CacheStatus {
            families: self.inner.tally.read(),
            near_bytes,
            lease_is_running,
            last_poll_seconds: last_poll_age.map(|age| age.as_secs_f64()),
            oldest_write_seconds: oldest_write.map(|age| age.as_secs_f64()),
            breaker: redis.map(|redis| breaker(redis.breaker)),
            redis_seconds: redis
                .and_then(|redis| redis.round_trip)
                .map(|time| time.as_secs_f64()),
        }
    }
}
