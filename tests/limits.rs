//! How often somebody may try, over several nodes, with and without Redis, and whom that
//! keeps out.

use std::net::IpAddr;

use orghub::{
    auth::{Admitted, ClientInfo, DeviceCookie},
    config::Config,
    error::{Error, Result},
    services::Services,
};
use orghub_test_support::{PASSWORD, PATIENCE, PrivateRedis, TestApp, browser, eventually};
use redis::Commands as _;
use time::Duration;

fn client(address: &str) -> ClientInfo {
    let address: IpAddr = address.parse().expect("an address");
    ClientInfo {
        address: Some(address),
        ..ClientInfo::default()
    }
}

/// The same, with what a browser kept of earlier sign-ins.
fn device(address: &str, cookie: &str) -> ClientInfo {
    ClientInfo {
        device: DeviceCookie::sent(cookie.to_owned()),
        ..client(address)
    }
}

async fn try_password(
    node: &Services,
    email: &str,
    password: &str,
    client: &ClientInfo,
) -> Result<()> {
    let session = browser(node, None);
    let auth = &node.auth;
    let admitted = auth.sign_in(&session, email, password, client).await?;
    assert_eq!(admitted, Admitted::SignedIn);
    Ok(())
}

/// Signs in, and returns the device cookie to keep.
async fn sign_in(node: &Services, email: &str, client: &ClientInfo) -> String {
    let signed_in = try_password(node, email, PASSWORD, client).await;
    signed_in.expect("the password is right");
    let cookie = client.device.to_set().expect("the device is remembered");
    cookie.to_owned()
}

fn is_limited(outcome: &Result<()>) -> bool {
    matches!(outcome, Err(Error::RateLimited { .. }))
}

/// Guesses until it is refused, and says how many guesses were let through.
async fn guesses(node: &Services, email: &str, client: &ClientInfo) -> u32 {
    for number in 0..100 {
        let outcome = try_password(node, email, "wrong", client).await;
        match outcome {
            Err(Error::SignInFailed) => {}
            Err(Error::RateLimited { .. }) => return number,
            other => panic!("{other:?}"),
        }
    }
    panic!("no limit");
}

/// Guesses once at each node in turn.
async fn guess_everywhere(nodes: &[&Services], email: &str, times: usize) {
    for number in 0..times {
        let client = client("192.0.2.1");
        let outcome = try_password(nodes[number % nodes.len()], email, "wrong", &client).await;
        assert!(matches!(outcome, Err(Error::SignInFailed)), "{outcome:?}");
    }
}

