//! The background half of the cache: hears of changes, holds the lease, keeps
//! the log short.
//!
//! The order of a renewal is what the guarantee rests on: heartbeat, then a poll
//! that was sent after the heartbeat's commit, and only then does the lease run,
//! counted from the moment the heartbeat was *sent*. A node that stalls and
//! wakes is thereby never entitled to what it knew before.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use futures::FutureExt;
use tokio::time::{Instant, sleep, timeout};

use super::{Inner, hooks::Point, stamp::BootTime};
use crate::{
    db::cache_log,
    error::{Error, Result, chain},
};

/// How long a node may use copies after a heartbeat, by the database's clock.
pub(super) const LEASE: Duration = Duration::from_secs(2);
/// Taken off the lease on this side, for clocks that drift.
const DRIFT: Duration = Duration::from_millis(50);
/// Time between heartbeats.
const HEARTBEAT_EVERY: Duration = Duration::from_millis(500);
/// Time between polls when nobody rings.
const POLL_EVERY: Duration = Duration::from_millis(50);
/// Longest time a statement of the relay may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(1);
/// Time between two tidyings of the log.
const CLEAN_UP_EVERY: Duration = Duration::from_secs(60);
/// How long the log is kept: twice the longest TTL, so that every copy in Redis
/// can be judged.
const KEEP_LOG_SECONDS: i32 = 2 * 60 * 60;
/// Pause before what failed is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// What the relay has taken in.
struct Position {
    incarnation: u64,
    snapshot: String,
}

/// Whether the log went on where this node had left it.
#[derive(PartialEq, Eq)]
enum Continuity {
    Whole,
    Broken,
}

/// Does `work` for as long as the node lives. If it panics it takes the lease with
/// it, is counted and begun again.
pub(super) async fn supervise<Working: Future<Output = Infallible>>(
    inner: Arc<Inner>,
    task: &'static str,
    work: impl Fn(Arc<Inner>) -> Working,
) {
    loop {
        let Err(_panic) = AssertUnwindSafe(work(inner.clone())).catch_unwind().await;
        tracing::error!(
            task,
            "a background task of the cache panicked; it starts over"
        );
        begin_again(&inner, task).await;
    }
}

async fn begin_again(inner: &Inner, task: &'static str) {
    inner.coherence.end_lease();
    metrics::counter!("orghub_cache_relay_restarts_total", "task" => task).increment(1);
    sleep(PAUSE).await;
}

/// Tails the log and holds the lease. Whatever ends the tailing ends the lease at once.
pub(super) async fn tail_forever(inner: Arc<Inner>) -> Infallible {
    let mut position = None;
    loop {
        let Err(error) = tail(&inner, &mut position).await;
        tracing::warn!(error = %chain(&error), "the cache's relay lost the database; copies are not used until it is back");
        begin_again(&inner, "tail").await;
    }
}

async fn tail(inner: &Inner, position: &mut Option<Position>) -> Result<Infallible> {
    let mut heartbeat_due = Instant::now();
    loop {
        let here = match position {
            Some(here) => here,
            None => position.insert(start_over(inner).await?),
        };
        if Instant::now() >= heartbeat_due {
            heartbeat_due = Instant::now() + HEARTBEAT_EVERY;
            inner.hooks.pass(Point::HeartbeatDue).await;
            // Before the poll: what ends deafness must be in what it brings.
            let is_deaf = inner.is_deaf.load(Ordering::Acquire);
            let sent = BootTime::now();
            let lease_ms = i32::try_from(LEASE.as_millis()).expect("the lease is two seconds");
            let incarnation = bounded(cache_log::heartbeat(
                inner.relay_pool(),
                inner.node,
                lease_ms,
                &here.snapshot,
            ))
            .await?;
            inner.hooks.pass(Point::Heartbeat).await;
            if incarnation != here.incarnation || poll(inner, here).await? == Continuity::Broken {
                heartbeat_due = drop_position(inner, position);
                continue;
            }
            inner.hooks.pass(Point::LeaseDue).await;
            if !is_deaf {
                inner.coherence.grant_lease(sent.plus(LEASE - DRIFT));
            }
        } else if poll(inner, here).await? == Continuity::Broken {
            heartbeat_due = drop_position(inner, position);
            continue;
        }
        let next = heartbeat_due.min(Instant::now() + POLL_EVERY);
        // Rings while a poll is under way leave one permit: at most one poll queues.
        let _rung_or_time = tokio::time::timeout_at(next, inner.bell.notified()).await;
    }
}

