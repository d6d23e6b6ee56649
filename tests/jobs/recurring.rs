//! Jobs that come again run once in their time, on one node, and are never given up.

use std::time::Duration;

use orghub::queue::{Failure, Kind};
use orghub_test_support::TestApp;

use crate::{Count, KIND, Node, jobs, number};

impl Node {
    /// Moves the clock to where no test lasts long enough to see an hour begin.
    fn go_to_half_past(&self) {
        let passed = self.clock.now().unix_timestamp().rem_euclid(3_600);
        self.clock
            .advance(time::Duration::seconds(3_600 + 1_800 - passed));
    }
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
