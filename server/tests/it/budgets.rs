//! What a page may ask of the database and of Redis.

use std::time::Instant;

use orghub::domain::Role;
use orghub_test_support::{PATIENCE, PrivateRedis};

use crate::site::{Cost, Site, Visitor};

const FREE: Cost = Cost { sql: 0, redis: 0 };

/// Statements to know who asks and whether they may, when nothing is remembered.
const CONTEXT_SQL: u32 = 2;
/// Statements for what a page shows, when nothing is remembered.
const PAGE_SQL: u32 = 2;

const PAGES: [&str; 8] = [
    "/orgs",
    "/orgs/acme",
    "/orgs/acme/members",
    "/orgs/acme/members?page=2",
    "/orgs/acme/subscription",
    "/orgs/acme/subscription/cancel",
    "/orgs/acme/activity",
    "/orgs/acme/settings",
];

/// Pages that are cached nowhere, and the statements that each costs a node which remembers
/// who asks.
const UNCACHED: [(&str, u32); 7] = [
    ("/orgs/acme/invitations", 1),
    ("/orgs/acme/joining", 4),
    ("/orgs/acme/settings/second-factor", 1),
    ("/orgs/acme/activity?kind=members", 1),
    ("/orgs/acme/members/change?action=suspend", 1),
    // There was no change.
    ("/orgs/acme/members/change/progress", 1),
    // There is no customer to ask Stripe about.
    ("/orgs/acme/subscription/invoices", 1),
];

/// Waits until every node has heard of all that happened so far. Signing in does
/// not wait for that, so a copy made right after it may be read once more; the
/// creation of an organization does.
async fn settle(site: &Site) {
    let nobody = site.app.user("Nobody").await;
    site.app.org("settled", &nobody).await;
}

#[tokio::test]
async fn a_page_seen_before_costs_nothing() {
    let site = Site::start().await;
    if site.app.services.config.near_cache_bytes == 0 {
        return; // Nothing is remembered, as asked.
    }
    let ada = site.app.user("Ada").await;
    site.app.org("acme", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    settle(&site).await;
    for page in PAGES {
        ada.open(page).await;
        assert_eq!(ada.open(page).await.cost(), FREE, "{page}");
    }
    for (page, sql) in UNCACHED {
        ada.open(page).await;
        let cost = ada.open(page).await.cost();
        assert_eq!(cost, Cost { sql, redis: 0 }, "{page}");
    }
}

#[tokio::test]
async fn a_page_nobody_saw_before_costs_few_statements() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.app.org("acme", &ada).await;
    for page in PAGES {
        // A new session is in no cache at all, and a new node remembers nothing.
        let ada = site.sign_in(&ada).await;
        let node = site.another_node().await;
        let cost = node.receive(&ada).open(page).await.cost();
        assert!(cost.sql <= CONTEXT_SQL + PAGE_SQL, "{page}: {cost:?}");
    }
}

/// Rows of the document's table: an address, the statements of a page that was seen before,
/// and those where nobody remembers anything.
fn documented() -> Vec<(&'static str, u32, u32)> {
    let document = include_str!("../../../docs/caching.md");
    let row = |line: &'static str| {
        let mut cells = line.strip_prefix("| `/orgs")?.split('|').map(str::trim);
        let address = cells.next()?.trim_end_matches('`');
        let [seen, _redis, unseen] = [cells.next()?, cells.next()?, cells.next()?];
        Some((address, seen.parse().ok()?, unseen.parse().ok()?))
    };
    document.lines().filter_map(row).collect()
}

#[tokio::test]
async fn pages_cost_what_the_document_says() {
    // Without Redis, so that a new node asks the database for everything.
    let site = Site::start_with(|config| config.redis = None).await;
    if site.app.services.config.near_cache_bytes == 0 {
        return; // Nothing is remembered, as asked.
    }
    let ada = site.app.user("Ada").await;
    site.app.org("acme", &ada).await;
    let ada = site.sign_in(&ada).await;
    settle(&site).await;
    let documented = documented();
    assert_eq!(documented.len(), PAGES.len() + UNCACHED.len());
    let mut measured = Vec::new();
    for (address, ..) in &documented {
        let page = format!("/orgs{address}");
        // The least of three: two look-ups that miss at the same moment may both load.
        let (mut unseen, mut warm) = (u32::MAX, u32::MAX);
        for _ in 0..3 {
            let node = site.another_node().await;
            let mut ada = node.receive(&ada);
            unseen = unseen.min(ada.open(&page).await.cost().sql);
            ada.open(&page).await;
            warm = warm.min(ada.open(&page).await.cost().sql);
            // All of them at once would be more connections than there are.
            node.services.stop().await;
        }
        measured.push((*address, warm, unseen));
    }
    assert_eq!(measured, documented);
}

