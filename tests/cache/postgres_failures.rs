//! PostgreSQL fails: nothing old is served, and whoever cannot be answered is told so
//! in time.

use std::time::{Duration, Instant};

use orghub::test_hooks::{Reader, Stamped};
use orghub::{
    access::MembershipOf,
    cache::{CachedQuery, Key, Scope},
    domain::{MembershipLookup, Role},
    error::{Error, Result},
    services::Services,
};
use orghub_test_support::{
    FaultProxy, LEASE, PATIENCE, PrivatePostgres, PrivateRedis, Stopwatch, TestApp, TestDatabase,
    eventually, under_lease,
};

use crate::{
    Acme, acked_sql, dump_when_stored, loads, near_and_redis, only_near, only_redis, role_of_turn,
    try_role,
};

/// Test 23.
#[tokio::test]
async fn after_a_restart_of_postgres_a_mutation_waits_for_leases_nobody_remembers() {
    let postgres = PrivatePostgres::start();
    let database = TestDatabase::create_in(&postgres.url()).await;
    let acme = Acme::over(TestApp::start_over(database, only_near).await).await;
    postgres.crash();
    postgres.resume();
    // A registry that a crash emptied.
    eventually("the database is back", PATIENCE, async || {
        sqlx::query("delete from cache_node")
            .execute(acme.app.services.db.pool())
            .await
            .is_ok()
    })
    .await;
    acked_sql(
        &acme.app.services,
        "update member set role = 'member' where role = 'admin'",
    )
    .await;
    let seconds: f64 = sqlx::query_scalar(
        "select extract(epoch from clock_timestamp() - pg_postmaster_start_time())::float8",
    )
    .fetch_one(acme.app.services.db.pool())
    .await
    .expect("it knows when it started");
    assert!(
        seconds >= LEASE.as_secs_f64(),
        "answered {seconds} s after the restart, while a lease of before may run"
    );
    assert_eq!(acme.guests_role().await, Some(Role::Member));
}

/// Test 24.
#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_rights_are_refused_promptly_and_known_again_when_it_is_back() {
    let postgres = PrivatePostgres::start();
    let redis = PrivateRedis::start();
    let database = TestDatabase::create_in(&postgres.url()).await;
    let acme = Acme::over(TestApp::start_over(database, near_and_redis(&redis)).await).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let node = &acme.app.services;

    postgres.crash();
    let gone = Instant::now();
    loop {
        let asked = Instant::now();
        match try_role(node, &acme.guest, &acme.slug).await {
            Ok(role) => {
                assert_eq!(
                    role,
                    Some(Role::Admin),
                    "an entry is used for as long as the lease runs"
                );
                assert!(
                    asked - gone < LEASE,
                    "asked {:?} after the end, and still granted",
                    asked - gone
                );
            }
            Err(Error::Unavailable(..)) => break,
            Err(error) => panic!("{error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!node.cache.health().await.lease_is_running);

    postgres.resume();
    assert!(
        node.cache.wait_until_ready(PATIENCE).await,
        "the log follower finds the database again"
    );
    // Nothing changed meanwhile: the same world, and what was held is right.
    assert_eq!(
        loads(node, acme.guests_role()).await,
        (Some(Role::Admin), 0)
    );
    acme.make_guest(Role::Member).await;
    assert_eq!(acme.guests_role().await, Some(Role::Member));
}

/// Test 24. A database that is there and says nothing: a network that swallows.
#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_says_nothing_is_an_error_promptly() {
    let database = TestDatabase::create().await;
    let proxy = FaultProxy::before(&database.url).await;
    let app = TestApp::start_over(database.behind(proxy.url()), only_near).await;
    let acme = Acme::over(app).await;
    let node = &acme.app.services;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));

    proxy.freeze();
    eventually("the lease runs out", LEASE, async || {
        !node.cache.health().await.lease_is_running
    })
    .await;
    let watch = Stopwatch::start();
    let lookup = try_role(node, &acme.guest, &acme.slug);
    let answer = tokio::time::timeout(PATIENCE, lookup)
        .await
        .unwrap_or_else(|_elapsed| panic!("a look-up hangs for as long as Postgres says nothing"));
    let took = watch.unhindered();
    assert!(matches!(answer, Err(Error::Unavailable(..))), "{answer:?}");
    assert!(took < Duration::from_secs(5), "it took {took:?} to say so");

    proxy.mend();
    assert!(
        node.cache.wait_until_ready(PATIENCE).await,
        "the log follower finds the database again"
    );
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
}

