//! Ways to join as people meet them: forms, links and pages, without JavaScript.

use http::StatusCode;
use orghub::routes::{self, api};
use orghub_test_support::PASSWORD;

use crate::site::{Cost, Site, Visitor};

const WAYS: &str = "/orgs/acme/joining";
const FREE: Cost = Cost { sql: 0, redis: 0 };

/// A site with `acme`, and its owner at a browser.
async fn acme() -> (Site, Visitor) {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.org("acme", &ada).await;
    let visitor = site.sign_in(&ada).await;
    (site, visitor)
}

/// Makes a link, and returns its path, which the page shows once.
async fn make_link(ada: &mut Visitor, fields: &[(&str, &str)]) -> String {
    let mut form = vec![("org", "acme"), ("life", "week")];
    form.extend_from_slice(fields);
    let done = ada.submit(api::MAKE_JOIN_LINK, &form).await;
    assert_eq!(done.location(), WAYS);
    let page = ada.open(WAYS).await;
    let (_, link) = page.body.split_once("/join/").expect("the link is shown");
    let token = link.get(..64).expect("a secret");
    let path = format!("/join/{token}");
    let again = ada.open(WAYS).await;
    assert!(!again.body.contains(&path), "it is shown once");
    path
}

fn token(link: &str) -> &str {
    link.strip_prefix("/join/").expect("a link")
}

