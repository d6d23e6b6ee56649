//! Many at once, and much of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use orghub::test_hooks::{Failpoint, Reader, Stamped, members};
use orghub::{
    access::MembershipOf,
    auth::SignedIn,
    cache::{CachedQuery, Key, Scope},
    domain::{MemberListQuery, MemberSort, MembershipLookup, OrgSlug, PageNumber, Role, UserId},
    error::Result,
    services::Services,
    telemetry::{RequestCost, with_request_cost},
};
use orghub_test_support::{
    Gate, PATIENCE, PrivateRedis, TestApp, eventually, look_everything_up, under_lease,
};

use crate::{Acme, loads, near_and_redis, only_near, only_redis, role};

/// Test 32. On one thread, so that everybody has asked when the first load is let go on.
#[tokio::test]
async fn a_thousand_first_requests_at_once_are_one_statement_a_node() {
    let redis = PrivateRedis::start();
    for (level, near_cache_bytes, redis) in [
        ("near", 1 << 20, None),
        ("Redis", 0, Some(redis.config())),
        ("no", 0, None),
    ] {
        let acme = Acme::start_with(|config| {
            config.near_cache_bytes = near_cache_bytes;
            config.redis = redis;
        })
        .await;
        for node in [acme.app.services.clone(), acme.app.another_node().await] {
            let loaded = a_thousand_ask(&node, &acme.guest, &acme.slug).await;
            // Whoever joined a load that turns out to be from before a lapse joins another.
            let at_most = 1 + node.cache.lease_lapses();
            assert!(
                loaded <= at_most,
                "{loaded} statements with {level} cache, {at_most} allowed"
            );
        }
    }
}

/// How many loads a thousand requests cause that begin before the first of them is answered.
async fn a_thousand_ask(node: &Services, user: &SignedIn, slug: &OrgSlug) -> u64 {
    let loads = Gate::close(&node.cache, Failpoint::Loaded);
    let asked = Arc::new(AtomicUsize::new(0));
    let askers: Vec<_> = (0..1_000)
        .map(|_| {
            let (node, user, slug, asked) =
                (node.clone(), user.clone(), slug.clone(), asked.clone());
            tokio::spawn(async move {
                asked.fetch_add(1, Ordering::Relaxed);
                role(&node, &user, &slug).await
            })
        })
        .collect();
    // Nobody loads at all where another node has left the value in Redis.
    eventually("all have asked", PATIENCE, async || {
        asked.load(Ordering::Relaxed) == 1_000
    })
    .await;
    loads.lift();
    for asker in askers {
        assert_eq!(asker.await.expect("no panic"), Some(Role::Admin));
    }
    loads.arrivals()
}

/// A membership that does not exist, known without asking PostgreSQL.
#[derive(Clone)]
struct Guess(MembershipOf);

impl CachedQuery for Guess {
    type Answer = MembershipLookup;

    fn key(&self) -> Key {
        self.0.key()
    }

    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope> {
        self.0.scopes(answer)
    }

    async fn load(&self, _db: &Reader) -> Result<Stamped<Option<Self::Answer>>> {
        Ok(Stamped::new(None, i64::MAX))
    }
}

/// Slugs that the scanner of the next test tries.
const SLUGS_TRIED: u32 = 1_000_000;

