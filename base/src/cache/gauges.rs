//! The cache's gauges for `/metrics`. Counters and histograms are updated as things
//! happen, but counters that Prometheus is to see rise begin here, at zero.

use std::time::Duration;

use metrics::{counter, gauge};
use tokio::time::timeout;

use super::{
    Cache,
    breaker::BreakerState,
    client::{Memory, Redis},
    keys::FAMILIES,
    near::Near,
    tally::OUTCOMES,
};
use crate::{
    db::cache_log,
    error::{Error, Result},
    telemetry::names,
};

/// How long an operator may be kept waiting for the database.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(1);

impl Cache {
    /// Sets the gauges that describe the moment; called before each scrape.
    pub async fn publish_gauges(&self) {
        begin_counters();
        let inner = &self.inner;
        let lease_is_running = f64::from(u8::from(inner.coherence.lease_is_running()));
        gauge!(names::CACHE_LEASE_RUNNING).set(lease_is_running);
        if let Some(age) = inner.last_poll_age() {
            gauge!(names::CACHE_LAST_POLL_AGE).set(age.as_secs_f64());
        }
        let near_bytes = inner.near.as_ref().map_or(0, Near::bytes);
        gauge!(names::CACHE_NEAR_BYTES).set(near_bytes as f64);
        if let Some(redis) = &inner.redis {
            let state = match redis.breaker_state() {
                BreakerState::Closed => 0.0,
                BreakerState::HalfOpen => 1.0,
                BreakerState::Open => 2.0,
            };
            gauge!(names::REDIS_BREAKER_STATE).set(state);
            publish_memory(redis).await;
        }
        // Unknown is not zero.
        let seconds = self
            .oldest_write()
            .await
            .map_or(f64::NAN, |age| age.as_secs_f64());
        gauge!(names::OLDEST_WRITE_XACT).set(seconds);
    }

    /// Age of the oldest transaction of the database cluster that has written something.
    /// Values that changed since it began are not taken from Redis (docs/caching.md).
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer within a second.
    pub async fn oldest_write(&self) -> Result<Duration> {
        let question = cache_log::oldest_write_seconds(self.inner.db.health_pool());
        let seconds = timeout(DATABASE_TIMEOUT, question)
            .await
            .map_err(|elapsed| Error::unavailable("the database", elapsed))??;
        Ok(Duration::from_secs_f64(seconds.max(0.0)))
    }
}

/// Look-ups of each family, and forged values, of which a single one matters.
fn begin_counters() {
    for family in FAMILIES {
        for outcome in OUTCOMES {
            counter!(names::CACHE_LOOKUPS, "family" => family.name, "outcome" => outcome)
                .increment(0);
        }
        for level in ["offer", "redis"] {
            counter!(
                names::CACHE_REJECTED,
                "family" => family.name, "level" => level, "reason" => "forged"
            )
            .increment(0);
        }
    }
}

async fn publish_memory(redis: &Redis) {
    let (used, limit) = match redis.memory().await {
        Some(Memory { used, limit }) => (used as f64, limit as f64),
        // Unknown is not zero.
        None => (f64::NAN, f64::NAN),
    };
    gauge!(names::REDIS_MEMORY).set(used);
    gauge!(names::REDIS_MEMORY_LIMIT).set(limit);
}