/// Test 24. The other side vanishes without a word while a statement is under way;
/// whoever connects anew is answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_is_never_answered_holds_nobody_up_for_long() {
    let database = TestDatabase::create().await;
    let proxy = FaultProxy::before(&database.url).await;
    let app = TestApp::start_over(database.behind(proxy.url()), only_near).await;
    let acme = Acme::over(app).await;
    let node = &acme.app.services;

    let unanswered = tokio::spawn({
        let (cache, query) = (
            node.cache.clone(),
            SlowMembershipOf(acme.guests_membership()),
        );
        async move { cache.get(&query).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    proxy.swallow();

    // Those who ask for the same key may not be made to share its fate.
    let began = Instant::now();
    let mut answered = 0;
    while began.elapsed() < Duration::from_secs(6) {
        let watch = Stopwatch::start();
        let lookup = try_role(node, &acme.guest, &acme.slug);
        let answer = tokio::time::timeout(PATIENCE, lookup).await;
        let took = watch.unhindered();
        match answer {
            Ok(Ok(role)) => assert_eq!(role, Some(Role::Admin)),
            Ok(Err(error)) => assert!(matches!(error, Error::Unavailable(..)), "{error}"),
            Err(_elapsed) => panic!("no answer"),
        }
        assert!(took < Duration::from_secs(5), "answered after {took:?}");
        answered += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(answered > 0);
    let outcome = tokio::time::timeout(PATIENCE, unanswered).await;
    let outcome =
        outcome.unwrap_or_else(|_elapsed| panic!("a look-up waits for an answer that never comes"));
    let outcome = outcome.expect("no panic").map(|lookup| lookup.is_some());
    assert!(
        matches!(outcome, Ok(true) | Err(Error::Unavailable(..))),
        "{outcome:?}"
    );
    assert!(
        node.cache.wait_until_ready(PATIENCE).await,
        "the log follower connects anew"
    );
    acme.make_guest(Role::Member).await;
    assert_eq!(acme.guests_role().await, Some(Role::Member));
}

/// Test 24, for changes and for the connections themselves: those whose other side
/// vanished are given up, not kept until TCP notices.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_on_connections_that_swallow_everything_ends_promptly_and_the_next_one_succeeds() {
    let database = TestDatabase::create().await;
    let proxy = FaultProxy::before(&database.url).await;
    let app = TestApp::start_over(database.behind(proxy.url()), |config| {
        only_near(config);
        config.database_max_connections = 2;
    })
    .await;
    let acme = Acme::over(app).await;
    let node = &acme.app.services;
    // Both connections, held by a transaction each.
    let (one, two) = (node.db.begin().await, node.db.begin().await);
    proxy.swallow();
    for tx in [one, two] {
        let mut tx = tx.expect("a transaction begins");
        let watch = Stopwatch::start();
        let outcome = sqlx::query("select 1").execute(tx.conn()).await;
        let took = watch.unhindered();
        assert!(
            outcome.is_err() && took < Duration::from_secs(5),
            "{outcome:?} after {took:?}"
        );
    }
    eventually("a change succeeds", PATIENCE, async || {
        let watch = Stopwatch::start();
        let outcome = node
            .orgs
            .change_role(&acme.access, acme.member, Role::Member)
            .await;
        let took = watch.unhindered();
        assert!(took < Duration::from_secs(8), "it took {took:?}");
        outcome.is_ok()
    })
    .await;
    assert!(
        node.cache.wait_until_ready(PATIENCE).await,
        "the log follower connects anew"
    );
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
        redis::cmd("PUBSUB")
            .arg("CHANNELS")
            .query(store)
            .expect("an answer")
    };
    let mut old_doors = Vec::new();
    eventually("the doorbell is hung up", PATIENCE, async || {
        old_doors = doors(&mut store);
        old_doors.len() == 1
    })
    .await;

    postgres.fail_over();
    eventually("the new primary takes writes", PATIENCE, async || {
        sqlx::query("delete from mail")
            .execute(node.db.pool())
            .await
            .is_ok()
    })
    .await;
    assert!(node.cache.wait_until_ready(PATIENCE).await);

    let lapses = node.cache.lease_lapses();
    let reads = async || {
        let (role, loaded) = loads(node, acme.guests_role()).await;
        assert_eq!(role, Some(Role::Admin));
        loaded
    };
    // A busy machine may have cost the node its lease once more, and with it what it holds.
    let first = reads().await;
    assert!(
        first == 1 || node.cache.lease_lapses() > lapses,
        "neither level answers from the time before: {first} statements"
    );
    assert_eq!(reads().await, 0);
    eventually(
        "the value is stored under another key",
        PATIENCE,
        async || dump_when_stored(&mut store, &acme.guest).await.len() > before.len(),
    )
    .await;
    eventually(
        "the doorbell hangs where the new world rings",
        PATIENCE,
        async || {
            let new_doors = doors(&mut store);
            new_doors.len() == 1 && new_doors != old_doors
        },
    )
    .await;
    acme.make_guest(Role::Member).await;
    assert_eq!(acme.guests_role().await, Some(Role::Member));
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
            tokio::spawn(async move {
                sqlx::query("select pg_sleep(1.5)")
                    .execute(db.reader().conn())
                    .await
            })
        })
        .collect();
    let (began, watch) = (Instant::now(), Stopwatch::start());
    while began.elapsed() < Duration::from_secs(3) {
        let has_lease = node.cache.health().await.lease_is_running;
        // A machine that had no time for its renewal does cost a node the lease.
        assert!(
            has_lease || watch.stalled() > Duration::from_secs(1),
            "lost after {:?}, {watch:?}",
            began.elapsed()
        );
        match try_role(node, &acme.guest, &acme.slug).await {
            Ok(role) => assert_eq!(role, Some(Role::Admin)),
            Err(error) => assert!(!has_lease, "{error}"),
        }
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
    acme.app
        .sql("create table unrelated (number integer)")
        .await;
    let mut long = acme.app.begin().await;
    sqlx::query("insert into unrelated values (1)")
        .execute(long.conn())
        .await
        .expect("written");

    for turn in 0..6 {
        let role = role_of_turn(turn);
        let node = &acme.app.services;
        let first_and_later = async || {
            acme.make_guest(role_of_turn(turn + 1)).await;
            acme.make_guest(role).await;
            let first = loads(node, acme.guests_role()).await;
            let mut later = Vec::new();
            for _ in 0..20 {
                later.push(loads(node, acme.guests_role()).await);
            }
            (first, later)
        };
        let (first, later) = under_lease(&node.cache, first_and_later).await;
        assert_eq!(first, (Some(role), 1), "changed, so read once");
        assert_eq!(later, [(Some(role), 0); 20], "and kept");
        // Redis cannot tell whether its value saw the change, so it is not believed.
        assert_eq!(acme.guests_role_on(&cold).await, Some(role));
    }
    long.commit_at().await.expect("it commits");
    assert_eq!(acme.guests_role_on(&cold).await, Some(Role::Admin));
}