/// Test 33. A million answers of "no such organization". Postgres is left out: it
/// would answer the same, a hundred times as slowly (the next test asks it).
#[tokio::test]
async fn a_scanner_of_a_million_slugs_pushes_out_no_answer_that_matters() {
    let bound = 4 << 20;
    let app = TestApp::start_with(|config| {
        config.redis = None;
        config.near_cache_bytes = bound;
    })
    .await;
    let cache = &app.services.cache;
    let owner = app.user("Olive").await;
    let mut orgs = Vec::new();
    for number in 0..20 {
        orgs.push(app.org(&format!("org-{number}"), &owner).await);
    }
    // Each new organization ended what was known of the owner's other memberships.
    for slug in &orgs {
        app.access(&owner, slug).await;
    }
    app.services.orgs.list_mine(&owner).await.expect("a list");

    let scanner = UserId::new();
    for number in 0..SLUGS_TRIED {
        let nothing = cache
            .get(&Guess(MembershipOf {
                slug: OrgSlug::parse(&format!("guess-{number}")).expect("a slug"),
                user: scanner,
            }))
            .await;
        assert!(nothing.expect("an answer").is_none());
        if number % 1_000 == 0 {
            let bytes = cache.health().await.near_bytes;
            assert!(bytes <= bound, "{bytes} bytes after {number} slugs");
            let slug = &orgs[number as usize / 1_000 % orgs.len()];
            let ((), loaded) = loads(&app.services, async {
                app.access(&owner, slug).await;
                app.services.orgs.list_mine(&owner).await.expect("a list");
            })
            .await;
            assert_eq!(loaded, 0, "pushed out after {number} slugs");
        }
    }
    let ((), loaded) = loads(&app.services, async {
        for slug in &orgs {
            app.access(&owner, slug).await;
        }
    })
    .await;
    assert_eq!(loaded, 0);
}

/// Test 33, with Postgres and Redis behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_leaves_the_copies_of_members_alone() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(|config| {
        near_and_redis(&redis)(config);
        config.near_cache_bytes = 256 << 10;
    })
    .await;
    let node = &acme.app.services;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let scanner = acme.app.user("Scott").await;
    for number in 0..4_000 {
        let guess = OrgSlug::parse(&format!("guess-{number}")).expect("a slug");
        assert_eq!(role(node, &scanner, &guess).await, None);
        if number % 100 == 0 {
            assert_eq!(
                loads(node, acme.guests_role()).await,
                (Some(Role::Admin), 0),
                "after {number} slugs"
            );
            assert!(node.cache.health().await.near_bytes <= 256 << 10);
        }
    }
}

/// Test 34, for everything an organization's pages ask for.
#[tokio::test]
async fn what_was_asked_before_costs_no_statement_and_no_round_trip() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let costs = async |node: &Services| {
        let stats = Arc::new(RequestCost::default());
        let asking = look_everything_up(node, &acme.guest, &acme.slug);
        with_request_cost(stats.clone(), asking).await;
        (stats.sql(), stats.redis())
    };
    let first = costs(&acme.app.services).await;
    assert!(first.0 >= 4, "{first:?}");
    let node = &acme.app.services;
    let again = under_lease(&node.cache, async || {
        costs(node).await;
        costs(node).await
    });
    assert_eq!(again.await, (0, 0));

    // A node that has nothing yet asks Redis, and Postgres not at all: once values are
    // stored, behind the answer, and no older transaction of another test is open.
    eventually("Redis has everything", PATIENCE, async || {
        let cold = acme.app.another_node().await;
        let (sql, redis) = costs(&cold).await;
        let again = under_lease(&cold.cache, async || {
            costs(&cold).await;
            costs(&cold).await
        });
        assert_eq!(again.await, (0, 0));
        cold.stop().await;
        assert!(sql > 0 || redis <= 5, "{redis} round trips");
        sql == 0
    })
    .await;
}

