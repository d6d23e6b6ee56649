//! What becomes of passwords when hashing gets dearer, and when too many come at once.

use orghub::{
    auth::{Admitted, ClientInfo},
    config::PasswordCost,
    error::{Error, Result},
    services::Services,
};
use orghub_test_support::{PASSWORD, PATIENCE, TestApp, browser, eventually};
use tokio::task::JoinSet;

async fn try_password(node: &Services, email: &str, password: &str) -> Result<()> {
    let (session, client) = (browser(node, None), ClientInfo::default());
    let auth = &node.auth;
    let admitted = auth.sign_in(&session, email, password, &client).await?;
    assert_eq!(admitted, Admitted::SignedIn);
    Ok(())
}

async fn hash_of(app: &TestApp, name: &str) -> String {
    sqlx::query_scalar("select password_hash from users where name = $1")
        .bind(name.to_owned())
        .fetch_one(app.services.db.pool())
        .await
        .expect("a hash")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_is_renewed_by_the_first_right_sign_in_after_the_cost_has_risen() {
    let app = TestApp::start().await;
    let dearer = app
        .another_node_with(|config| {
            config.passwords = PasswordCost {
                memory_kib: 20_480,
                passes: 2,
            };
        })
        .await;
    let ada = app.user("Ada").await;
    let email = ada.email.as_str();
    let old = hash_of(&app, "Ada").await;
    assert!(old.contains("m=19456,t=2,p=1"), "{old}");

    let wrong = try_password(&dearer, email, "wrong").await;
    assert!(matches!(wrong, Err(Error::SignInFailed)));
    try_password(&app.services, email, PASSWORD)
        .await
        .expect("right");
    assert_eq!(
        hash_of(&app, "Ada").await,
        old,
        "neither of these renews it"
    );

    try_password(&dearer, email, PASSWORD).await.expect("right");
    eventually("it is renewed", PATIENCE, async || {
        hash_of(&app, "Ada").await != old
    })
    .await;
    let new = hash_of(&app, "Ada").await;
    assert!(new.contains("m=20480,t=2,p=1"), "{new}");
    for node in [&dearer, &app.services] {
        try_password(node, email, PASSWORD)
            .await
            .expect("still right");
        let wrong = try_password(node, email, "wrong").await;
        assert!(matches!(wrong, Err(Error::SignInFailed)));
    }
    assert_eq!(
        hash_of(&app, "Ada").await,
        new,
        "the cheaper node leaves it"
    );
    dearer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_changes_meanwhile_is_not_undone() {
    let app = TestApp::start().await;
    let dearer = app
        .another_node_with(|config| {
            config.passwords = PasswordCost {
                memory_kib: 19_456,
                passes: 8,
            };
        })
        .await;
    let ada = app.user("Ada").await;
    // The row is being changed while the sign-in reads it, and until after it wants to write.
    let mut change = app.begin().await;
    sqlx::query("update users set password_hash = 'changed' where name = 'Ada'")
        .execute(change.conn())
        .await
        .expect("it changes");
    try_password(&dearer, ada.email.as_str(), PASSWORD)
        .await
        .expect("still right");
    eventually("the renewal waits for the row", PATIENCE, async || {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'
                 and query like '%password_hash = $2%'",
        )
        .fetch_one(app.services.db.pool())
        .await
        .expect("a count");
        waiting == 1
    })
    .await;
    change.commit_unannounced().await.expect("it is changed");
    eventually("the renewal is over", PATIENCE, async || {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and state <> 'idle'
                 and query like '%password_hash = $2%' and pid <> pg_backend_pid()",
        )
        .fetch_one(app.services.db.pool())
        .await
        .expect("a count");
        waiting == 0
    })
    .await;
    assert_eq!(hash_of(&app, "Ada").await, "changed");
    dearer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_at_once_are_refused_at_once_and_it_is_no_guess_of_theirs() {
    let app = TestApp::start_with(|config| {
        config.passwords = PasswordCost {
            memory_kib: 19_456,
            passes: 12,
        };
        config.sign_in.per_client = u32::MAX;
        config.sign_in.per_account = 4;
    })
    .await;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // Twice as many as there is room for.
    let mut storm = JoinSet::new();
    for number in 0..cores * 33 * 2 {
        let node = app.services.clone();
        storm.spawn(async move {
            let email = format!("nobody-{number}@users.test");
            try_password(&node, &email, "wrong").await
        });
    }
    let (mut answered, mut refused) = (0, 0);
    while let Some(outcome) = storm.join_next().await {
        match outcome.expect("no panic") {
            Err(Error::SignInFailed) => answered += 1,
            Err(Error::Busy) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(
        answered > 0 && refused >= cores * 32,
        "{answered} and {refused}"
    );
    // Whoever was refused has not tried.
    let mut again = 0;
    for _ in 0..4 {
        let outcome = try_password(&app.services, "nobody-0@users.test", "wrong").await;
        again += u32::from(matches!(outcome, Err(Error::SignInFailed)));
    }
    assert!(again >= 3, "{again}");
}
