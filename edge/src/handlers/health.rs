//! `/healthz`: is the process up? `/readyz`: should it get requests, and what is wrong if
//! anything is?
//!
//! Without Redis a node is slower, not wrong, so it stays in rotation: `degraded`, 200. So
//! it does while jobs wait, because another node could do them no better.
//! Without PostgreSQL, or with a schema that is not this version's, it cannot serve:
//! `unavailable`, 503.
//!
//! Anybody may ask, and hears that one word. What is behind it is for operators: it tells
//! how the node is doing under load. Addresses, versions and error texts go to the log. The
//! question goes over a connection of its own, so that requests that hold all others do not
//! take the node out of rotation, and is asked at most once a second.

use std::{
    fmt,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use orghub::{
    cache::{BreakerState, CacheHealth, RedisHealth},
    config::AppEnv,
    error::chain,
    services::Services,
};
use serde::Serialize;
use serde_json::json;
use tracing::warn;

use super::operators::is_operator;
use crate::state::AppState;

/// How long an answer of `/readyz` stands. Load balancers ask every few seconds.
pub const KEPT: Duration = Duration::from_secs(1);

/// How long a job may wait for its turn. Workers look every two seconds: if it takes longer,
/// there are none, they do not keep up, or what the jobs need is away.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// The process is up. Nothing else is asked, so that no orchestrator restarts it because of
/// another service's outage.
pub async fn is_up() -> &'static str {
    "ok\n"
}

/// 503 if requests should go elsewhere.
pub async fn is_ready(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let config = &state.services.config;
    let report = state.readiness.get(|| {
        let services = state.services.clone();
        async move { Report::of(&services).await }
    });
    let report = report.await;
    let status = match report.status {
        Status::Ok | Status::Degraded => StatusCode::OK,
        Status::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    if config.app_env == AppEnv::Development || is_operator(&headers, config) {
        (status, Json(&*report)).into_response()
    } else {
        (status, Json(json!({ "status": report.status }))).into_response()
    }
}

/// State of the node or one of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Ok,
    /// The node serves without it.
    Degraded,
    /// The node cannot serve.
    Unavailable,
}

/// The answer of `/readyz` to an operator.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The worst of the parts.
    pub status: Status,
    pub postgres: Postgres,
    /// Absent if caching is turned off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<Redis>,
    pub cache: NearCache,
    pub jobs: Jobs,
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

/// What is left for later, mail above all. A node serves without it.
#[derive(Debug, Serialize)]
pub struct Jobs {
    /// Degraded while something waits for longer than [`LONGEST_WAIT`], or without an answer.
    pub status: Status,
    /// For how long a job has waited that nobody has begun although it is time; `null` if
    /// there is none.
    pub oldest_due_seconds: Option<f64>,
    /// Jobs that were given up; `null` without an answer.
    pub dead: Option<u64>,
}

impl Report {
    pub async fn of(services: &Services) -> Self {
        let (postgres, cache) = tokio::join!(Postgres::ask(services), services.cache.health());
        // Over the same connection as the first.
        let jobs = Jobs::ask(services).await;
        let redis = cache.redis.map(Redis::from);
        let near_cache = NearCache::from(cache);
        let parts = [
            Some(postgres.status),
            redis.as_ref().map(|redis| redis.status),
            Some(near_cache.status),
            Some(jobs.status),
        ];
        let status = parts.into_iter().flatten().max().unwrap_or(Status::Ok);
        Self {
            status,
            postgres,
            redis,
            cache: near_cache,
            jobs,
        }
    }
}

impl Jobs {
    async fn ask(services: &Services) -> Self {
        match services.worker.health().await {
            Ok(health) => Self {
                status: match health.oldest_due {
                    Some(wait) if wait > LONGEST_WAIT => Status::Degraded,
                    _ => Status::Ok,
                },
                oldest_due_seconds: health.oldest_due.map(|wait| wait.as_secs_f64()),
                dead: Some(health.dead),
            },
            Err(error) => {
                warn!(
                    error = chain(&error),
                    "the queue did not answer a readiness check"
                );
                Self {
                    status: Status::Degraded,
                    oldest_due_seconds: None,
                    dead: None,
                }
            }
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
