//! What the cache stands on fails: nothing old is served, and whoever can be
//! answered is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures::FutureExt;
use orghub::{
    access::OrgLookup,
    cache::{BreakerState, Point},
    config::RedisConfig,
    db::{self, cache_log},
    domain::{OrgName, OrgSegment, Role},
    error::Error,
    services::Services,
    testing::{Counters, FaultProxy, Gate, PrivatePostgres, PrivateRedis, TestApp, TestDatabase},
};

use crate::{
    Acme, acked_sql, dump_when_stored, loads, near_and_redis, only_near, only_redis, role, try_role,
    until_redis_answers, within,
};

/// The longest anybody may have to wait for anything: the lease, and a little for
/// a busy machine.
const BOUND: Duration = Duration::from_millis(2_500);

/// Test 15.
#[tokio::test]
async fn without_redis_at_start_it_starts_degraded_and_uses_it_when_it_comes() {
    let mut redis = PrivateRedis::absent();
    let began = Instant::now();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    assert!(began.elapsed() < Duration::from_secs(20), "it waits five seconds, not for ever");
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    assert_eq!(acme.app.services.cache.health().await.redis.expect("configured").round_trip, None);

    redis.restart();
    until_redis_answers(&acme.app.services).await;
}

/// Test 15.
#[tokio::test]
async fn a_redis_that_is_required_at_start_and_away_stops_the_start() {
    let redis = PrivateRedis::absent();
    let database = TestDatabase::create().await;
    let mut config = orghub::testing::config(&database);
    config.redis = Some(RedisConfig { required_at_start: true, ..redis.config() });
    let refused = Services::start(config).await.err().expect("it refuses");
    assert!(matches!(refused, Error::Unavailable("Redis", _)), "{refused}");
}

