//! The session's signed copy in its browser's second cookie: what it saves a node that knows
//! nothing, and what it never does.

use http::{Method, StatusCode};
use orghub::{
    auth::SignedIn,
    config::{AppEnv, Config, SessionCookieKeys},
    domain::OrgSlug,
    routes::{self, AccountPage, AdminPage, api},
};
use orghub_test_support::{Counters, PASSWORD, PATIENCE, PrivateRedis, eventually};
use time::Duration;

use crate::site::{Answer, Cost, Node, Site, Visitor, app_url};

const COPY: &str = "orghub-session_data";

/// What a node that knows nothing asks for `/orgs` besides the session: the user's
/// organizations, those they can join, and those they can restore.
const LISTS: u32 = 3;

/// A site without Redis, so that a node that knows nothing has to ask the database.
async fn site() -> Site {
    Site::start_with(|config| config.redis = None).await
}

/// A browser of `user` whose copy is believed by a node that knows nothing. Not every copy is:
/// while transactions of other tests are open in the same cluster, what is read looks older
/// than the session.
async fn carrier(site: &Site, user: &SignedIn) -> Visitor {
    let counters = Counters::listen();
    let signed_in = site.sign_in(user).await;
    let mut carrier = None;
    eventually("the copy is believed", PATIENCE, async || {
        let mut visitor = site.another_node().await.receive(&signed_in);
        visitor.open(routes::ORGS).await;
        let before = counters.lookups("offered");
        cold(site).await.receive(&visitor).open(routes::ORGS).await;
        carrier = Some(visitor);
        counters.lookups("offered") > before
    })
    .await;
    carrier.expect("it was believed")
}

/// A node that knows nothing.
async fn cold(site: &Site) -> Node {
    site.another_node().await
}

/// What a node that knows nothing answers whoever comes with these cookies.
async fn answer(site: &Site, visitor: &Visitor) -> Answer {
    cold(site).await.receive(visitor).open(routes::ORGS).await
}

/// The `Set-Cookie` of the copy.
fn set_copy(answer: &Answer) -> Option<&str> {
    let mut set = answer.headers.get_all("set-cookie").iter();
    set.find_map(|cookie| {
        let cookie = cookie.to_str().expect("a cookie is text");
        cookie.contains(&format!("{COPY}=")).then_some(cookie)
    })
}

#[tokio::test]
async fn a_page_brings_a_copy_that_scripts_and_other_sites_cannot_use() {
    let site = Site::start_with(|config| {
        config.app_env = AppEnv::Production;
        config.app_url = app_url("https://orghub.test");
    })
    .await;
    let ada = site.app.user("Ada").await;
    let mut ada = site.sign_in(&ada).await;
    assert_eq!(ada.cookie("__Host-orghub-session_data"), None);
    let page = ada.open(routes::ORGS).await;
    let cookie = set_copy(&page).expect("a copy");
    assert!(
        cookie.starts_with("__Host-orghub-session_data="),
        "{cookie}"
    );
    for attribute in [
        "HttpOnly",
        "SameSite=Lax",
        "Secure",
        "Path=/",
        "Max-Age=300",
    ] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert!(cookie.len() < 1_024, "{} bytes", cookie.len());
    // Signing in is announced to nobody, so what was read right after it may be read anew.
    eventually("it has one", PATIENCE, async || {
        set_copy(&ada.open(routes::ORGS).await).is_none()
    })
    .await;
}

#[tokio::test]
async fn only_pages_of_somebody_signed_in_bring_it() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut visitor = site.visitor();
    assert_eq!(set_copy(&visitor.open(routes::SIGN_IN).await), None);
    let mut ada = site.sign_in(&ada).await;
    let json = [("accept", "application/json")];
    let orgs = ada.send(Method::GET, api::MY_ORGS, &json, "".into()).await;
    assert_eq!(orgs.status, StatusCode::OK);
    let form = ada.submit(api::SET_THEME, &[("theme", "dark")]).await;
    let file = ada.open("/pkg/no-such-file.js").await;
    let head = ada.send(Method::HEAD, routes::ORGS, &[], "".into()).await;
    for answer in [orgs, form, head] {
        assert_eq!(set_copy(&answer), None, "{answer:?}");
    }
    assert_eq!(file.status, StatusCode::NOT_FOUND);
    assert!(set_copy(&ada.open(routes::ORGS).await).is_some() || set_copy(&file).is_some());
}

