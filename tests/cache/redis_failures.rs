//! Redis fails: nothing old is served, and nobody notices.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use orghub::{
    cache::BreakerState, config::RedisConfig, domain::Role, error::Error, services::Services,
};
use orghub_test_support::{
    Counters, FaultProxy, PATIENCE, PrivateRedis, Stopwatch, TestDatabase, eventually, under_lease,
};

use crate::{
    Acme, breaker, dump_when_stored, loads, near_and_redis, only_redis, redis_health, role_of_turn,
    until_redis_answers, until_redis_is_believed,
};

/// Test 15.
#[tokio::test]
async fn without_redis_at_start_it_starts_degraded_and_uses_it_when_it_comes() {
    let mut redis = PrivateRedis::absent();
    let watch = Stopwatch::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let took = watch.unhindered();
    assert!(
        took < Duration::from_secs(20),
        "it waits five seconds, not {took:?}"
    );
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    assert_eq!(redis_health(&acme.app.services).await.round_trip, None);

    redis.restart();
    until_redis_answers(&acme.app.services).await;
}

/// Test 15.
#[tokio::test]
async fn a_redis_that_is_required_at_start_and_away_stops_the_start() {
    let redis = PrivateRedis::absent();
    let database = TestDatabase::create().await;
    let mut config = orghub_test_support::config(&database);
    config.redis = Some(RedisConfig {
        required_at_start: true,
        ..redis.config()
    });
    let refused = Services::start(config).await.err().expect("it refuses");
    assert!(
        matches!(refused, Error::Unavailable("Redis", _)),
        "{refused}"
    );
}

/// Test 16.
#[tokio::test(flavor = "multi_thread")]
async fn redis_killed_under_load_is_noticed_by_nobody() {
    let mut redis = PrivateRedis::start();
    let acme = Arc::new(Acme::start_with(near_and_redis(&redis)).await);
    let cold = acme.app.another_node_with(only_redis(&redis)).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let (is_killed, stop) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let readers: Vec<_> = [acme.app.services.clone(), cold]
        .into_iter()
        .flat_map(|node| [node.clone(), node])
        .map(|node| {
            let (acme, asked) = (acme.clone(), asked.clone());
            let (is_killed, stop) = (is_killed.clone(), stop.clone());
            tokio::spawn(async move {
                let mut times_after = Vec::new();
                while !stop.load(SeqCst) {
                    let is_after = is_killed.load(SeqCst);
                    let watch = Stopwatch::start();
                    let role = acme.guests_role_on(&node).await;
                    assert_eq!(role, Some(Role::Admin), "and no error");
                    if is_after {
                        times_after.push(watch.unhindered());
                    }
                    asked.fetch_add(1, SeqCst);
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                times_after
            })
        })
        .collect();
    let more = async |count: usize| {
        let enough = asked.load(SeqCst) + count;
        eventually("look-ups go on", PATIENCE, async || {
            asked.load(SeqCst) > enough
        })
        .await;
    };
    more(500).await;
    redis.kill();
    is_killed.store(true, SeqCst);
    more(1_500).await;
    stop.store(true, SeqCst);
    let mut times = Vec::new();
    for reader in readers {
        times.extend(reader.await.expect("every look-up was answered"));
    }
    times.sort();
    let p99 = times[times.len() * 99 / 100];
    assert!(
        p99 < Duration::from_millis(250),
        "{} look-ups without Redis, p99 {p99:?}",
        times.len()
    );

    redis.restart();
    until_redis_answers(&acme.app.services).await;
}

/// Tests 16 and 17.
#[tokio::test]
async fn redis_frozen_killed_and_restarted_empty_is_not_noticed() {
    let mut redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;

    redis.freeze();
    for _ in 0..20 {
        assert_eq!(acme.guests_role().await, Some(Role::Admin));
    }
    assert_ne!(breaker(&acme.app.services).await, BreakerState::Closed);
    // What changes meanwhile is right afterwards, whatever Redis kept.
    acme.make_guest(Role::Member).await;
    redis.thaw();
    until_redis_answers(&acme.app.services).await;
    assert_eq!(acme.guests_role().await, Some(Role::Member));

    redis.kill();
    for _ in 0..20 {
        assert_eq!(acme.guests_role().await, Some(Role::Member));
    }
    redis.restart();
    until_redis_answers(&acme.app.services).await;
    assert_eq!(acme.guests_role().await, Some(Role::Member));
}

/// A Redis that is slow but alive: look-ups wait for it no longer than they must.
#[tokio::test]
async fn a_slow_redis_holds_nobody_up_for_long() {
    let redis = PrivateRedis::start();
    let proxy = FaultProxy::before(&redis.url()).await;
    let settings = RedisConfig {
        urls: vec![proxy.url()],
        required_at_start: false,
    };
    let acme = Acme::start_with(|config| {
        config.redis = Some(settings);
        config.near_cache_bytes = 0;
    })
    .await;
    proxy.delay(Duration::from_millis(200));
    let watch = Stopwatch::start();
    for _ in 0..20 {
        assert_eq!(acme.guests_role().await, Some(Role::Admin));
    }
    // Five time-outs of 60 ms, then the breaker is open, and Postgres answers.
    let took = watch.unhindered();
    assert!(took < Duration::from_secs(2), "{took:?} for 20 look-ups");
    proxy.mend();
    until_redis_answers(&acme.app.services).await;
}

/// Test 18.
#[tokio::test]
async fn a_connection_that_swallows_everything_is_replaced_within_five_seconds() {
    let redis = PrivateRedis::start();
    let proxy = FaultProxy::before(&redis.url()).await;
    let settings = RedisConfig {
        urls: vec![proxy.url()],
        required_at_start: false,
    };
    let acme = Acme::start_with(|config| {
        config.redis = Some(settings);
        config.near_cache_bytes = 0;
    })
    .await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let opened_before = proxy.opened();

    proxy.swallow();
    let watch = Stopwatch::start();
    eventually("the connection is replaced", PATIENCE, async || {
        assert_eq!(acme.guests_role().await, Some(Role::Admin));
        redis_health(&acme.app.services).await.round_trip.is_some()
    })
    .await;
    let took = watch.unhindered();
    assert!(took < Duration::from_secs(5), "it took {took:?}");
    assert!(proxy.opened() > opened_before);
}

/// Test 19.
#[tokio::test]
async fn what_redis_brings_back_from_before_a_revocation_is_refused() {
    let counters = Counters::listen();
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));

    // A dump is taken, the right revoked, the dump restored.
    let mut store = redis.connect();
    let dump = dump_when_stored(&mut store, &acme.guest).await;
    acme.app
        .services
        .orgs
        .remove_member(&acme.access, acme.member)
        .await
        .expect("an owner may");
    let restore = |store: &mut redis::Connection| {
        for (key, bytes) in &dump {
            redis::cmd("SET")
                .arg(key)
                .arg(bytes)
                .exec(store)
                .expect("restored");
        }
    };
    let refused_before = counters.rejected("changed");
    restore(&mut store);
    assert_eq!(acme.guests_role().await, None);
    assert!(
        counters.rejected("changed") > refused_before,
        "refused, and counted"
    );
    restore(&mut store);
    assert_eq!(
        acme.guests_role_on(&acme.app.another_node().await).await,
        None,
        "and by a node that just started"
    );
}

