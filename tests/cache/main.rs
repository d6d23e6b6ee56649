//! The cache's promise, tried: nothing that was changed is served, whatever
//! comes between, and what fails behind it is not noticed.
//!
//! The promise was written down as a numbered list of tests before there was any
//! code. The numbers stand at the tests; where to look:
//!
//! | number | subject | where |
//! |--:|---|---|
//! | 1–3, 5–14 | races | `races.rs`; `tests/members.rs` and `tests/sessions.rs` ask the same of the use cases |
//! | 7 | scopes that share a slot | `base/src/cache/stamp.rs` |
//! | 4 | two nodes under everything at once | `stress.rs` |
//! | 15–20 | Redis fails | `redis_failures.rs`; configuration: `base/src/config/mod.rs` |
//! | 23, 26, 27 | the log follower is held up, late or behind | `follower_failures.rs` |
//! | 23–25, 28–30 | PostgreSQL fails | `postgres_failures.rs` |
//! | 21, 22 | nodes killed and frozen | `processes.rs` |
//! | 31 | a Redis cluster whose slots move and whose primaries die | `cluster.rs` |
//! | 32, 33, 36 | load | `load.rs` |
//! | 34 | a page seen before costs nothing | `load.rs`; whole pages: `server/tests/it/budgets.rs` |
//! | | somebody else writes to Redis | `forgery.rs` |
//! | | requests dropped and connections cut in the middle | `canaries.rs` |
//! | | each credential, ended in each way | `revocations.rs` |
//! | | what strangers leave behind | `strangers.rs` |
//! | | everything ended by hand | `flushes.rs`, `invalidation.rs` |
//! | | two versions side by side | `versions.rs` |
//! | | no two questions have one key | `keys.rs` |
//! | 35 | the counter equals the count | `tests/members.rs`, `tests/migrations.rs` |
//!
//! Every test says itself what it needs of near cache and Redis, so that all do the same
//! whatever `ENABLE_REDIS_CACHE` and `NEAR_CACHE_BYTES` say.
//!
//! No test passes or fails by the machine's pace. Where a bound is claimed it is measured by
//! a `Stopwatch`, which takes off what the machine was too busy to do; where an answer must
//! come from the near cache, `under_lease` looks whether the node had its lease all the
//! while.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use orghub::test_hooks::{CommitPosition, Failpoint, Tx};
use orghub::{
    access::{MembershipOf, OrgLookup},
    auth::SignedIn,
    cache::{BreakerState, RedisHealth},
    config::{Config, RedisConfig},
    domain::{OrgSegment, OrgSlug, Role},
    error::Result,
    services::Services,
};
use orghub_test_support::{PATIENCE, PrivateCluster, PrivateRedis, TestApp, eventually};

mod canaries;
mod cluster;
mod flushes;
mod follower_failures;
mod forgery;
mod formats;
mod invalidation;
mod keys;
mod load;
mod postgres_failures;
mod processes;
mod races;
mod redis_failures;
mod revocations;
mod store;
mod strangers;
mod stress;
mod versions;

/// What the near cache holds where a test wants one.
const NEAR_BYTES: u64 = 8 * 1024 * 1024;

/// What nodes share a second level in.
trait SecondLevel {
    /// The configuration that names it.
    fn config(&self) -> RedisConfig;
}

impl SecondLevel for PrivateRedis {
    fn config(&self) -> RedisConfig {
        self.config()
    }
}

impl SecondLevel for PrivateCluster {
    fn config(&self) -> RedisConfig {
        self.config()
    }
}

/// Nothing in this process: every look-up that can goes to Redis.
fn only_redis<R: SecondLevel>(redis: &R) -> impl FnOnce(&mut Config) + use<R> {
    let redis = redis.config();
    |config| {
        config.redis = Some(redis);
        config.near_cache_bytes = 0;
    }
}

/// Nothing but this process.
fn only_near(config: &mut Config) {
    config.redis = None;
    config.near_cache_bytes = NEAR_BYTES;
}

/// Both levels.
fn near_and_redis<R: SecondLevel>(redis: &R) -> impl FnOnce(&mut Config) + use<R> {
    let redis = redis.config();
    |config| {
        config.redis = Some(redis);
        config.near_cache_bytes = NEAR_BYTES;
    }
}

/// The role that `services` grant `user` at `slug`; `None`: they may not know of it.
async fn role(services: &Services, user: &SignedIn, slug: &OrgSlug) -> Option<Role> {
    try_role(services, user, slug)
        .await
        .expect("it can be known")
}

async fn try_role(services: &Services, user: &SignedIn, slug: &OrgSlug) -> Result<Option<Role>> {
    match services
        .access
        .find(user, &OrgSegment::Slug(slug.clone()))
        .await?
    {
        OrgLookup::Granted(access) => Ok(Some(access.role())),
        OrgLookup::Moved(_) | OrgLookup::Barred(_) | OrgLookup::NotFound => Ok(None),
        OrgLookup::NoOrganization => panic!("only `default` comes to no organization"),
    }
}

