//! What a provider says wrongly, and that it says no.

use fake_issuer::{Choice, Endpoint, Fault};
use http::StatusCode;
use orghub::{
    domain::ProviderProblem,
    routes::{self, ProviderPage, api},
};

use super::{World, assert_refused, page};

#[tokio::test]
async fn what_a_provider_says_wrongly_lets_nobody_in() {
    let world = World::start().await;
    world.stranger("nora");
    let ada = world.site.app.user("Ada").await;
    world.acquaintance("ada", &ada);
    for (fault, problem) in [
        (Fault::UnverifiedEmail, ProviderProblem::NotVerified),
        (Fault::NoEmail, ProviderProblem::NotVerified),
        (Fault::WrongNonce, ProviderProblem::NotProved),
        (Fault::NoNonce, ProviderProblem::NotProved),
        (Fault::WrongAudience, ProviderProblem::NotProved),
        (Fault::FurtherAudience, ProviderProblem::NotProved),
        (Fault::OtherParty, ProviderProblem::NotProved),
        (Fault::WrongIssuer, ProviderProblem::NotProved),
        (Fault::Expired, ProviderProblem::NotProved),
        (Fault::WrongSignature, ProviderProblem::NotProved),
        (Fault::ForgedKey, ProviderProblem::NotProved),
        (Fault::Unsigned, ProviderProblem::NotProved),
        (Fault::SharedSecret, ProviderProblem::NotProved),
        (Fault::NoIdToken, ProviderProblem::NotProved),
        (Fault::OtherIssuerParameter, ProviderProblem::NotProved),
    ] {
        world.issuer.set_fault(Some(fault));
        for subject in ["nora", "ada"] {
            let mut visitor = world.site.visitor();
            let answer = world.sign_in(&mut visitor, subject).await;
            let what = format!("{fault:?} {subject}");
            assert_refused(&mut visitor, &answer, 403, problem, &what).await;
            let connect = visitor.open(&page(ProviderPage::Connect)).await;
            assert_eq!(connect.status, StatusCode::BAD_REQUEST, "{what}");
        }
    }
    world.issuer.set_fault(None);
    let answer = world.sign_in(&mut world.site.visitor(), "nora").await;
    assert_eq!(answer.location(), routes::ORGS, "without a fault it does");
}

#[tokio::test]
async fn a_code_from_another_provider_is_not_sent_to_this_one() {
    let world = World::start().await;
    world.stranger("nora");
    world.issuer.set_fault(Some(Fault::OtherIssuerParameter));
    world.sign_in(&mut world.site.visitor(), "nora").await;
    assert_eq!(world.issuer.count(Endpoint::Token), 0);
}

#[tokio::test]
async fn saying_no_and_other_errors_lead_to_one_page_that_repeats_nothing() {
    let world = World::start().await;
    let mut visitor = world.site.visitor();
    let back = world.go(&mut visitor, api::OIDC_START, Choice::Deny).await;
    let answer = visitor.open(&back).await;
    assert_refused(
        &mut visitor,
        &answer,
        403,
        ProviderProblem::Declined,
        "denied",
    )
    .await;
    assert!(!answer.body.contains("They said no"));
    assert!(
        answer.body.contains("href=\"/sign-in\""),
        "there is a way on"
    );

    for (error, status, problem) in [
        ("server_error", 503, ProviderProblem::Away),
        ("temporarily_unavailable", 503, ProviderProblem::Away),
        ("login_required", 403, ProviderProblem::Declined),
        ("invalid_scope", 403, ProviderProblem::NotProved),
        ("<script>alert(1)</script>", 403, ProviderProblem::NotProved),
    ] {
        let mut visitor = world.site.visitor();
        let back = world.go(&mut visitor, api::OIDC_START, Choice::Deny).await;
        let (error, text) = (
            ("error", error.to_owned()),
            ("error_description", "Evil".to_owned()),
        );
        let state = back
            .split("state=")
            .nth(1)
            .and_then(|rest| rest.split('&').next());
        let state = ("state", state.expect("a state").to_owned());
        let path = routes::with_query(page(ProviderPage::Return), &[state, error.clone(), text]);
        let answer = visitor.open(&path).await;
        assert_refused(&mut visitor, &answer, status, problem, &error.1).await;
        assert!(!answer.body.contains("alert") && !answer.body.contains("Evil"));
    }
}
