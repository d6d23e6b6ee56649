//! What the program counts: for operators ([`CATALOG`]), and what one request
//! cost, counted where the cost arises and read by whoever answers it.
//!
//! The counts of a request travel with the request's task, so that no function has to pass
//! them on. Outside a request they go nowhere.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

mod catalog;

pub use catalog::{CATALOG, Kind, Metric, describe};

tokio::task_local! {
    static REQUEST: Arc<RequestStats>;
}

/// A part of a request's time, as `Server-Timing` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// From cookie to person.
    Session,
    /// From person and slug to membership.
    Membership,
    /// Loading what the page shows.
    Data,
}

/// Statements, round trips and durations of one request.
#[derive(Debug, Default)]
pub struct RequestStats {
    sql: AtomicU32,
    redis: AtomicU32,
    phases_ns: [AtomicU64; 3],
}

impl RequestStats {
    /// SQL statements sent so far.
    pub fn sql(&self) -> u32 {
        self.sql.load(Ordering::Relaxed)
    }

    /// Redis round trips awaited so far.
    pub fn redis(&self) -> u32 {
        self.redis.load(Ordering::Relaxed)
    }

    /// Adds to a phase's time.
    pub fn note(&self, phase: Phase, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.phases_ns[phase as usize].fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// A phase's time so far.
    pub fn dur(&self, phase: Phase) -> Duration {
        Duration::from_nanos(self.phases_ns[phase as usize].load(Ordering::Relaxed))
    }
}

/// Runs `work` as the request that `stats` counts.
pub async fn with_request_stats<F: Future>(stats: Arc<RequestStats>, work: F) -> F::Output {
    REQUEST.scope(stats, work).await
}

/// The counts of the request this task serves, if it serves one.
pub fn current_request_stats() -> Option<Arc<RequestStats>> {
    REQUEST.try_with(Arc::clone).ok()
}

/// Counts one SQL statement.
pub(crate) fn count_sql() {
    ::metrics::counter!("orghub_sql_statements_total").increment(1);
    let _outside_a_request = REQUEST.try_with(|stats| stats.sql.fetch_add(1, Ordering::Relaxed));
}

/// Counts one Redis round trip that somebody waits for.
pub(crate) fn count_redis() {
    ::metrics::counter!("orghub_redis_round_trips_total").increment(1);
    let _outside_a_request = REQUEST.try_with(|stats| stats.redis.fetch_add(1, Ordering::Relaxed));
}
