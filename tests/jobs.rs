//! Jobs: each is done, by one node at a time, whatever happens to the nodes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use orghub::{
    clock::Clock,
    queue::{BackOff, FailedJob, Failure, Job, Kind, Queue, Worker},
    services::Services,
    test_hooks::DbInternals,
};
use orghub_test_support::{
    ChildProcess, PATIENCE, TestApp, TestDatabase, eventually, is_child, kill_myself, serve_parent,
};
use tokio::sync::{Notify, Semaphore};

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

    /// Moves the clock to where no test lasts long enough to see an hour begin.
    fn go_to_half_past(&self) {
        let passed = self.clock.now().unix_timestamp().rem_euclid(3_600);
        self.clock
            .advance(time::Duration::seconds(3_600 + 1_800 - passed));
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

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_done_once_and_only_if_its_transaction_was_committed() {
    let app = TestApp::start().await;
    let done = Count::default();
    let node = Node::of(&app.services, counted(&done, |_| Ok(())));
    let mut tx = app.begin().await;
    let pushed = node.queue.push(&mut tx, KIND, &"", node.clock.now(), None);
    pushed.await.expect("it is queued");
    drop(tx);
    node.run_due().await;
    assert_eq!((done.get(), jobs(&app).await), (0, 0), "rolled back");

    node.push("", None).await;
    node.run_due().await;
    node.run_due().await;
    assert_eq!((done.get(), jobs(&app).await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_started_worker_does_what_is_queued_and_what_comes_due() {
    let app = TestApp::start().await;
    let done = Count::default();
    let node = Node::of(&app.services, counted(&done, |_| Ok(())));
    node.worker.start();
    for number in 1..=20 {
        node.push("", None).await;
        if number % 5 == 0 {
            eventually("all are done", PATIENCE, async || done.get() == number).await;
        }
    }
    let mut tx = app.begin().await;
    let tomorrow = node.clock.now() + time::Duration::DAY;
    let pushed = node.queue.push(&mut tx, KIND, &"", tomorrow, None);
    pushed.await.expect("it is queued");
    tx.commit_unannounced().await.expect("it commits");
    node.push("", None).await;
    eventually("the one for today is done", PATIENCE, async || {
        done.get() == 21 && jobs(&app).await == 1
    })
    .await;
    node.clock.advance(time::Duration::DAY + MINUTE);
    eventually("the other one is done", PATIENCE, async || {
        jobs(&app).await == 0
    })
    .await;
    node.worker.stop().await;
    node.push("", None).await;
    assert_eq!(
        (done.get(), jobs(&app).await),
        (22, 1),
        "a stopped one does nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_gets_what_was_queued_and_cannot_be_misread() {
    let app = TestApp::start().await;
    let read = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kind = Kind::new(KIND, {
        let read = read.clone();
        move |job: Job| {
            let payload = job.payload::<String>();
            let number = job.payload::<u32>();
            read.lock().expect("nobody panicked").push(payload);
            async move { number.map(|_| ()) }
        }
    });
    let node = Node::of(&app.services, kind);
    node.push("what it is about", None).await;
    node.run_due().await;
    let read = read.lock().expect("nobody panicked").clone();
    assert_eq!(read, [Ok("what it is about".to_owned())]);
    let failed = node.failed().await;
    assert!(
        failed[0].dead_at.is_some(),
        "nobody will be able to read it: {failed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_with_a_key_waits_at_a_time() {
    let app = TestApp::start().await;
    let done = Count::default();
    let node = Node::of(&app.services, counted(&done, |_| Ok(())));
    assert!(node.push("", Some("a")).await);
    assert!(!node.push("", Some("a")).await);
    assert!(node.push("", Some("b")).await);
    assert!(node.push("", None).await && node.push("", None).await);
    node.run_due().await;
    assert_eq!(done.get(), 4);
    assert!(node.push("", Some("a")).await, "the first one is done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_does_not_keep_its_key() {
    let app = TestApp::start().await;
    let gives_up = |_| Err(Failure::ForGood("never".to_owned()));
    let node = Node::of(&app.services, counted(&Count::default(), gives_up));
    for _ in 0..2 {
        assert!(node.push("", Some("a")).await);
        node.run_due().await;
    }
    assert!(node.push("", Some("a")).await);
    let dead = node.failed().await;
    assert_eq!(dead.len(), 2);
    let retry = async |id| node.worker.retry(id).await.expect("an answer");
    assert_eq!(
        retry(Some(dead[0].id)).await,
        0,
        "another one like it waits"
    );
    node.run_due().await;
    assert_eq!(node.failed().await.len(), 3);
    assert_eq!(
        retry(None).await,
        1,
        "of those with one key, one runs again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recurring_job_runs_once_in_its_time_whatever_the_number_of_nodes() {
    let app = TestApp::start().await;
    let hour = Duration::from_secs(3_600);
    let done = Count::default();
    let nodes = [0, 1, 2].map(|_| {
        let done = done.clone();
        let kind = Kind::every(hour, KIND, move || {
            done.add();
            async { Ok(()) }
        });
        Node::of(&app.services, kind)
    });
    nodes.iter().for_each(Node::go_to_half_past);
    for runs in 1..=4 {
        let [one, two, three] = &nodes;
        tokio::join!(one.run_due(), two.run_due(), three.run_due());
        one.run_due().await;
        assert_eq!(done.get(), runs);
        assert_eq!(jobs(&app).await, 1);
        for node in &nodes {
            node.clock.advance(time::Duration::HOUR);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recurring_job_that_fails_is_never_given_up() {
    let app = TestApp::start().await;
    let tried = Count::default();
    let hour = Duration::from_secs(3_600);
    let counter = tried.clone();
    let kind = Kind::every(hour, KIND, move || {
        counter.add();
        async { Err(Failure::ForGood("never".to_owned())) }
    });
    let node = Node::of(&app.services, kind);
    node.go_to_half_past();
    for runs in 1..=30 {
        node.run_due().await;
        assert_eq!(tried.get(), runs);
        node.clock.advance(time::Duration::HOUR);
    }
    assert_eq!(
        node.failed()
            .await
            .iter()
            .filter(|job| job.dead_at.is_some())
            .count(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_waits_twice_as_long_each_time_and_is_given_up_in_the_end() {
    let app = TestApp::start().await;
    let tried = Count::default();
    let node = Node::of(&app.services, counted(&tried, |_| again()));
    node.push("", None).await;
    node.run_due().await;
    for (runs, minutes) in [(1, 1), (2, 2)] {
        node.run_due().await;
        assert_eq!(tried.get(), runs, "not at once");
        // Give or take a quarter, and the seconds that this test may have taken.
        node.clock.advance(MINUTE * minutes * 7 / 10);
        node.run_due().await;
        assert_eq!(tried.get(), runs, "nor too early");
        node.clock.advance(MINUTE * minutes * 6 / 10);
        node.run_due().await;
        assert_eq!(tried.get(), runs + 1);
    }
    let dead = node.failed().await;
    assert_eq!(dead.len(), 1);
    assert_eq!(
        (dead[0].attempts, dead[0].last_error.as_deref()),
        (3, Some("not today"))
    );
    assert!(dead[0].dead_at.is_some());
    node.clock.advance(time::Duration::WEEK);
    node.run_due().await;
    assert_eq!(tried.get(), 3, "a dead letter rests");
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_run_dead_letters_again_or_drop_them() {
    let app = TestApp::start().await;
    let tried = Count::default();
    let outcome = |runs| {
        if runs <= 3 {
            Err(Failure::ForGood("never".to_owned()))
        } else {
            Ok(())
        }
    };
    let node = Node::of(&app.services, counted(&tried, outcome));
    for _ in 0..3 {
        node.push("", None).await;
    }
    node.run_due().await;
    let health = node.worker.health().await.expect("figures");
    assert_eq!((health.oldest_due, health.dead), (None, 3));
    let dead: Vec<i64> = node.failed().await.iter().map(|job| job.id).collect();
    let (retry, drop) = (
        async |id| node.worker.retry(id).await.expect("an answer"),
        async |id| node.worker.drop_dead(id).await.expect("an answer"),
    );
    assert_eq!(retry(Some(dead[0])).await, 1);
    assert_eq!(retry(Some(dead[0])).await, 0, "it is none any more");
    assert!(!drop(dead[0]).await, "a job that waits cannot be dropped");
    assert!(drop(dead[1]).await && !drop(dead[1]).await);
    node.run_due().await;
    assert_eq!((tried.get(), jobs(&app).await), (4, 1));
    assert_eq!(retry(None).await, 1);
    node.run_due().await;
    assert_eq!((tried.get(), jobs(&app).await), (5, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_kept_for_ninety_days() {
    let app = TestApp::start().await;
    let node = Node::of(
        &app.services,
        counted(&Count::default(), |_| {
            Err(Failure::ForGood("never".to_owned()))
        }),
    );
    node.push("", None).await;
    node.run_due().await;
    node.clock.advance(time::Duration::days(89));
    node.run_due().await;
    assert_eq!(jobs(&app).await, 1);
    node.clock.advance(time::Duration::days(2));
    node.run_due().await;
    assert_eq!(jobs(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_failure_and_ends_nothing_else() {
    let app = TestApp::start().await;
    let tried = Count::default();
    let counter = tried.clone();
    let kind = Kind::new(KIND, move |_job| {
        let runs = counter.add();
        // Before there is a future, and while it runs.
        assert!(runs != 1, "a defect");
        async move {
            assert!(runs != 2, "another one");
            Ok(())
        }
    })
    .attempts(3, BACK_OFF);
    let node = Node::of(&app.services, kind);
    node.worker.start();
    node.push("", None).await;
    for runs in 1..=3 {
        eventually("it runs again", PATIENCE, async || {
            tried.get() == runs
                && number(&app, "select count(*) from job where lease is not null").await == 0
        })
        .await;
        let failed = node.failed().await;
        let error = failed.first().and_then(|job| job.last_error.as_deref());
        assert_eq!(error, if runs < 3 { Some("panicked") } else { None });
        node.clock.advance(time::Duration::HOUR);
    }
    assert_eq!(jobs(&app).await, 0);
    node.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_never_ends_is_cut_off() {
    let app = TestApp::start().await;
    let kind = Kind::new(KIND, |_job| std::future::pending()).time_limit(Duration::from_millis(50));
    let node = Node::of(&app.services, kind);
    node.push("", None).await;
    node.run_due().await;
    let failed = node.failed().await;
    assert_eq!(
        failed[0].last_error.as_deref(),
        Some("took longer than 50ms")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn while_what_all_of_them_need_is_away_a_kind_rests_and_nothing_counts() {
    let app = TestApp::start().await;
    let tried = Count::default();
    let outcome = |runs| {
        if runs <= 20 {
            Err(Failure::Away("no server".to_owned()))
        } else {
            Ok(())
        }
    };
    let node = Node::of(&app.services, counted(&tried, outcome));
    for _ in 0..3 {
        node.push("", None).await;
    }
    for runs in 1..=20 {
        node.run_due().await;
        node.run_due().await;
        assert_eq!(tried.get(), runs, "the others are not even tried");
        assert_eq!(
            number(&app, "select max(attempts)::bigint from job").await,
            0
        );
        node.clock.advance(MINUTE * 2);
    }
    let health = node.worker.health().await.expect("figures");
    let waited = health.oldest_due.expect("they are due all the time");
    assert!(waited > Duration::from_secs(30 * 60), "{health:?}");
    node.run_due().await;
    assert_eq!((tried.get(), jobs(&app).await), (23, 0));
}

/// Jobs that begin, and go on when they are let.
#[derive(Clone)]
struct Held {
    begun: Arc<Semaphore>,
    go_on: Arc<Notify>,
    /// Runs that are over, however that came.
    over: Count,
    /// Runs that came to their end.
    ended: Count,
}

impl Held {
    fn new() -> Self {
        Self {
            begun: Arc::new(Semaphore::new(0)),
            go_on: Arc::new(Notify::new()),
            over: Count::default(),
            ended: Count::default(),
        }
    }

    fn kind(&self) -> Kind {
        let held = self.clone();
        Kind::new(KIND, move |_job| {
            let held = held.clone();
            async move {
                let _over = Over(held.over.clone());
                held.begun.add_permits(1);
                held.go_on.notified().await;
                held.ended.add();
                Ok(())
            }
        })
    }

    async fn begin(&self) {
        let begun = tokio::time::timeout(PATIENCE, self.begun.acquire());
        begun
            .await
            .expect("it begins")
            .expect("never closed")
            .forget();
    }
}

struct Over(Count);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.add();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_run_has_lost_its_lease_belongs_to_the_next() {
    let app = TestApp::start().await;
    let (first, second) = (Held::new(), Held::new());
    let one = Node::of(&app.services, first.kind());
    let two = Node::of(&app.services, second.kind());
    one.push("", None).await;
    let worker = one.worker.clone();
    let run_of_one = tokio::spawn(async move { worker.run_due().await });
    first.begin().await;
    two.run_due().await;
    assert_eq!(second.over.get(), 0, "the lease keeps others away");

    two.clock.advance(MINUTE);
    let worker = two.worker.clone();
    let run_of_two = tokio::spawn(async move { worker.run_due().await });
    second.begin().await;
    first.go_on.notify_one();
    run_of_one
        .await
        .expect("no panic")
        .expect("the queue answers");
    assert_eq!(
        (first.ended.get(), jobs(&app).await),
        (1, 1),
        "the job is the other's"
    );
    second.go_on.notify_one();
    run_of_two
        .await
        .expect("no panic")
        .expect("the queue answers");
    assert_eq!((second.ended.get(), jobs(&app).await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_run_renews_its_lease_and_is_cut_off_when_it_has_lost_it() {
    let app = TestApp::start().await;
    let held = Held::new();
    let lease = Duration::from_secs(1);
    let node = Node::with(&app.services, held.kind(), |worker| {
        worker.with_lease(lease)
    });
    node.push("", None).await;
    node.worker.start();
    held.begin().await;
    let end = async || {
        number(
            &app,
            "select (extract(epoch from leased_until) * 1000)::bigint from job where kind = 'test'",
        )
        .await
    };
    let first = end().await;
    eventually("it is renewed, and again", PATIENCE, async || {
        end().await >= first + 600
    })
    .await;
    assert_eq!(held.over.get(), 0);
    app.sql("update job set lease = gen_random_uuid() where kind = 'test'")
        .await;
    eventually("it is cut off", PATIENCE, async || held.over.get() == 1).await;
    assert_eq!((held.ended.get(), jobs(&app).await), (0, 1));
    node.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_stopped_finishes_what_it_has_begun() {
    let app = TestApp::start().await;
    let held = Held::new();
    let node = Node::of(&app.services, held.kind());
    node.push("", None).await;
    node.push("", None).await;
    node.worker.start();
    held.begin().await;
    tokio::join!(node.worker.stop(), async { held.go_on.notify_one() });
    assert_eq!((held.ended.get(), held.over.get()), (1, 1));
    assert_eq!(jobs(&app).await, 1, "and begins nothing else");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_finish_in_time_is_given_back_at_once() {
    let app = TestApp::start().await;
    let held = Held::new();
    let soon = Duration::from_millis(900);
    let node = Node::with(&app.services, held.kind(), |worker| worker.with_lease(soon));
    node.push("", None).await;
    node.worker.start();
    held.begin().await;
    node.worker.stop().await;
    assert_eq!((held.ended.get(), held.over.get()), (0, 1));
    let done = Count::default();
    let other = Node::of(&app.services, counted(&done, |_| Ok(())));
    other.run_due().await;
    assert_eq!(
        (done.get(), jobs(&app).await),
        (1, 0),
        "without waiting for the lease"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_does_no_more_at_a_time_than_it_has_places_for() {
    let app = TestApp::start().await;
    let held = Held::new();
    let node = Node::of(&app.services, held.kind().places(3));
    for _ in 0..7 {
        node.push("", None).await;
    }
    node.worker.start();
    for done in 1..=7 {
        for _ in 0..if done == 1 { 3 } else { usize::from(done <= 5) } {
            held.begin().await;
        }
        let running = "select count(*) from job where lease is not null and kind = 'test'";
        assert!(number(&app, running).await <= 3);
        held.go_on.notify_one();
        eventually("it is done", PATIENCE, async || held.ended.get() == done).await;
    }
    eventually("none is left", PATIENCE, async || jobs(&app).await == 0).await;
    node.worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_that_a_node_does_not_know_are_left_to_those_that_do() {
    let app = TestApp::start().await;
    let node = Node::of(&app.services, Kind::new("another", |_job| async { Ok(()) }));
    node.push("", None).await;
    node.run_due().await;
    assert_eq!(jobs(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_in_the_transaction_that_ends_the_job_is_done_once() {
    let app = TestApp::start().await;
    app.sql("create table activity_of_jobs (number bigint generated always as identity)")
        .await;
    let (db, tried) = (app.services.db.clone(), Count::default());
    let counter = tried.clone();
    let kind = Kind::new(KIND, move |job: Job| {
        let (db, runs) = (db.clone(), counter.add());
        async move {
            let mut tx = DbInternals::begin(&db).await?;
            sqlx::query("insert into activity_of_jobs default values")
                .execute(tx.conn())
                .await
                .expect("it is written");
            job.finish(&mut tx).await?;
            if runs == 1 {
                return again();
            }
            Ok(tx.commit_unannounced().await?)
        }
    });
    let node = Node::of(&app.services, kind);
    node.push("", None).await;
    node.run_due().await;
    let activity = "select count(*) from activity_of_jobs";
    assert_eq!((number(&app, activity).await, jobs(&app).await), (0, 1));
    node.clock.advance(time::Duration::HOUR);
    node.run_due().await;
    assert_eq!((number(&app, activity).await, jobs(&app).await), (1, 0));
    assert_eq!(tried.get(), 2);
}

/// The `main` of the child below: does a job and dies before it could say so.
#[test]
#[ignore = "not a test: the process that the test below starts runs it"]
fn main_of_a_node_that_dies() {
    if !is_child() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let url = std::env::var("CHILD_DATABASE_URL").expect("the parent sets it");
        let config = orghub_test_support::config(&TestDatabase::known(url));
        let services = Services::start(config).await.expect("the services start");
        let db = services.db.clone();
        let kind = Kind::new(KIND, move |_job| {
            let db = db.clone();
            async move {
                sqlx::query("insert into activity_of_jobs default values")
                    .execute(db.pool())
                    .await
                    .expect("it is written");
                kill_myself()
            }
        });
        let node = Node::of(&services, kind);
        let node = &node;
        serve_parent(move |_| async move {
            node.run_due().await;
            "done".to_owned()
        })
        .await;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_process_dies_before_it_is_written_down_is_done_again() {
    let app = TestApp::start().await;
    app.sql("create table activity_of_jobs (number bigint generated always as identity)")
        .await;
    let done = Count::default();
    let node = Node::of(&app.services, counted(&done, |_| Ok(())));
    node.push("", None).await;
    let url = app.database_url().to_owned();
    let child = tokio::task::spawn_blocking(move || {
        let variables = [("CHILD_DATABASE_URL", url.as_str())];
        let child = ChildProcess::start("main_of_a_node_that_dies", &variables);
        child.ask("run")
    });
    assert_eq!(
        child.await.expect("no panic"),
        None,
        "it dies before it can answer"
    );
    assert_eq!(
        number(&app, "select count(*) from activity_of_jobs").await,
        1
    );
    node.run_due().await;
    assert_eq!(done.get(), 0, "it might still live");
    node.clock.advance(MINUTE);
    node.run_due().await;
    assert_eq!((done.get(), jobs(&app).await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_which_processes_die_is_given_up_too() {
    let app = TestApp::start().await;
    let done = Count::default();
    let node = Node::of(&app.services, counted(&done, |_| Ok(())));
    node.push("", None).await;
    app.sql("update job set attempts = 3 where kind = 'test'")
        .await;
    node.run_due().await;
    assert_eq!(done.get(), 0);
    assert!(node.failed().await[0].dead_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_uses_any_more_is_removed_every_hour_by_one_node() {
    let app = TestApp::start().await;
    let other = app.another_node().await;
    app.user("Ada").await;
    let old = [
        "update session set expires_at = now() - interval '1 minute'",
        "insert into form_submission (key, begun_at, under_way) values (sha256('a'), now() - interval '1 hour', 0)",
        "insert into mail (id, recipient, created_at, give_up_at, sent_at)
         values (gen_random_uuid(), 'ada@users.test', now() - interval '8 days', now() - interval '6 days', now() - interval '8 days')",
        "insert into mail (id, recipient, created_at, give_up_at, sent_at)
         values (gen_random_uuid(), 'ada@users.test', now() - interval '6 days', now() - interval '4 days', now() - interval '6 days')",
    ];
    for statement in old {
        app.sql(statement).await;
    }
    let (one, two) = (&app.services.worker, &other.worker);
    let (runs_of_one, runs_of_two) = tokio::join!(one.run_due(), two.run_due());
    let runs = runs_of_one.expect("an answer") + runs_of_two.expect("an answer");
    let kinds = number(&app, "select count(*) from job where unique_key = kind").await;
    assert_eq!(
        runs,
        usize::try_from(kinds).expect("a count"),
        "each kind once"
    );
    for (left, count) in [
        ("select count(*) from session", 0),
        ("select count(*) from form_submission", 0),
        ("select count(*) from mail", 1),
    ] {
        assert_eq!(number(&app, left).await, count, "{left}");
    }
    app.services.clock.advance(time::Duration::hours(1));
    let again = one.run_due().await.expect("an answer");
    // Dead letters and what events said are removed once a day, at midnight.
    assert!(again == runs || again == runs - 2, "{again} of {runs}");
}