/// Test 16.
#[tokio::test(flavor = "multi_thread")]
async fn redis_killed_under_load_is_noticed_by_nobody() {
    let mut redis = PrivateRedis::start();
    let acme = Arc::new(Acme::start_with(near_and_redis(&redis)).await);
    let cold = acme.app.another_node_with(only_redis(&redis)).await;
    let killed_at = Arc::new(std::sync::OnceLock::new());
    let readers: Vec<_> = [acme.app.services.clone(), cold]
        .into_iter()
        .flat_map(|node| [node.clone(), node])
        .map(|node| {
            let (acme, killed_at) = (acme.clone(), killed_at.clone());
            tokio::spawn(async move {
                let mut times_after = Vec::new();
                let began = Instant::now();
                while began.elapsed() < Duration::from_secs(3) {
                    let asked = Instant::now();
                    let role = acme.guests_role_on(&node).await;
                    assert_eq!(role, Some(Role::Admin), "and no error");
                    if killed_at.get().is_some() {
                        times_after.push(asked.elapsed());
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                times_after
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(800)).await;
    redis.kill();
    killed_at.set(Instant::now()).expect("once");
    let mut times = Vec::new();
    for reader in readers {
        times.extend(reader.await.expect("every look-up was answered"));
    }
    times.sort();
    let p99 = times[times.len() * 99 / 100];
    assert!(p99 < Duration::from_millis(250), "{} look-ups without Redis, p99 {p99:?}", times.len());

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
    assert_ne!(acme.app.services.cache.health().await.redis.expect("configured").breaker, BreakerState::Closed);
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
    let settings = RedisConfig { urls: vec![proxy.url()], required_at_start: false };
    let acme = Acme::start_with(|config| {
        config.redis = Some(settings);
        config.near_cache_bytes = 0;
    })
    .await;
    proxy.delay(Duration::from_millis(200));
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(acme.guests_role().await, Some(Role::Admin));
    }
    // Five time-outs of 60 ms, then the breaker is open, and Postgres answers.
    assert!(began.elapsed() < Duration::from_secs(2), "{:?} for 20 look-ups", began.elapsed());
    proxy.mend();
    until_redis_answers(&acme.app.services).await;
}

/// Test 18.
#[tokio::test]
async fn a_connection_that_swallows_everything_is_replaced_within_five_seconds() {
    let redis = PrivateRedis::start();
    let proxy = FaultProxy::before(&redis.url()).await;
    let settings = RedisConfig { urls: vec![proxy.url()], required_at_start: false };
    let acme = Acme::start_with(|config| {
        config.redis = Some(settings);
        config.near_cache_bytes = 0;
    })
    .await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let opened_before = proxy.opened();

    proxy.swallow();
    let replaced = within(Duration::from_secs(5), "the connection is replaced", async || {
        assert_eq!(acme.guests_role().await, Some(Role::Admin));
        acme.app.services.cache.health().await.redis.expect("configured").round_trip.is_some()
    })
    .await;
    assert!(proxy.opened() > opened_before && replaced < Duration::from_secs(5));
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
    acme.app.services.orgs.remove_member(&acme.access, acme.member).await.expect("an owner may");
    let restore = |store: &mut redis::Connection| {
        for (key, bytes) in &dump {
            redis::cmd("SET").arg(key).arg(bytes).exec(store).expect("restored");
        }
    };
    let refused_before = counters.lookups("stale");
    restore(&mut store);
    assert_eq!(acme.guests_role().await, None);
    assert!(counters.lookups("stale") > refused_before, "refused, and counted");
    restore(&mut store);
    assert_eq!(acme.guests_role_on(&acme.app.another_node().await).await, None, "and by a node that just started");
}

/// Test 20.
#[tokio::test]
async fn garbage_stumps_and_other_types_under_our_keys_are_misses_and_counted() {
    let counters = Counters::listen();
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let mut store = redis.connect();
    for (key, bytes) in dump_when_stored(&mut store, &acme.guest).await {
        let stump = bytes[..bytes.len() - 1].to_vec();
        let mut of_another_version = bytes.clone();
        of_another_version[3] += 1;
        let mut of_another_world = bytes.clone();
        of_another_world[5] ^= 1;
        for value in [b"garbage".to_vec(), Vec::new(), stump, of_another_version, of_another_world] {
            let before = counters.lookups("undecodable");
            redis::cmd("SET").arg(&key).arg(value).exec(&mut store).expect("set");
            assert_eq!(acme.guests_role().await, Some(Role::Admin));
            if key.ends_with(&format!("member:{}", acme.guest.id)) {
                assert_eq!(counters.lookups("undecodable"), before + 1);
            }
        }
        let before = counters.lookups("error");
        redis::cmd("DEL").arg(&key).exec(&mut store).expect("deleted");
        redis::cmd("RPUSH").arg(&key).arg("a list").exec(&mut store).expect("pushed");
        assert_eq!(acme.guests_role().await, Some(Role::Admin));
        if key.ends_with(&format!("member:{}", acme.guest.id)) {
            assert_eq!(counters.lookups("error"), before + 1);
        }
    }
    let breaker = acme.app.services.cache.health().await.redis.expect("configured").breaker;
    assert_eq!(breaker, BreakerState::Closed, "a Redis that answers is not avoided");
}

/// Test 20.
#[tokio::test]
async fn a_flushed_redis_is_filled_again() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let mut store = redis.connect();
    until_redis_is_believed(&acme, &acme.app.services).await;
    redis::cmd("FLUSHALL").exec(&mut store).expect("flushed");
    assert_eq!(loads(&acme.app.services, acme.guests_role()).await, (Some(Role::Admin), 1));
    until_redis_is_believed(&acme, &acme.app.services).await;
}

/// Test 20.
#[tokio::test]
async fn a_full_redis_that_evicts_or_refuses_is_not_noticed() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    let mut store = redis.connect();
    let mut set = |name: &str, value: &str| {
        redis::cmd("CONFIG").arg("SET").arg(name).arg(value).exec(&mut store).expect("taken");
    };
    for policy in ["noeviction", "allkeys-lru"] {
        set("maxmemory-policy", policy);
        set("maxmemory", "1");
        for turn in 0..20 {
            let role = if turn % 2 == 0 { Role::Member } else { Role::Admin };
            acme.make_guest(role).await;
            assert_eq!(acme.guests_role().await, Some(role), "{policy}");
        }
        set("maxmemory", "0");
    }
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    dump_when_stored(&mut redis.connect(), &acme.guest).await;
    let breaker = acme.app.services.cache.health().await.redis.expect("configured").breaker;
    assert_eq!(breaker, BreakerState::Closed, "a Redis that answers is not avoided");
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
        redis::cmd("SET").arg(key).arg(bytes).exec(&mut of_primary).expect("set");
    }
    let port = primary.url().rsplit(':').next().expect("a port").to_owned();
    redis::cmd("REPLICAOF").arg("127.0.0.1").arg(&port).exec(&mut store).expect("demoted");
    for turn in 0..20 {
        let role = if turn % 2 == 0 { Role::Member } else { Role::Admin };
        acme.make_guest(role).await;
        assert_eq!(acme.guests_role().await, Some(role));
    }
    redis::cmd("REPLICAOF").arg("NO").arg("ONE").exec(&mut store).expect("promoted");
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    assert_eq!(acme.guests_role_on(&acme.app.another_node().await).await, Some(Role::Admin));
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
        redis::cmd("SET").arg(format!("filler:{number}")).arg("x".repeat(64)).exec(&mut store).expect("set");
    }
    acme.make_guest(Role::Member).await;

    redis.restart_loading(Duration::from_millis(1));
    let refused = redis::cmd("GET").arg("filler:0").exec(&mut redis.connect()).expect_err("it is loading");
    assert_eq!(refused.code(), Some("LOADING"), "{refused}");
    for turn in 0..10 {
        let role = if turn % 2 == 0 { Role::Admin } else { Role::Member };
        acme.make_guest(role).await;
        assert_eq!(acme.guests_role().await, Some(role));
    }
    until_redis_answers(&acme.app.services).await;
    within(Duration::from_secs(20), "it has loaded", async || {
        redis::cmd("GET").arg("filler:0").exec(&mut redis.connect()).is_ok()
    })
    .await;
    assert_eq!(acme.guests_role().await, Some(Role::Member), "whatever the dump held");
}

