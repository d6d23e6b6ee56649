//! Connecting a provider to an account, disconnecting it, and confirming by it.

use fake_issuer::{Choice, Fault};
use http::StatusCode;
use orghub::{
    domain::ProviderProblem,
    routes::{self, CONFIRM, ProviderPage, api},
};
use orghub_test_support::PASSWORD;

use super::{SECURITY, World, page};
use crate::site::Answer;

fn id_of_identity(page: &Answer) -> String {
    let (_, rest) = page
        .body
        .split_once("name=\"identity\" value=\"")
        .expect("a form");
    rest.split('"').next().expect("a value").to_owned()
}

#[tokio::test]
async fn an_address_that_has_an_account_asks_for_its_password() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.acquaintance("a-1", &ada);
    let mut visitor = world.site.visitor();
    let connect = page(ProviderPage::Connect);
    assert_eq!(world.sign_in(&mut visitor, "a-1").await.location(), connect);
    let form = visitor.open(&connect).await;
    assert!(form.body.contains(ada.email.as_str()) && form.body.contains("Connect Example ID"));
    assert_eq!(
        visitor.open(routes::ORGS).await.status,
        StatusCode::SEE_OTHER
    );

    let fields = |password| [("provider", "example"), ("password", password)];
    let wrong = visitor
        .submit(api::OIDC_CONNECT_BY_PASSWORD, &fields("a wrong one"))
        .await;
    assert_eq!(wrong.location(), connect);
    let again = visitor.open(&connect).await;
    assert!(
        again
            .body
            .contains("This is not the password of that account.")
    );
    assert!(!again.body.contains("a wrong one"));
    let wrong = visitor
        .call(api::OIDC_CONNECT_BY_PASSWORD, &fields("a wrong one"))
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);

    let done = visitor
        .submit(api::OIDC_CONNECT_BY_PASSWORD, &fields(PASSWORD))
        .await;
    assert_eq!(done.location(), routes::ORGS);
    assert_eq!(visitor.open(routes::ORGS).await.status, StatusCode::OK);
    let again = visitor
        .call(api::OIDC_CONNECT_BY_PASSWORD, &fields(PASSWORD))
        .await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "once");

    let mut later = world.site.visitor();
    let signed_in = world.sign_in(&mut later, "a-1").await;
    assert_eq!(signed_in.location(), routes::ORGS, "without the password");
    assert!(later.open(SECURITY).await.body.contains(ada.email.as_str()));
}

#[tokio::test]
async fn guessing_the_password_of_an_account_is_limited_here_as_everywhere() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.acquaintance("a-1", &ada);
    let mut visitor = world.site.visitor();
    world.sign_in(&mut visitor, "a-1").await;
    let limit = world
        .site
        .app
        .services
        .config
        .sign_in
        .per_account_and_client;
    for _ in 0..limit {
        let fields = [("provider", "example"), ("password", "wrong")];
        let answer = visitor.call(api::OIDC_CONNECT_BY_PASSWORD, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let fields = [("provider", "example"), ("password", PASSWORD)];
    let answer = visitor.call(api::OIDC_CONNECT_BY_PASSWORD, &fields).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);

    world.later(10);
    let fields = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let answer = world.site.visitor().call(api::SIGN_IN, &fields).await;
    assert_eq!(
        answer.status,
        StatusCode::TOO_MANY_REQUESTS,
        "they count together"
    );
}