#[tokio::test]
async fn one_that_would_be_too_long_is_left_out() {
    let site = site().await;
    let ada = site.app.user("Ada").await;
    let mut ada = site.sign_in(&ada).await;
    site.app
        .sql(
            "update users set
                 name = repeat('𠀀', 100),
                 email = 'a@' || repeat(repeat('b', 60) || '.', 4) || 'test'",
        )
        .await;
    eventually("the page has the name", PATIENCE, async || {
        ada.remove_cookie(COPY);
        let page = ada.open(routes::ORGS).await;
        assert_eq!(page.status, StatusCode::OK);
        page.body.contains("𠀀𠀀") && set_copy(&page).is_none()
    })
    .await;
}

#[tokio::test]
async fn a_node_that_knows_nothing_believes_it_and_does_not_ask_for_the_session() {
    let site = site().await;
    let ada = site.app.user("Ada").await;
    let ada = carrier(&site, &ada).await;
    let page = answer(&site, &ada).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(
        page.cost(),
        Cost {
            sql: LISTS,
            redis: 0
        }
    );
    assert_eq!(set_copy(&page), None, "what it has will do");
}

#[tokio::test]
async fn it_works_while_redis_is_away() {
    let mut redis = PrivateRedis::start();
    let site = Site::start_with(|config| config.redis = Some(redis.config())).await;
    let ada = site.app.user("Ada").await;
    let ada = carrier(&site, &ada).await;
    redis.kill();
    let page = answer(&site, &ada).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.cost().sql, LISTS);
}

#[tokio::test]
async fn a_node_that_remembers_the_session_does_not_look_at_it() {
    let counters = Counters::listen();
    let site = site().await;
    if site.app.services.config.near_cache_bytes == 0 {
        return; // Nothing is remembered, as asked.
    }
    let ada = site.app.user("Ada").await;
    let mut ada = carrier(&site, &ada).await;
    let node = cold(&site).await;
    let mut ada = {
        node.receive(&ada).open(routes::ORGS).await;
        ada.set_cookie(COPY, &broken(ada.cookie(COPY).expect("a copy"), 40));
        node.receive(&ada)
    };
    let looked_at = |counters: &Counters| {
        counters.lookups("offered") + counters.rejected("forged") + counters.rejected("undecodable")
    };
    let before = looked_at(counters);
    assert_eq!(ada.open(routes::ORGS).await.status, StatusCode::OK);
    assert_eq!(looked_at(counters), before);
}

/// The text with the character at this place changed.
fn broken(text: &str, place: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let place = place % bytes.len();
    bytes[place] = match bytes[place] {
        b'A' => b'B',
        b'1' => b'2',
        digit if digit.is_ascii_digit() => b'1',
        _ => b'A',
    };
    String::from_utf8(bytes).expect("ASCII")
}

#[tokio::test]
async fn one_that_was_tampered_with_is_worth_nothing_and_replaced() {
    let counters = Counters::listen();
    let site = site().await;
    let ada = site.app.user("Ada").await;
    let ada = carrier(&site, &ada).await;
    let copy = ada.cookie(COPY).expect("a copy").to_owned();
    let length = copy.len();
    // The time, the layout, the position, the user, the signature.
    for place in [9, 12, 20, 30, 60, length / 2, length - 10, length - 2] {
        let mut thief = ada.clone();
        thief.set_cookie(COPY, &broken(&copy, place));
        let before = counters.lookups("offered");
        let page = answer(&site, &thief).await;
        assert_eq!(page.status, StatusCode::OK, "the session is alive");
        assert_eq!(counters.lookups("offered"), before, "place {place}");
        assert_eq!(
            page.cost().sql,
            1 + LISTS,
            "the database was asked: {place}"
        );
        assert!(set_copy(&page).is_some(), "it is replaced: {place}");
    }
    for nonsense in ["x", ".", "1.", ".AAAA", "9999999999999999.AAAA", "-.-"] {
        let mut thief = ada.clone();
        thief.set_cookie(COPY, nonsense);
        let page = answer(&site, &thief).await;
        assert_eq!((page.status, page.cost().sql), (StatusCode::OK, 1 + LISTS));
    }
}

