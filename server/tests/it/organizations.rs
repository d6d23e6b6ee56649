//! Who gets to see an organization's pages, and by which addresses.

use http::StatusCode;
use orghub::domain::{OrgName, OrgSlug, Role};

use crate::site::Site;

const PAGES: [&str; 4] = ["", "/members", "/subscription", "/settings"];

#[tokio::test]
async fn signed_out_people_are_led_through_sign_in_and_back() {
    let site = Site::start().await;
    let mut visitor = site.visitor();
    for (page, next) in [
        ("/orgs/acme", "%2Forgs%2Facme"),
        (
            "/orgs/acme/members?page=2&q=a%26b",
            "%2Forgs%2Facme%2Fmembers%3Fpage%3D2%26q%3Da%2526b",
        ),
        (
            "/orgs/default/members?page=2",
            "%2Forgs%2Fdefault%2Fmembers%3Fpage%3D2",
        ),
        (
            "/orgs/acme/no/such/page",
            "%2Forgs%2Facme%2Fno%2Fsuch%2Fpage",
        ),
    ] {
        let answer = visitor.open(page).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{page}");
        assert_eq!(answer.location(), format!("/sign-in?next={next}"));
        assert_eq!(answer.body, "", "nothing of the page was rendered");
    }
}

#[tokio::test]
async fn members_see_every_page_of_their_organization() {
    let site = Site::start().await;
    let ada = site.app.person("Ada").await;
    site.app.org("acme", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    for page in PAGES {
        let answer = ada.open(&format!("/orgs/acme{page}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}: {}", answer.body);
        assert!(
            answer.body.contains("Organization acme"),
            "{page} names the organization"
        );
        assert_eq!(
            answer.header("cache-control"),
            "private, no-store",
            "{page}"
        );
    }
}

#[tokio::test]
async fn what_is_not_ones_own_looks_like_what_does_not_exist() {
    let site = Site::start().await;
    let ada = site.app.person("Ada").await;
    let outsider = site.app.person("Mallory").await;
    let id = site.org("acme", &ada).await;
    let mut outsider = site.sign_in(&outsider).await;

    for page in PAGES {
        let not_mine = outsider.open(&format!("/orgs/acme{page}")).await;
        let nobodys = outsider.open(&format!("/orgs/nope{page}")).await;
        assert_eq!(not_mine.status, StatusCode::NOT_FOUND, "{page}");
        assert_eq!(nobodys.status, StatusCode::NOT_FOUND, "{page}");
        assert_eq!(
            not_mine.body_without_nonce().replace("acme", "SLUG"),
            nobodys.body_without_nonce().replace("nope", "SLUG"),
            "{page}"
        );
        assert!(!not_mine.body.contains("Organization acme"));
    }
    for segment in [
        id.to_string(),
        "0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f".to_owned(),
        "Not_A_Slug".to_owned(),
    ] {
        let answer = outsider.open(&format!("/orgs/{segment}/members")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{segment}");
    }
}

#[tokio::test]
async fn an_id_leads_to_the_slug_with_the_rest_and_the_query() {
    let site = Site::start().await;
    let ada = site.app.person("Ada").await;
    let id = site.org("acme", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    for rest in [
        "",
        "/",
        "/members?page=2&q=a%26b",
        "?tab=1",
        "/no/such/page",
    ] {
        let answer = ada.open(&format!("/orgs/{id}{rest}")).await;
        assert_eq!(answer.location(), format!("/orgs/acme{rest}"));
    }
}

#[tokio::test]
async fn former_slugs_lead_on_for_good_and_a_slug_can_be_taken_back() {
    let site = Site::start().await;
    let ada = site.app.person("Ada").await;
    let acme = site.app.org("acme", &ada).await;
    let rename = async |from: &OrgSlug, to: &str| {
        let access = site.app.access(&ada, from).await;
        let name = OrgName::parse("Acme").expect("a name");
        site.app
            .services
            .orgs
            .update(&access, &name, &OrgSlug::parse(to).expect("a slug"))
            .await
            .expect("renamed")
    };
    let mut visitor = site.sign_in(&ada).await;

    let umbrella = rename(&acme, "umbrella").await;
    let initech = rename(&umbrella, "initech").await;
    for former in ["acme", "umbrella"] {
        let answer = visitor
            .open(&format!("/orgs/{former}/members?page=2"))
            .await;
        assert_eq!(answer.location(), "/orgs/initech/members?page=2");
        assert_eq!(
            answer.header("cache-control"),
            "private, no-store",
            "no browser learns this for good"
        );
    }
    rename(&initech, "acme").await;
    assert_eq!(visitor.open("/orgs/initech").await.location(), "/orgs/acme");
    assert_eq!(visitor.open("/orgs/acme").await.status, StatusCode::OK);
}

#[tokio::test]
async fn default_is_the_oldest_membership_or_the_form_for_a_new_one() {
    let site = Site::start().await;
    let ada = site.app.person("Ada").await;
    let newcomer = site.app.person("Newcomer").await;
    site.app.org("first", &ada).await;
    site.app.org("second", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    let mut newcomer = site.sign_in(&newcomer).await;
    assert_eq!(
        ada.open("/orgs/default/members?page=2").await.location(),
        "/orgs/first/members?page=2"
    );
    assert_eq!(ada.open("/orgs/default").await.location(), "/orgs/first");
    assert_eq!(
        newcomer
            .open("/orgs/default/members?page=2")
            .await
            .location(),
        "/orgs/new"
    );
}

#[tokio::test]
async fn a_role_change_is_seen_on_the_next_request() {
    let site = Site::start().await;
    let ada = site.app.person("Ada").await;
    let bob = site.app.person("Bob").await;
    let acme = site.org("acme", &ada).await;
    let membership = site.app.add_member(acme, &bob, Role::Admin).await;
    let mut bob = site.sign_in(&bob).await;
    let mut ada = site.sign_in(&ada).await;

    assert_eq!(bob.open("/orgs/acme/settings").await.status, StatusCode::OK);
    let fields = [
        ("org", "acme"),
        ("member_id", &*membership.to_string()),
        ("role", "member"),
    ];
    let answer = ada.submit("/api/change_role", &fields).await;
    assert_eq!(answer.location(), "/orgs/acme/members");
    assert_eq!(
        bob.open("/orgs/acme/settings").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(bob.open("/orgs/acme").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_removed_member_loses_access_on_the_next_request_on_every_node() {
    let site = Site::start().await;
    let ada = site.app.person("Ada").await;
    let bob = site.app.person("Bob").await;
    let acme = site.org("acme", &ada).await;
    let membership = site.app.add_member(acme, &bob, Role::Member).await;
    let other = site.another_node().await;
    let mut bob = site.sign_in(&bob).await;
    let mut bob_elsewhere = other.receive(&bob);
    let mut ada = site.sign_in(&ada).await;

    assert_eq!(bob.open("/orgs/acme").await.status, StatusCode::OK);
    assert_eq!(
        bob_elsewhere.open("/orgs/acme").await.status,
        StatusCode::OK
    );
    assert!(bob.open("/orgs").await.body.contains("Organization acme"));
    let fields = [("org", "acme"), ("member_id", &*membership.to_string())];
    ada.submit("/api/remove_member", &fields).await;
    assert_eq!(bob.open("/orgs/acme").await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        bob_elsewhere.open("/orgs/acme").await.status,
        StatusCode::NOT_FOUND
    );
    assert!(!bob.open("/orgs").await.body.contains("Organization acme"));
}

#[tokio::test]
async fn a_slug_that_was_nobodys_opens_once_it_is_ones_own() {
    let site = Site::start().await;
    let ada = site.app.person("Ada").await;
    let mut ada = site.sign_in(&ada).await;
    assert_eq!(ada.open("/orgs/acme").await.status, StatusCode::NOT_FOUND);
    let answer = ada
        .submit("/api/create_org", &[("name", "Acme"), ("slug", "acme")])
        .await;
    assert_eq!(answer.location(), "/orgs/acme");
    assert_eq!(ada.open("/orgs/acme").await.status, StatusCode::OK);
}