/// A node that has a lease and will never say anything again: `processes.rs` has
/// real ones (test 22).
#[tokio::test]
async fn a_node_that_vanished_holds_a_mutation_up_for_two_seconds_at_most() {
    let app = TestApp::start_with(only_near).await;
    let owner = app.person("Olive").await;
    app.sql(
        "insert into cache_node (id, lease_until, applied)
         values (gen_random_uuid(), clock_timestamp() + interval '1 hour', '1:1:')",
    )
    .await;
    let began = Instant::now();
    app.org("acme", &owner).await;
    assert!(began.elapsed() >= Duration::from_millis(1_900), "it answered before the other node's lease ran out");
    assert!(began.elapsed() < BOUND + Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(app.services.orgs.list_mine(&owner).await.expect("a list").len(), 1);
}

/// Test 23. At each place where a renewal can be held up past the lease's end.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stalls_anywhere_in_a_renewal_serves_nothing_old_when_it_wakes() {
    for point in [Point::HeartbeatDue, Point::Heartbeat, Point::Polled, Point::LeaseDue] {
        let acme = Acme::start_with(only_near).await;
        let slow = acme.app.another_node().await;
        assert_eq!(acme.guests_role_on(&slow).await, Some(Role::Admin));

        let stalled = Gate::close(&slow.cache, point);
        stalled.arrival().await;
        let began = Instant::now();
        acme.make_guest(Role::Member).await;
        assert!(began.elapsed() < BOUND, "{point:?}: the mutation took {:?}", began.elapsed());
        // Its lease has run out, or it has heard.
        assert_eq!(acme.guests_role_on(&slow).await, Some(Role::Member), "{point:?}: while it stalls");
        // Without a copy's help, so that one from before the stall stays where it is.
        within(BOUND, "the lease runs out", async || !slow.cache.health().await.lease_is_running).await;

        stalled.open();
        let woke = Instant::now();
        while woke.elapsed() < Duration::from_millis(300) {
            assert_eq!(acme.guests_role_on(&slow).await, Some(Role::Member), "{point:?}: when it wakes");
        }
        assert!(slow.cache.wait_until_ready(Duration::from_secs(5)).await);
        assert_eq!(acme.guests_role_on(&slow).await, Some(Role::Member), "{point:?}: when it goes on");
    }
}