#[tokio::test]
async fn it_belongs_to_its_own_session_and_opens_nothing_alone() {
    let site = site().await;
    let (ada, mallory) = (site.app.user("Ada").await, site.app.user("Mallory").await);
    let ada = carrier(&site, &ada).await;
    let copy = ada.cookie(COPY).expect("a copy").to_owned();

    let mut alone = site.visitor();
    alone.set_cookie(COPY, &copy);
    assert_eq!(answer(&site, &alone).await.status, StatusCode::SEE_OTHER);

    let mut made_up = site.visitor();
    made_up.set_cookie("orghub", "AAAAAAAAAAAAAAAAAAAAAA");
    made_up.set_cookie(COPY, &copy);
    let page = answer(&site, &made_up).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let gone = set_copy(&page).expect("it is taken away");
    assert!(gone.contains("Max-Age=0"), "{gone}");

    let mut mallory = site.sign_in(&mallory).await;
    mallory.set_cookie(COPY, &copy);
    let page = answer(&site, &mallory).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("mallory@users.test"));
    assert!(!page.body.contains("ada@users.test"));
}

#[tokio::test]
async fn it_is_believed_for_five_minutes_and_renewed_after_half_of_them() {
    let counters = Counters::listen();
    let site = site().await;
    let ada = site.app.user("Ada").await;
    let ada = carrier(&site, &ada).await;
    for (seconds, is_believed, is_renewed) in [
        (120, true, false),
        (180, true, true),
        (280, true, true),
        (310, false, true),
    ] {
        let node = cold(&site).await;
        node.services.clock.advance(Duration::seconds(seconds));
        let before = counters.lookups("offered");
        let page = node.receive(&ada).open(routes::ORGS).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(
            counters.lookups("offered") > before,
            is_believed,
            "{seconds}"
        );
        assert_eq!(set_copy(&page).is_some(), is_renewed, "{seconds}");
    }
}

#[tokio::test]
async fn a_node_that_remembers_the_session_renews_it_too() {
    let site = site().await;
    let ada = site.app.user("Ada").await;
    let mut ada = site.sign_in(&ada).await;
    let clock = &site.app.services.clock;
    eventually("it has one", PATIENCE, async || {
        set_copy(&ada.open(routes::ORGS).await).is_none()
    })
    .await;
    clock.advance(Duration::seconds(120));
    assert_eq!(set_copy(&ada.open(routes::ORGS).await), None);
    clock.advance(Duration::seconds(40));
    assert!(set_copy(&ada.open(routes::ORGS).await).is_some());
}

#[tokio::test]
async fn keys_can_be_changed_and_a_key_taken_away_is_worth_nothing() {
    let counters = Counters::listen();
    let with_keys = |letters: &[&str]| {
        let keys: Vec<String> = letters.iter().map(|letter| letter.repeat(32)).collect();
        let keys = SessionCookieKeys::parse(&keys.join(",")).expect("long enough");
        move |config: &mut Config| config.session_cookie_keys = Some(keys.clone())
    };
    let site = Site::start_with(|config| {
        config.redis = None;
        with_keys(&["a"])(config);
    })
    .await;
    let ada = site.app.user("Ada").await;
    let ada = carrier(&site, &ada).await;
    for (keys, is_believed) in [(&["b", "a"][..], true), (&["b"], false)] {
        let node = site.another_node_with(with_keys(keys)).await;
        let before = counters.lookups("offered");
        let mut ada = node.receive(&ada);
        assert_eq!(ada.open(routes::ORGS).await.status, StatusCode::OK);
        assert_eq!(
            counters.lookups("offered") > before,
            is_believed,
            "{keys:?}"
        );
    }
    let off = |config: &mut Config| config.session_cookie_keys = None;
    let node = site.another_node_with(off).await;
    let page = node.receive(&ada).open(routes::ORGS).await;
    assert_eq!((page.status, page.cost().sql), (StatusCode::OK, 1 + LISTS));
    let mut without = site.visitor();
    without.steal_session(&ada);
    let page = node.receive(&without).open(routes::ORGS).await;
    assert_eq!(set_copy(&page), None, "switched off");
}

