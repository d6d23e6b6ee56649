//! A process that dies while it does a job.

use orghub::{queue::Kind, services::Services};
use orghub_test_support::{
    ChildProcess, TestApp, TestDatabase, given_by_parent, kill_myself, run_child, serve_parent,
};

use crate::{Count, KIND, MINUTE, Node, counted, jobs, number};

/// The `main` of the child below: does a job and dies before it could say so.
#[test]
#[ignore = "not a test: the process that the test below starts runs it"]
fn main_of_a_node_that_dies() {
    run_child(async {
        let database = TestDatabase::known(given_by_parent("CHILD_DATABASE_URL"));
        let config = orghub_test_support::config(&database);
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
        let child = ChildProcess::start("processes::main_of_a_node_that_dies", &variables);
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
