//! A Redis cluster in the place of one Redis (test 31): slots move, primaries die,
//! and nobody notices.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use futures::FutureExt;
use orghub::test_hooks::Failpoint;
use orghub::{
    access::OrgAccess,
    auth::SignedIn,
    cache::{BreakerState, Key, keys},
    config::RedisConfig,
    domain::{MemberId, OrgSlug, Role},
    services::Services,
};
use orghub_test_support::{
    BOUND, Counters, PATIENCE, PrivateCluster, Stopwatch, TestApp, eventually, stress::seconds,
};
use tokio::task::{JoinSet, spawn_blocking};

use crate::{
    Acme, SecondLevel, acked, acked_sql, breaker, loads, near_and_redis, only_redis, races, role,
    stress, until_redis_answers,
};

/// Organizations of one owner, enough for each primary to hold some of them.
const ORGS: usize = 8;

/// Two nodes that keep everything in Redis and one that has a near cache as well, and
/// organizations with a guest whose role changes.
struct ClusterHarness {
    app: TestApp,
    nodes: Vec<Services>,
    guest: SignedIn,
    orgs: Vec<Org>,
}

struct Org {
    slug: OrgSlug,
    access: OrgAccess,
    guest: MemberId,
}

impl ClusterHarness {
    async fn over(redis: &impl SecondLevel) -> Arc<Self> {
        let settings = only_redis(redis);
        let app = TestApp::start_with(|config| {
            settings(config);
            config.database_max_connections = 16;
        })
        .await;
        let (owner, guest) = (app.user("Olive").await, app.user("Gus").await);
        let mut orgs = Vec::new();
        for number in 0..ORGS {
            let slug = app.org(&format!("org-{number}"), &owner).await;
            let access = app.access(&owner, &slug).await;
            let guest = app.add_member(access.org_id(), &guest, Role::Admin).await;
            orgs.push(Org {
                slug,
                access,
                guest,
            });
        }
        let nodes = vec![
            app.services.clone(),
            app.another_node().await,
            app.another_node_with(near_and_redis(redis)).await,
        ];
        Arc::new(Self {
            app,
            nodes,
            guest,
            orgs,
        })
    }

    async fn guests_role(&self, node: &Services, org: &Org) -> Option<Role> {
        role(node, &self.guest, &org.slug).await
    }

