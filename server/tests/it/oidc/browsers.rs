//! What was begun is ended once, in time, by the same user in the same browser, on any node.

use fake_issuer::{Choice, Endpoint};
use http::{Method, StatusCode};
use orghub::{
    domain::ProviderProblem,
    routes::{self, ProviderPage, api},
};

use super::{World, assert_refused, page};

#[tokio::test]
async fn only_the_browser_that_began_it_can_end_it_and_only_once_and_soon() {
    let world = World::start().await;
    world.stranger("nora");
    let (mut nora, mut other) = (world.site.visitor(), world.site.visitor());
    let back = world
        .go(&mut nora, api::OIDC_START, Choice::Be("nora"))
        .await;

    let not_begun = ProviderProblem::NotBegun;
    let answer = other.open(&back).await;
    assert_refused(&mut other, &answer, 400, not_begun, "no session").await;
    world
        .go(&mut other, api::OIDC_START, Choice::Be("nora"))
        .await;
    let answer = other.open(&back).await;
    assert_refused(&mut other, &answer, 400, not_begun, "another session").await;
    for query in ["", "?code=x", "?code=x&state=", "?code=x&state=y"] {
        let answer = nora
            .open(&format!("{}{query}", page(ProviderPage::Return)))
            .await;
        assert_refused(&mut nora, &answer, 400, not_begun, query).await;
    }
    let head = nora
        .send(Method::HEAD, &back, &[], axum::body::Body::empty())
        .await;
    assert_eq!(head.status, StatusCode::BAD_REQUEST, "nobody would see it");
    let ahead = [("accept", "text/html"), ("sec-purpose", "prefetch")];
    let ahead = nora
        .send(Method::GET, &back, &ahead, axum::body::Body::empty())
        .await;
    assert_eq!(ahead.status, StatusCode::BAD_REQUEST);

    assert_eq!(
        nora.open(&back).await.location(),
        routes::ORGS,
        "nothing ended it"
    );
    assert_eq!(
        nora.open(&back).await.status,
        StatusCode::BAD_REQUEST,
        "once"
    );
    assert_eq!(nora.open(routes::ORGS).await.status, StatusCode::OK);

    let mut slow = world.site.visitor();
    let back = world
        .go(&mut slow, api::OIDC_START, Choice::Be("nora"))
        .await;
    world.later(10);
    let answer = slow.open(&back).await;
    assert_refused(&mut slow, &answer, 400, not_begun, "after ten minutes").await;
    let leave = slow.open(&page(ProviderPage::Leave)).await;
    assert_eq!(leave.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_code_that_was_caught_is_worth_nothing_in_another_browser() {
    let world = World::start().await;
    world.stranger("nora");
    let (mut nora, mut thief) = (world.site.visitor(), world.site.visitor());
    let of_nora = world
        .go(&mut nora, api::OIDC_START, Choice::Be("nora"))
        .await;
    let of_thief = world.leave(&mut thief, api::OIDC_START, "").await;
    let of_thief = world.way_back(&of_thief, Choice::Deny);
    let part = |path: &str, name: &str| {
        let found = path
            .split(['?', '&'])
            .find_map(|pair| pair.strip_prefix(name));
        found.expect("it is there").to_owned()
    };
    let (code, state) = (part(&of_nora, "code="), part(&of_thief, "state="));
    let forged = format!("{}?code={code}&state={state}", page(ProviderPage::Return));
    let answer = thief.open(&forged).await;
    // Which the issuer finds out by the verifier (PKCE).
    assert_refused(
        &mut thief,
        &answer,
        403,
        ProviderProblem::NotProved,
        "a code",
    )
    .await;
    assert_eq!(world.issuer.count(Endpoint::Token), 1);
}

#[tokio::test]
async fn a_session_that_was_planted_is_neither_waited_for_nor_signed_in() {
    let world = World::start().await;
    world.stranger("nora");
    let mut planter = world.site.visitor();
    world.leave(&mut planter, api::OIDC_START, "").await;
    let mut victim = world.site.visitor();
    victim.steal_session(&planter);
    let back = world
        .go(&mut victim, api::OIDC_START, Choice::Be("nora"))
        .await;
    let waiting = victim
        .session_cookie()
        .expect("a visitor's session")
        .to_owned();
    assert_ne!(Some(waiting.as_str()), planter.session_cookie());
    let answer = planter.open(&back).await;
    assert_refused(
        &mut planter,
        &answer,
        400,
        ProviderProblem::NotBegun,
        "planted",
    )
    .await;

    assert_eq!(victim.open(&back).await.location(), routes::ORGS);
    assert_ne!(victim.session_cookie(), Some(waiting.as_str()));
    assert_eq!(
        planter.open(routes::ORGS).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn it_is_begun_on_one_node_and_ended_on_another() {
    let world = World::start().await;
    world.stranger("nora");
    let other = world.site.another_node().await;
    let mut nora = world.site.visitor();
    let back = world
        .go(&mut nora, api::OIDC_START, Choice::Be("nora"))
        .await;
    let mut there = other.receive(&nora);
    assert_eq!(there.open(&back).await.location(), routes::ORGS);
    assert_eq!(
        nora.open(&back).await.status,
        StatusCode::BAD_REQUEST,
        "once on all of them"
    );
}

#[tokio::test]
async fn what_one_user_began_another_does_not_end_in_the_same_browser() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.stranger("elsewhere");
    let mut browser = world.site.sign_in(&ada).await;
    let back = world
        .go(&mut browser, api::OIDC_CONNECT, Choice::Be("elsewhere"))
        .await;
    browser.submit(routes::SIGN_OUT, &[]).await;
    let answer = browser.open(&back).await;
    assert_refused(
        &mut browser,
        &answer,
        400,
        ProviderProblem::NotBegun,
        "signed out",
    )
    .await;
}