/// Does `look_up`, and says how often Postgres was asked for a value meanwhile.
async fn loads<T>(services: &Services, look_up: impl Future<Output = T>) -> (T, usize) {
    use futures::FutureExt;
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    services.cache.failpoints().set(Failpoint::Loaded, move || {
        counted.fetch_add(1, Ordering::Relaxed);
        std::future::ready(()).boxed()
    });
    let outcome = look_up.await;
    services.cache.failpoints().clear(Failpoint::Loaded);
    (outcome, count.load(Ordering::Relaxed))
}

/// Commits and waits as every mutation of the product does.
async fn acked(services: &Services, tx: Tx) -> CommitPosition {
    let position = tx.commit_at().await.expect("it commits");
    services.cache.wait_until_applied(position).await;
    position
}

/// Runs `statement` in a transaction of its own, and waits as mutations do.
async fn acked_sql(services: &Services, statement: &'static str) {
    let mut tx = services.db.begin().await.expect("a transaction begins");
    sqlx::query(statement)
        .execute(tx.conn())
        .await
        .expect("the statement runs");
    acked(services, tx).await;
}

/// Looks the membership up as `access` does.
async fn look_up_membership(services: &Services, query: &MembershipOf) -> Option<Role> {
    let lookup = services.cache.get(query).await;
    let lookup = lookup.expect("it can be known");
    lookup.and_then(|lookup| lookup.membership.as_ref().map(|membership| membership.role))
}

/// Redis as the node sees it now.
async fn redis_health(node: &Services) -> RedisHealth {
    node.cache.health().await.redis.expect("configured")
}

/// What the node's breaker lets through.
async fn breaker(node: &Services) -> BreakerState {
    redis_health(node).await.breaker
}

/// Returns when Redis answers again; the breaker tries every few seconds.
async fn until_redis_answers(node: &Services) {
    eventually("Redis is back and used", PATIENCE, async || {
        redis_health(node).await.round_trip.is_some()
    })
    .await;
}

/// Returns when the guest's membership comes from Redis. Not at once: the value is
/// stored without anybody waiting, and while transactions of other tests are open
/// in the same cluster it could have been read before the last change.
async fn until_redis_is_believed(acme: &Acme, node: &Services) {
    eventually("Redis is believed", PATIENCE, async || {
        loads(node, acme.guests_role_on(node)).await == (Some(Role::Admin), 0)
    })
    .await;
}

/// Everything in Redis, once the membership of `user` is among it: values are
/// stored without anybody waiting.
async fn dump_when_stored(
    store: &mut redis::Connection,
    user: &SignedIn,
) -> Vec<(String, Vec<u8>)> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg("*")
            .query(store)
            .expect("Redis answers");
        if keys
            .iter()
            .any(|key| key.ends_with(&format!("member:{}", user.id)))
        {
            return keys
                .into_iter()
                .map(|key| {
                    let bytes = redis::cmd("GET")
                        .arg(&key)
                        .query(store)
                        .expect("Redis answers");
                    (key, bytes)
                })
                .collect();
        }
        assert!(
            Instant::now() < deadline,
            "the membership was not stored; there are {keys:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What a test that changes the guest's role over and over makes of it: a member first,
/// then an admin, and so on.
fn role_of_turn(turn: usize) -> Role {
    if turn.is_multiple_of(2) {
        Role::Member
    } else {
        Role::Admin
    }
}

/// An organization with an owner and a guest who is an admin, cached nowhere.
struct Acme {
    app: TestApp,
    owner: SignedIn,
    guest: SignedIn,
    slug: OrgSlug,
    member: orghub::domain::MemberId,
    access: orghub::access::OrgAccess,
}

impl Acme {
    async fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        Self::over(TestApp::start_with(configure).await).await
    }

    async fn over(app: TestApp) -> Self {
        let (owner, guest) = (app.user("Olive").await, app.user("Gus").await);
        let slug = app.org("acme", &owner).await;
        let access = app.access(&owner, &slug).await;
        let member = app.add_member(access.org_id(), &guest, Role::Admin).await;
        Self {
            app,
            owner,
            guest,
            slug,
            member,
            access,
        }
    }

    /// The guest's role as this node sees it.
    async fn guests_role(&self) -> Option<Role> {
        self.guests_role_on(&self.app.services).await
    }

    async fn guests_role_on(&self, node: &Services) -> Option<Role> {
        role(node, &self.guest, &self.slug).await
    }

    /// Gives the guest `role`, as the owner.
    async fn make_guest(&self, role: Role) {
        self.app
            .services
            .orgs
            .change_role(&self.access, self.member, role)
            .await
            .expect("an owner may");
    }

    fn guests_membership(&self) -> MembershipOf {
        MembershipOf {
            slug: self.slug.clone(),
            user: self.guest.id,
        }
    }
}
