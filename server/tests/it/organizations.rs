//! Who gets to see an organization's pages, and by which addresses.

use http::StatusCode;
use orghub::{
    domain::{OrgName, OrgSlug, Role},
    routes::{self, OrgPage, api},
};

use crate::site::Site;

fn slug(text: &str) -> OrgSlug {
    OrgSlug::parse(text).expect("a slug")
}

#[tokio::test]
async fn signed_out_users_are_led_through_sign_in_and_back() {
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
    let ada = site.app.user("Ada").await;
    let acme = site.app.org("acme", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    for page in OrgPage::ALL {
        let expected = match page {
            // These go on to another page where the address does not say what is wanted.
            OrgPage::ChangePlan | OrgPage::ToStripe | OrgPage::CheckoutDone => {
                StatusCode::SEE_OTHER
            }
            _ => StatusCode::OK,
        };
        let page = page.path(&acme);
        let answer = ada.open(&page).await;
        assert_eq!(answer.status, expected, "{page}: {}", answer.body);
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
async fn other_users_organizations_look_like_none() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let outsider = site.app.user("Mallory").await;
    let id = site.org("acme", &ada).await;
    let mut outsider = site.sign_in(&outsider).await;

    for page in OrgPage::ALL {
        let not_mine = outsider.open(&page.path(&slug("acme"))).await;
        let nobodys = outsider.open(&page.path(&slug("nope"))).await;
        assert_eq!(not_mine.status, StatusCode::NOT_FOUND, "{page:?}");
        assert_eq!(nobodys.status, StatusCode::NOT_FOUND, "{page:?}");
        assert_eq!(
            not_mine.body.replace("acme", "SLUG"),
            nobodys.body.replace("nope", "SLUG"),
            "{page:?}"
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
    let ada = site.app.user("Ada").await;
    let id = site.org("acme", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    for rest in ["", "/members?page=2&q=a%26b", "?tab=1", "/no/such/page"] {
        let answer = ada.open(&format!("/orgs/{id}{rest}")).await;
        assert_eq!(answer.location(), format!("/orgs/acme{rest}"));
    }
}

#[tokio::test]
async fn former_slugs_lead_on_for_good_and_a_slug_can_be_taken_back() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let acme = site.app.org("acme", &ada).await;
    let rename = async |from: &OrgSlug, to: &str| {
        let access = site.app.access(&ada, from).await;
        let name = OrgName::parse("Acme").expect("a name");
        let orgs = &site.app.services.orgs;
        orgs.update(&access, &name, &slug(to))
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
    let ada = site.app.user("Ada").await;
    let newcomer = site.app.user("Newcomer").await;
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
        routes::NEW_ORG
    );
}

#[tokio::test]
async fn a_role_change_is_seen_on_the_next_request() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let bob = site.app.user("Bob").await;
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
    let answer = ada.submit(api::CHANGE_ROLE, &fields).await;
    assert_eq!(answer.location(), "/orgs/acme/members");
    let page = ada.open(answer.location()).await;
    assert!(page.body.contains("Role changed."));
    let page = ada.open(answer.location()).await;
    assert!(!page.body.contains("Role changed."), "it is said once");
    assert_eq!(
        bob.open("/orgs/acme/settings").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(bob.open("/orgs/acme").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_removed_member_loses_access_on_the_next_request_on_every_node() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let bob = site.app.user("Bob").await;
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
    ada.submit(api::REMOVE_MEMBER, &fields).await;
    assert_eq!(bob.open("/orgs/acme").await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        bob_elsewhere.open("/orgs/acme").await.status,
        StatusCode::NOT_FOUND
    );
    assert!(!bob.open("/orgs").await.body.contains("Organization acme"));
}

#[tokio::test]
async fn a_new_organization_opens_although_its_slug_was_not_found_before() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut ada = site.sign_in(&ada).await;
    assert_eq!(ada.open("/orgs/acme").await.status, StatusCode::NOT_FOUND);
    let answer = ada
        .submit(api::CREATE_ORG, &[("name", "Acme"), ("slug", "acme")])
        .await;
    assert_eq!(answer.location(), "/orgs/acme");
    assert_eq!(ada.open("/orgs/acme").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_form_that_is_refused_keeps_what_was_typed_and_says_why_at_the_field() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    site.app.org("acme", &ada).await;
    let mut ada = site.sign_in(&ada).await;
    let fields = [("name", "R&D \"Søhne\""), ("slug", "acme")];
    let answer = ada.submit(api::CREATE_ORG, &fields).await;
    assert_eq!(answer.location(), routes::NEW_ORG);

    let elsewhere = ada.open("/orgs/nowhere").await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND, "it shows no form");
    let page = ada.open(routes::NEW_ORG).await;
    assert!(
        page.body.contains("value=\"R&amp;D &quot;Søhne&quot;\""),
        "{}",
        page.body
    );
    assert!(page.body.contains("id=\"org-slug-error\""), "{}", page.body);
    let again = ada.open(routes::NEW_ORG).await;
    assert!(!again.body.contains("org-slug-error"), "it is said once");
}

#[tokio::test]
async fn a_change_that_is_refused_is_explained_at_its_member() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let acme = site.app.org("acme", &ada).await;
    let access = site.app.access(&ada, &acme).await;
    let only_owner = access.membership().member_id.to_string();
    let mut ada = site.sign_in(&ada).await;
    let list = "/orgs/acme/members?sort=name";
    let fields = [
        ("org", "acme"),
        ("member_id", &*only_owner),
        ("role", "member"),
        ("return_to", list),
    ];
    let answer = ada.submit(api::CHANGE_ROLE, &fields).await;
    assert_eq!(answer.location(), list);
    let page = ada.open(list).await;
    assert!(page.body.contains(&format!("id=\"member-{only_owner}\"")));
    assert!(page.body.contains("An organization needs an owner."));

    let answer = ada.submit(api::LEAVE_ORG, &[("org", "acme")]).await;
    assert_eq!(
        answer.location(),
        "/orgs/acme",
        "the first page that has the form"
    );
    let settings = [("org", "acme"), ("return_to", "/orgs/acme/settings")];
    let answer = ada.submit(api::LEAVE_ORG, &settings).await;
    assert_eq!(answer.location(), "/orgs/acme/settings");
    let page = ada.open("/orgs/acme/settings").await;
    assert!(page.body.contains("An organization needs an owner."));
}