/// Test 23.
#[tokio::test]
async fn a_poll_answered_after_the_lease_has_ended_does_not_revive_it() {
    let app = TestApp::start_with(only_near).await;
    let cache = &app.services.cache;
    for point in [Point::Polled, Point::LeaseDue] {
        let stalled = Gate::close(cache, point);
        stalled.arrival().await;
        within(BOUND, "the lease runs out", async || !cache.health().await.lease_is_running).await;
        // The one before it. Its own would have run for half a second more.
        tokio::time::sleep(Duration::from_millis(700)).await;
        // The renewal that was under way comes to its end; the next one may not begin.
        let next = Gate::close(cache, Point::HeartbeatDue);
        stalled.open();
        next.arrival().await;
        assert!(!cache.health().await.lease_is_running, "{point:?}: revived by a renewal of before");
        next.open();
        assert!(cache.wait_until_ready(Duration::from_secs(5)).await);
    }
}

/// Test 23.
#[tokio::test]
async fn a_node_that_wakes_and_heartbeats_uses_no_copies_before_it_has_polled() {
    let app = TestApp::start_with(only_near).await;
    let cache = &app.services.cache;
    let asleep = Gate::close(cache, Point::HeartbeatDue);
    asleep.arrival().await;
    within(BOUND, "the lease runs out", async || !cache.health().await.lease_is_running).await;
    let polling = Gate::close(cache, Point::Heartbeat);
    asleep.open();
    polling.arrival().await;
    assert!(!cache.health().await.lease_is_running, "entitled to what it knew before its sleep");
    polling.open();
    assert!(cache.wait_until_ready(Duration::from_secs(5)).await);
}

/// Test 23.
#[tokio::test]
async fn after_a_restart_of_postgres_a_mutation_waits_for_leases_nobody_remembers() {
    let postgres = PrivatePostgres::start();
    let database = TestDatabase::create_in(&postgres.url()).await;
    let acme = Acme::over(TestApp::start_over(database, only_near).await).await;
    postgres.crash();
    postgres.resume();
    let restarted = Instant::now();
    // A registry that a crash emptied.
    within(Duration::from_secs(5), "the database is back", async || {
        sqlx::query("delete from cache_node").execute(acme.app.services.db.pool()).await.is_ok()
    })
    .await;
    acked_sql(&acme.app.services, "update member set role = 'member' where role = 'admin'").await;
    // The postmaster starts a little before `resume` returns.
    assert!(restarted.elapsed() > Duration::from_millis(1_500), "it did not wait: {:?}", restarted.elapsed());
    assert_eq!(acme.guests_role().await, Some(Role::Member));
}

/// Test 24.
#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_rights_are_refused_in_time_and_known_again_when_it_is_back() {
    let postgres = PrivatePostgres::start();
    let redis = PrivateRedis::start();
    let database = TestDatabase::create_in(&postgres.url()).await;
    let acme = Acme::over(TestApp::start_over(database, near_and_redis(&redis)).await).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let node = &acme.app.services;

    postgres.crash();
    let gone = Instant::now();
    let until_refused = loop {
        let asked = Instant::now();
        match try_role(node, &acme.guest, &acme.slug).await {
            Ok(role) => assert_eq!(role, Some(Role::Admin), "a copy is used for as long as the lease runs"),
            Err(Error::Unavailable(..)) => break asked - gone,
            Err(error) => panic!("{error}"),
        }
        assert!(gone.elapsed() < Duration::from_secs(10), "granted without anybody to ask");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert!(until_refused < BOUND, "asked {until_refused:?} after the end, and still granted");
    assert!(!node.cache.health().await.lease_is_running);

    postgres.resume();
    assert!(node.cache.wait_until_ready(Duration::from_secs(10)).await, "the relay finds the database again");
    // Nothing changed meanwhile: the same world, and what was held is right.
    assert_eq!(loads(node, acme.guests_role()).await, (Some(Role::Admin), 0));
    acme.make_guest(Role::Member).await;
    assert_eq!(acme.guests_role().await, Some(Role::Member));
}

/// Test 24. A database that is there and says nothing: a network that swallows.
#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_says_nothing_is_an_error_in_time() {
    let database = TestDatabase::create().await;
    let proxy = FaultProxy::before(&database.url).await;
    let app = TestApp::start_over(TestDatabase { url: proxy.url() }, only_near).await;
    let acme = Acme::over(app).await;
    let node = &acme.app.services;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));

    proxy.freeze();
    within(BOUND, "the lease runs out", async || !node.cache.health().await.lease_is_running).await;
    let asked = Instant::now();
    let answer = tokio::time::timeout(Duration::from_secs(8), try_role(node, &acme.guest, &acme.slug)).await;
    let answer = answer.unwrap_or_else(|_elapsed| panic!("a look-up hangs for as long as Postgres says nothing"));
    assert!(matches!(answer, Err(Error::Unavailable(..))), "{answer:?}");
    assert!(asked.elapsed() < Duration::from_secs(5), "it took {:?} to say so", asked.elapsed());

    proxy.mend();
    assert!(node.cache.wait_until_ready(Duration::from_secs(10)).await, "the relay finds the database again");
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
}

