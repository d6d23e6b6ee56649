//! Pages that are sent again: whatever was changed meanwhile, they are what would be made anew.

mod stress;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use http::{Method, StatusCode};
use orghub::{
    auth::SignedIn,
    domain::Role,
    routes::{self, SIGN_OUT, api},
};
use orghub_test_support::under_lease;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use tokio::task::JoinSet;

use crate::site::{Answer, Node, Site, Visitor};

/// Changes that are tried; `ORGHUB_RENDERED_CHANGES` says how many, if anything does.
const CHANGES: usize = 1_000;

/// What is looked at.
const PAGES: &[&str] = &[
    "/orgs/acme",
    "/orgs/acme/members",
    "/orgs/acme/members?sort=name",
    "/orgs/acme/subscription",
    routes::ORGS,
];

/// What can change of them behind the reader's back, each way once.
const STATEMENTS: &[&str] = &[
    "update member set role = case role when 'admin' then 'member' else 'admin' end
     where role <> 'owner'",
    "update organization set name = 'Acme ' || floor(random() * 1000000)::text",
    "update users set name = 'Gus ' || floor(random() * 1000000)::text
     where email = 'gus@users.test'",
    "insert into limit_override (organization_id, members)
     select id, floor(random() * 1000000) from organization
     on conflict (organization_id) do update set members = excluded.members",
    "insert into ownership_transfer
         (organization_id, from_member, to_member, created_at, expires_at)
     select organization_id, owner.id, guest.id, now(), now() + interval '7 days'
     from member owner join member guest using (organization_id)
     where owner.role = 'owner' and guest.role <> 'owner'
     on conflict (organization_id) do nothing",
    "delete from member where role <> 'owner'",
    "insert into member (id, organization_id, user_id, role)
     select gen_random_uuid(), organization.id, users.id, 'member'
     from organization, users where users.email <> 'olive@users.test'
     on conflict do nothing",
];

/// An organization with an owner and a guest, two nodes that keep pages, and one that keeps
/// nothing at all.
struct Company {
    site: Site,
    keeping: [Node; 2],
    forgetful: Node,
    owner: Visitor,
    guest: Visitor,
}

impl Company {
    async fn start() -> Self {
        let site = Site::start().await;
        let (olive, gus) = (site.app.user("Olive").await, site.app.user("Gus").await);
        join(&site, &olive, &gus).await;
        let keeping = [site.another_node().await, site.another_node().await];
        let without_memory = site.another_node_with(|config| {
            config.redis = None;
            config.near_cache_bytes = 0;
        });
        let forgetful = without_memory.await.with(&[("RENDERED_PAGES_BYTES", "0")]);
        Self {
            owner: site.sign_in(&olive).await,
            guest: site.sign_in(&gus).await,
            site,
            keeping,
            forgetful,
        }
    }

    /// Whether the nodes have at hand what pages are made of: the environment says with which
    /// levels tests run.
    fn has_near_cache(&self) -> bool {
        self.site.app.services.config.near_cache_bytes > 0
    }

    /// Changes this and that while pages are read, and counts the pages that `answer` makes of
    /// what the nodes have said and that are not what they would be if they were made anew.
    async fn count_outdated(&self, changes: usize, mut answer: impl FnMut(Seen) -> Seen) -> Count {
        let readers = self.start_readers();
        let mut random = StdRng::seed_from_u64(7);
        let (mut guest, mut count) = (self.guest.clone(), Count::default());
        for number in 0..changes {
            let path = PAGES.choose(&mut random).expect("there are some");
            if random.random_ratio(1, 8) {
                let theme = ["dark", "light"].choose(&mut random).expect("two");
                guest.set_cookie("theme", theme);
            }
            for node in &self.keeping {
                for _ in 0..3 {
                    count.kept += usize::from(node.receive(&guest).open(path).await.was_kept());
                }
            }
            let statement = STATEMENTS[number % STATEMENTS.len()];
            self.site.app.sql_announced(statement).await;
            let anew = self.forgetful.receive(&guest).open(path).await;
            assert!(!anew.was_kept());
            for (number, node) in self.keeping.iter().enumerate() {
                let said = node.receive(&guest).open(path).await;
                let seen = answer(Seen::of(number, path, said));
                let expected = page_of(anew.status, &anew.body);
                if seen.page != expected {
                    count.outdated += 1;
                    count.first.get_or_insert_with(|| {
                        format!("{path}, {}", difference(&seen.page.1, &expected.1))
                    });
                }
            }
        }
        readers.stop().await;
        count
    }

