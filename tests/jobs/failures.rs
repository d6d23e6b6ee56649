//! Jobs that fail, panic or never end are tried again, later and later.

use std::time::Duration;

use orghub::queue::{Failure, Kind};
use orghub_test_support::{PATIENCE, TestApp, eventually};

use crate::{BACK_OFF, Count, KIND, MINUTE, Node, again, counted, jobs, number};

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