/// Test 20.
#[tokio::test]
async fn garbage_stumps_and_other_types_under_our_keys_are_misses_and_counted() {
    let counters = Counters::listen();
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let mut store = redis.connect();
    let of_guest = format!("member:{}", acme.guest.id);
    for (key, bytes) in dump_when_stored(&mut store, &acme.guest).await {
        let stump = bytes[..bytes.len() - 1].to_vec();
        let mut of_another_version = bytes.clone();
        of_another_version[3] += 1;
        let mut of_another_world = bytes.clone();
        of_another_world[5] ^= 1;
        for (value, reason) in [
            (b"garbage".to_vec(), "undecodable"),
            (Vec::new(), "undecodable"),
            (stump, "forged"),
            (of_another_version, "forged"),
            (of_another_world, "forged"),
        ] {
            let once = u64::from(key.ends_with(&of_guest));
            eventually("it is looked at and refused", PATIENCE, async || {
                let before = counters.rejected(reason);
                redis::cmd("SET")
                    .arg(&key)
                    .arg(&value)
                    .exec(&mut store)
                    .expect("set");
                assert_eq!(acme.guests_role().await, Some(Role::Admin));
                counters.rejected(reason) - before == once
            })
            .await;
        }
        let refusals = || counters.sum("orghub_redis_no_answers_total", ("reason", "refused"));
        let once = u64::from(key.ends_with(&of_guest));
        eventually("the refusal is counted", PATIENCE, async || {
            let before = refusals();
            redis::cmd("DEL")
                .arg(&key)
                .exec(&mut store)
                .expect("deleted");
            redis::cmd("RPUSH")
                .arg(&key)
                .arg("a list")
                .exec(&mut store)
                .expect("pushed");
            assert_eq!(acme.guests_role().await, Some(Role::Admin));
            refusals() - before == once
        })
        .await;
    }
    let breaker = breaker(&acme.app.services).await;
    assert_eq!(
        breaker,
        BreakerState::Closed,
        "a Redis that answers is not avoided"
    );
}