    /// Both people look at everything on both nodes all the time.
    fn start_readers(&self) -> Readers {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for node in &self.keeping {
            for visitor in [&self.owner, &self.guest] {
                let (mut visitor, is_over) = (node.receive(visitor), is_over.clone());
                tasks.spawn(async move {
                    for path in PAGES.iter().cycle() {
                        if is_over.load(SeqCst) {
                            break;
                        }
                        visitor.open(path).await;
                        // Who changes something has a processor to themselves now and then.
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                });
            }
        }
        Readers { is_over, tasks }
    }
}

struct Readers {
    is_over: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

impl Readers {
    async fn stop(self) {
        self.is_over.store(true, SeqCst);
        self.tasks.join_all().await;
    }
}

#[derive(Debug, Default)]
struct Count {
    /// Pages sent again while nothing had changed.
    kept: usize,
    outdated: usize,
    /// The first that was outdated.
    first: Option<String>,
}

/// What a node said.
struct Seen {
    node: usize,
    path: String,
    page: Page,
}

type Page = (StatusCode, String);

impl Seen {
    fn of(node: usize, path: &str, answer: Answer) -> Self {
        Self {
            node,
            path: path.to_owned(),
            page: page_of(answer.status, &answer.body),
        }
    }
}

/// When members were last active is written once a minute and ends no cached value
/// (docs/caching.md, "How old can an answer be?"): that it was in this hour and that it never was
/// count as the same.
fn page_of(status: StatusCode, body: &str) -> Page {
    const TIME: &str = "<time datetime=\"";
    let mut parts = body.split(TIME);
    let mut page = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once("\">Within the hour") {
            Some((moment, rest)) if !moment.contains('"') => {
                page += "Never";
                page += rest.split_once("</time>").map_or(rest, |(_, rest)| rest);
            }
            _ => {
                page += TIME;
                page += part;
            }
        }
    }
    (status, page)
}

/// Where two pages part.
fn difference(one: &str, other: &str) -> String {
    let same = one
        .bytes()
        .zip(other.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let around = |text: &str| {
        let from = same.saturating_sub(80);
        let bytes = text.as_bytes();
        String::from_utf8_lossy(&bytes[from.min(bytes.len())..(same + 120).min(bytes.len())])
            .into_owned()
    };
    format!("{}\n  instead of\n{}", around(one), around(other))
}

async fn join(site: &Site, owner: &SignedIn, guest: &SignedIn) {
    let org = site.org("acme", owner).await;
    site.app.add_member(org, guest, Role::Admin).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_page_is_sent_again_that_would_be_made_differently() {
    let asked = std::env::var("ORGHUB_RENDERED_CHANGES").ok();
    let changes = asked.and_then(|text| text.parse().ok()).unwrap_or(CHANGES);
    let company = Company::start().await;
    let count = company.count_outdated(changes, |seen| seen).await;
    assert_eq!(count.outdated, 0, "{count:?}");
    // Not nothing, or it would prove nothing: two of six could be, while leases hold. Without
    // near cache it is only what requests of the same moment have looked up for each other.
    if company.has_near_cache() {
        assert!(count.kept > changes / 2, "{count:?}");
    }
}

/// The same test finds a cache of pages that has no stamps.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cache_of_pages_without_stamps_would_be_found_out() {
    let company = Company::start().await;
    let mut kept = HashMap::<(usize, String), Page>::new();
    let without_stamps = |seen: Seen| {
        let page = kept
            .entry((seen.node, seen.path.clone()))
            .or_insert(seen.page);
        Seen {
            page: page.clone(),
            ..seen
        }
    };
    let count = company.count_outdated(20, without_stamps).await;
    assert!(count.outdated > 5, "{count:?}");
}

/// A site whose owner has seen a page so often that it is kept.
async fn site_with_kept_page(path: &str) -> (Site, Visitor) {
    let site = Site::start_with(|config| config.near_cache_bytes = 8 << 20).await;
    let (ada, gus) = (site.app.user("Ada").await, site.app.user("Gus").await);
    join(&site, &ada, &gus).await;
    let mut ada = site.sign_in(&ada).await;
    until_kept(&mut ada, path).await;
    (site, ada)
}

/// More often than three times only if a lease lapses.
async fn until_kept(visitor: &mut Visitor, path: &str) -> Answer {
    for _ in 0..20 {
        let page = visitor.open(path).await;
        if page.was_kept() {
            return page;
        }
    }
    panic!("{path} is never kept");
}

#[tokio::test]
async fn what_most_people_look_at_is_kept() {
    let (_site, mut ada) = site_with_kept_page("/orgs/acme").await;
    for path in PAGES {
        let kept = until_kept(&mut ada, path).await;
        assert_eq!(kept.status, StatusCode::OK);
        assert_eq!(kept.header("cache-control"), "private, no-store", "{path}");
        assert!(kept.header("content-security-policy").contains("sha256-"));
    }
    ada.clone().submit(SIGN_OUT, &[]).await;
    let answer = ada.open("/orgs/acme").await;
    assert_eq!(answer.location(), "/sign-in?next=%2Forgs%2Facme");
}

#[tokio::test]
async fn what_a_form_has_left_is_shown_and_shown_once() {
    let (_site, mut ada) = site_with_kept_page("/orgs/acme/members").await;
    let before = ada.open("/orgs/acme/members").await;
    let fields = [
        ("org", "acme"),
        ("member_id", "01890a5d-ac96-774b-bcce-b302099a8057"),
        ("role", "admin"),
        ("return_to", "/orgs/acme/members"),
    ];
    let sent = ada.submit(api::CHANGE_ROLE, &fields).await;
    assert_eq!(sent.location(), "/orgs/acme/members");
    let with_message = ada.open(sent.location()).await;
    assert_eq!(
        with_message.count("role=\"alert\""),
        1,
        "{}",
        with_message.body
    );
    assert!(!with_message.was_kept());
    for _ in 0..3 {
        let after = ada.open(sent.location()).await;
        assert_eq!(after.body, before.body);
    }
}

#[tokio::test]
async fn each_reader_theme_and_encoding_has_a_page_of_its_own() {
    let (site, mut ada) = site_with_kept_page("/orgs/acme").await;
    let page = ada.open("/orgs/acme").await;
    let mut grace = site.sign_in(&site.app.user("Grace").await).await;
    assert_eq!(grace.open("/orgs/acme").await.status, StatusCode::NOT_FOUND);
    ada.set_cookie("theme", "dark");
    let dark = ada.open("/orgs/acme").await;
    assert_eq!(dark.count("data-theme=\"dark\""), 1);
    assert_eq!(page.count("data-theme=\"dark\""), 0);
    ada.remove_cookie("theme");
    for (accepted, encoding) in [
        ("gzip, deflate, br, zstd", "gzip"),
        ("*", "gzip"),
        ("gzip;q=0", ""),
        ("gzip;q=0, *", ""),
        ("br", ""),
        ("identity", ""),
    ] {
        for _ in 0..4 {
            let headers = [("accept", "text/html"), ("accept-encoding", accepted)];
            let body = axum::body::Body::empty();
            let answer = ada.send(Method::GET, "/orgs/acme", &headers, body).await;
            assert_eq!(answer.header("content-encoding"), encoding, "{accepted}");
        }
    }
}

#[tokio::test]
async fn however_a_theme_is_written_nobody_else_gets_its_page() {
    let (site, _) = site_with_kept_page("/orgs/acme").await;
    for theme in ["%64ark", " dark", "dark"] {
        let mut visitor = site.visitor();
        visitor.set_cookie("theme", theme);
        for _ in 0..4 {
            let page = visitor.open(routes::SIGN_IN).await;
            assert_eq!(page.count("data-theme=\"dark\""), 1, "{theme}");
        }
        let page = until_kept(&mut site.visitor(), routes::SIGN_IN).await;
        assert_eq!(page.count("data-theme=\"dark\""), 0, "{theme}");
    }
}

#[tokio::test]
async fn an_offer_to_restore_ends_with_its_time() {
    let (site, mut ada) = site_with_kept_page("/orgs/acme").await;
    site.app
        .sql_announced(
            "update organization
             set deleted_at = now() - interval '30 days' + interval '5 minutes'",
        )
        .await;
    let offer = until_kept(&mut ada, routes::ORGS).await;
    assert!(offer.body.contains("Can be restored until"));
    site.app.services.clock.advance(time::Duration::minutes(6));
    let page = ada.open(routes::ORGS).await;
    assert!(!page.was_kept());
    assert!(!page.body.contains("Can be restored until"));
}

#[tokio::test]
async fn a_page_that_shows_hours_ends_with_the_hour() {
    let (site, mut ada) = site_with_kept_page("/orgs/acme/members").await;
    site.app.services.clock.advance(time::Duration::HOUR);
    assert!(!ada.open("/orgs/acme/members").await.was_kept());
}

#[tokio::test]
async fn nothing_is_kept_that_asks_the_database_each_time() {
    let (_site, mut ada) = site_with_kept_page("/orgs/acme").await;
    for path in [
        "/orgs/acme/members?q=gus",
        "/orgs/acme/settings",
        "/account/security",
    ] {
        for _ in 0..4 {
            assert!(!ada.open(path).await.was_kept(), "{path}");
        }
    }
}

#[tokio::test]
async fn the_switch_turns_it_off() {
    let (site, ada) = site_with_kept_page("/orgs/acme").await;
    let plain = site
        .another_node()
        .await
        .with(&[("RENDERED_PAGES_BYTES", "0")]);
    let mut there = plain.receive(&ada);
    for _ in 0..4 {
        assert!(!there.open("/orgs/acme").await.was_kept());
    }
}

#[tokio::test]
async fn nothing_is_kept_that_is_asked_for_once() {
    let (_site, mut ada) = site_with_kept_page("/orgs/acme").await;
    for number in 0..20 {
        let path = format!("/orgs/acme?made-up={number}");
        for _ in 0..2 {
            assert!(!ada.open(&path).await.was_kept());
        }
        until_kept(&mut ada, &path).await;
    }
}

/// Anybody may make up addresses. `ORGHUB_RENDERED_ADDRESSES` says how many are asked for.
#[tokio::test]
async fn a_flood_of_addresses_takes_no_more_memory_and_displaces_nothing_that_is_asked_for() {
    const BYTES: usize = 512 * 1024;
    const BETWEEN: usize = 10;
    let asked = std::env::var("ORGHUB_RENDERED_ADDRESSES").ok();
    let addresses = asked.and_then(|text| text.parse().ok()).unwrap_or(500);

    let (site, ada) = site_with_kept_page("/orgs/acme").await;
    let bounded = [("RENDERED_PAGES_BYTES", BYTES.to_string())];
    let bounded = bounded.each_ref().map(|(name, bytes)| (*name, &**bytes));
    let node = site.another_node().await.with(&bounded);
    let mut ada = node.receive(&ada);
    until_kept(&mut ada, "/orgs/acme").await;

    let mut hits = 0;
    for number in 0..addresses {
        // Once more, because of what is asked for once nothing is kept.
        for _ in 0..2 {
            let page = ada.open(&format!("/orgs/acme?made-up={number}")).await;
            assert_eq!(page.status, StatusCode::OK);
            assert!(!page.was_kept());
        }
        if number % BETWEEN == 0 && ada.open("/orgs/acme").await.was_kept() {
            hits += 1;
        }
    }
    // A lapsed lease costs a hit or two; a flood that displaced it would cost all.
    let often = addresses / BETWEEN;
    assert!(hits * 2 > often, "{hits} of {often}");

    let kept = under_lease(&node.services.cache, async || {
        // A lapse may have ended all that was kept.
        for number in addresses - 20..addresses {
            ada.open(&format!("/orgs/acme?made-up={number}")).await;
        }
        // The last ones first: asking displaces what was asked for before.
        let mut kept = 0;
        for number in (0..addresses).rev() {
            let page = ada.open(&format!("/orgs/acme?made-up={number}")).await;
            if page.was_kept() {
                kept += page.body.len();
            }
        }
        kept
    })
    .await;
    assert!(kept <= BYTES, "{kept} bytes of pages are kept");
    // Something is, or the flood was none.
    assert!(kept > 0, "nothing of the flood was ever kept");
}
