//! Redis goes away, hangs and comes back while users open pages.

use std::time::Duration;

use http::StatusCode;
use orghub::{domain::Role, routes::api};
use orghub_test_support::{PASSWORD, PrivateRedis};
use tokio::{task::JoinSet, time::timeout};

use crate::site::{Site, Visitor};

/// Far above what a page takes, far below what a client's patience or a hang would.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the breaker may take to try again, and more.
const RECOVERY: Duration = Duration::from_secs(30);

const PAGES: [&str; 4] = [
    "/orgs",
    "/orgs/acme",
    "/orgs/acme/members",
    "/orgs/acme/subscription",
];

/// A site that asks Redis on every page, because it has no near cache.
async fn site_upon(redis: &PrivateRedis) -> Site {
    Site::start_with(|config| {
        config.redis = Some(redis.config());
        config.near_cache_bytes = 0;
    })
    .await
}

/// The owner of a new organization `acme`, signed in.
async fn owner_of_acme(site: &Site) -> Visitor {
    let ada = site.app.user("Ada").await;
    site.app.org("acme", &ada).await;
    site.sign_in(&ada).await
}

async fn read_everything(ada: &mut Visitor, when: &str) {
    for _ in 0..5 {
        for page in PAGES {
            let answer = timeout(PATIENCE, ada.open(page))
                .await
                .unwrap_or_else(|_| panic!("{page} hangs, {when}"));
            assert_eq!(
                answer.status,
                StatusCode::OK,
                "{page}, {when}: {}",
                answer.body
            );
        }
    }
}

/// Reads until pages come from Redis again: asked, and the database not.
async fn read_until_normal(ada: &mut Visitor) {
    timeout(RECOVERY, async {
        loop {
            let cost = ada.open("/orgs/acme/members").await.cost();
            if cost.redis > 0 && cost.sql == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("Redis is used again without a restart");
}

#[tokio::test]
async fn redis_is_killed_and_restarted_while_pages_are_read() {
    let mut redis = PrivateRedis::start();
    let mut ada = owner_of_acme(&site_upon(&redis).await).await;
    read_everything(&mut ada, "with Redis").await;
    read_until_normal(&mut ada).await;
    redis.kill();
    read_everything(&mut ada, "without Redis").await;
    redis.restart();
    read_everything(&mut ada, "with an empty Redis").await;
    read_until_normal(&mut ada).await;
}

#[tokio::test]
async fn redis_freezes_and_thaws_while_pages_are_read() {
    let redis = PrivateRedis::start();
    let mut ada = owner_of_acme(&site_upon(&redis).await).await;
    read_until_normal(&mut ada).await;
    redis.freeze();
    read_everything(&mut ada, "with a frozen Redis").await;
    redis.thaw();
    read_everything(&mut ada, "with a thawed Redis").await;
    read_until_normal(&mut ada).await;
}

#[tokio::test]
async fn a_site_starts_and_serves_without_a_redis_that_should_be_there() {
    let mut redis = PrivateRedis::absent();
    let mut ada = owner_of_acme(&site_upon(&redis).await).await;
    read_everything(&mut ada, "Redis absent since the start").await;
    redis.restart();
    read_until_normal(&mut ada).await;
}

#[tokio::test]
async fn a_right_revoked_while_redis_hangs_stays_revoked_when_it_is_back() {
    let redis = PrivateRedis::start();
    let site = site_upon(&redis).await;
    let (ada, bob) = (site.app.user("Ada").await, site.app.user("Bob").await);
    let acme = site.org("acme", &ada).await;
    let membership = site.app.add_member(acme, &bob, Role::Member).await;
    let (mut ada, mut bob) = (site.sign_in(&ada).await, site.sign_in(&bob).await);
    for _ in 0..2 {
        assert_eq!(bob.open("/orgs/acme").await.status, StatusCode::OK);
    }
    redis.freeze();
    ada.submit(
        "/api/remove_member",
        &[("org", "acme"), ("member_id", &membership.to_string())],
    )
    .await;
    assert_eq!(
        bob.open("/orgs/acme").await.status,
        StatusCode::NOT_FOUND,
        "while Redis hangs"
    );
    // It still holds what it was given before.
    redis.thaw();
    read_until_normal(&mut ada).await;
    assert_eq!(
        bob.open("/orgs/acme").await.status,
        StatusCode::NOT_FOUND,
        "and after"
    );
}

#[tokio::test]
async fn without_the_database_pages_say_try_again_and_nobody_is_sent_to_sign_in() {
    let site = Site::start_with(|config| {
        config.redis = None;
        config.near_cache_bytes = 0;
    })
    .await;
    let ada = site.app.user("Ada").await;
    site.app.org("acme", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    site.app.services.db.close().await;
    for page in ["/orgs/acme", "/orgs"] {
        let answer = ada.open(page).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{page}");
        assert!(!answer.header("retry-after").is_empty(), "{page}");
        assert!(
            answer.header("content-type").starts_with("text/html"),
            "{page}"
        );
    }
    assert_eq!(
        site.visitor().open("/sign-in").await.status,
        StatusCode::OK,
        "signed out, no database is needed"
    );
}

#[tokio::test]
async fn a_session_that_cannot_be_stored_is_a_page_that_says_try_again() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.app
        .sql("alter table session rename to elsewhere")
        .await;
    let mut visitor = site.visitor();
    let fields = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let answer = visitor.submit(api::SIGN_IN, &fields).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.header("retry-after").is_empty());
    assert!(answer.body.contains("Please try again"), "{}", answer.body);
    assert_eq!(visitor.session_cookie(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_searches_of_one_user_are_answered_with_when_to_try_again() {
    let site = Site::start_with(|config| config.database_max_connections = 12).await;
    let mut ada = owner_of_acme(&site).await;
    assert_eq!(ada.open("/orgs/acme").await.status, StatusCode::OK);
    let _lock = site.app.hold_up_searches().await;
    let mut searches = JoinSet::new();
    for _ in 0..20 {
        let mut ada = ada.clone();
        searches.spawn(async move { ada.open("/orgs/acme/members?q=a").await });
    }
    let first = searches.join_next().await.expect("there are 20");
    let first = first.expect("no panic");
    assert_eq!(
        first.status,
        StatusCode::TOO_MANY_REQUESTS,
        "{}",
        first.body
    );
    assert_eq!(first.header("retry-after"), "1");
    assert!(first.body.contains("too many requests"), "{}", first.body);
}
