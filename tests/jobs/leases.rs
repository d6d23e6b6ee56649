//! A job belongs to the run that has its lease, and a node that stops gives back what it has
//! begun.

use std::{sync::Arc, time::Duration};

use orghub::queue::Kind;
use orghub_test_support::{PATIENCE, TestApp, eventually};
use tokio::sync::{Notify, Semaphore};

use crate::{Count, KIND, MINUTE, Node, counted, jobs, number};

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