/// Test 24. The other side vanishes without a word while a statement is under way;
/// whoever connects anew is answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_is_never_answered_holds_nobody_up_for_long() {
    let database = TestDatabase::create().await;
    let proxy = FaultProxy::before(&database.url).await;
    let app = TestApp::start_over(TestDatabase { url: proxy.url() }, only_near).await;
    let acme = Acme::over(app).await;
    let node = &acme.app.services;
    let key = acme.guests_key();

    let unanswered = tokio::spawn({
        let (cache, key) = (node.cache.clone(), key.clone());
        async move {
            let load = {
                let key = key.clone();
                move |reader| {
                    let key = key.clone();
                    async move {
                        sqlx::query("select pg_sleep(0.5)").execute(&reader).await?;
                        db::members::find_membership(&reader, &key.slug, key.user).await
                    }
                }
            };
            cache.get_or_load(&key, load).await
        }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    proxy.swallow();

    // Those who ask for the same key may not be made to share its fate.
    let began = Instant::now();
    let mut answered = 0;
    while began.elapsed() < Duration::from_secs(6) {
        let asked = Instant::now();
        let answer = tokio::time::timeout(Duration::from_secs(5), try_role(node, &acme.guest, &acme.slug)).await;
        match answer.unwrap_or_else(|_elapsed| panic!("asked {:?} after it broke: no answer", asked - began)) {
            Ok(role) => assert_eq!(role, Some(Role::Admin)),
            Err(error) => assert!(matches!(error, Error::Unavailable(..)), "{error}"),
        }
        answered += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(answered > 5, "{answered} answers in {:?}", began.elapsed());
    let outcome = tokio::time::timeout(Duration::from_secs(5), unanswered).await;
    let outcome = outcome.unwrap_or_else(|_elapsed| panic!("a look-up waits for an answer that never comes"));
    let outcome = outcome.expect("no panic").map(|lookup| lookup.is_some());
    assert!(matches!(outcome, Ok(true) | Err(Error::Unavailable(..))), "{outcome:?}");
    assert!(node.cache.wait_until_ready(Duration::from_secs(10)).await, "the relay connects anew");
    acme.make_guest(Role::Member).await;
    assert_eq!(acme.guests_role().await, Some(Role::Member));
}

/// Test 25.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_failover_nothing_from_the_time_before_it_is_used() {
    let postgres = PrivatePostgres::start();
    let redis = PrivateRedis::start();
    let database = TestDatabase::create_in(&postgres.url()).await;
    let acme = Acme::over(TestApp::start_over(database, near_and_redis(&redis)).await).await;
    let node = &acme.app.services;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let mut store = redis.connect();
    let before = dump_when_stored(&mut store, &acme.guest).await;
    let doors = |store: &mut redis::Connection| -> Vec<String> {
        redis::cmd("PUBSUB").arg("CHANNELS").query(store).expect("an answer")
    };
    let mut old_doors = Vec::new();
    within(Duration::from_secs(5), "the doorbell is hung up", async || {
        old_doors = doors(&mut store);
        old_doors.len() == 1
    })
    .await;

    postgres.fail_over();
    within(Duration::from_secs(10), "the new primary takes writes", async || {
        sqlx::query("create table if not exists unrelated ()").execute(node.db.pool()).await.is_ok()
    })
    .await;
    assert!(node.cache.wait_until_ready(Duration::from_secs(10)).await);

    let reads = async || {
        let (role, loaded) = loads(node, acme.guests_role()).await;
        assert_eq!(role, Some(Role::Admin));
        loaded
    };
    assert_eq!(reads().await, 1, "neither level answers from the time before");
    assert_eq!(reads().await, 0);
    within(Duration::from_secs(5), "the value is stored under another key", async || {
        dump_when_stored(&mut store, &acme.guest).await.len() > before.len()
    })
    .await;
    within(Duration::from_secs(5), "the doorbell hangs where the new world rings", async || {
        let new_doors = doors(&mut store);
        new_doors.len() == 1 && new_doors != old_doors
    })
    .await;
    acme.make_guest(Role::Member).await;
    assert_eq!(acme.guests_role().await, Some(Role::Member));
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
    assert_eq!(loads(&node, acme.guests_role_on(&node)).await, (Some(Role::Admin), 0));
    // … and one that starts when the log was cut does not: nobody knows any more.
    acme.app.org("something-else", &acme.owner).await;
    cut_the_log(&acme.app).await;
    let node = acme.app.another_node().await;
    assert_eq!(loads(&node, acme.guests_role_on(&node)).await, (Some(Role::Admin), 1));
}

/// Returns when the guest's membership comes from Redis. Not at once: the value is
/// stored without anybody waiting, and while transactions of other tests are open
/// in the same cluster it could have been read before the last change.
async fn until_redis_is_believed(acme: &Acme, node: &Services) {
    within(Duration::from_secs(20), "Redis is believed", async || {
        loads(node, acme.guests_role_on(node)).await == (Some(Role::Admin), 0)
    })
    .await;
}

/// Cuts the whole log off, as if its retention were over.
async fn cut_the_log(app: &TestApp) {
    // Transactions of other tests may be open on the same cluster.
    within(Duration::from_secs(10), "the log is cut", async || {
        cache_log::clean_up(app.services.db.pool(), 0).await.expect("it is cut");
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
    for point in [Point::HeartbeatDue, Point::Heartbeat] {
        let acme = Acme::start_with(only_near).await;
        let away = acme.app.another_node().await;
        assert_eq!(acme.guests_role_on(&away).await, Some(Role::Admin));
        let asleep = Gate::close(&away.cache, point);
        asleep.arrival().await;
        acme.make_guest(Role::Member).await;
        acme.app.org("something-else", &acme.owner).await;
        cut_the_log(&acme.app).await;
        within(BOUND, "the lease runs out", async || !away.cache.health().await.lease_is_running).await;
        asleep.open();
        assert!(away.cache.wait_until_ready(Duration::from_secs(5)).await);
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
        let role = if turn % 2 == 0 { Role::Member } else { Role::Admin };
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
    within(Duration::from_secs(5), "both nodes listen", async || {
        let channels: Vec<String> = redis::cmd("PUBSUB").arg("CHANNELS").query(&mut store).expect("an answer");
        channel = channels.into_iter().next().unwrap_or_default();
        let (_, listeners): (String, i64) =
            redis::cmd("PUBSUB").arg("NUMSUB").arg(&channel).query(&mut store).expect("an answer");
        listeners == 2
    })
    .await;

    let polls = Arc::new(AtomicUsize::new(0));
    let counted = polls.clone();
    listener.cache.hooks().set(Point::Polled, move || {
        counted.fetch_add(1, Ordering::Relaxed);
        std::future::ready(()).boxed()
    });
    let forger = tokio::task::spawn_blocking(move || {
        for _ in 0..10_000 {
            redis::cmd("PUBLISH").arg(&channel).arg("x".repeat(100)).exec(&mut store).expect("rung");
        }
    });
    for turn in 0..10 {
        let role = if turn % 2 == 0 { Role::Member } else { Role::Admin };
        acme.make_guest(role).await;
        assert_eq!(acme.guests_role_on(&listener).await, Some(role));
    }
    forger.await.expect("no panic");
    assert!(polls.load(Ordering::Relaxed) <= 10_100, "a ring is at most one poll");

    // Nothing is left over: one poll may be under way and one queue behind it.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (before, began) = (polls.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (after, elapsed) = (polls.load(Ordering::Relaxed), began.elapsed());
    let every_50_ms = usize::try_from(elapsed.as_millis() / 50).expect("a few");
    assert!(after - before <= every_50_ms + 5, "{} polls in {elapsed:?}", after - before);
}

/// Test 27.
#[tokio::test]
async fn without_a_doorbell_a_change_is_heard_by_the_next_poll() {
    let redis = PrivateRedis::start();
    let proxy = FaultProxy::before(&redis.url()).await;
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let settings = RedisConfig { urls: vec![proxy.url()], required_at_start: false };
    let deaf = acme.app.another_node_with(|config| config.redis = Some(settings)).await;
    assert_eq!(acme.guests_role_on(&deaf).await, Some(Role::Admin));
    proxy.swallow();
    for turn in 0..10 {
        let role = if turn % 2 == 0 { Role::Member } else { Role::Admin };
        let began = Instant::now();
        acme.make_guest(role).await;
        assert!(began.elapsed() < Duration::from_secs(1), "a poll comes every 50 ms; it took {:?}", began.elapsed());
        assert_eq!(acme.guests_role_on(&deaf).await, Some(role));
    }
}

/// Test 28.
#[tokio::test(flavor = "multi_thread")]
async fn a_pool_exhausted_by_slow_statements_does_not_cost_the_lease() {
    let acme = Acme::start_with(only_near).await;
    let node = &acme.app.services;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let slow: Vec<_> = (0..node.config.database_max_connections * 3)
        .map(|_| {
            let db = node.db.clone();
            // Those who get no connection in time are turned away; so be it.
            tokio::spawn(async move { sqlx::query("select pg_sleep(1.5)").execute(&db.reader()).await })
        })
        .collect();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        assert!(node.cache.health().await.lease_is_running, "lost after {:?}", began.elapsed());
        assert_eq!(acme.guests_role().await, Some(Role::Admin));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for statement in slow {
        drop(statement.await.expect("no panic"));
    }
}

/// Test 29.
#[tokio::test]
async fn a_long_write_transaction_costs_no_copy_in_this_process_and_no_truth() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let cold = acme.app.another_node_with(only_redis(&redis)).await;
    acme.app.sql("create table unrelated (number integer)").await;
    let mut long = acme.app.services.db.begin().await.expect("a transaction begins");
    sqlx::query("insert into unrelated values (1)").execute(long.conn()).await.expect("written");

    for turn in 0..6 {
        let role = if turn % 2 == 0 { Role::Member } else { Role::Admin };
        acme.make_guest(role).await;
        assert_eq!(loads(&acme.app.services, acme.guests_role()).await, (Some(role), 1), "changed, so read once");
        for _ in 0..20 {
            assert_eq!(loads(&acme.app.services, acme.guests_role()).await, (Some(role), 0), "and kept");
        }
        // Redis cannot tell whether its value saw the change, so it is not believed.
        assert_eq!(acme.guests_role_on(&cold).await, Some(role));
    }
    long.commit().await.expect("it commits");
    assert_eq!(acme.guests_role_on(&cold).await, Some(Role::Admin));
}

/// Test 30.
#[tokio::test]
async fn a_missing_or_disabled_trigger_stops_the_start() {
    let app = TestApp::start_with(only_near).await;
    app.sql("alter table member disable trigger member_cache_delete").await;
    app.sql("drop trigger subscription_cache_truncate on subscription").await;
    let refused = Services::start((*app.services.config).clone()).await.err().expect("it refuses");
    let Error::Internal(cause) = refused else { panic!("{refused}") };
    for name in ["member.member_cache_delete", "subscription.subscription_cache_truncate"] {
        assert!(cause.to_string().contains(name), "{cause}");
    }
}

/// A node whose cache was never ready still answers, from Postgres.
#[tokio::test]
async fn a_node_without_a_lease_answers_from_postgres_and_takes_changes() {
    let acme = Acme::start_with(only_near).await;
    let asleep = Gate::close(&acme.app.services.cache, Point::HeartbeatDue);
    asleep.arrival().await;
    let cache = &acme.app.services.cache;
    within(BOUND, "the lease runs out", async || !cache.health().await.lease_is_running).await;
    assert_eq!(loads(&acme.app.services, acme.guests_role()).await.0, Some(Role::Admin));
    acme.make_guest(Role::Member).await;
    assert_eq!(role(&acme.app.services, &acme.guest, &acme.slug).await, Some(Role::Member));
    let name = OrgName::parse("Renamed").expect("a name");
    acme.app.services.orgs.update(&acme.access, &name, &acme.slug).await.expect("an owner may");
    let found = acme.app.services.access.find(&acme.owner, &OrgSegment::Slug(acme.slug.clone())).await;
    let Ok(OrgLookup::Granted(access)) = found else { panic!("{found:?}") };
    assert_eq!(access.membership().org_name, "Renamed");
}
