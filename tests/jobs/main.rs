//! Jobs: each is done, by one node at a time, whatever happens to the nodes.

mod dead_letters;
mod failures;
mod leases;
mod processes;
mod queue;
mod recurring;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use orghub::{
    clock::Clock,
    queue::{BackOff, FailedJob, Failure, Kind, Queue, Worker},
    services::Services,
};
use orghub_test_support::TestApp;

const KIND: &str = "test";

/// Pauses of a minute, two, four, up to an hour, give or take a quarter.
const BACK_OFF: BackOff = BackOff::new(Duration::from_secs(60), Duration::from_secs(3_600));

const MINUTE: time::Duration = time::Duration::MINUTE;

/// A node that does nothing but jobs of one kind.
struct Node {
    app: Services,
    clock: Clock,
    queue: Queue,
    worker: Worker,
}

impl Node {
    /// Over the database of `services`, with a clock of its own.
    fn of(services: &Services, kind: Kind) -> Self {
        Self::with(services, kind, |worker| worker)
    }

    fn with(services: &Services, kind: Kind, change: impl FnOnce(Worker) -> Worker) -> Self {
        let clock = Clock::default();
        let queue = Queue::new(clock.clone());
        let worker = Worker::new(
            services.db.clone(),
            clock.clone(),
            queue.clone(),
            vec![kind],
        );
        Self {
            app: services.clone(),
            worker: change(worker),
            clock,
            queue,
        }
    }

    /// Queues a job for now, and says whether it is a new one.
    async fn push(&self, payload: &str, unique_key: Option<&str>) -> bool {
        let mut tx = self.app.db.begin().await.expect("a transaction");
        let now = self.clock.now();
        let pushed = self.queue.push(&mut tx, KIND, &payload, now, unique_key);
        let is_new = pushed.await.expect("it is queued");
        tx.commit_unannounced().await.expect("it commits");
        is_new
    }

    async fn run_due(&self) {
        self.worker.run_due().await.expect("the queue answers");
    }

    async fn failed(&self) -> Vec<FailedJob> {
        self.worker.list_failed().await.expect("a list")
    }
}

/// How often something was done.
#[derive(Clone, Default)]
struct Count(Arc<AtomicU32>);

impl Count {
    fn add(&self) -> u32 {
        self.0.fetch_add(1, SeqCst) + 1
    }

    fn get(&self) -> u32 {
        self.0.load(SeqCst)
    }
}

/// Jobs that are counted and end as `outcome` says of the how manieth it is.
fn counted(
    count: &Count,
    outcome: impl Fn(u32) -> Result<(), Failure> + Send + Sync + 'static,
) -> Kind {
    let count = count.clone();
    Kind::new(KIND, move |_job| {
        let outcome = outcome(count.add());
        async move { outcome }
    })
    .attempts(3, BACK_OFF)
}

fn again() -> Result<(), Failure> {
    Err(Failure::Again("not today".to_owned()))
}

/// How many jobs of [`KIND`] there are, dead letters included.
async fn jobs(app: &TestApp) -> i64 {
    number(app, "select count(*) from job where kind = 'test'").await
}

async fn number(app: &TestApp, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql)
        .fetch_one(app.services.db.pool())
        .await
        .expect("an answer")
}
