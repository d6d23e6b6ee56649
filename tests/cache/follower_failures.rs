//! The log follower is held up, late, or behind: nothing old is served.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures::FutureExt;
use orghub::test_hooks::{Failpoint, cache_log};
use orghub::{
    access::OrgLookup,
    config::RedisConfig,
    domain::{OrgName, OrgSegment, Role},
};
use orghub_test_support::{
    BOUND, FaultProxy, Gate, LEASE, PATIENCE, PrivateRedis, Stopwatch, TestApp, eventually,
    under_lease,
};

use crate::{
    Acme, loads, near_and_redis, only_near, only_redis, role, role_of_turn, until_redis_is_believed,
};

/// A node that has a lease and will never say anything again: `processes.rs` has
/// real ones (test 22).
#[tokio::test]
async fn a_node_that_vanished_holds_a_mutation_up_for_two_seconds_at_most() {
    let app = TestApp::start_with(only_near).await;
    let owner = app.user("Olive").await;
    app.sql(
        "insert into cache_node (id, lease_until, applied)
         values (gen_random_uuid(), clock_timestamp() + interval '1 hour', '1:1:')",
    )
    .await;
    let (began, watch) = (Instant::now(), Stopwatch::start());
    app.org("acme", &owner).await;
    assert!(
        began.elapsed() >= Duration::from_millis(1_900),
        "it answered before the other node's lease ran out"
    );
    let took = watch.unhindered();
    assert!(took < BOUND, "{took:?}");
    assert_eq!(
        app.services
            .orgs
            .list_mine(&owner)
            .await
            .expect("a list")
            .len(),
        1
    );
}

/// Test 23. At each place where a renewal can be held up past the lease's end.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stalls_anywhere_in_a_renewal_serves_nothing_old_when_it_wakes() {
    for point in [
        Failpoint::HeartbeatDue,
        Failpoint::Heartbeat,
        Failpoint::Polled,
        Failpoint::LeaseDue,
    ] {
        let acme = Acme::start_with(only_near).await;
        let slow = acme.app.another_node().await;
        assert_eq!(acme.guests_role_on(&slow).await, Some(Role::Admin));

        let stalled = Gate::close(&slow.cache, point);
        stalled.arrival().await;
        let watch = Stopwatch::start();
        acme.make_guest(Role::Member).await;
        let took = watch.unhindered();
        assert!(took < BOUND, "{point:?}: the mutation took {took:?}");
        // Its lease has run out, or it has heard.
        assert_eq!(
            acme.guests_role_on(&slow).await,
            Some(Role::Member),
            "{point:?}: while it stalls"
        );
        // Without a copy's help, so that one from before the stall stays where it is.
        eventually("the lease runs out", LEASE, async || {
            !slow.cache.health().await.lease_is_running
        })
        .await;

        stalled.open();
        let woke = Instant::now();
        while woke.elapsed() < Duration::from_millis(300) {
            assert_eq!(
                acme.guests_role_on(&slow).await,
                Some(Role::Member),
                "{point:?}: when it wakes"
            );
        }
        assert!(slow.cache.wait_until_ready(PATIENCE).await);
        assert_eq!(
            acme.guests_role_on(&slow).await,
            Some(Role::Member),
            "{point:?}: when it goes on"
        );
    }
}

/// Test 23.
#[tokio::test]
async fn a_poll_answered_after_the_lease_has_ended_does_not_revive_it() {
    let app = TestApp::start_with(only_near).await;
    let cache = &app.services.cache;
    for point in [Failpoint::Polled, Failpoint::LeaseDue] {
        let stalled = Gate::close(cache, point);
        stalled.arrival().await;
        let arrived = tokio::time::Instant::now();
        eventually("the lease runs out", LEASE, async || {
            !cache.health().await.lease_is_running
        })
        .await;
        // The one before it. Its own would run from a heartbeat that was sent already.
        tokio::time::sleep_until(arrived + LEASE).await;
        // The renewal that was under way comes to its end; the next one may not begin.
        let next = Gate::close(cache, Failpoint::HeartbeatDue);
        stalled.open();
        next.arrival().await;
        assert!(
            !cache.health().await.lease_is_running,
            "{point:?}: revived by a renewal of before"
        );
        next.open();
        assert!(cache.wait_until_ready(PATIENCE).await);
    }
}