    /// Changes the guest's role in every organization over and over, and asks for it on
    /// every node, before, during and after `fault`.
    ///
    /// # Panics
    /// If anybody gets an error, an answer from before an acknowledged change, or their own
    /// answer later than [`BOUND`].
    async fn during<T: Send + 'static>(
        self: &Arc<Self>,
        fault: impl FnOnce(&Progress) -> T + Send + 'static,
    ) -> T {
        let progress = Progress::default();
        let mut clients = JoinSet::new();
        for node in self.nodes.clone() {
            let (harness, progress) = (self.clone(), progress.clone());
            clients.spawn(async move {
                while !progress.is_over.load(SeqCst) {
                    for org in &harness.orgs {
                        assert!(
                            harness.guests_role(&node, org).await.is_some(),
                            "the guest is always a member"
                        );
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            });
        }
        for number in 0..ORGS {
            let (harness, progress) = (self.clone(), progress.clone());
            clients.spawn(async move { harness.change_roles(number, &progress).await });
        }
        let fault = spawn_blocking({
            let progress = progress.clone();
            move || {
                let _until_then = Over(progress.is_over.clone());
                progress.wait_for_changes(5 * ORGS);
                let passed = fault(&progress);
                progress.wait_for_changes(5 * ORGS);
                passed
            }
        });
        while let Some(client) = clients.join_next().await {
            if let Err(noticed) = client {
                progress.is_over.store(true, SeqCst);
                panic!("somebody noticed: {noticed}");
            }
        }
        fault.await.expect("no panic")
    }

    async fn change_roles(&self, number: usize, progress: &Progress) {
        let org = &self.orgs[number];
        let mut role = Role::Admin;
        while !progress.is_over.load(SeqCst) {
            role = if role == Role::Admin {
                Role::Member
            } else {
                Role::Admin
            };
            let node = &self.nodes[progress.changes() % self.nodes.len()];
            let watch = Stopwatch::start();
            node.orgs
                .change_role(&org.access, org.guest, role)
                .await
                .expect("an owner may");
            let took = watch.unhindered();
            assert!(took < BOUND, "the answer took {took:?}");
            for node in &self.nodes {
                assert_eq!(
                    self.guests_role(node, org).await,
                    Some(role),
                    "begun after the answer"
                );
            }
            progress.changes.fetch_add(1, SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns when every node that has only Redis is told of every organization by it.
    async fn until_redis_tells_all(&self) {
        for node in &self.nodes[..2] {
            for org in &self.orgs {
                eventually("Redis is used", PATIENCE, async || {
                    let (role, loaded) = loads(node, self.guests_role(node, org)).await;
                    assert!(role.is_some(), "the guest is a member");
                    loaded == 0
                })
                .await;
            }
        }
    }

    /// The key of the guest's membership of an organization, and who holds it.
    fn a_membership_key(&self, cluster: &PrivateCluster) -> (String, usize) {
        let ending = format!("member:{}", self.guest.id);
        cluster
            .keys()
            .into_iter()
            .find(|(key, _)| key.ends_with(&ending))
            .expect("stored before")
    }
}

/// How many changes were made.
#[derive(Clone, Default)]
struct Progress {
    changes: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
}

impl Progress {
    fn changes(&self) -> usize {
        self.changes.load(SeqCst)
    }

    /// Blocks until there were `more` changes from now on.
    fn wait_for_changes(&self, more: usize) {
        let enough = self.changes() + more;
        self.wait("changes go on", || self.changes() >= enough);
    }

    fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(
                !self.is_over.load(SeqCst),
                "{what}: not before somebody noticed"
            );
            assert!(
                began.elapsed() < PATIENCE,
                "{what}: not within {PATIENCE:?}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Says so when it is dropped, however the test ends.
struct Over(Arc<AtomicBool>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_keeps_on_a_cluster_another_finds_until_it_changes() {
    let counters = Counters::listen();
    let cluster = PrivateCluster::start(1);
    let harness = ClusterHarness::over(&cluster).await;
    harness.until_redis_tells_all().await;
    let hits = counters.lookups("redis_hit");
    assert!(hits > 0, "counted as hits");

    let ending = format!("member:{}", harness.guest.id);
    let holders: BTreeSet<usize> = cluster
        .keys()
        .into_iter()
        .filter(|(key, _)| key.ends_with(&ending))
        .map(|(_, holder)| holder)
        .collect();
    assert!(holders.len() > 1, "the organizations share one primary");

    let [first, others @ ..] = harness.orgs.as_slice() else {
        panic!("several organizations")
    };
    // At a prompt: nobody removes the value that the cluster holds.
    acked_sql(
        &harness.app.services,
        "delete from member where role = 'admin' and organization_id = (select id from organization where slug = 'org-0')",
    )
    .await;
    for node in &harness.nodes {
        assert_eq!(harness.guests_role(node, first).await, None, "revoked");
        for org in others {
            assert_eq!(harness.guests_role(node, org).await, Some(Role::Admin));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_several_slots_are_removed_in_one_go() {
    let cluster = PrivateCluster::start(1);
    let harness = ClusterHarness::over(&cluster).await;
    harness.until_redis_tells_all().await;
    let ending = format!("member:{}", harness.guest.id);
    let stored = || {
        cluster
            .keys()
            .iter()
            .filter(|(key, _)| key.ends_with(&ending))
            .count()
    };
    assert_eq!(stored(), ORGS);
    let services = &harness.app.services;
    let outdated: Vec<Key> = harness
        .orgs
        .iter()
        .map(|org| keys::membership(&org.slug, harness.guest.id))
        .collect();
    let tx = services.db.begin().await.expect("a transaction begins");
    let committed = services.cache.commit(tx, &outdated).await;
    committed.expect("it commits");
    assert_eq!(stored(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_that_move_while_rights_change_are_noticed_by_nobody() {
    let cluster = PrivateCluster::start(1);
    let harness = ClusterHarness::over(&cluster).await;
    harness.until_redis_tells_all().await;
    let cluster = harness
        .during(move |progress| {
            let mut slots: Vec<u16> = cluster
                .keys()
                .iter()
                .map(|(key, _)| cluster.slot(key))
                .collect();
            slots.sort_unstable();
            slots.dedup();
            for slot in slots {
                let to = (cluster.owner(slot) + 1) % 3;
                let asked_before = cluster.refusals("ASK");
                cluster.begin_move(slot, to);
                progress.wait("somebody is sent to ask", || {
                    cluster.refusals("ASK") > asked_before
                });
                let moved_before = cluster.refusals("MOVED");
                cluster.finish_move(slot, to);
                progress.wait("somebody is told that it moved", || {
                    cluster.refusals("MOVED") > moved_before
                });
            }
            cluster
        })
        .await;
    cluster.wait_until_whole();
    harness.until_redis_tells_all().await;
    for node in &harness.nodes {
        assert_eq!(
            breaker(node).await,
            BreakerState::Closed,
            "a cluster that moves its slots is not avoided"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_dies_while_rights_change_is_noticed_by_nobody() {
    let counters = Counters::listen();
    let mut cluster = PrivateCluster::start(1);
    let harness = ClusterHarness::over(&cluster).await;
    harness.until_redis_tells_all().await;
    let (key, holder) = harness.a_membership_key(&cluster);
    let cluster = harness
        .during(move |progress| {
            cluster.kill(holder);
            cluster.wait_until_whole();
            assert_ne!(cluster.owner(cluster.slot(&key)), holder);
            progress.wait_for_changes(5 * ORGS);
            // It comes back as a replica, and takes its place again.
            cluster.restart(holder);
            cluster.wait_until_whole();
            progress.wait_for_changes(5 * ORGS);
            cluster.promote(holder);
            assert_eq!(cluster.owner(cluster.slot(&key)), holder);
            cluster
        })
        .await;
    for node in &harness.nodes {
        until_redis_answers(node).await;
    }
    let hits_before = counters.lookups("redis_hit");
    harness.until_redis_tells_all().await;
    assert!(counters.lookups("redis_hit") >= hits_before + 2 * ORGS as u64);
    drop(cluster);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_down_for_want_of_a_shard_is_left_alone_and_used_when_it_is_whole() {
    let mut cluster = PrivateCluster::start(1);
    let harness = ClusterHarness::over(&cluster).await;
    harness.until_redis_tells_all().await;
    let (_, holder) = harness.a_membership_key(&cluster);
    let lost = [vec![holder], cluster.replicas(holder)].concat();
    let (mut cluster, lost) = harness
        .during({
            let nodes = harness.nodes.clone();
            let runtime = tokio::runtime::Handle::current();
            move |progress| {
                lost.iter().for_each(|&node| cluster.kill(node));
                progress.wait("the others refuse to serve without it", || {
                    cluster.refusals("CLUSTERDOWN") > 0
                });
                for node in &nodes {
                    progress.wait("it is left alone", || {
                        runtime.block_on(breaker(node)) != BreakerState::Closed
                    });
                }
                (cluster, lost)
            }
        })
        .await;
    lost.iter().for_each(|&node| cluster.restart(node));
    cluster.wait_until_whole();
    for node in &harness.nodes {
        until_redis_answers(node).await;
    }
    harness.until_redis_tells_all().await;
}

/// Frozen, not killed: a connection to it is neither refused nor answered, as when a
/// machine has vanished.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_configured_node_that_vanished_keeps_nobody_from_the_rest_of_the_cluster() {
    let cluster = PrivateCluster::start(1);
    let harness = ClusterHarness::over(&cluster).await;
    harness.until_redis_tells_all().await;
    assert!(!cluster.replicas(0).is_empty(), "node 0 is a primary");
    let replica = cluster.replicas(0)[0];
    let cluster = harness
        .during(move |progress| {
            cluster.freeze(0);
            progress.wait("its replica takes over", || {
                let text: String = redis::cmd("INFO")
                    .arg("replication")
                    .query(&mut cluster.connect(replica))
                    .expect("it answers");
                text.contains("role:master")
            });
            cluster
        })
        .await;
    // Whoever's breaker opened meanwhile comes back over a new connection …
    for node in &harness.nodes {
        until_redis_answers(node).await;
    }
    harness.until_redis_tells_all().await;
    // … and so does somebody who starts only now.
    let late = harness.app.another_node().await;
    until_redis_answers(&late).await;
    cluster.thaw(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doorbell_is_heard_whichever_node_of_the_cluster_somebody_listens_on() {
    let cluster = PrivateCluster::start(1);
    let acme = Acme::start_with(only_redis(&cluster)).await;
    let mut tx = acme.app.begin().await;
    sqlx::query("select pg_current_xact_id()")
        .execute(tx.conn())
        .await
        .expect("a transaction of its own");
    let commit = acked(&acme.app.services, tx).await;
    for first in cluster.nodes() {
        let settings: RedisConfig = cluster.config_from(first);
        let listener = acme
            .app
            .another_node_with(|config| config.redis = Some(settings))
            .await;
        eventually("it listens", PATIENCE, async || {
            let listened: Vec<String> = redis::cmd("PUBSUB")
                .arg("CHANNELS")
                .query(&mut cluster.connect(first))
                .expect("an answer");
            !listened.is_empty()
        })
        .await;
        let polls = Arc::new(AtomicU64::new(0));
        let counted = polls.clone();
        listener.cache.failpoints().set(Failpoint::Polled, move || {
            counted.fetch_add(1, SeqCst);
            std::future::ready(()).boxed()
        });
        // Without the doorbell there would be one every 50 ms.
        eventually("the doorbell is heard", PATIENCE, async || {
            let (before, began) = (polls.load(SeqCst), Instant::now());
            for _ in 0..40 {
                acme.app.services.cache.wait_until_applied(commit).await;
            }
            let by_the_clock = began.elapsed().as_millis() / 50 + 1;
            u128::from(polls.load(SeqCst) - before) > 2 * by_the_clock
        })
        .await;
        listener.stop().await;
    }
}

/// The races of one Redis, while the slots of their keys move all the time.
#[tokio::test(flavor = "multi_thread")]
async fn the_races_of_one_redis_end_the_same_on_a_cluster_whose_slots_move() {
    let cluster = Arc::new(PrivateCluster::start(1));
    let is_over = Arc::new(AtomicBool::new(false));
    let mover = spawn_blocking({
        let (cluster, is_over) = (cluster.clone(), is_over.clone());
        move || {
            let mut moved = 0;
            while !is_over.load(SeqCst) {
                for (key, holder) in cluster.keys() {
                    cluster.move_slot(cluster.slot(&key), (holder + 1) % 3);
                    moved += 1;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            moved
        }
    });
    let over = Over(is_over);
    races::held_up_filler(&*cluster).await;
    races::demotion_under_requests(&*cluster).await;
    races::reused_slug(&*cluster).await;
    races::joining_and_removal(&*cluster).await;
    races::import_and_clearance(&*cluster).await;
    races::held_up_session(&*cluster).await;
    races::raised_epoch(&*cluster).await;
    drop(over);
    let moved = mover.await.expect("no panic");
    assert!(moved > 20, "{moved} slots moved");
}

/// Test 4 again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_read_begun_after_an_acknowledged_change_returns_less_whatever_the_cluster_does() {
    let seconds = seconds(20);
    let cluster = PrivateCluster::start(1);
    let settings = Settings(cluster.config());
    let is_over = Arc::new(AtomicBool::new(false));
    let faults = spawn_blocking({
        let (is_over, mut cluster) = (is_over.clone(), cluster);
        move || {
            while !is_over.load(SeqCst) {
                let held = cluster.keys();
                for ((key, holder), (_, other)) in held.iter().zip(held.iter().rev()).take(10) {
                    if holder != other {
                        cluster.move_slot(cluster.slot(key), *other);
                    }
                }
                // Whoever takes a dead primary's place takes over the slots of it that it
                // has heard of. One that moved in a moment ago would be nobody's.
                cluster.wait_until_whole();
                let victim = cluster.owner(0);
                cluster.kill(victim);
                cluster.wait_until_whole();
                cluster.restart(victim);
                cluster.wait_until_whole();
            }
        }
    });
    let over = Over(is_over);
    let tally = stress::over(&settings, seconds).await;
    eprintln!("on a cluster: {tally}");
    drop(over);
    faults.await.expect("the cluster survives it");
}

/// A cluster that somebody else holds.
struct Settings(RedisConfig);

impl SecondLevel for Settings {
    fn config(&self) -> RedisConfig {
        self.0.clone()
    }
}