async fn app_with(redis: &PrivateRedis, configure: impl FnOnce(&mut Config)) -> TestApp {
    TestApp::start_with(|config| {
        config.redis = Some(redis.config());
        configure(config);
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_count_together() {
    let redis = PrivateRedis::start();
    let app = app_with(&redis, |config| config.sign_in.per_account_and_client = 4).await;
    let other = app.another_node().await;
    let here = client("192.0.2.1");
    let mut people = 0;
    // A busy machine may keep Redis from answering in time, and a node then counts alone.
    eventually("Redis answered each time", PATIENCE, async || {
        people += 1;
        let ada = app.user(&format!("Ada {people}")).await;
        let email = ada.email.as_str();
        guess_everywhere(&[&app.services, &other], email, 4).await;
        for node in [&app.services, &other] {
            match try_password(node, email, PASSWORD, &here).await {
                Ok(()) => return false,
                Err(Error::RateLimited {
                    retry_after_seconds: wait,
                }) => assert!((600..=900).contains(&wait), "{wait}"),
                Err(other) => panic!("{other}"),
            }
        }
        // A window later, by the clocks of the nodes.
        for node in [&app.services, &other] {
            node.clock.advance(Duration::minutes(15));
        }
        guess_everywhere(&[&app.services, &other], email, 4).await;
        guesses(&other, email, &here).await == 0
    })
    .await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_fail_is_taken_off_on_all_nodes() {
    let redis = PrivateRedis::start();
    let app = app_with(&redis, |config| config.sign_in.per_account_and_client = 2).await;
    let other = app.another_node().await;
    let (ada, here) = (app.user("Ada").await, client("192.0.2.1"));
    for node in [&app.services, &other, &app.services, &other, &app.services] {
        let signed_in = try_password(node, ada.email.as_str(), PASSWORD, &here).await;
        signed_in.expect("none of those before counts");
    }
    assert_eq!(guesses(&other, ada.email.as_str(), &here).await, 2);
    assert_eq!(guesses(&app.services, ada.email.as_str(), &here).await, 0);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_counts_on_no_counter_of_any_node() {
    let redis = PrivateRedis::start();
    let app = app_with(&redis, |config| {
        config.sign_in.per_account_and_client = 2;
        config.sign_in.per_client = 4;
    })
    .await;
    let other = app.another_node().await;
    let here = client("192.0.2.1");
    // Half of each node's own counts, so that only Redis can refuse.
    guess_everywhere(&[&app.services, &other], "nobody@users.test", 2).await;
    for node in [&app.services, &other, &app.services, &other] {
        let refused = try_password(node, "nobody@users.test", "wrong", &here).await;
        assert!(is_limited(&refused), "{refused:?}");
    }
    assert_eq!(guesses(&other, "somebody@users.test", &here).await, 2);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_each_node_counts_by_itself_and_goes_on_where_it_was() {
    let mut redis = PrivateRedis::start();
    let app = app_with(&redis, |config| config.sign_in.per_account_and_client = 6).await;
    let other = app.another_node().await;
    let (ada, grace) = ("ada@users.test", "grace@users.test");
    let here = client("192.0.2.1");
    guess_everywhere(&[&app.services, &other], ada, 4).await;
    redis.kill();
    // Each made two of the four.
    assert_eq!(guesses(&app.services, ada, &here).await, 4);
    assert_eq!(guesses(&other, ada, &here).await, 4);
    for node in [&app.services, &other] {
        assert_eq!(guesses(node, grace, &here).await, 6);
    }
    redis.restart();
    for node in [&app.services, &other] {
        eventually("Redis is used again", PATIENCE, async || {
            let health = node.cache.health().await;
            health.redis.is_some_and(|redis| redis.round_trip.is_some())
        })
        .await;
    }
    guess_everywhere(&[&app.services, &other], "linus@users.test", 6).await;
    assert_eq!(guesses(&other, "linus@users.test", &here).await, 0);
    assert_eq!(guesses(&other, ada, &here).await, 0, "nor was it forgotten");
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_holds_an_attempt_up_for_a_moment_only() {
    let redis = PrivateRedis::start();
    let app = app_with(&redis, |config| config.sign_in.per_account_and_client = 3).await;
    redis.freeze();
    let here = client("192.0.2.1");
    let guessed = tokio::time::timeout(
        std::time::Duration::from_secs(20),
        guesses(&app.services, "ada@users.test", &here),
    );
    assert_eq!(guessed.await.expect("it does not wait for Redis"), 3);
    redis.thaw();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_an_address_from_redis() {
    let redis = PrivateRedis::start();
    let app = app_with(&redis, |_| {}).await;
    let here = client("203.0.113.77");
    for password in ["wrong", PASSWORD] {
        let _either = try_password(&app.services, "ada@users.test", password, &here).await;
    }
    let mut inside = redis.connect();
    let keys: Vec<String> = inside.keys("orghub:attempts:*").expect("an answer");
    assert_eq!(keys.len(), 3, "{keys:?}");
    for key in keys {
        let value: String = inside.get(&key).expect("a text");
        assert!(!key.contains("ada") && !key.contains("203.0.113"), "{key}");
        assert!(
            value.split(':').all(|part| part.parse::<u64>().is_ok()),
            "{value}"
        );
        let lives: i64 = inside.pttl(&key).expect("an answer");
        assert!((1..=900_000).contains(&lives), "{key} lives {lives} ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_put_into_redis_is_no_count() {
    let redis = PrivateRedis::start();
    let app = app_with(&redis, |config| config.sign_in.per_account_and_client = 2).await;
    let (_ada, here) = (app.user("Ada").await, client("192.0.2.1"));
    guess_everywhere(&[&app.services], "ada@users.test", 1).await;
    let mut inside = redis.connect();
    for value in ["", "x", "1:2:3", "-5:9", "99999999999999:9999", "0:9999"] {
        let keys: Vec<String> = inside.keys("orghub:attempts:*").expect("an answer");
        for key in keys {
            let _set: () = inside.set(key, value).expect("it is set");
        }
        let outcome = try_password(&app.services, "ada@users.test", PASSWORD, &here).await;
        outcome.unwrap_or_else(|error| panic!("{value}: {error}"));
    }
    // Nor does another type of value hold anybody up.
    let keys: Vec<String> = inside.keys("orghub:attempts:*").expect("an answer");
    for key in keys {
        let _deleted: () = inside.del(&key).expect("it is deleted");
        let _pushed: () = inside.lpush(key, 1).expect("a list");
    }
    assert_eq!(guesses(&app.services, "ada@users.test", &here).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_that_hang_up_count_on_all_nodes() {
    let redis = PrivateRedis::start();
    let app = app_with(&redis, |config| config.sign_in.per_account_and_client = 3).await;
    let other = app.another_node().await;
    let here = client("192.0.2.1");
    for _ in 0..3 {
        let attempt = try_password(&app.services, "ada@users.test", "wrong", &here);
        let mut attempt = std::pin::pin!(attempt);
        // Begun, and dropped before it knows.
        assert!(futures::poll!(attempt.as_mut()).is_pending());
    }
    eventually("the other node hears of them", PATIENCE, async || {
        let outcome = try_password(&other, "ada@users.test", PASSWORD, &here).await;
        is_limited(&outcome)
    })
    .await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_stranger_keeps_a_known_device_out() {
    let app = TestApp::start_with(|config| {
        config.sign_in.per_account = 5;
        config.sign_in.per_client = 5;
    })
    .await;
    let ada = app.user("Ada").await;
    let email = ada.email.as_str();
    let node = &app.services;
    let kept = sign_in(node, email, &client("198.51.100.1")).await;
    // From many networks, hers among them, until nobody gets in any more.
    for number in 0..5 {
        let stranger = client(&format!("192.0.2.{number}"));
        assert!(try_password(node, email, "wrong", &stranger).await.is_err());
    }
    for address in ["198.51.100.1", "203.0.113.1"] {
        let outcome = try_password(node, email, PASSWORD, &client(address)).await;
        assert!(is_limited(&outcome), "{outcome:?}");
        sign_in(node, email, &device(address, &kept)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_device_has_a_few_attempts_of_its_own_and_no_more() {
    let app = TestApp::start_with(|config| config.sign_in.per_account_and_client = 3).await;
    let ada = app.user("Ada").await;
    let (email, node) = (ada.email.as_str(), &app.services);
    let kept = sign_in(node, email, &client("198.51.100.1")).await;
    let another = sign_in(node, email, &client("198.51.100.1")).await;
    let thief = device("192.0.2.1", &kept);
    for _ in 0..3 {
        let outcome = try_password(node, email, "wrong", &thief).await;
        assert!(matches!(outcome, Err(Error::SignInFailed)), "{outcome:?}");
    }
    // Wherever it goes, and whatever it knows.
    for address in ["192.0.2.1", "203.0.113.1"] {
        let outcome = try_password(node, email, PASSWORD, &device(address, &kept)).await;
        assert!(is_limited(&outcome), "{outcome:?}");
    }
    // Neither strangers nor other devices pay for it.
    sign_in(node, email, &device("192.0.2.1", &another)).await;
    sign_in(node, email, &client("192.0.2.1")).await;
    node.clock.advance(Duration::minutes(15));
    sign_in(node, email, &device("192.0.2.1", &kept)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_is_worth_nothing_to_other_accounts_and_after_a_change_of_the_password() {
    let app = TestApp::start_with(|config| config.sign_in.per_account = 2).await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let node = &app.services;
    let of_ada = sign_in(node, ada.email.as_str(), &client("198.51.100.1")).await;
    for email in [ada.email.as_str(), grace.email.as_str()] {
        for number in 0..2 {
            let stranger = client(&format!("192.0.2.{number}"));
            assert!(try_password(node, email, "wrong", &stranger).await.is_err());
        }
    }
    let known = device("203.0.113.1", &of_ada);
    let outcome = try_password(node, grace.email.as_str(), PASSWORD, &known).await;
    assert!(is_limited(&outcome), "not hers: {outcome:?}");
    // As a change of the password ends all sessions.
    app.sql("update users set session_epoch = session_epoch + 1 where name = 'Ada'")
        .await;
    let outcome = try_password(node, ada.email.as_str(), PASSWORD, &known).await;
    assert!(is_limited(&outcome), "ended: {outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_shares_a_browser() {
    let app = TestApp::start_with(|config| config.sign_in.per_account = 1).await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let (node, home) = (&app.services, "198.51.100.1");
    let kept = sign_in(node, ada.email.as_str(), &client(home)).await;
    let kept = sign_in(node, grace.email.as_str(), &device(home, &kept)).await;
    for user in [&ada, &grace] {
        let email = user.email.as_str();
        assert_eq!(guesses(node, email, &client("192.0.2.1")).await, 1);
        sign_in(node, email, &device(home, &kept)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_stranger_keeps_somebody_signed_in_from_confirming_that_it_is_them() {
    let app = TestApp::start_with(|config| {
        config.sign_in.per_account = 2;
        config.sign_in.per_account_and_client = 2;
    })
    .await;
    let ada = app.user("Ada").await;
    let node = &app.services;
    for number in 0..2 {
        let stranger = client(&format!("192.0.2.{number}"));
        let guess = try_password(node, ada.email.as_str(), "wrong", &stranger).await;
        assert!(guess.is_err());
    }
    node.auth.confirm(&ada, PASSWORD).await.expect("it is her");
    // A session that somebody stole is no way to guess on.
    for _ in 0..2 {
        let guess = node.auth.confirm(&ada, "wrong").await;
        assert!(matches!(guess, Err(Error::Invalid(_))), "{guess:?}");
    }
    let refused = node.auth.confirm(&ada, PASSWORD).await;
    assert!(is_limited(&refused), "{refused:?}");
}