/// Test 23.
#[tokio::test]
async fn a_node_that_wakes_and_heartbeats_uses_no_copies_before_it_has_polled() {
    let app = TestApp::start_with(only_near).await;
    let cache = &app.services.cache;
    let asleep = Gate::close(cache, Failpoint::HeartbeatDue);
    asleep.arrival().await;
    eventually("the lease runs out", LEASE, async || {
        !cache.health().await.lease_is_running
    })
    .await;
    let polling = Gate::close(cache, Failpoint::Heartbeat);
    asleep.open();
    polling.arrival().await;
    assert!(
        !cache.health().await.lease_is_running,
        "entitled to what it knew before its sleep"
    );
    polling.open();
    assert!(cache.wait_until_ready(PATIENCE).await);
}

/// Test 26.
#[tokio::test]
async fn a_value_from_below_the_floor_is_refused() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    until_redis_is_believed(&acme, &acme.app.services).await;
    // A node that starts now trusts it …
    let node = acme.app.another_node().await;
    assert_eq!(
        loads(&node, acme.guests_role_on(&node)).await,
        (Some(Role::Admin), 0)
    );
    // … and one that starts when the log was cut does not: nobody knows any more.
    acme.app.org("something-else", &acme.owner).await;
    cut_the_log(&acme.app).await;
    let node = acme.app.another_node().await;
    let below = async || {
        let lookup = acme.guests_role_on(&node);
        loads(&node, lookup).await
    };
    assert_eq!(
        under_lease(&node.cache, below).await,
        (Some(Role::Admin), 1)
    );
}

/// Cuts the whole log off, as if its retention were over.
async fn cut_the_log(app: &TestApp) {
    // Transactions of other tests may be open on the same cluster.
    eventually("the log is cut", PATIENCE, async || {
        cache_log::clean_up(app.services.db.pool(), 0)
            .await
            .expect("it is cut");
        let left: i64 = sqlx::query_scalar("select count(*) from cache_log")
            .fetch_one(app.services.db.pool())
            .await
            .expect("a count");
        left == 0
    })
    .await;
}

/// Test 26.
#[tokio::test]
async fn a_node_that_was_away_for_longer_than_the_log_is_kept_comes_back_cold() {
    for point in [Failpoint::HeartbeatDue, Failpoint::Heartbeat] {
        let acme = Acme::start_with(only_near).await;
        let away = acme.app.another_node().await;
        assert_eq!(acme.guests_role_on(&away).await, Some(Role::Admin));
        let asleep = Gate::close(&away.cache, point);
        asleep.arrival().await;
        acme.make_guest(Role::Member).await;
        acme.app.org("something-else", &acme.owner).await;
        cut_the_log(&acme.app).await;
        eventually("the lease runs out", LEASE, async || {
            !away.cache.health().await.lease_is_running
        })
        .await;
        asleep.open();
        assert!(away.cache.wait_until_ready(PATIENCE).await);
        assert_eq!(
            acme.guests_role_on(&away).await,
            Some(Role::Member),
            "asleep at {point:?}: a change that was cut out of the log was not missed"
        );
    }
}

