//! One user asks for much that no cache answers, and nobody else notices.

use std::time::Duration;

use orghub::{
    auth::SignedIn,
    domain::{MemberListQuery, OrgSlug, Role},
    error::Error,
};
use orghub_test_support::{PATIENCE, TestApp, eventually};
use tokio::task::JoinSet;

type Answers = JoinSet<Result<(), Error>>;

/// Starts `count` requests of `user` at once for lists that nobody has asked for before.
async fn list(
    app: &TestApp,
    user: &SignedIn,
    slug: &OrgSlug,
    count: usize,
    query: impl Fn(usize) -> String,
) -> Answers {
    let access = app.access(user, slug).await;
    let mut answers = JoinSet::new();
    for number in 0..count {
        let (orgs, access) = (app.services.orgs.clone(), access.clone());
        let query = MemberListQuery::from_query(&query(number));
        answers.spawn(async move { orgs.list_members(&access, &query).await.map(|_page| ()) });
    }
    answers
}

/// Starts `count` searches of `user` at once.
async fn search(app: &TestApp, user: &SignedIn, slug: &OrgSlug, count: usize) -> Answers {
    list(app, user, slug, count, |_| "q=a".to_owned()).await
}

/// Statements that wait for a lock in the test's database.
async fn waiting(app: &TestApp) -> i64 {
    sqlx::query_scalar(
        "select count(*) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'",
    )
    .fetch_one(app.services.db.pool())
    .await
    .expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_many_searches_are_refused_and_others_go_on() {
    let app = TestApp::start_with(|config| config.database_max_connections = 12).await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let slug = app.org("acme", &ada).await;
    let org = app.access(&ada, &slug).await.org_id();
    app.add_member(org, &grace, Role::Member).await;
    app.access(&grace, &slug).await;

    let lock = app.hold_up_searches().await;
    let mut searches = search(&app, &ada, &slug, 40).await;
    // The database ends a statement after two seconds, so the first to come back is one
    // that was refused, unless nothing was.
    let first = searches.join_next().await.expect("there are 40");
    let first = first.expect("no panic");
    assert!(matches!(first, Err(Error::TooManyAtOnce)), "{first:?}");
    assert!(waiting(&app).await <= 3, "searches of one user");
    app.sign_in(&grace).await;
    drop(lock);

    let mut found = search(&app, &grace, &slug, 1).await;
    let found = found.join_next().await.expect("there is one");
    found.expect("no panic").expect("the places are her own");
    while let Some(answer) = searches.join_next().await {
        let answer = answer.expect("no panic");
        let is_foreseen = matches!(
            answer,
            Ok(()) | Err(Error::TooManyAtOnce | Error::Unavailable(..))
        );
        assert!(is_foreseen, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hanging_up_does_not_free_the_place_before_the_database_is_done() {
    // A third of three: one place.
    let app = TestApp::start_with(|config| config.database_max_connections = 3).await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let slug = app.org("acme", &ada).await;
    let org = app.access(&ada, &slug).await.org_id();
    app.add_member(org, &grace, Role::Member).await;
    app.access(&grace, &slug).await;

    let lock = app.hold_up_searches().await;
    let mut searches = search(&app, &ada, &slug, 1).await;
    eventually("the search has begun", Duration::from_secs(2), async || {
        waiting(&app).await == 1
    })
    .await;
    searches.shutdown().await;
    let refused = search(&app, &grace, &slug, 1).await.join_next().await;
    let refused = refused.expect("there is one").expect("no panic");
    assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
    drop(lock);
    eventually("the place is free", PATIENCE, async || {
        let found = search(&app, &grace, &slug, 1).await.join_next().await;
        found.expect("there is one").expect("no panic").is_ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_through_all_pages_at_once_is_a_heavy_read_and_the_first_page_is_none() {
    let app = TestApp::start_with(|config| config.database_max_connections = 12).await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let slug = app.org("acme", &ada).await;
    let org = app.access(&ada, &slug).await.org_id();
    app.add_member(org, &grace, Role::Member).await;
    let of_grace = app.access(&grace, &slug).await;
    app.access(&ada, &slug).await;

    let lock = app.hold_up_searches().await;
    let mut pages = list(&app, &ada, &slug, 40, |number| {
        format!("page={}", number + 2)
    })
    .await;
    let first = pages.join_next().await.expect("there are 40");
    let first = first.expect("no panic");
    assert!(matches!(first, Err(Error::TooManyAtOnce)), "{first:?}");
    assert!(waiting(&app).await <= 3, "pages of one user");
    drop(lock);
    let first_page = MemberListQuery::default();
    let found = app.services.orgs.list_members(&of_grace, &first_page).await;
    found.expect("whatever others ask for");
}

#[tokio::test]
async fn no_statement_is_compiled_before_it_is_run() {
    let app = TestApp::start().await;
    let jit: String = sqlx::query_scalar("show jit")
        .fetch_one(app.services.db.pool())
        .await
        .expect("a setting");
    assert_eq!(jit, "off");
}
