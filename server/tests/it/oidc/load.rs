//! How often a provider is asked, and how often anybody may begin.

use fake_issuer::{Endpoint, Fault};
use futures::future::join_all;
use http::StatusCode;
use orghub::{
    domain::ProviderProblem,
    routes::{self, api},
};

use super::{World, assert_refused};

#[tokio::test]
async fn many_who_begin_at_once_ask_the_provider_once() {
    let world = World::start().await;
    assert_eq!(
        world.issuer.count(Endpoint::Discovery),
        0,
        "nobody wanted it yet"
    );
    let beginning = (0..6).map(|_| async {
        let fields = [("provider", "example")];
        world
            .site
            .visitor()
            .call(api::OIDC_START, &fields)
            .await
            .status
    });
    let begun = join_all(beginning).await;
    assert!(
        begun.iter().all(|status| *status == StatusCode::OK),
        "{begun:?}"
    );
    assert_eq!(world.issuer.count(Endpoint::Discovery), 1);
    world.later(61);
    world
        .site
        .visitor()
        .call(api::OIDC_START, &[("provider", "example")])
        .await;
    assert_eq!(world.issuer.count(Endpoint::Discovery), 2, "after an hour");
}

#[tokio::test]
async fn new_keys_are_fetched_when_they_are_used_and_not_more_than_once_a_minute() {
    let world = World::start().await;
    world.without_password("nora").await;
    assert_eq!(world.issuer.count(Endpoint::Keys), 1);
    world.issuer.rotate_keys();
    let mut visitor = world.site.visitor();
    let answer = world.sign_in(&mut visitor, "nora").await;
    let problem = ProviderProblem::NotProved;
    assert_refused(&mut visitor, &answer, 403, problem, "within the minute").await;
    assert_eq!(world.issuer.count(Endpoint::Keys), 1);

    world.later(1);
    let answer = world.sign_in(&mut world.site.visitor(), "nora").await;
    assert_eq!(answer.location(), routes::ORGS);
    assert_eq!(world.issuer.count(Endpoint::Keys), 2);
    world.issuer.set_fault(Some(Fault::ForgedKey));
    for _ in 0..3 {
        world.sign_in(&mut world.site.visitor(), "nora").await;
    }
    assert_eq!(world.issuer.count(Endpoint::Keys), 2);
}

#[tokio::test]
async fn beginning_is_limited_for_each_network() {
    let world = World::start().await;
    let fields = [("provider", "example")];
    let mut limited = 0;
    for _ in 0..301 {
        let answer = world.site.visitor().call(api::OIDC_START, &fields).await;
        limited += u32::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(limited, 1);
}
