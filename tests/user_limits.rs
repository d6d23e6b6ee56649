//! How much one user may have, and what they are told at the limit.

use orghub::{
    auth::SignedIn,
    domain::{OrgName, OrgSlug, Role},
    error::{Error, Result},
};
use orghub_test_support::{TestApp, sign_in};
use time::Duration;
use tokio::task::JoinSet;

fn slug(text: &str) -> OrgSlug {
    OrgSlug::parse(text).expect("a slug")
}

fn name(text: &str) -> OrgName {
    OrgName::parse(text).expect("a name")
}

async fn create(app: &TestApp, user: &SignedIn, at: &str) -> Result<OrgSlug> {
    let orgs = &app.services.orgs;
    orgs.create(user, &name("An organization"), &slug(at)).await
}

fn sentence<T>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::LimitReached(sentence)) => sentence,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("no limit"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_owns_a_limited_number_of_organizations_however_quick() {
    let app = TestApp::start_with(|config| config.per_user.organizations = 3).await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let mut creating = JoinSet::new();
    for number in 0..8 {
        let (orgs, ada) = (app.services.orgs.clone(), ada.clone());
        let at = slug(&format!("org-{number}"));
        creating.spawn(async move { orgs.create(&ada, &name("Mine"), &at).await });
    }
    let outcomes = creating.join_all().await;
    assert_eq!(outcomes.iter().filter(|made| made.is_ok()).count(), 3);
    for refused in outcomes.into_iter().filter(Result::is_err) {
        assert!(sentence(refused).contains("own 3 organizations"));
    }
    create(&app, &grace, "another").await.expect("her first");

    // A membership is not an organization of one's own.
    let one = app.services.orgs.list_mine(&ada).await.expect("a list");
    let one = app.access(&ada, &one[0].slug).await;
    app.add_member(one.org_id(), &grace, Role::Owner).await;
    app.services.orgs.leave(&one).await.expect("not the last");
    create(&app, &ada, "a-third").await.expect("there is room");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_moves_a_few_times_a_month() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut at = app.org("acme", &ada).await;
    let rename = async |at: &OrgSlug, called: &str, to: &str| {
        let access = app.access(&ada, at).await;
        let orgs = &app.services.orgs;
        orgs.update(&access, &name(called), &slug(to)).await
    };
    for number in 1..=5 {
        let moved = rename(&at, "Acme", &format!("acme-{number}")).await;
        at = moved.expect("one of five");
    }
    assert!(sentence(rename(&at, "Acme", "acme-6").await).contains("5 times in 30 days"));
    // Back is a move, too; a new name is none.
    sentence(rename(&at, "Acme", "acme").await);
    rename(&at, "Acme and Daughters", "acme-5")
        .await
        .expect("no move");
    app.sql("update activity set created_at = created_at - interval '30 days'")
        .await;
    rename(&at, "Acme", "acme-6").await.expect("a month later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_too_many_ends_the_oldest_session_on_every_node() {
    let app = TestApp::start_with(|config| config.per_user.sessions = 3).await;
    let other = app.another_node().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let of_grace = app.sign_in(&grace).await;
    let mut of_ada = Vec::new();
    for node in [&app.services, &other, &app.services, &other, &app.services] {
        let id = sign_in(node, &ada).await;
        of_ada.push(id);
        for (age, id) in of_ada.iter().rev().enumerate() {
            for node in [&app.services, &other] {
                let user = node.sessions.current_user(id).await.expect("an answer");
                assert_eq!(user.is_some(), age < 3, "{age} signed in since");
            }
        }
    }
    let user = other.sessions.current_user(&of_grace).await;
    assert!(user.expect("an answer").is_some(), "hers is her own");
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_many_slugs_has_to_wait_in_whatever_form_they_ask() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    app.org("acme", &grace).await;
    let orgs = &app.services.orgs;
    let (free, taken) = (slug("free-one"), slug("acme"));
    for _ in 0..15 {
        assert!(orgs.is_slug_free(&ada, &free).await.expect("an answer"));
        let refused = create(&app, &ada, taken.as_str()).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    }
    let answer = orgs.is_slug_free(&ada, &free).await;
    let is_limited = |error| matches!(error, Some(Error::RateLimited { .. }));
    assert!(is_limited(answer.err()));
    assert!(is_limited(create(&app, &ada, free.as_str()).await.err()));
    assert!(orgs.is_slug_free(&grace, &free).await.is_ok());
    app.services.clock.advance(Duration::minutes(1));
    create(&app, &ada, free.as_str())
        .await
        .expect("a minute later");
}
