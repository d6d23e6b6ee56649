//! A provider that fails or hangs.

use fake_issuer::{Choice, Endpoint, Failure};
use http::StatusCode;
use orghub::{
    domain::ProviderProblem,
    routes::{self, api},
};
use orghub_test_support::{PATIENCE, eventually};
use tokio::task::JoinSet;

use super::{World, assert_refused};

#[tokio::test]
async fn a_provider_that_fails_leaves_the_other_ways_in() {
    let world = World::start().await;
    world.stranger("nora");
    let ada = world.site.app.user("Ada").await;
    let away = ProviderProblem::Away.to_string();
    let fields = [("provider", "example")];
    for endpoint in [Endpoint::Discovery, Endpoint::Keys] {
        for failure in [Failure::Huge, Failure::Garbage, Failure::ServerError] {
            world.issuer.fail(endpoint, failure);
            let mut visitor = world.site.visitor();
            let sent = visitor.submit(api::OIDC_START, &fields).await;
            assert_eq!(sent.location(), routes::SIGN_IN, "{endpoint:?} {failure:?}");
            let shown = visitor.open(routes::SIGN_IN).await;
            assert!(shown.body.contains(&away), "{endpoint:?} {failure:?}");
            let called = visitor.call(api::OIDC_START, &fields).await;
            assert_eq!(called.status, StatusCode::SERVICE_UNAVAILABLE);
            world.site.sign_in(&ada).await;
            world.issuer.recover();
        }
    }
    for failure in [Failure::Huge, Failure::Garbage, Failure::ServerError] {
        let mut visitor = world.site.visitor();
        let back = world
            .go(&mut visitor, api::OIDC_START, Choice::Be("nora"))
            .await;
        world.issuer.fail(Endpoint::Token, failure);
        let answer = visitor.open(&back).await;
        let what = format!("{failure:?}");
        assert_refused(&mut visitor, &answer, 503, ProviderProblem::Away, &what).await;
        world.issuer.recover();
    }
    let answer = world.sign_in(&mut world.site.visitor(), "nora").await;
    assert_eq!(answer.location(), routes::ORGS, "it is back");
    // Six in vain, and then what is known is kept.
    assert_eq!(world.issuer.count(Endpoint::Keys), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_holds_few_requests_and_not_for_long() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.stranger("nora");
    let mut ways_back = Vec::new();
    for _ in 0..12 {
        let mut visitor = world.site.visitor();
        let back = world
            .go(&mut visitor, api::OIDC_START, Choice::Be("nora"))
            .await;
        ways_back.push((visitor, back));
    }
    world.issuer.fail(Endpoint::Token, Failure::Hang);
    let mut returning = JoinSet::new();
    for (mut visitor, back) in ways_back {
        returning.spawn(async move { visitor.open(&back).await.status });
    }
    // The others are given up after five seconds.
    let first = returning.join_next().await.expect("there are 12");
    assert_eq!(first.expect("no panic"), StatusCode::SERVICE_UNAVAILABLE);
    assert!(world.issuer.count(Endpoint::Token) <= 8);
    world.site.sign_in(&ada).await;
    let rest = returning.join_all().await;
    assert!(
        rest.iter()
            .all(|status| *status == StatusCode::SERVICE_UNAVAILABLE)
    );

    world.issuer.recover();
    eventually("the places are free", PATIENCE, async || {
        let answer = world.sign_in(&mut world.site.visitor(), "nora").await;
        answer.status == StatusCode::SEE_OTHER
    })
    .await;
}