/// By its user, elsewhere; by a password change, which raises the epoch; by a ban; by somebody
/// at a prompt; and everybody's at once.
#[tokio::test]
async fn a_copy_from_before_a_revocation_is_worth_nothing_on_any_node() {
    let site = site().await;
    for ending in [
        "sign out",
        "update users set session_epoch = session_epoch + 1",
        "update users set banned_at = now()",
        "delete from session",
        "truncate session, session_use",
    ] {
        let name = format!("Ada {}", ending.len());
        let ada = site.app.user(&name).await;
        let ada = carrier(&site, &ada).await;
        // One that has seen it, and one that knows nothing but the log.
        let (knowing, kept) = (cold(&site).await, ada.clone());
        assert_eq!(
            knowing.receive(&ada).open(routes::ORGS).await.status,
            StatusCode::OK
        );
        match ending {
            "sign out" => {
                ada.clone().submit(routes::SIGN_OUT, &[]).await;
            }
            statement => {
                site.app.sql(statement).await;
                // What is committed and announced after it has been heard of everywhere.
                let nobody = site.app.user(&format!("Nobody {}", ending.len())).await;
                site.app
                    .org(&format!("settled-{}", ending.len()), &nobody)
                    .await;
            }
        }
        for node in [knowing, cold(&site).await] {
            for _ in 0..2 {
                let page = node.receive(&kept).open(routes::ORGS).await;
                assert_eq!(page.status, StatusCode::SEE_OTHER, "{ending}");
                let gone = set_copy(&page).expect("it is taken away");
                assert!(gone.contains("Max-Age=0"), "{gone}");
            }
        }
    }
}

#[tokio::test]
async fn it_goes_with_the_session_and_never_passes_to_the_next() {
    let site = Site::start().await;
    let (ada, bob) = (site.app.user("Ada").await, site.app.user("Bob").await);
    let mut browser = site.sign_in(&ada).await;
    browser.open(routes::ORGS).await;
    assert!(browser.cookie(COPY).is_some());
    browser.submit(routes::SIGN_OUT, &[]).await;
    assert_eq!(browser.cookie(COPY), None, "signed out");

    let mut browser = site.sign_in(&ada).await;
    browser.open(routes::ORGS).await;
    let of_ada = browser.cookie(COPY).expect("a copy").to_owned();
    let fields = [("email", bob.email.as_str()), ("password", PASSWORD)];
    browser.submit(api::SIGN_IN, &fields).await;
    assert_eq!(browser.cookie(COPY), None, "somebody else");
    // Whoever planted one before has planted nothing.
    browser.set_cookie(COPY, &of_ada);
    let page = answer(&site, &browser).await;
    assert!(page.body.contains("bob@users.test"), "{}", page.body);
}

#[tokio::test]
async fn a_sign_out_that_races_pages_leaves_no_copy_that_is_believed() {
    let site = site().await;
    let ada = site.app.user("Ada").await;
    for _ in 0..5 {
        let ada = carrier(&site, &ada).await;
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let mut reader = ada.clone();
                // Without a copy, so that each page would bring one.
                reader.remove_cookie(COPY);
                tokio::spawn(async move {
                    reader.open(routes::ORGS).await;
                    reader
                })
            })
            .collect();
        ada.clone().submit(routes::SIGN_OUT, &[]).await;
        for reader in readers {
            let reader = reader.await.expect("it read");
            assert_eq!(answer(&site, &reader).await.status, StatusCode::SEE_OTHER);
        }
    }
}

/// A session that was deleted past the triggers: the one case in which a copy says what is not
/// so. It shows pages until it is old, and changes nothing.
#[tokio::test]
async fn nothing_is_written_on_the_word_of_a_copy() {
    let site = site().await;
    let ada = site.app.user("Ada").await;
    let ada = carrier(&site, &ada).await;
    site.app
        .sql(
            "do $$ begin
                 set local session_replication_role = replica;
                 delete from session;
             end $$",
        )
        .await;
    let node = cold(&site).await;
    let mut ada = node.receive(&ada);
    assert_eq!(ada.open(routes::ORGS).await.status, StatusCode::OK, "shown");
    let fields = [("name", "Forged"), ("slug", "forged")];
    let by_program = ada.call(api::CREATE_ORG, &fields).await;
    assert_eq!(by_program.status, StatusCode::UNAUTHORIZED);
    let by_browser = ada.submit(api::CREATE_ORG, &fields).await;
    assert!(by_browser.location().starts_with(routes::SIGN_IN));
    // A request that changes something is not believed at all by a node that knows nothing.
    let mut ada = cold(&site).await.receive(&ada);
    let others = ada.call(api::END_OTHER_SESSIONS, &[]).await;
    assert_eq!(others.status, StatusCode::UNAUTHORIZED);
    let (grace, forged) = (site.app.user("Grace").await, OrgSlug::parse("forged"));
    let orgs = &site.app.services.orgs;
    let is_free = orgs.is_slug_free(&grace, &forged.expect("a slug")).await;
    assert!(is_free.expect("an answer"));
}

