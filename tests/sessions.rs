//! Signing in, staying signed in, and being signed out for good.

use std::net::IpAddr;

use orghub::{
    auth::{Admitted, ClientInfo},
    domain::CurrentUser,
    error::Error,
    services::Services,
};
use orghub_test_support::{PASSWORD, TestApp, browser, user_of};
use time::Duration;
use tower_sessions::{Expiry, SessionStore, session::Id};

fn client(address: &str) -> ClientInfo {
    let address: IpAddr = address.parse().expect("an address");
    ClientInfo {
        address: Some(address),
        user_agent: Some("a browser".to_owned()),
        ..ClientInfo::default()
    }
}

async fn current_user(app: &TestApp, id: &Id) -> Option<CurrentUser> {
    user_of(&app.services, id).await
}

async fn try_password(
    app: &TestApp,
    email: &str,
    password: &str,
    address: &str,
) -> Result<Admitted, Error> {
    let session = browser(&app.services, None);
    app.services
        .auth
        .sign_in(&session, email, password, &client(address))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_leads_to_the_person_who_signed_in() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let id = app.sign_in(&ada).await;
    assert_eq!(current_user(&app, &id).await, Some(ada.user().clone()));
    assert_eq!(
        current_user(&app, &id).await,
        Some(ada.user().clone()),
        "and again, from the cache"
    );
    assert_eq!(current_user(&app, &Id::default()).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_ends_a_planted_session() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let planted = browser(&app.services, None);
    planted
        .insert("basket", 1)
        .await
        .expect("a visitor's value");
    planted
        .save()
        .await
        .expect("the visitor's session is stored");
    let planted_id = planted.id().expect("it has an id");

    let session = browser(&app.services, Some(planted_id));
    let admitted = app
        .services
        .auth
        .sign_in(&session, ada.email.as_str(), PASSWORD, &client("192.0.2.1"))
        .await;
    assert_eq!(admitted.expect("signed in"), Admitted::SignedIn);
    session.save().await.expect("the session is stored");

    let id = session.id().expect("it has an id");
    assert_ne!(id, planted_id);
    assert_eq!(current_user(&app, &id).await, Some(ada.user().clone()));
    assert_eq!(current_user(&app, &planted_id).await, None);
    assert!(
        app.services
            .sessions
            .load(&planted_id)
            .await
            .expect("the store answers")
            .is_none()
    );
    assert_eq!(
        session
            .get::<i32>("basket")
            .await
            .expect("the session answers"),
        None,
        "nothing is carried over"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_out_is_seen_by_every_node_at_once() {
    let app = TestApp::start().await;
    let other = app.another_node().await;
    let ada = app.user("Ada").await;
    let id = app.sign_in(&ada).await;
    assert!(user_of(&other, &id).await.is_some());

    let session = browser(&app.services, Some(id));
    app.services
        .auth
        .sign_out(&session)
        .await
        .expect("signed out");

    assert_eq!(session.id(), None, "the cookie is to be removed");
    assert_eq!(current_user(&app, &id).await, None);
    assert_eq!(user_of(&other, &id).await, None);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_after_the_sign_out_does_not_bring_the_session_back() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    // The only one from here on.
    app.sql("delete from session").await;
    let id = app.sign_in(&ada).await;
    let slow_request = browser(&app.services, Some(id));
    slow_request
        .insert("basket", 1)
        .await
        .expect("the session is there");

    app.services
        .auth
        .sign_out(&browser(&app.services, Some(id)))
        .await
        .expect("signed out");
    slow_request.save().await.expect("a late save is no error");

    assert_eq!(current_user(&app, &id).await, None);
    let rows: i64 = sqlx::query_scalar("select count(*) from session")
        .fetch_one(app.services.db.pool())
        .await
        .expect("a count");
    assert_eq!(rows, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_cannot_make_the_session_somebody_elses() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let id = app.sign_in(&ada).await;
    let session = browser(&app.services, Some(id));
    let forged = orghub::auth::sessions::SignInRecord {
        user_id: grace.id,
        epoch: 0,
        user_agent: None,
        address: None,
    };
    session
        .insert(orghub::auth::sessions::SignInRecord::KEY, forged)
        .await
        .expect("the session is there");
    session.save().await.expect("saved");
    assert_eq!(current_user(&app, &id).await, Some(ada.user().clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_or_a_raised_epoch_ends_all_sessions() {
    let app = TestApp::start().await;
    let (ada, grace, linus) = (
        app.user("Ada").await,
        app.user("Grace").await,
        app.user("Linus").await,
    );
    let (ada_id, grace_id, linus_id) = (
        app.sign_in(&ada).await,
        app.sign_in(&grace).await,
        app.sign_in(&linus).await,
    );
    for id in [ada_id, grace_id, linus_id] {
        assert!(current_user(&app, &id).await.is_some());
    }
    app.sql("update users set banned_at = now() where name = 'Ada'")
        .await;
    app.sql("update users set session_epoch = session_epoch + 1 where name = 'Grace'")
        .await;
    // Nobody waited for these; they are applied within a poll.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(current_user(&app, &ada_id).await, None);
    assert_eq!(current_user(&app, &grace_id).await, None);
    assert_eq!(
        current_user(&app, &linus_id).await,
        Some(linus.user().clone())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_are_not_in_the_database() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    // The only one from here on.
    app.sql("delete from session").await;
    let id = app.sign_in(&ada).await;
    let row: String =
        sqlx::query_scalar("select session::text || encode(id_hash, 'escape') from session")
            .fetch_one(app.services.db.pool())
            .await
            .expect("the row");
    assert!(!row.contains(&id.to_string()));
    let bytes: Vec<u8> = sqlx::query_scalar("select id_hash from session")
        .fetch_one(app.services.db.pool())
        .await
        .expect("a hash");
    assert!(!bytes.windows(16).any(|window| window == id.0.to_le_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_extended_once_a_day_and_ends_after_thirty_without_use() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let id = app.sign_in(&ada).await;
    let visit = async || {
        let session = browser(&app.services, Some(id));
        app.services
            .sessions
            .authenticate(&session)
            .await
            .expect("the store answers");
        session.is_modified()
    };
    assert!(!visit().await, "nothing is written for a fresh session");
    app.services.clock.advance(Duration::hours(25));
    assert!(visit().await, "a day later the session layer is to save it");
    app.services.clock.advance(Duration::days(28));
    assert_eq!(current_user(&app, &id).await, Some(ada.user().clone()));
    app.services.clock.advance(Duration::days(1));
    assert_eq!(current_user(&app, &id).await, None, "also from the cache");
    assert_eq!(
        app.services
            .sessions
            .delete_expired()
            .await
            .expect("it is cleared away"),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_used_every_day_ends_after_ninety_days_everywhere() {
    let app = TestApp::start().await;
    let other = app
        .another_node_with(|config| config.near_cache_bytes = 0)
        .await;
    let ada = app.user("Ada").await;
    let id = app.sign_in(&ada).await;
    let visit = async |node: &Services| {
        let session = browser(node, Some(id));
        let found = node.sessions.authenticate(&session).await;
        let found = found.expect("the store answers").is_some();
        let is_moved = session.is_modified();
        if is_moved {
            // The session layer does it by the time of day, which stands still here.
            let end = node.clock.now() + node.config.session_life.inactivity;
            session.set_expiry(Some(Expiry::AtDateTime(end)));
            session.save().await.expect("as the session layer does");
        }
        (found, is_moved)
    };
    // Its end moves by whole days: the last one may be missing.
    for day in 1..=88 {
        for node in [&app.services, &other] {
            node.clock.advance(Duration::days(1));
            assert!(visit(node).await.0, "day {day}");
        }
    }
    for node in [&app.services, &other] {
        let (found, is_moved) = visit(node).await;
        assert!(
            found && !is_moved,
            "its end cannot be moved any more, so nothing is written"
        );
        node.clock.advance(Duration::days(3));
        assert!(!visit(node).await.0, "also from what the caches hold");
    }
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sign_in_never_says_why() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.user("Grace").await;
    app.sql("update users set banned_at = now() where name = 'Grace'")
        .await;
    for (email, password) in [
        ("nobody@users.test", PASSWORD),
        (ada.email.as_str(), "wrong"),
        (ada.email.as_str(), ""),
        ("grace@users.test", PASSWORD),
        ("grace@users.test", "wrong"),
    ] {
        let outcome = try_password(&app, email, password, "192.0.2.1").await;
        assert!(
            matches!(outcome, Err(Error::SignInFailed)),
            "{email} {password}: {outcome:?}"
        );
    }
    assert!(
        try_password(&app, "  ADA@users.test ", PASSWORD, "192.0.2.1")
            .await
            .is_ok(),
        "case does not matter"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_limited_by_account_until_the_window_ends() {
    let app = TestApp::start_with(|config| config.sign_in.per_account = 3).await;
    let ada = app.user("Ada").await;
    let grace = app.user("Grace").await;
    for number in 0..3 {
        let outcome = try_password(
            &app,
            ada.email.as_str(),
            "wrong",
            &format!("192.0.2.{number}"),
        )
        .await;
        assert!(matches!(outcome, Err(Error::SignInFailed)));
    }
    let outcome = try_password(&app, ada.email.as_str(), PASSWORD, "192.0.2.9").await;
    assert!(
        matches!(
            outcome,
            Err(Error::RateLimited {
                retry_after_seconds: 1..=900
            })
        ),
        "{outcome:?}"
    );
    assert!(
        try_password(&app, grace.email.as_str(), PASSWORD, "192.0.2.1")
            .await
            .is_ok()
    );
    app.services.clock.advance(Duration::minutes(15));
    assert!(
        try_password(&app, ada.email.as_str(), PASSWORD, "192.0.2.9")
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_guesses_does_not_keep_the_owner_out() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let email = ada.email.as_str();
    let (stranger, home) = ("192.0.2.1", "198.51.100.1");
    for _ in 0..10 {
        let outcome = try_password(&app, email, "wrong", stranger).await;
        assert!(matches!(outcome, Err(Error::SignInFailed)), "{outcome:?}");
    }
    for password in ["wrong", PASSWORD] {
        let outcome = try_password(&app, email, password, stranger).await;
        assert!(
            matches!(outcome, Err(Error::RateLimited { .. })),
            "{outcome:?}"
        );
    }
    let _admitted = try_password(&app, email, PASSWORD, home)
        .await
        .expect("the owner, from elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_that_hang_up_count() {
    let app = TestApp::start_with(|config| config.sign_in.per_account_and_client = 3).await;
    let ada = app.user("Ada").await;
    for _ in 0..3 {
        let attempt = try_password(&app, ada.email.as_str(), "wrong", "192.0.2.1");
        let mut attempt = std::pin::pin!(attempt);
        // Begun, and dropped before it knows.
        assert!(futures::poll!(attempt.as_mut()).is_pending());
    }
    let outcome = try_password(&app, ada.email.as_str(), PASSWORD, "192.0.2.1").await;
    assert!(
        matches!(outcome, Err(Error::RateLimited { .. })),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_counts_nowhere_else() {
    let app = TestApp::start_with(|config| {
        config.sign_in.per_account_and_client = 2;
        config.sign_in.per_client = 4;
    })
    .await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    for _ in 0..10 {
        let outcome = try_password(&app, ada.email.as_str(), "wrong", "192.0.2.1").await;
        assert!(outcome.is_err());
    }
    let _admitted = try_password(&app, grace.email.as_str(), PASSWORD, "192.0.2.1")
        .await
        .expect("two attempts were made from there");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_limited_by_client_and_success_does_not_count() {
    let app = TestApp::start_with(|config| config.sign_in.per_client = 3).await;
    let ada = app.user("Ada").await;
    for _ in 0..5 {
        assert!(
            try_password(&app, ada.email.as_str(), PASSWORD, "192.0.2.1")
                .await
                .is_ok()
        );
    }
    for number in 0..3 {
        let outcome = try_password(
            &app,
            &format!("nobody{number}@users.test"),
            "wrong",
            "192.0.2.1",
        )
        .await;
        assert!(matches!(outcome, Err(Error::SignInFailed)));
    }
    let outcome = try_password(&app, ada.email.as_str(), PASSWORD, "192.0.2.1").await;
    assert!(matches!(outcome, Err(Error::RateLimited { .. })));
    assert!(
        try_password(&app, ada.email.as_str(), PASSWORD, "192.0.2.2")
            .await
            .is_ok()
    );
}
