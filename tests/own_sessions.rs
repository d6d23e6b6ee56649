//! What people see of their sessions, how they end them, and when they end by themselves.

use std::net::IpAddr;

use orghub::{
    auth::PlatformAdmin,
    auth::{Admitted, ClientInfo, SignedIn},
    domain::{OwnSession, SessionId},
    error::Error,
    services::Services,
};
use orghub_test_support::{PASSWORD, PATIENCE, TestApp, browser, eventually, sign_in, user_of};
use time::Duration;
use tower_sessions::{Expiry, session::Id};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Signs the user in from somewhere, with something.
async fn sign_in_from(
    node: &Services,
    user: &SignedIn,
    address: &str,
    user_agent: Option<&str>,
) -> Id {
    let browser = browser(node, None);
    let address: IpAddr = address.parse().expect("an address");
    let client = ClientInfo {
        device: Default::default(),
        address: Some(address),
        user_agent: user_agent.map(str::to_owned),
    };
    let auth = &node.auth;
    let admitted = auth.sign_in(&browser, user.email.as_str(), PASSWORD, &client);
    let admitted = admitted.await.expect("the password is right");
    assert_eq!(admitted, Admitted::SignedIn);
    browser.save().await.expect("the session is stored");
    browser.id().expect("a stored session has an id")
}

/// Who comes with this session.
async fn who(node: &Services, session: &Id) -> SignedIn {
    let found = node.sessions.current_user(session).await;
    found.expect("an answer").expect("the session is live")
}

async fn list(node: &Services, user: &SignedIn) -> Vec<OwnSession> {
    node.auth.list_sessions(user).await.expect("a list")
}