#[tokio::test]
async fn sessions_are_ended_by_forms_and_the_browser_is_out_on_its_next_page() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.app.sql("delete from session").await;
    let (mut here, mut there) = (site.sign_in(&ada).await, site.sign_in(&ada).await);
    there.open(routes::ORGS).await;
    let security = AccountPage::Security.path();
    let page = here.open(security).await;
    assert_eq!(page.count("data-current=\"true\""), 1);
    assert_eq!(page.count("data-current=\"false\""), 1);
    let session = page
        .body
        .split("name=\"session\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a form");
    let ended = here.submit(api::END_SESSION, &[("session", session)]).await;
    assert_eq!(ended.location(), security);
    let page = here.open(security).await;
    assert!(
        page.body.contains("The session has ended."),
        "{}",
        page.body
    );
    assert!(!page.body.contains(api::END_SESSION));
    assert_eq!(there.open(routes::ORGS).await.status, StatusCode::SEE_OTHER);
    assert_eq!(there.cookie(COPY), None);
    // From a list that was older.
    let mut other = site.sign_in(&ada).await;
    let called = other.call(api::END_SESSION, &[("session", session)]).await;
    assert_eq!(called.status, StatusCode::NOT_FOUND);
    let unknown = [("session", "0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f")];
    let gone = other.submit(api::END_SESSION, &unknown).await;
    let page = other.open(gone.location()).await;
    assert!(page.body.contains("has already ended"), "{}", page.body);

    other.submit(api::END_OTHER_SESSIONS, &[]).await;
    let page = other.open(security).await;
    assert!(
        page.body.contains("The other session has ended."),
        "{}",
        page.body
    );
    assert_eq!(here.open(routes::ORGS).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn everybodys_sessions_are_an_address_of_nothing_to_all_but_platform_admins() {
    let site = Site::start().await;
    let (ada, root) = (site.app.user("Ada").await, site.app.user("Root").await);
    site.app
        .sql("update users set platform_admin = true where name = 'Root'")
        .await;
    let mut ada = site.sign_in(&ada).await;
    for visitor in [&mut site.visitor(), &mut ada] {
        let page = visitor.open(AdminPage::Sessions.path()).await;
        let nowhere = visitor.open("/no/such/page").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert_eq!(page.body, nowhere.body);
        let fields = [("confirmation", "sign out everybody")];
        let called = visitor.call(api::SIGN_OUT_EVERYBODY, &fields).await;
        assert_eq!(called.status, StatusCode::NOT_FOUND);
    }
    let mut browser = site.sign_in(&root).await;
    // After the sign-in, which would ask for it.
    site.app
        .sql("update users set second_factor_at = now() where name = 'Root'")
        .await;
    let flushed = site.app.services.flush_user_by_operator(&root.email).await;
    assert!(flushed.expect("flushed"));
    let root = &mut browser;
    let page = root.open(AdminPage::Sessions.path()).await;
    assert_eq!(page.status, StatusCode::OK);
    for mistyped in ["", "Sign out everybody", "sign out"] {
        let fields = [("confirmation", mistyped)];
        let refused = root.submit(api::SIGN_OUT_EVERYBODY, &fields).await;
        let page = root.open(refused.location()).await;
        assert!(page.body.contains("aria-invalid"), "{mistyped}");
    }
    assert_eq!(ada.open(routes::ORGS).await.status, StatusCode::OK);

    let fields = [("confirmation", " sign out everybody ")];
    site.app.services.clock.advance(Duration::minutes(11));
    let first = root.submit(api::SIGN_OUT_EVERYBODY, &fields).await;
    let confirm = routes::confirm_then(AdminPage::Sessions.path());
    assert_eq!(first.location(), confirm);
    let fields_of_confirm = [("password", PASSWORD), ("next", AdminPage::Sessions.path())];
    let confirmed = root.submit(api::CONFIRM, &fields_of_confirm).await;
    assert_eq!(confirmed.location(), AdminPage::Sessions.path());
    let done = root.submit(api::SIGN_OUT_EVERYBODY, &fields).await;
    assert_eq!(done.location(), routes::SIGN_IN);
    for visitor in [&mut ada, &mut *root] {
        assert_eq!(
            visitor.open(routes::ORGS).await.status,
            StatusCode::SEE_OTHER
        );
    }
    let page = root.open(routes::SIGN_IN).await;
    assert!(
        page.body.contains("Everybody is signed out"),
        "{}",
        page.body
    );
}