/// What `name` in `form` of this page holds.
fn hidden(body: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let (_, value) = body.split_once(&mark).expect(name);
    value.split('"').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn somebody_new_follows_a_link_through_sign_up() {
    let (site, mut ada) = acme().await;
    let link = make_link(&mut ada, &[]).await;
    let mut grace = site.visitor();
    let page = grace.open(&link).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Organization acme"));
    assert!(
        !page.body.contains(api::FOLLOW_JOIN_LINK),
        "first an account"
    );
    assert!(page.body.contains(&routes::sign_up_then(&link)));

    let email = "grace@users.test";
    let fields = [
        ("name", "Grace"),
        ("email", email),
        ("password", PASSWORD),
        ("next", &link),
    ];
    let done = grace.submit(api::SIGN_UP, &fields).await;
    assert_eq!(done.location(), routes::CHECK_MAIL);
    let secret = site.app.mailed_token(email).await;
    let done = grace.submit(api::VERIFY_EMAIL, &[("token", &secret)]).await;
    assert_eq!(done.location(), link, "back to the link");
    let page = grace.open(&link).await;
    assert!(page.body.contains(api::FOLLOW_JOIN_LINK));
    let follow = [("token", token(&link))];
    for _ in 0..2 {
        let done = grace.submit(api::FOLLOW_JOIN_LINK, &follow).await;
        assert_eq!(done.location(), "/orgs/acme");
    }
    assert_eq!(grace.open("/orgs/acme").await.status, StatusCode::OK);
    let page = grace.open(&link).await;
    assert!(page.body.contains("You are a member already."));

    let page = ada.open(WAYS).await;
    let id = page.attribute("data-link-id");
    assert!(page.body.contains("Used once."));
    let fields = [("org", "acme"), ("link_id", id)];
    let done = ada.submit(api::REVOKE_JOIN_LINK, &fields).await;
    assert_eq!(done.location(), WAYS);
    for path in [link.as_str(), "/join/x"] {
        let dead = site.visitor().open(path).await;
        assert_eq!(dead.status, StatusCode::GONE, "{path}");
        assert!(dead.body.contains("This link does not work any more"));
        assert!(!dead.body.contains("acme"), "{path}");
    }
}

#[tokio::test]
async fn a_form_that_is_refused_keeps_what_was_typed() {
    let (_site, mut ada) = acme().await;
    let fields = [
        ("org", "acme"),
        ("life", "month"),
        ("most_uses", "many"),
        ("domains", "acme.test"),
        ("asks_first", "yes"),
    ];
    let refused = ada.submit(api::MAKE_JOIN_LINK, &fields).await;
    assert_eq!(refused.location(), WAYS);
    let page = ada.open(WAYS).await;
    assert!(page.body.contains("Enter a number from 1 to 10,000"));
    for typed in ["value=\"many\"", "value=\"acme.test\""] {
        assert!(page.body.contains(typed), "{typed}");
    }
    let fields = [("org", "acme"), ("email", "ada@gmail.com")];
    ada.submit(api::SEND_DOMAIN_CODE, &fields).await;
    let page = ada.open(WAYS).await;
    assert!(
        page.body
            .contains("Anybody can get an address at gmail.com.")
    );
    assert!(page.body.contains("value=\"ada@gmail.com\""));
}

#[tokio::test]
async fn a_domain_is_verified_and_its_people_join_from_their_list() {
    let (site, mut ada) = acme().await;
    let grace = site.app.user("Grace").await;
    let mut grace = site.sign_in(&grace).await;
    let fields = [("org", "acme"), ("email", "info@users.test")];
    ada.submit(api::SEND_DOMAIN_CODE, &fields).await;
    let letters = site.app.mail_to("info@users.test").await;
    let code = letters.last().expect("a code").paragraphs[2].clone();
    let page = ada.open(WAYS).await;
    assert_eq!(page.attribute("data-pending-domain"), "users.test");
    let wrong = [("org", "acme"), ("domain", "users.test"), ("code", "x")];
    ada.submit(api::VERIFY_DOMAIN, &wrong).await;
    let page = ada.open(WAYS).await;
    assert!(page.body.contains("This is not the code that was mailed."));
    let right = [("org", "acme"), ("domain", "users.test"), ("code", &code)];
    ada.submit(api::VERIFY_DOMAIN, &right).await;
    let page = ada.open(WAYS).await;
    assert_eq!(page.attribute("data-domain"), "users.test");
    assert_eq!(page.attribute("data-policy"), "off");

    assert!(
        !grace
            .open(routes::ORGS)
            .await
            .body
            .contains(api::JOIN_BY_DOMAIN)
    );
    let policy = |policy| {
        [
            ("org", "acme"),
            ("domain", "users.test"),
            ("policy", policy),
        ]
    };
    ada.submit(api::CHANGE_DOMAIN_POLICY, &policy("may_ask"))
        .await;
    let page = grace.open(routes::ORGS).await;
    assert!(page.body.contains("Organizations you can join"));
    if site.app.services.config.near_cache_bytes > 0 {
        grace.open(routes::ORGS).await;
        assert_eq!(grace.open(routes::ORGS).await.cost(), FREE, "a warm page");
    }
    let org = hidden(&page.body, "organization");
    let join = [("organization", org.as_str())];
    let done = grace.submit(api::JOIN_BY_DOMAIN, &join).await;
    assert_eq!(done.location(), routes::ORGS);
    let page = grace.open(routes::ORGS).await;
    assert!(page.body.contains("You have asked to join."));

    let page = ada.open(WAYS).await;
    assert!(page.body.contains("grace@users.test"));
    let id = page.attribute("data-request-id");
    let fields = [("org", "acme"), ("request_id", id)];
    ada.submit(api::ACCEPT_JOIN_REQUEST, &fields).await;
    assert_eq!(grace.open("/orgs/acme").await.status, StatusCode::OK);
    ada.submit(api::ACCEPT_JOIN_REQUEST, &fields).await;
    let mut admin = site.sign_in(&site.app.user("Alan").await).await;
    let done = admin.submit(api::JOIN_BY_DOMAIN, &join).await;
    assert_eq!(done.location(), routes::ORGS, "asked");

    ada.submit(api::CHANGE_DOMAIN_POLICY, &policy("off")).await;
    let mut late = site.sign_in(&site.app.user("Late").await).await;
    let refused = late.submit(api::JOIN_BY_DOMAIN, &join).await;
    assert_eq!(refused.location(), routes::ORGS);
    let page = late.open(routes::ORGS).await;
    assert!(
        page.body
            .contains("You cannot join this organization by your address any more.")
    );
}

#[tokio::test]
async fn who_is_suspended_finds_a_dead_link() {
    let (site, mut ada) = acme().await;
    let link = make_link(&mut ada, &[("domains", "users.test"), ("most_uses", "3")]).await;
    let grace = site.app.user("Grace").await;
    let mut browser = site.sign_in(&grace).await;
    let done = browser
        .submit(api::FOLLOW_JOIN_LINK, &[("token", token(&link))])
        .await;
    assert_eq!(done.location(), "/orgs/acme");
    site.app
        .sql_announced("update member set suspended_at = now() where role = 'member'")
        .await;
    assert_eq!(browser.open(&link).await.status, StatusCode::GONE);
    let stranger = site.app.user("Stranger").await;
    let mut stranger = site.sign_in(&stranger).await;
    assert_eq!(stranger.open(&link).await.status, StatusCode::OK);
}