/// The one session in the list that is not the one it was asked for with.
async fn other(node: &Services, user: &SignedIn) -> SessionId {
    let others: Vec<_> = list(node, user).await;
    let mut others = others.into_iter().filter(|session| !session.is_current);
    let other = others.next().expect("there is another");
    assert!(others.next().is_none(), "there is one other");
    other.id
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_what_from_where_and_since_when_and_begins_with_this_one() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    app.sql("delete from session").await;
    let here = sign_in_from(&app.services, &ada, "192.0.2.1", Some(FIREFOX)).await;
    sign_in_from(&app.services, &ada, "2001:db8::7", None).await;
    sign_in_from(&app.services, &grace, "192.0.2.9", Some("curl/8")).await;

    let sessions = list(&app.services, &who(&app.services, &here).await).await;
    let told: Vec<_> = sessions
        .iter()
        .map(|session| {
            let address = session.address.as_deref().expect("it has one");
            (session.device.to_string(), address, session.is_current)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("Firefox on Linux".to_owned(), "192.0.2.1", true),
            ("Unknown browser".to_owned(), "2001:db8::7", false),
        ]
    );
    for session in &sessions {
        let seen = session.last_seen_at;
        assert_eq!((seen.minute(), seen.second()), (0, 0), "to the hour");
        assert!(session.first_seen_at - seen < Duration::HOUR);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_one_is_seen_by_every_node_at_once_and_touches_no_other() {
    let app = TestApp::start().await;
    let elsewhere = app.another_node().await;
    let ada = app.user("Ada").await;
    app.sql("delete from session").await;
    let (here, there) = (app.sign_in(&ada).await, sign_in(&elsewhere, &ada).await);
    for node in [&app.services, &elsewhere] {
        assert!(user_of(node, &there).await.is_some());
    }
    let ada = who(&app.services, &here).await;
    let ended = app
        .services
        .auth
        .end_session(&ada, other(&app.services, &ada).await);
    ended.await.expect("it ends");
    for node in [&app.services, &elsewhere] {
        assert_eq!(user_of(node, &there).await, None);
        assert!(user_of(node, &here).await.is_some());
    }
    elsewhere.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_a_session_of_somebody_else_nor_their_own_by_mistake() {
    let app = TestApp::start().await;
    let (ada, mallory) = (app.user("Ada").await, app.user("Mallory").await);
    app.sql("delete from session").await;
    let (of_ada, of_mallory) = (app.sign_in(&ada).await, app.sign_in(&mallory).await);
    let (ada, mallory) = (
        who(&app.services, &of_ada).await,
        who(&app.services, &of_mallory).await,
    );
    let name = list(&app.services, &ada).await[0].id;
    let auth = &app.services.auth;
    let foreign = auth.end_session(&mallory, name).await;
    assert!(matches!(foreign, Err(Error::NotFound)), "{foreign:?}");
    let unknown = auth.end_session(&mallory, SessionId::new()).await;
    assert!(matches!(unknown, Err(Error::NotFound)), "{unknown:?}");
    let own = auth.end_session(&ada, name).await;
    assert!(matches!(own, Err(Error::Conflict(_))), "{own:?}");
    assert_eq!(auth.end_other_sessions(&mallory).await.expect("none"), 0);
    assert!(user_of(&app.services, &of_ada).await.is_some());
    assert!(user_of(&app.services, &of_mallory).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_all_others_leaves_the_one_that_asked() {
    let app = TestApp::start().await;
    let elsewhere = app.another_node().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    app.sql("delete from session").await;
    let of_grace = app.sign_in(&grace).await;
    let mut of_ada = Vec::new();
    for node in [&app.services, &elsewhere, &app.services, &elsewhere] {
        of_ada.push(sign_in(node, &ada).await);
    }
    let (here, others) = of_ada.split_last().expect("four");
    let ada = who(&elsewhere, here).await;
    let ended = elsewhere.auth.end_other_sessions(&ada).await;
    assert_eq!(ended.expect("they end"), 3);
    for node in [&app.services, &elsewhere] {
        for id in others {
            assert_eq!(user_of(node, id).await, None);
        }
        assert!(user_of(node, here).await.is_some());
        assert!(user_of(node, &of_grace).await.is_some());
    }
    elsewhere.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_sessions_that_end_each_other_at_once_one_is_left() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.sql("delete from session").await;
    for round in 0..10 {
        let (one, other) = (app.sign_in(&ada).await, app.sign_in(&ada).await);
        let (by_one, by_other) = (
            who(&app.services, &one).await,
            who(&app.services, &other).await,
        );
        let auth = &app.services.auth;
        let (first, second) = tokio::join!(
            auth.end_other_sessions(&by_one),
            auth.end_other_sessions(&by_other)
        );
        let outcomes = [first, second];
        let ended = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(ended, 1, "round {round}: {outcomes:?}");
        assert!(
            outcomes
                .iter()
                .any(|outcome| matches!(outcome, Err(Error::SignedOut))),
            "round {round}: {outcomes:?}"
        );
        let left = [
            user_of(&app.services, &one).await,
            user_of(&app.services, &other).await,
        ];
        assert_eq!(left.iter().flatten().count(), 1, "round {round}");
        app.sql("delete from session").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_sessions_takes_a_password_of_the_last_ten_minutes() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.sql("delete from session").await;
    let (here, there) = (app.sign_in(&ada).await, app.sign_in(&ada).await);
    let ada = who(&app.services, &here).await;
    let there_is = other(&app.services, &ada).await;
    let (auth, clock) = (&app.services.auth, &app.services.clock);
    clock.advance(Duration::minutes(11));
    for refused in [
        auth.end_session(&ada, there_is).await,
        auth.end_other_sessions(&ada).await.map(|_count| ()),
    ] {
        assert!(matches!(refused, Err(Error::ConfirmFirst)), "{refused:?}");
    }
    assert!(user_of(&app.services, &there).await.is_some());
    let confirmed = auth.confirm(&ada, PASSWORD).await;
    confirmed.expect("the password is right");
    auth.end_session(&ada, there_is).await.expect("it ends");
    assert_eq!(user_of(&app.services, &there).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_session_was_last_seen_is_written_once_an_hour_and_ends_nothing_cached() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.sql("delete from session").await;
    let (here, there) = (app.sign_in(&ada).await, app.sign_in(&ada).await);
    let (sessions, clock) = (&app.services.sessions, &app.services.clock);
    // Away from the end of an hour, which would be another one.
    let now = clock.now();
    clock.advance(Duration::minutes(70 - i64::from(now.minute())));
    let visit = async |id: &Id| {
        let found = sessions
            .authenticate(&browser(&app.services, Some(*id)))
            .await;
        assert!(found.expect("an answer").is_some());
    };
    let write = async || sessions.write_last_seen().await.expect("it is written");
    let changes = async || -> i64 {
        sqlx::query_scalar("select count(*) from cache_log")
            .fetch_one(app.services.db.pool())
            .await
            .expect("a number")
    };
    let last_seen = async || {
        let ada = who(&app.services, &here).await;
        let sessions = list(&app.services, &ada).await;
        sessions[1].last_seen_at
    };
    let changes_before = changes().await;
    for _ in 0..3 {
        visit(&there).await;
        visit(&here).await;
    }
    assert_eq!(write().await, 2, "both, once");
    let first_seen = last_seen().await;
    visit(&there).await;
    assert_eq!(write().await, 0, "nothing new in this hour");
    clock.advance(Duration::hours(2));
    assert_eq!(last_seen().await, first_seen, "nobody came");
    visit(&there).await;
    assert_eq!(write().await, 1);
    assert_eq!(last_seen().await - first_seen, Duration::hours(2));
    assert_eq!(changes().await, changes_before, "no cached value has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_ended_is_noted_nowhere() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.sql("delete from session").await;
    let id = app.sign_in(&ada).await;
    let sessions = &app.services.sessions;
    let found = sessions
        .authenticate(&browser(&app.services, Some(id)))
        .await;
    assert!(found.expect("an answer").is_some());
    let there = browser(&app.services, Some(id));
    let signed_out = app.services.auth.sign_out(&there).await;
    signed_out.expect("signed out");
    sessions.write_last_seen().await.expect("no error");
    let rows: i64 = sqlx::query_scalar("select count(*) from session_use")
        .fetch_one(app.services.db.pool())
        .await
        .expect("a number");
    assert_eq!(rows, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_did_not_take_is_written_later() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let id = app.sign_in(&ada).await;
    let sessions = &app.services.sessions;
    let found = sessions
        .authenticate(&browser(&app.services, Some(id)))
        .await;
    assert!(found.expect("an answer").is_some());
    app.sql("alter table session_use rename to elsewhere").await;
    assert!(sessions.write_last_seen().await.is_err());
    app.sql("alter table elsewhere rename to session_use").await;
    assert_eq!(sessions.write_last_seen().await.expect("written"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_by_the_configured_days_to_the_second() {
    let app = TestApp::start_with(|config| {
        config.session_life.inactivity = Duration::days(2);
        config.session_life.longest = Duration::days(5);
    })
    .await;
    let (ada, clock) = (app.user("Ada").await, &app.services.clock);
    let idle = app.sign_in(&ada).await;
    let used = app.sign_in(&ada).await;
    let (began, moment) = (clock.now(), Duration::seconds(30));
    let use_it = async |id: &Id| {
        let session = browser(&app.services, Some(*id));
        let found = app.services.sessions.authenticate(&session).await;
        let is_there = found.expect("an answer").is_some();
        if is_there {
            // The session layer does it by the time of day, which stands still here.
            let end = clock.now() + Duration::days(2);
            session.set_expiry(Some(Expiry::AtDateTime(end)));
            session.save().await.expect("as the session layer does");
        }
        is_there
    };
    let go_to = |time: Duration| clock.advance(began + time - clock.now());

    go_to(Duration::days(2) - moment);
    assert!(use_it(&used).await);
    assert!(user_of(&app.services, &idle).await.is_some());
    go_to(Duration::days(2) + moment);
    assert_eq!(user_of(&app.services, &idle).await, None, "nobody used it");
    for day in [3, 4] {
        go_to(Duration::days(day));
        assert!(use_it(&used).await, "day {day}");
    }
    go_to(Duration::days(5) - moment);
    assert!(use_it(&used).await);
    let ada = who(&app.services, &used).await;
    assert!(
        list(&app.services, &ada)
            .await
            .iter()
            .any(|session| session.is_current)
    );
    go_to(Duration::days(5) + moment);
    assert!(!use_it(&used).await, "however much it was used");
    // Nor does a write take it, whatever it was shown as.
    let late = app.services.auth.end_other_sessions(&ada).await;
    assert!(matches!(late, Err(Error::SignedOut)), "{late:?}");
    assert!(
        list(&app.services, &ada)
            .await
            .iter()
            .all(|session| !session.is_current)
    );
}

/// Whoever comes with this session as a platform admin.
async fn admin(node: &Services, session: &Id) -> Result<PlatformAdmin, Error> {
    PlatformAdmin::admit(&who(node, session).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_signed_out_by_a_platform_admin_alone_and_by_one_line_in_the_log() {
    let app = TestApp::start().await;
    let elsewhere = app.another_node().await;
    let (root, grace) = (app.user("Root").await, app.user("Grace").await);
    let mut ids = Vec::new();
    for user in [&root, &grace, &grace] {
        ids.push(app.sign_in(user).await);
    }
    app.sql("update users set platform_admin = true, second_factor_at = now() where name = 'Root'")
        .await;
    for id in &ids {
        assert!(user_of(&elsewhere, id).await.is_some());
    }
    let platform = &app.services.platform;
    let by_grace = admin(&app.services, &ids[1]).await;
    assert!(matches!(by_grace, Err(Error::NotFound)), "{by_grace:?}");

    let root = admin(&app.services, &ids[0]).await.expect("one is");
    app.services.clock.advance(Duration::minutes(11));
    let too_late = platform.sign_out_everybody(&root).await;
    assert!(matches!(too_late, Err(Error::ConfirmFirst)), "{too_late:?}");
    let confirmed = app.services.auth.confirm(root.signed_in(), PASSWORD).await;
    confirmed.expect("the password is right");
    // An admin who is none any more, which no cache has heard of.
    app.sql("update users set platform_admin = false where name = 'Root'")
        .await;
    let demoted = platform.sign_out_everybody(&root).await;
    assert!(matches!(demoted, Err(Error::NotFound)), "{demoted:?}");
    app.sql("update users set platform_admin = true where name = 'Root'")
        .await;

    app.sql("delete from cache_log").await;
    let done = platform.sign_out_everybody(&root).await;
    done.expect("an admin may");
    for node in [&app.services, &elsewhere] {
        for id in &ids {
            assert_eq!(user_of(node, id).await, None);
        }
    }
    let logged: Vec<Vec<String>> = sqlx::query_scalar("select distinct scopes from cache_log")
        .fetch_all(app.services.db.pool())
        .await
        .expect("lines");
    assert_eq!(logged, [["*"]]);
    // And whoever signs in afterwards is in.
    let id = app.sign_in(&grace).await;
    eventually("a new session is one", PATIENCE, async || {
        user_of(&elsewhere, &id).await.is_some()
    })
    .await;
    elsewhere.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admins_sign_everybody_out_at_once() {
    let app = TestApp::start().await;
    let root = app.user("Root").await;
    for round in 0..5 {
        // Signing in with a second factor is another matter.
        app.sql("update users set platform_admin = false, second_factor_at = null")
            .await;
        let (one, other) = (app.sign_in(&root).await, app.sign_in(&root).await);
        app.sql("update users set platform_admin = true, second_factor_at = now()")
            .await;
        let flushed = app.services.flush_user_by_operator(&root.email).await;
        assert!(flushed.expect("flushed"));
        let (one, other) = (
            admin(&app.services, &one).await.expect("one is"),
            admin(&app.services, &other).await.expect("one is"),
        );
        let platform = &app.services.platform;
        let (first, second) = tokio::join!(
            platform.sign_out_everybody(&one),
            platform.sign_out_everybody(&other)
        );
        let outcomes = [first, second];
        assert!(
            outcomes
                .iter()
                .all(|outcome| matches!(outcome, Ok(()) | Err(Error::SignedOut)))
                && outcomes.iter().any(Result::is_ok),
            "round {round}: {outcomes:?}"
        );
    }
}