#[tokio::test]
async fn an_account_connects_a_provider_after_a_fresh_proof() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    let grace = world.site.app.user("Grace").await;
    world.stranger("elsewhere");
    let mut ada = world.site.sign_in(&ada).await;
    world.later(11);
    let stale = ada
        .submit(api::OIDC_CONNECT, &[("provider", "example")])
        .await;
    assert_eq!(stale.location(), routes::confirm_then(SECURITY));
    ada.submit(api::CONFIRM, &[("password", PASSWORD)]).await;

    assert!(ada.open(SECURITY).await.body.contains("Connect Example ID"));
    let cookie = ada.session_cookie().expect("a session").to_owned();
    let back = world
        .go(&mut ada, api::OIDC_CONNECT, Choice::Be("elsewhere"))
        .await;
    assert_eq!(ada.open(&back).await.location(), SECURITY);
    assert_eq!(
        ada.session_cookie(),
        Some(cookie.as_str()),
        "the session goes on"
    );
    let card = ada.open(SECURITY).await;
    assert!(card.body.contains("elsewhere@strangers.test"));
    assert!(!card.body.contains("Connect Example ID"));
    let mut elsewhere = world.site.visitor();
    assert_eq!(
        world.sign_in(&mut elsewhere, "elsewhere").await.location(),
        routes::ORGS
    );
    assert!(
        elsewhere
            .open(SECURITY)
            .await
            .body
            .contains("ada@users.test")
    );

    // One account there is one account here, and the other way round.
    let mut grace = world.site.sign_in(&grace).await;
    let back = world
        .go(&mut grace, api::OIDC_CONNECT, Choice::Be("elsewhere"))
        .await;
    let answer = grace.open(&back).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(
        answer
            .body
            .contains(&ProviderProblem::OfAnother.to_string())
    );
    world.stranger("second");
    let back = world
        .go(&mut ada, api::OIDC_CONNECT, Choice::Be("second"))
        .await;
    let answer = ada.open(&back).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(
        answer
            .body
            .contains(&ProviderProblem::HasAnother.to_string())
    );
}

#[tokio::test]
async fn taking_an_address_back_disconnects_what_was_connected_meanwhile() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.stranger("thief");
    let mut thief = world.site.sign_in(&ada).await;
    let back = world
        .go(&mut thief, api::OIDC_CONNECT, Choice::Be("thief"))
        .await;
    thief.open(&back).await;
    let new = [("email", "thief@strangers.test")];
    thief.submit(api::REQUEST_EMAIL_CHANGE, &new).await;
    let token = world.site.app.mailed_token("thief@strangers.test").await;
    thief.submit(api::CHANGE_EMAIL, &[("token", &token)]).await;

    let token = world.site.app.mailed_token("ada@users.test").await;
    let mut owner = world.site.visitor();
    owner
        .submit(api::UNDO_EMAIL_CHANGE, &[("token", &token)])
        .await;
    let mut thief = world.site.visitor();
    assert_eq!(
        world.sign_in(&mut thief, "thief").await.location(),
        routes::ORGS,
        "as somebody new"
    );
    let account = thief.open(SECURITY).await;
    assert!(!account.body.contains("ada@users.test"));
}

#[tokio::test]
async fn an_account_whose_address_is_not_verified_connects_nothing() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.stranger("elsewhere");
    let mut ada = world.site.sign_in(&ada).await;
    let back = world
        .go(&mut ada, api::OIDC_CONNECT, Choice::Be("elsewhere"))
        .await;
    world
        .site
        .app
        .sql("update users set email_verified_at = null where email = 'ada@users.test'")
        .await;
    assert_eq!(ada.open(&back).await.status, StatusCode::FORBIDDEN);
    let fields = [("provider", "example")];
    let begun = ada.call(api::OIDC_CONNECT, &fields).await;
    assert_eq!(begun.status, StatusCode::FORBIDDEN);
    let mut elsewhere = world.site.visitor();
    world.sign_in(&mut elsewhere, "elsewhere").await;
    let account = elsewhere.open(SECURITY).await;
    assert!(!account.body.contains("ada@users.test"));
}

