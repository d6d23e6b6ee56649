//! Who is signed in by a provider, as whom, and where that leads.

use fake_issuer::{Choice, Fault, Person};
use http::StatusCode;
use orghub::{
    domain::ProviderProblem,
    routes::{self, CONFIRM, ProviderPage, api},
};
use orghub_test_support::PASSWORD;

use super::{SECURITY, World, assert_refused, page};
use crate::site::Site;

#[tokio::test]
async fn a_provider_takes_the_place_of_the_password_and_not_of_the_second_factor() {
    let world = World::start().await;
    world.stranger("nora");
    let mut nora = world.site.visitor();
    world.sign_in(&mut nora, "nora").await;
    let sql = "update users set second_factor_at = now() where email = 'nora@strangers.test'";
    world.site.app.sql_announced(sql).await;
    let mut again = world.site.visitor();
    let answer = world.sign_in(&mut again, "nora").await;
    assert!(
        answer.location().starts_with(routes::SECOND_FACTOR),
        "{}",
        answer.location()
    );
    let orgs = again.open(routes::ORGS).await;
    assert!(orgs.location().starts_with(routes::SIGN_IN), "let in");
}

#[tokio::test]
async fn somebody_new_gets_an_account_and_is_known_by_their_subject_from_then_on() {
    let world = World::start().await;
    let mut nora = world.site.visitor();
    let sign_in = nora.open(routes::SIGN_IN).await;
    assert!(sign_in.body.contains("Sign in with Example ID"));
    world.stranger("nora");
    assert_eq!(
        world.sign_in(&mut nora, "nora").await.location(),
        routes::ORGS
    );
    let account = nora.open(SECURITY).await;
    assert!(account.body.contains("Stranger nora") && account.body.contains("nora@strangers.test"));

    // Their address moves on to somebody else, and back.
    world
        .issuer
        .put_person(Person::new("nora", "moved@strangers.test", "Nora Moved"));
    let mut again = world.site.visitor();
    assert_eq!(
        world.sign_in(&mut again, "nora").await.location(),
        routes::ORGS
    );
    assert!(
        again
            .open(SECURITY)
            .await
            .body
            .contains("nora@strangers.test")
    );
    world
        .issuer
        .put_person(Person::new("heir", "nora@strangers.test", "Heir"));
    let mut heir = world.site.visitor();
    let asked = world.sign_in(&mut heir, "heir").await;
    assert_eq!(
        asked.location(),
        page(ProviderPage::Connect),
        "not by the address"
    );
    let orgs = heir.open(routes::ORGS).await;
    assert_eq!(orgs.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_known_subject_needs_no_address_any_more() {
    let world = World::start().await;
    world.without_password("nora").await;
    for fault in [Fault::UnverifiedEmail, Fault::NoEmail] {
        world.issuer.set_fault(Some(fault));
        let answer = world.sign_in(&mut world.site.visitor(), "nora").await;
        assert_eq!(answer.location(), routes::ORGS, "{fault:?}");
    }
}

#[tokio::test]
async fn it_leads_on_to_pages_of_ours_only() {
    let world = World::start().await;
    world.stranger("nora");
    for (next, expected) in [
        ("/orgs/new", "/orgs/new"),
        ("/orgs/acme/members?page=2", "/orgs/acme/members?page=2"),
        ("https://evil.test/", routes::ORGS),
        ("//evil.test/", routes::ORGS),
        ("/sign-in/with/example/callback", routes::ORGS),
    ] {
        let mut nora = world.site.visitor();
        let address = world.leave(&mut nora, api::OIDC_START, next).await;
        let back = world.way_back(&address, Choice::Be("nora"));
        assert_eq!(nora.open(&back).await.location(), expected, "{next}");
    }
}

#[tokio::test]
async fn who_is_banned_is_refused_as_if_nothing_was_proved() {
    let world = World::start().await;
    world.without_password("nora").await;
    let app = &world.site.app;
    app.sql("update users set banned_at = now() where email = 'nora@strangers.test'")
        .await;
    let mut nora = world.site.visitor();
    let answer = world.sign_in(&mut nora, "nora").await;
    assert_refused(
        &mut nora,
        &answer,
        403,
        ProviderProblem::NotProved,
        "banned",
    )
    .await;

    // By the password, too.
    let ada = app.user("Ada").await;
    world.acquaintance("a-1", &ada);
    let mut visitor = world.site.visitor();
    world.sign_in(&mut visitor, "a-1").await;
    app.sql("update users set banned_at = now() where email = 'ada@users.test'")
        .await;
    let fields = [("provider", "example"), ("password", PASSWORD)];
    let answer = visitor.call(api::OIDC_CONNECT_BY_PASSWORD, &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn where_no_provider_is_configured_nothing_shows_of_them() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let sign_in = site.visitor().open(routes::SIGN_IN).await;
    assert!(!sign_in.body.contains("oidc"));
    let mut ada = site.sign_in(&ada).await;
    assert!(
        !ada.open(SECURITY)
            .await
            .body
            .contains("Sign in with others")
    );
    assert!(!ada.open(CONFIRM).await.body.contains("oidc"));
    for provider_page in ProviderPage::ALL {
        let answer = site.visitor().open(&page(provider_page)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}