#[tokio::test]
async fn the_cost_of_a_page_does_not_grow_with_the_organization() {
    // Without Redis, so that a new node asks the database for everything.
    let site = Site::start_with(|config| config.redis = None).await;
    let ada = site.app.user("Ada").await;
    let acme = site.org("acme", &ada).await;
    let cost_of_members = async || {
        let ada = site.sign_in(&ada).await;
        let node = site.another_node().await;
        node.receive(&ada)
            .open("/orgs/acme/members")
            .await
            .cost()
            .sql
    };
    let alone = cost_of_members().await;
    for number in 0..60 {
        let member = site.app.user(&format!("Member {number}")).await;
        site.app.add_member(acme, &member, Role::Member).await;
    }
    assert_eq!(cost_of_members().await, alone);
}

/// The cost of `page` on a node that remembers nothing, once Redis holds all of it and the
/// browser a copy of the session that is believed, if it keeps any.
async fn cost_on_a_cold_node(site: &Site, warm: &mut Visitor, page: &str, most: Cost) -> Cost {
    // A transaction of another test, in the same cluster, makes what was read
    // meanwhile look older than it is; the next reading is judged anew.
    let deadline = Instant::now() + PATIENCE;
    loop {
        // Twice: values are stored in Redis behind the first answer's back.
        warm.open(page).await;
        let mut warm = site.another_node().await.receive(warm);
        warm.open(page).await;
        let cold = site.another_node().await;
        let cost = cold.receive(&warm).open(page).await.cost();
        if cost.sql == 0 && cost.redis <= most.redis {
            return cost;
        }
        assert!(Instant::now() < deadline, "{page}: {cost:?}");
    }
}

async fn cold_node_with_a_warm_redis(keeps_a_copy: bool, expected: Cost) {
    let redis = PrivateRedis::start();
    let site = Site::start_with(|config| {
        config.redis = Some(redis.config());
        if !keeps_a_copy {
            config.session_cookie_keys = None;
        }
    })
    .await;
    let ada = site.app.user("Ada").await;
    site.app.org("acme", &ada).await;
    let mut warm = site.sign_in(&ada).await;
    settle(&site).await;
    for page in PAGES {
        let cost = cost_on_a_cold_node(&site, &mut warm, page, expected).await;
        assert_eq!(cost, expected, "{page}");
    }
}

#[tokio::test]
async fn a_cold_node_with_a_warm_redis_asks_redis_once_and_not_the_database() {
    // For the membership and all the page shows; the session came with the request.
    cold_node_with_a_warm_redis(true, Cost { sql: 0, redis: 1 }).await;
}

#[tokio::test]
async fn a_cold_node_without_the_sessions_copy_asks_redis_twice() {
    // For the session; then for the membership and all the page shows.
    cold_node_with_a_warm_redis(false, Cost { sql: 0, redis: 2 }).await;
}

#[tokio::test]
async fn a_slow_redis_holds_up_a_request_once() {
    let redis = PrivateRedis::start();
    let site = Site::start_with(|config| {
        config.redis = Some(redis.config());
        config.near_cache_bytes = 0;
    })
    .await;
    let ada = site.app.user("Ada").await;
    site.app.org("acme", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    redis.freeze();
    assert_eq!(ada.open("/orgs/acme").await.cost().redis, 1);
    redis.thaw();
}

#[tokio::test]
async fn strangers_cost_nothing() {
    let site = Site::start().await;
    let mut visitor = site.visitor();
    for page in [
        "/",
        "/sign-in",
        "/orgs/acme",
        "/orgs/acme/members?page=2",
        "/no/such/page",
    ] {
        assert_eq!(visitor.open(page).await.cost(), FREE, "{page}");
    }
}

#[tokio::test]
async fn knocking_on_closed_doors_costs_nothing_after_the_first_time() {
    let site = Site::start().await;
    if site.app.services.config.near_cache_bytes == 0 {
        return; // Nothing is remembered, as asked.
    }
    let ada = site.app.user("Ada").await;
    let mallory = site.app.user("Mallory").await;
    site.app.org("acme", &ada).await;
    let mut mallory = site.sign_in(&mallory).await;
    settle(&site).await;
    for page in ["/orgs/acme/members", "/orgs/nowhere/members"] {
        mallory.open(page).await;
        assert_eq!(mallory.open(page).await.cost(), FREE, "{page}");
    }
}