/// Test 26.
#[tokio::test]
async fn nodes_that_start_while_the_log_is_cut_are_right() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    let pool = acme.app.services.db.pool().clone();
    let janitor = tokio::spawn(async move {
        loop {
            cache_log::clean_up(&pool, 0).await.expect("it is cut");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    for turn in 0..6 {
        let role = role_of_turn(turn);
        acme.make_guest(role).await;
        let node = acme.app.another_node().await;
        assert_eq!(acme.guests_role_on(&node).await, Some(role));
        node.stop().await;
    }
    janitor.abort();
}

/// Test 27.
#[tokio::test(flavor = "multi_thread")]
async fn a_doorbell_that_rings_ten_thousand_times_for_nothing_is_harmless() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let listener = acme.app.another_node().await;
    assert_eq!(acme.guests_role_on(&listener).await, Some(Role::Admin));
    let mut store = redis.connect();
    let mut channel = String::new();
    eventually("both nodes listen", PATIENCE, async || {
        let channels: Vec<String> = redis::cmd("PUBSUB")
            .arg("CHANNELS")
            .query(&mut store)
            .expect("an answer");
        channel = channels.into_iter().next().unwrap_or_default();
        let (_, listeners): (String, i64) = redis::cmd("PUBSUB")
            .arg("NUMSUB")
            .arg(&channel)
            .query(&mut store)
            .expect("an answer");
        listeners == 2
    })
    .await;

    let began = Instant::now();
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = polls.clone();
    listener.cache.failpoints().set(Failpoint::Polled, move || {
        counted.fetch_add(1, Ordering::Relaxed);
        std::future::ready(()).boxed()
    });
    let forger = tokio::task::spawn_blocking(move || {
        for _ in 0..10_000 {
            redis::cmd("PUBLISH")
                .arg(&channel)
                .arg("x".repeat(100))
                .exec(&mut store)
                .expect("rung");
        }
    });
    for turn in 0..10 {
        let role = role_of_turn(turn);
        acme.make_guest(role).await;
        assert_eq!(acme.guests_role_on(&listener).await, Some(role));
    }
    forger.await.expect("no panic");
    let rings = 10_000 + 10;
    let by_the_clock = polls_by_the_clock(began.elapsed());
    let polled = polls.load(Ordering::Relaxed);
    assert!(
        polled <= rings + by_the_clock,
        "a ring is at most one poll: {polled} for {rings} rings and {by_the_clock} by the clock"
    );

    // Nothing is left over once the last ring has arrived.
    eventually("it polls by the clock alone", PATIENCE, async || {
        let (before, began) = (polls.load(Ordering::Relaxed), Instant::now());
        tokio::time::sleep(Duration::from_secs(1)).await;
        // One may be under way at each end.
        polls.load(Ordering::Relaxed) - before <= polls_by_the_clock(began.elapsed()) + 2
    })
    .await;
}

/// How many polls may come in `time` though nobody rings: one every 50 ms.
fn polls_by_the_clock(time: Duration) -> usize {
    usize::try_from(time.as_millis() / 50).expect("a test takes no ages") + 1
}

/// Test 27.
#[tokio::test]
async fn without_a_doorbell_a_change_is_heard_by_the_next_poll() {
    let redis = PrivateRedis::start();
    let proxy = FaultProxy::before(&redis.url()).await;
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let settings = RedisConfig {
        urls: vec![proxy.url()],
        required_at_start: false,
    };
    let deaf = acme
        .app
        .another_node_with(|config| config.redis = Some(settings))
        .await;
    assert_eq!(acme.guests_role_on(&deaf).await, Some(Role::Admin));
    proxy.swallow();
    for turn in 0..10 {
        let role = role_of_turn(turn);
        let watch = Stopwatch::start();
        acme.make_guest(role).await;
        let took = watch.unhindered();
        assert!(
            took < Duration::from_secs(1),
            "a poll comes every 50 ms; it took {took:?}"
        );
        assert_eq!(acme.guests_role_on(&deaf).await, Some(role));
    }
}

/// A node whose cache was never ready still answers, from Postgres.
#[tokio::test]
async fn a_node_without_a_lease_answers_from_postgres_and_takes_changes() {
    let acme = Acme::start_with(only_near).await;
    let asleep = Gate::close(&acme.app.services.cache, Failpoint::HeartbeatDue);
    asleep.arrival().await;
    let cache = &acme.app.services.cache;
    eventually("the lease runs out", LEASE, async || {
        !cache.health().await.lease_is_running
    })
    .await;
    assert_eq!(
        loads(&acme.app.services, acme.guests_role()).await.0,
        Some(Role::Admin)
    );
    acme.make_guest(Role::Member).await;
    assert_eq!(
        role(&acme.app.services, &acme.guest, &acme.slug).await,
        Some(Role::Member)
    );
    let name = OrgName::parse("Renamed").expect("a name");
    acme.app
        .services
        .orgs
        .update(&acme.access, &name, &acme.slug)
        .await
        .expect("an owner may");
    let found = acme
        .app
        .services
        .access
        .find(&acme.owner, &OrgSegment::Slug(acme.slug.clone()))
        .await;
    let Ok(OrgLookup::Granted(access)) = found else {
        panic!("{found:?}")
    };
    assert_eq!(access.membership().org_name, "Renamed");
}
