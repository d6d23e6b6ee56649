//! What goes wrong meanwhile.

use std::{
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::Duration,
};

use futures::FutureExt;
use orghub::{cache::Cache, test_hooks::Failpoint};
use sqlx::Connection;
use tokio::{sync::Notify, task::JoinSet};

use super::Tally;
use crate::LEASE;

/// Longest time a filler is held up between reading a value and keeping it.
const SLOWEST_FILL_MS: u64 = 40;
/// Where fillers are held up.
const OF_FILLERS: [Failpoint; 2] = [Failpoint::Found, Failpoint::Loaded];
/// Where the log follower is.
const OF_FOLLOWER: [Failpoint; 5] = [
    Failpoint::HeartbeatDue,
    Failpoint::Heartbeat,
    Failpoint::Polled,
    Failpoint::Applied,
    Failpoint::LeaseDue,
];

/// How long a filler is held up this time.
pub fn some_fill_time() -> Duration {
    match rand::random_bool(0.5) {
        true => Duration::from_millis(rand::random_range(0..=SLOWEST_FILL_MS)),
        false => Duration::ZERO,
    }
}

/// All of it, until it is ended.
pub struct Faults {
    caches: Vec<Cache>,
    tasks: JoinSet<()>,
}

impl Faults {
    pub fn start(caches: Vec<Cache>, database_url: &str, tally: &Arc<Tally>) -> Self {
        let mut tasks = JoinSet::new();
        for cache in &caches {
            slow_fillers(cache, tally);
            tasks.spawn(stall_follower(cache.clone(), tally.clone()));
        }
        tasks.spawn(write_something_else(database_url.to_owned()));
        Self { caches, tasks }
    }

    pub async fn end(mut self) {
        self.tasks.shutdown().await;
        for cache in &self.caches {
            for point in OF_FILLERS.into_iter().chain(OF_FOLLOWER) {
                cache.failpoints().clear(point);
            }
        }
    }
}

/// Holds fillers up between reading and keeping.
fn slow_fillers(cache: &Cache, tally: &Arc<Tally>) {
    for point in OF_FILLERS {
        let tally = tally.clone();
        cache.failpoints().set(point, move || {
            if point == Failpoint::Loaded {
                tally.fills.fetch_add(1, Relaxed);
            }
            tokio::time::sleep(some_fill_time()).boxed()
        });
    }
}

/// Holds the node's log follower up every now and then, anywhere: mostly for as long as a busy
/// machine would, sometimes for longer than the lease.
async fn stall_follower(cache: Cache, tally: Arc<Tally>) {
    let lease_ms = u64::try_from(LEASE.as_millis()).expect("some seconds");
    let hooks = cache.failpoints();
    loop {
        tokio::time::sleep(Duration::from_millis(rand::random_range(100..800))).await;
        let point = OF_FOLLOWER[rand::random_range(0..OF_FOLLOWER.len())];
        let stall_ms = match rand::random_bool(0.2) {
            true => rand::random_range(lease_ms - 200..lease_ms + 800),
            false => rand::random_range(1..400),
        };
        let stalled = Arc::new(Notify::new());
        let is_new = AtomicBool::new(true);
        let noted = stalled.clone();
        hooks.set(point, move || {
            // Once: the next one who passes is not held up.
            let stall_ms = if is_new.swap(false, SeqCst) {
                stall_ms
            } else {
                0
            };
            let noted = noted.clone();
            async move {
                if stall_ms > 0 {
                    tokio::time::sleep(Duration::from_millis(stall_ms)).await;
                    noted.notify_one();
                }
            }
            .boxed()
        });
        let has_stalled = tokio::time::timeout(Duration::from_secs(8), stalled.notified()).await;
        if has_stalled.is_ok() {
            tally.stalls.fetch_add(1, Relaxed);
            let past_the_lease = u64::from(stall_ms > lease_ms);
            tally
                .stalls_past_the_lease
                .fetch_add(past_the_lease, Relaxed);
        }
        hooks.clear(point);
    }
}

/// A write transaction that is nearly always open and touches nothing cached: it holds the
/// position of every snapshot back.
async fn write_something_else(database_url: String) {
    let mut connection = sqlx::PgConnection::connect(&database_url)
        .await
        .expect("the database answers");
    loop {
        let mut long = connection.begin().await.expect("a transaction begins");
        sqlx::query("insert into unrelated values (1)")
            .execute(&mut *long)
            .await
            .expect("written");
        tokio::time::sleep(Duration::from_millis(rand::random_range(50..1_500))).await;
        match rand::random_bool(0.5) {
            true => long.commit().await.expect("it commits"),
            false => long.rollback().await.expect("it is undone"),
        }
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..50))).await;
    }
}