/// Test 20.
#[tokio::test]
async fn a_flushed_redis_is_filled_again() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let mut store = redis.connect();
    until_redis_is_believed(&acme, &acme.app.services).await;
    let cache = &acme.app.services.cache;
    let emptied = async || {
        redis::cmd("FLUSHALL").exec(&mut store).expect("flushed");
        loads(&acme.app.services, acme.guests_role()).await
    };
    assert_eq!(under_lease(cache, emptied).await, (Some(Role::Admin), 1));
    until_redis_is_believed(&acme, &acme.app.services).await;
}

/// Test 20.
#[tokio::test]
async fn a_full_redis_that_evicts_or_refuses_is_not_noticed() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    let mut store = redis.connect();
    let mut set = |name: &str, value: &str| {
        redis::cmd("CONFIG")
            .arg("SET")
            .arg(name)
            .arg(value)
            .exec(&mut store)
            .expect("taken");
    };
    for policy in ["noeviction", "allkeys-lru"] {
        set("maxmemory-policy", policy);
        set("maxmemory", "1");
        for turn in 0..20 {
            let role = role_of_turn(turn);
            acme.make_guest(role).await;
            assert_eq!(acme.guests_role().await, Some(role), "{policy}");
        }
        set("maxmemory", "0");
    }
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    dump_when_stored(&mut redis.connect(), &acme.guest).await;
    let breaker = breaker(&acme.app.services).await;
    assert_eq!(
        breaker,
        BreakerState::Closed,
        "a Redis that answers is not avoided"
    );
}

/// Test 20.
#[tokio::test]
async fn a_redis_that_became_a_replica_is_not_noticed() {
    let (redis, primary) = (PrivateRedis::start(), PrivateRedis::start());
    let acme = Acme::start_with(only_redis(&redis)).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let mut store = redis.connect();
    let before = dump_when_stored(&mut store, &acme.guest).await;
    // The new primary has what the old one had, and nothing that came later.
    let mut of_primary = primary.connect();
    for (key, bytes) in &before {
        redis::cmd("SET")
            .arg(key)
            .arg(bytes)
            .exec(&mut of_primary)
            .expect("set");
    }
    let port = primary.url().rsplit(':').next().expect("a port").to_owned();
    redis::cmd("REPLICAOF")
        .arg("127.0.0.1")
        .arg(&port)
        .exec(&mut store)
        .expect("demoted");
    for turn in 0..20 {
        let role = role_of_turn(turn);
        acme.make_guest(role).await;
        assert_eq!(acme.guests_role().await, Some(role));
    }
    redis::cmd("REPLICAOF")
        .arg("NO")
        .arg("ONE")
        .exec(&mut store)
        .expect("promoted");
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    assert_eq!(
        acme.guests_role_on(&acme.app.another_node().await).await,
        Some(Role::Admin)
    );
}

/// Test 20.
#[tokio::test]
async fn a_redis_that_is_loading_its_data_is_not_noticed() {
    let mut redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let mut store = redis.connect();
    dump_when_stored(&mut store, &acme.guest).await;
    for number in 0..2_000 {
        redis::cmd("SET")
            .arg(format!("filler:{number}"))
            .arg("x".repeat(64))
            .exec(&mut store)
            .expect("set");
    }
    acme.make_guest(Role::Member).await;

    redis.restart_loading(Duration::from_millis(1));
    let refused = redis::cmd("GET")
        .arg("filler:0")
        .exec(&mut redis.connect())
        .expect_err("it is loading");
    assert_eq!(refused.code(), Some("LOADING"), "{refused}");
    for turn in 0..10 {
        let role = role_of_turn(turn + 1);
        acme.make_guest(role).await;
        assert_eq!(acme.guests_role().await, Some(role));
    }
    until_redis_answers(&acme.app.services).await;
    eventually("it has loaded", PATIENCE, async || {
        redis::cmd("GET")
            .arg("filler:0")
            .exec(&mut redis.connect())
            .is_ok()
    })
    .await;
    assert_eq!(
        acme.guests_role().await,
        Some(Role::Member),
        "whatever the dump held"
    );
}
