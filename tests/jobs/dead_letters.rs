//! Jobs that were given up: kept for a while, for operators to run again or drop.

use orghub::queue::Failure;
use orghub_test_support::TestApp;

use crate::{Count, Node, counted, jobs};

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
