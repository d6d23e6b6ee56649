//! `/healthz`: is the process up? `/readyz`: should it get requests, and what is wrong if
//! anything is?
//!
//! Without Redis a node is slower, not wrong, so it stays in rotation: `degraded`, 200.
//! Without PostgreSQL, or with a schema that is not this version's, it cannot serve:
//! `unavailable`, 503. Addresses, versions and error texts go to the log: anybody may ask
//! here.

use std::{
    fmt,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use orghub::{
    cache::{BreakerState, CacheHealth, RedisHealth},
    error::chain,
    services::Services,
};
use serde::Serialize;
use tracing::warn;

/// The process is up. Nothing else is asked, so that no orchestrator restarts it because of
/// another service's outage.
pub async fn is_up() -> &'static str {
    "ok\n"
}

/// 503 if requests should go elsewhere.
pub async fn is_ready(State(services): State<Services>) -> Response {
    let report = Report::of(&services).await;
    let status = match report.status {
        Status::Ok | Status::Degraded => StatusCode::OK,
        Status::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(report)).into_response()
}

/// State of the node or one of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Ok,
    /// The node serves without it, more slowly.
    Degraded,
    /// The node cannot serve.
    Unavailable,
}

/// The answer of `/readyz`.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The worst of the parts.
    pub status: Status,
    pub postgres: Postgres,
    /// Absent if caching is turned off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<Redis>,
    pub cache: NearCache,
}

#[derive(Debug, Serialize)]
pub struct Postgres {
    /// Unavailable without an answer, or while migrations are missing.
    pub status: Status,
    /// `null` without an answer.
    pub latency_ms: Option<f64>,
    /// Migrations of this version that the database lacks; `null` without an answer.
    pub pending_migrations: Option<usize>,
    /// Age of the oldest transaction that has written something: what was read since then
    /// cannot be kept in Redis. `null` without an answer.
    pub oldest_write_xact_seconds: Option<f64>,
}

#[derive(Debug, Serialize)]
pub struct Redis {
    /// Never worse than degraded.
    pub status: Status,
    /// Of one round trip; `null` without an answer.
    pub latency_ms: Option<f64>,
    /// Whether requests use Redis: `closed`, they do; `open`, they do not for a while;
    /// `half-open`, one of them tries.
    pub breaker: &'static str,
}

/// The cache in this process.
#[derive(Debug, Serialize)]
pub struct NearCache {
    /// Degraded while the lease is not running: every look-up goes to PostgreSQL.
    pub status: Status,
    /// Whether cached values may be used: only while the node is sure to hear of changes.
    pub lease_is_running: bool,
    /// Time since the node last read the change log; `null` if it never did.
    pub last_poll_age_ms: Option<f64>,
    pub bytes: u64,
}

impl Report {
    pub async fn of(services: &Services) -> Self {
        let (postgres, cache) = tokio::join!(Postgres::ask(services), services.cache.health());
        let redis = cache.redis.map(Redis::from);
        let near_cache = NearCache::from(cache);
        let parts = [
            Some(postgres.status),
            redis.as_ref().map(|redis| redis.status),
            Some(near_cache.status),
        ];
        let status = parts.into_iter().flatten().max().unwrap_or(Status::Ok);
        Self {
            status,
            postgres,
            redis,
            cache: near_cache,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string_pretty(self).map_err(|_| fmt::Error)?)
    }
}

impl Postgres {
    async fn ask(services: &Services) -> Self {
        let asked = Instant::now();
        match services.db.pending_migrations().await {
            Ok(pending) => Self {
                status: if pending == 0 {
                    Status::Ok
                } else {
                    Status::Unavailable
                },
                latency_ms: Some(milliseconds(asked.elapsed())),
                pending_migrations: Some(pending),
                oldest_write_xact_seconds: services
                    .cache
                    .oldest_write()
                    .await
                    .ok()
                    .map(|age| age.as_secs_f64()),
            },
            Err(error) => {
                warn!(
                    error = chain(&error),
                    "the database did not answer a readiness check"
                );
                Self {
                    status: Status::Unavailable,
                    latency_ms: None,
                    pending_migrations: None,
                    oldest_write_xact_seconds: None,
                }
            }
        }
    }
}

impl From<RedisHealth> for Redis {
    fn from(redis: RedisHealth) -> Self {
        Self {
            status: if redis.round_trip.is_some() {
                Status::Ok
            } else {
                Status::Degraded
            },
            latency_ms: redis.round_trip.map(milliseconds),
            breaker: match redis.breaker {
                BreakerState::Closed => "closed",
                BreakerState::Open => "open",
                BreakerState::HalfOpen => "half-open",
            },
        }
    }
}

impl From<CacheHealth> for NearCache {
    fn from(cache: CacheHealth) -> Self {
        Self {
            status: if cache.lease_is_running {
                Status::Ok
            } else {
                Status::Degraded
            },
            lease_is_running: cache.lease_is_running,
            last_poll_age_ms: cache.last_poll_age.map(milliseconds),
            bytes: cache.near_bytes,
        }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