/// The same key asked for by everybody while it changes all the time: the answer
/// is always of the question's time or later, and nobody waits in vain.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_changes_under_a_crowd_is_never_old() {
    let redis = PrivateRedis::start();
    let app = TestApp::start_with(near_and_redis(&redis)).await;
    let owner = app.user("Olive").await;
    let count = Arc::new(AtomicUsize::new(0));
    let stop = Arc::new(AtomicUsize::new(0));
    let asked = Arc::new(AtomicUsize::new(0));
    let readers: Vec<_> = (0..50)
        .map(|_| {
            let (node, owner) = (app.services.clone(), owner.clone());
            let (count, stop, asked) = (count.clone(), stop.clone(), asked.clone());
            tokio::spawn(async move {
                while stop.load(Ordering::SeqCst) == 0 {
                    let at_least = count.load(Ordering::SeqCst);
                    let list = node.orgs.list_mine(&owner).await.expect("a list");
                    assert!(
                        list.len() >= at_least,
                        "{} of {at_least} organizations",
                        list.len()
                    );
                    asked.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            })
        })
        .collect();
    for number in 0..40 {
        app.org(&format!("org-{number}"), &owner).await;
        count.store(number + 1, Ordering::SeqCst);
    }
    eventually("many ask", PATIENCE, async || {
        asked.load(Ordering::Relaxed) > 1_000
    })
    .await;
    stop.store(1, Ordering::SeqCst);
    for reader in readers {
        reader.await.expect("nobody got an old list");
    }
}

/// Test 36, without the speed of page 20,000: no test is timed.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_missed_and_nobody_shown_twice_while_members_are_added() {
    let acme = Acme::start_with(only_near).await;
    acme.app.add_members(acme.access.org_id(), 500).await;
    // Those who come meanwhile stand at the end of this order.
    let newcomers = tokio::spawn({
        let (services, org) = (acme.app.services.clone(), acme.access.org_id());
        async move {
            for number in 0..60 {
                let user = UserId::new();
                let mut tx = services.db.begin().await.expect("a transaction begins");
                sqlx::query(
                    "insert into users (id, email, name, password_hash) values ($1, $2, 'Zoe', '')",
                )
                .bind(user.0)
                .bind(format!("zoe{number}@users.test"))
                .execute(tx.conn())
                .await
                .expect("inserted");
                members::insert(&mut tx, org, user, Role::Member)
                    .await
                    .expect("inserted");
                crate::acked(&services, tx).await;
            }
        }
    });
    let mut seen = std::collections::HashSet::new();
    let query = MemberListQuery {
        sort: MemberSort::Name,
        ..Default::default()
    };
    for number in 1.. {
        let page = query.at_page(PageNumber::new(number));
        let page = acme
            .app
            .services
            .orgs
            .list_members(&acme.access, &page)
            .await
            .expect("a page");
        if page.page.rows.is_empty() {
            break;
        }
        for row in &page.page.rows {
            assert!(seen.insert(row.id), "{} twice", row.name);
        }
    }
    newcomers.await.expect("no panic");
    assert!(
        seen.len() >= 502,
        "{} members shown of 502 who were there all the time",
        seen.len()
    );
}

/// Every family's value survives Redis: what a node without a near cache answers is
/// what Postgres holds.
#[tokio::test]
async fn what_comes_back_from_redis_is_what_went_in() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(only_redis(&redis)).await;
    let node = &acme.app.services;
    let fresh = acme
        .app
        .another_node_with(|config| config.redis = None)
        .await;
    for _ in 0..3 {
        let lists = [
            node.orgs.list_mine(&acme.guest).await,
            fresh.orgs.list_mine(&acme.guest).await,
        ];
        let [ours, theirs] = lists.map(|list| list.expect("a list"));
        assert_eq!(ours, theirs);
        let overviews = [
            node.orgs.get_overview(&acme.access).await,
            fresh.orgs.get_overview(&acme.access).await,
        ];
        let [ours, theirs] = overviews.map(|overview| overview.expect("an overview"));
        assert_eq!(ours, theirs);
        let query = MemberListQuery::default();
        let pages = [
            node.orgs.list_members(&acme.access, &query).await,
            fresh.orgs.list_members(&acme.access, &query).await,
        ];
        let [ours, theirs] = pages.map(|page| page.expect("a page"));
        assert_eq!(ours, theirs);
        let views = [
            node.billing.get_org_subscription(&acme.access).await,
            fresh.billing.get_org_subscription(&acme.access).await,
        ];
        let [ours, theirs] = views.map(|view| view.expect("a view"));
        assert_eq!(ours, theirs);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
