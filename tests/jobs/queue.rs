//! What is queued is done, once, when it is due, by a node that knows how.

use std::sync::Arc;

use orghub::queue::{Job, Kind};
use orghub_test_support::{PATIENCE, TestApp, eventually};

use crate::{Count, KIND, MINUTE, Node, again, counted, jobs, number};

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
            let mut tx = db.begin().await?;
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
