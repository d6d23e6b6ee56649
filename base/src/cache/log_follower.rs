//! Follows the change log and holds the lease.
//!
//! The guarantee rests on the order of a renewal: heartbeat, then a poll that was sent
//! after the heartbeat's commit, and only then does the lease run, counted from the
//! moment the heartbeat was *sent*. So a node that stalls and wakes is never entitled to
//! what it knew before.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::{Instant, timeout};

use super::{
    Inner, background,
    doorbell::{self, Message},
    failpoints::Failpoint,
    stamp::BootTime,
};
use crate::{
    db::cache_log,
    error::{Error, Result, chain},
    telemetry::names,
};

/// How long a node may use cached values after a heartbeat, by the database's clock.
pub(super) const LEASE: Duration = Duration::from_secs(2);
/// Subtracted from the lease on this side, for clocks that drift.
const DRIFT: Duration = Duration::from_millis(50);
/// Time between heartbeats.
pub(super) const HEARTBEAT_EVERY: Duration = Duration::from_millis(500);
/// Time between polls when the doorbell does not ring.
const POLL_EVERY: Duration = Duration::from_millis(50);
/// Longest time one of its statements may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(1);

/// How far this node has read.
struct Position {
    incarnation: u64,
    snapshot: String,
}

/// Whether the log continues where this node had stopped reading.
#[derive(PartialEq, Eq)]
enum Continuity {
    Whole,
    Broken,
}

/// Whatever ends the following ends the lease at once.
pub(super) async fn follow_forever(inner: Arc<Inner>) -> Infallible {
    let mut position = None;
    loop {
        let Err(error) = follow(&inner, &mut position).await;
        tracing::warn!(
            error = %chain(&error),
            "the cache's log follower lost the database; no cached values until it is back"
        );
        background::pause_before_restart(&inner, "log_follower").await;
    }
}

async fn follow(inner: &Arc<Inner>, position: &mut Option<Position>) -> Result<Infallible> {
    let mut heartbeat_due = Instant::now();
    loop {
        let here = match position {
            Some(here) => here,
            None => position.insert(start_over(inner).await?),
        };
        if Instant::now() >= heartbeat_due {
            heartbeat_due = Instant::now() + HEARTBEAT_EVERY;
            inner.failpoints.reach(Failpoint::HeartbeatDue).await;
            // Before the poll: the row that ends this state must be in what the poll reads.
            let changes_may_be_lost = inner.changes_may_be_lost.load(Ordering::Acquire);
            let sent = BootTime::now();
            let lease_ms = i32::try_from(LEASE.as_millis()).expect("the lease is two seconds");
            let (pool, node) = (inner.db.log_pool(), inner.node);
            let heartbeat = cache_log::heartbeat(pool, node, lease_ms, &here.snapshot);
            let incarnation = bounded(heartbeat).await?;
            inner.failpoints.reach(Failpoint::Heartbeat).await;
            if incarnation != here.incarnation || poll(inner, here).await? == Continuity::Broken {
                heartbeat_due = drop_position(inner, position);
                continue;
            }
            inner.failpoints.reach(Failpoint::LeaseDue).await;
            if !changes_may_be_lost {
                inner.coherence.grant_lease(sent.plus(LEASE - DRIFT));
            }
        } else if poll(inner, here).await? == Continuity::Broken {
            heartbeat_due = drop_position(inner, position);
            continue;
        }
        let next = heartbeat_due.min(Instant::now() + POLL_EVERY);
        // A doorbell that rings during a poll leaves one permit: at most one poll queues.
        let _rung_or_time = tokio::time::timeout_at(next, inner.doorbell.notified()).await;
    }
}

/// What this node knows ends somewhere else than the log begins.
fn drop_position(inner: &Inner, position: &mut Option<Position>) -> Instant {
    tracing::warn!(
        "the change log does not continue where this node had stopped reading; all cached values \
         are dropped"
    );
    inner.coherence.end_lease();
    *position = None;
    Instant::now()
}

/// Reads the whole log: from then on values in Redis can be validated. Every value in
/// this process is dropped.
async fn start_over(inner: &Inner) -> Result<Position> {
    let (incarnation, log) = bounded(cache_log::read_whole(inner.db.log_pool())).await?;
    inner.coherence.reset_positions();
    if let Some(near) = &inner.near {
        near.clear();
    }
    inner.coherence.apply(
        log.changes
            .iter()
            .map(|change| (change.xid, change.scopes.as_slice())),
    );
    inner.coherence.set_floor(log.floor);
    let before = inner.incarnation.swap(incarnation, Ordering::AcqRel);
    if before != 0 && before != incarnation {
        *inner.incarnation_changed.lock() = Some(Instant::now());
    }
    Ok(Position {
        incarnation,
        snapshot: log.snapshot,
    })
}

async fn poll(inner: &Arc<Inner>, here: &mut Position) -> Result<Continuity> {
    let log = bounded(cache_log::read_since(inner.db.log_pool(), &here.snapshot)).await?;
    inner
        .last_poll
        .store(BootTime::now().as_nanos(), Ordering::Relaxed);
    inner.failpoints.reach(Failpoint::Polled).await;
    // In the same snapshot as the changes: the log may be cut while this node sleeps.
    if log.floor > snapshot_xmin(&here.snapshot) {
        return Ok(Continuity::Broken);
    }
    here.snapshot = log.snapshot;
    if !log.changes.is_empty() {
        let changes = log
            .changes
            .iter()
            .map(|change| (change.xid, change.scopes.as_slice()));
        inner.coherence.apply(changes);
        for change in &log.changes {
            metrics::histogram!(names::CACHE_LOG_LAG).record(change.age_seconds);
        }
        metrics::histogram!(names::CACHE_POLL_CHANGES).record(log.changes.len() as f64);
        inner.failpoints.reach(Failpoint::Applied).await;
        // At once: somebody waits to tell a user that it is done.
        let (pool, node) = (inner.db.log_pool(), inner.node);
        bounded(cache_log::write_applied(pool, node, &here.snapshot)).await?;
        inner.applied.notify_waiters();
        doorbell::ring(inner, Message::Applied);
    }
    Ok(Continuity::Whole)
}

/// The oldest transaction that was running at `snapshot`, which PostgreSQL writes as
/// `xmin:xmax:running`.
fn snapshot_xmin(snapshot: &str) -> u64 {
    snapshot
        .split(':')
        .next()
        .and_then(|xmin| xmin.parse().ok())
        .unwrap_or(0)
}

async fn bounded<T>(statement: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(STATEMENT_TIMEOUT, statement)
        .await
        .map_err(|elapsed| Error::unavailable("the database", elapsed))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_names_its_oldest_running_transaction() {
        assert_eq!(snapshot_xmin("795:799:795,797"), 795);
        assert_eq!(snapshot_xmin("800:800:"), 800);
    }
}
