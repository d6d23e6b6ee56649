//! What one request cost, counted where the cost arises and read by whoever
//! answers it. The counts travel with the request's task, so no function has to
//! pass them on. Outside of a request they go nowhere.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use super::names;

tokio::task_local! {
    static REQUEST: Arc<RequestCost>;
}

/// A part of a request's time, as `Server-Timing` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// From the cookie to the user.
    Session,
    /// From user and slug to the membership.
    Membership,
    /// Loading what the page shows.
    Data,
}

/// Statements, round trips and durations of one request.
#[derive(Debug, Default)]
pub struct RequestCost {
    sql: AtomicU32,
    redis: AtomicU32,
    redis_timed_out: AtomicBool,
    phases_ns: [AtomicU64; 3],
}

impl RequestCost {
    /// SQL statements sent so far.
    pub fn sql(&self) -> u32 {
        self.sql.load(Ordering::Relaxed)
    }

    /// Redis round trips awaited so far.
    pub fn redis(&self) -> u32 {
        self.redis.load(Ordering::Relaxed)
    }

    pub fn add(&self, phase: Phase, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.phases_ns[phase as usize].fetch_add(nanoseconds, Ordering::Relaxed);
    }

    pub fn duration(&self, phase: Phase) -> Duration {
        Duration::from_nanos(self.phases_ns[phase as usize].load(Ordering::Relaxed))
    }
}

/// Runs `work` as the request whose cost is added up in `cost`.
pub async fn with_request_cost<F: Future>(cost: Arc<RequestCost>, work: F) -> F::Output {
    REQUEST.scope(cost, work).await
}

/// The cost of the request this task serves; `None` outside of a request.
pub fn current_request_cost() -> Option<Arc<RequestCost>> {
    REQUEST.try_with(Arc::clone).ok()
}

/// Counts one SQL statement.
pub fn count_sql() {
    metrics::counter!(names::SQL_STATEMENTS).increment(1);
    let _outside_a_request = REQUEST.try_with(|cost| cost.sql.fetch_add(1, Ordering::Relaxed));
}

/// Counts one Redis round trip that somebody waits for.
pub fn count_redis() {
    metrics::counter!(names::REDIS_ROUND_TRIPS).increment(1);
    let _outside_a_request = REQUEST.try_with(|cost| cost.redis.fetch_add(1, Ordering::Relaxed));
}

/// Redis let this request wait in vain.
pub fn note_redis_timeout() {
    let _outside_a_request =
        REQUEST.try_with(|cost| cost.redis_timed_out.store(true, Ordering::Relaxed));
}

/// Whether Redis has let this request wait in vain before. Once is enough: the
/// request's other look-ups go to PostgreSQL at once.
pub fn redis_timed_out() -> bool {
    REQUEST
        .try_with(|cost| cost.redis_timed_out.load(Ordering::Relaxed))
        .unwrap_or(false)
}