/// Test 30.
#[tokio::test]
async fn a_missing_or_disabled_trigger_stops_the_start() {
    let app = TestApp::start_with(only_near).await;
    app.sql("alter table member disable trigger member_cache_delete")
        .await;
    app.sql("drop trigger subscription_cache_truncate on subscription")
        .await;
    let refused = Services::start((*app.services.config).clone())
        .await
        .err()
        .expect("it refuses");
    let Error::Internal(cause) = refused else {
        panic!("{refused}")
    };
    for name in [
        "member.member_cache_delete",
        "subscription.subscription_cache_truncate",
    ] {
        assert!(cause.to_string().contains(name), "{cause}");
    }
}

/// Test 30, for nodes that run already.
#[tokio::test(flavor = "multi_thread")]
async fn while_a_trigger_is_disabled_no_copies_are_used_and_afterwards_none_from_before() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let node = &acme.app.services;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let lease_runs = async || node.cache.health().await.lease_is_running;

    acme.app
        .sql("alter table member disable trigger member_cache_update")
        .await;
    eventually("it is noticed", PATIENCE, async || !lease_runs().await).await;
    acme.app
        .sql("update member set role = 'member' where role = 'admin'")
        .await;
    assert_eq!(acme.guests_role().await, Some(Role::Member));

    acme.app
        .sql("alter table member enable trigger member_cache_update")
        .await;
    eventually("copies are used again", PATIENCE, lease_runs).await;
    assert_eq!(acme.guests_role().await, Some(Role::Member));
    assert_eq!(
        acme.guests_role_on(&acme.app.another_node().await).await,
        Some(Role::Member)
    );
}

/// A membership that PostgreSQL takes half a second to find.
#[derive(Clone)]
struct SlowMembershipOf(MembershipOf);

impl CachedQuery for SlowMembershipOf {
    type Answer = MembershipLookup;

    fn key(&self) -> Key {
        self.0.key()
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        self.0.scopes(answer)
    }

    async fn load(&self, db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        sqlx::query("select pg_sleep(0.5)")
            .execute(db.conn())
            .await?;
        self.0.load(db).await
    }
}