#[tokio::test]
async fn a_provider_is_disconnected_unless_it_is_the_last_way_in() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.stranger("elsewhere");
    let mut ada = world.site.sign_in(&ada).await;
    let back = world
        .go(&mut ada, api::OIDC_CONNECT, Choice::Be("elsewhere"))
        .await;
    ada.open(&back).await;
    let identity = id_of_identity(&ada.open(SECURITY).await);
    let fields = [("identity", identity.as_str())];

    let mut nora = world.without_password("nora").await;
    let foreign = nora.call(api::OIDC_DISCONNECT, &fields).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND, "somebody else's");
    let own = id_of_identity(&nora.open(SECURITY).await);
    let last = nora.call(api::OIDC_DISCONNECT, &[("identity", &own)]).await;
    assert_eq!(last.status, StatusCode::CONFLICT);
    assert!(
        last.body.contains("your only way to sign in"),
        "{}",
        last.body
    );
    assert_eq!(
        world
            .sign_in(&mut world.site.visitor(), "nora")
            .await
            .location(),
        routes::ORGS
    );

    world.later(11);
    let stale = ada.call(api::OIDC_DISCONNECT, &fields).await;
    assert_eq!(stale.status, StatusCode::FORBIDDEN);
    ada.submit(api::CONFIRM, &[("password", PASSWORD)]).await;
    let done = ada.submit(api::OIDC_DISCONNECT, &fields).await;
    assert_eq!(done.location(), SECURITY);
    assert!(ada.open(SECURITY).await.body.contains("Disconnected."));
    let letters = world.site.app.mail_to("ada@users.test").await;
    let subjects: Vec<&str> = letters
        .iter()
        .map(|letter| letter.subject.as_str())
        .collect();
    for subject in [
        "Example ID now signs you in",
        "Example ID no longer signs you in",
    ] {
        assert!(subjects.contains(&subject), "{subjects:?}");
    }
    let mut elsewhere = world.site.visitor();
    world.sign_in(&mut elsewhere, "elsewhere").await;
    let account = elsewhere.open(SECURITY).await;
    assert!(
        !account.body.contains("ada@users.test"),
        "it is nobody's now"
    );
}

#[tokio::test]
async fn who_has_no_password_confirms_at_the_provider_if_it_asks_again() {
    let world = World::start().await;
    let mut nora = world.without_password("nora").await;
    let own = id_of_identity(&nora.open(SECURITY).await);
    world.later(11);
    let stale = nora.call(api::OIDC_DISCONNECT, &[("identity", &own)]).await;
    assert_eq!(stale.status, StatusCode::FORBIDDEN);
    assert!(
        nora.open(CONFIRM)
            .await
            .body
            .contains("Confirm with Example ID")
    );

    for (fault, choice, problem) in [
        (Some(Fault::StaleLogin), "nora", ProviderProblem::NotFresh),
        (Some(Fault::NoLoginTime), "nora", ProviderProblem::NotFresh),
        (None, "another", ProviderProblem::NotConnected),
    ] {
        world.stranger("another");
        world.issuer.set_fault(fault);
        let back = world
            .go(&mut nora, api::OIDC_CONFIRM, Choice::Be(choice))
            .await;
        let answer = nora.open(&back).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{problem:?}");
        assert!(
            answer.body.contains(&problem.to_string()),
            "{}",
            answer.body
        );
        let stale = nora.call(api::OIDC_DISCONNECT, &[("identity", &own)]).await;
        assert_eq!(stale.status, StatusCode::FORBIDDEN, "{problem:?}");
    }
    world.issuer.set_fault(None);
    let cookie = nora.session_cookie().expect("a session").to_owned();
    let back = world
        .go(&mut nora, api::OIDC_CONFIRM, Choice::Be("nora"))
        .await;
    assert_eq!(nora.open(&back).await.location(), SECURITY);
    assert_eq!(nora.session_cookie(), Some(cookie.as_str()));
    let last = nora.call(api::OIDC_DISCONNECT, &[("identity", &own)]).await;
    assert_eq!(
        last.status,
        StatusCode::CONFLICT,
        "confirmed, and the last way in"
    );
}