/// What this node knows ends somewhere else than the log begins.
fn drop_position(inner: &Inner, position: &mut Option<Position>) -> Instant {
    tracing::warn!(
        "the database's log does not go on where this node had left it; all copies are dropped"
    );
    inner.coherence.end_lease();
    *position = None;
    Instant::now()
}

/// Reads the whole log: what copies in Redis are worth is then known, and every
/// copy in this process is dropped.
async fn start_over(inner: &Inner) -> Result<Position> {
    let (incarnation, tailed) = bounded(cache_log::read_whole(inner.relay_pool())).await?;
    inner.coherence.reset_positions();
    if let Some(near) = &inner.near {
        near.clear();
    }
    inner.coherence.apply(
        tailed
            .changes
            .iter()
            .map(|change| (change.xid, change.scopes.as_slice())),
    );
    inner.coherence.set_floor(tailed.floor);
    let before = inner.incarnation.swap(incarnation, Ordering::AcqRel);
    if before != 0 && before != incarnation {
        *inner
            .new_world
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
    Ok(Position {
        incarnation,
        snapshot: tailed.snapshot,
    })
}

async fn poll(inner: &Inner, here: &mut Position) -> Result<Continuity> {
    let tailed = bounded(cache_log::read_since(inner.relay_pool(), &here.snapshot)).await?;
    inner
        .heard
        .store(BootTime::now().as_nanos(), Ordering::Relaxed);
    inner.hooks.pass(Point::Polled).await;
    // In the same snapshot as the changes: the log may be cut while this node sleeps.
    if tailed.floor > snapshot_xmin(&here.snapshot) {
        return Ok(Continuity::Broken);
    }
    here.snapshot = tailed.snapshot;
    if !tailed.changes.is_empty() {
        inner.coherence.apply(
            tailed
                .changes
                .iter()
                .map(|change| (change.xid, change.scopes.as_slice())),
        );
        for change in &tailed.changes {
            metrics::histogram!("orghub_cache_tail_lag_seconds").record(change.age_seconds);
        }
        metrics::histogram!("orghub_cache_tail_batch_changes").record(tailed.changes.len() as f64);
        inner.hooks.pass(Point::Applied).await;
        // At once: somebody is waiting to tell a person that it is done.
        bounded(cache_log::write_applied(
            inner.relay_pool(),
            inner.node,
            &here.snapshot,
        ))
        .await?;
    }
    Ok(Continuity::Whole)
}

/// The oldest transaction that was running at `snapshot`, which Postgres writes
/// as `xmin:xmax:running`.
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

/// Listens for the doorbell, where there is a Redis to ring it.
pub(super) async fn listen_forever(inner: Arc<Inner>) -> Infallible {
    let Some(redis) = &inner.redis else {
        return std::future::pending().await;
    };
    loop {
        let incarnation = inner.incarnation.load(Ordering::Acquire);
        // Known once the log was read.
        if incarnation != 0 {
            let channel = inner.channel();
            let listening = redis.listen(&channel, || inner.bell.notify_one());
            let end_of_world = async {
                while inner.incarnation.load(Ordering::Acquire) == incarnation {
                    sleep(HEARTBEAT_EVERY).await;
                }
            };
            tokio::select! {
                outcome = listening => {
                    if let Err(error) = outcome {
                        tracing::debug!(error = %chain(&error), "no doorbell; the relay polls");
                    }
                    sleep(HEARTBEAT_EVERY).await;
                }
                // Others ring elsewhere now.
                () = end_of_world => {}
            }
        }
        sleep(PAUSE).await;
    }
}

/// Keeps the log as short as it may be.
pub(super) async fn clean_up_forever(inner: Arc<Inner>) -> Infallible {
    loop {
        sleep(CLEAN_UP_EVERY).await;
        match cache_log::clean_up(inner.db.pool(), KEEP_LOG_SECONDS).await {
            Ok(cut) => tracing::debug!(?cut, "the cache's log was tidied"),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "the cache's log could not be tidied; trying again in a minute")
            }
        }
    }
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
