use orghub::{
    auth::{ClientInfo, LinkToken},
    domain::{OrgName, OrgSlug, TokenKind},
    error::Error,
};
use orghub_test_support::{TestApp, browser};
use time::Duration;

use crate::{ADA, GOOD, is_dead, link, sign_in, sign_up, verify, who};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_verified_and_signed_in_by_one_link() {
    let app = TestApp::start().await;
    let session = sign_up(&app, "Ada", ADA).await;
    assert_eq!(
        who(&app, &session).await,
        None,
        "not before the address is verified"
    );
    let verified = verify(&app, Some(session), &link(&app, ADA).await, "").await;
    let verified = verified.expect("the browser that signed up needs no password");
    assert_ne!(verified, session, "an id from before is worth nothing");
    let user = who(&app, &verified).await.expect("signed in");
    assert_eq!((user.email.as_str(), user.name.as_str()), (ADA, "Ada"));
    assert!(user.email_verified);
}

/// A stranger who signs up with somebody's address must not get a usable account out of the
/// owner's click.
#[tokio::test(flavor = "multi_thread")]
async fn in_another_browser_the_link_needs_the_password() {
    let app = TestApp::start().await;
    sign_up(&app, "Mallory", ADA).await;
    let link = link(&app, ADA).await;
    for wrong in ["", "a guess"] {
        let refused = verify(&app, None, &link, wrong).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    let stranger = sign_up(&app, "Eve", "eve@users.test").await;
    let refused = verify(&app, Some(stranger), &link, "").await;
    assert!(
        matches!(refused, Err(Error::Invalid(_))),
        "that was another account"
    );
    let session = verify(&app, None, &link, GOOD)
        .await
        .expect("the link still works");
    assert!(who(&app, &session).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_address_that_has_an_account_only_its_owner_hears() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let session = sign_up(&app, "Somebody", ADA).await;
    let letters = app.mail_to(ADA).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].subject, "You already have an account");
    let link = link(&app, ADA).await;
    assert!(
        is_dead(verify(&app, Some(session), &link, GOOD).await),
        "it verifies nothing"
    );
    assert!(
        sign_in(&app, ADA, GOOD).await.is_err(),
        "the password is still the owner's"
    );
    let now = who(&app, &app.sign_in(&ada).await)
        .await
        .expect("signed in");
    assert_eq!(now.name, "Ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once_until_the_next_and_for_a_day() {
    let app = TestApp::start().await;
    let session = sign_up(&app, "Ada", ADA).await;
    let first = link(&app, ADA).await;
    // Signed in, but not verified.
    let signed_in = sign_in(&app, ADA, GOOD)
        .await
        .expect("the password is right");
    let user = app.services.sessions.current_user(&signed_in).await;
    let user = user.expect("an answer").expect("signed in");
    let (auth, client) = (&app.services.auth, ClientInfo::default());
    let again = auth.resend_verification(&user, "", &client).await;
    again.expect("mailed again");
    let second = link(&app, ADA).await;
    assert!(
        is_dead(verify(&app, Some(session), &first, "").await),
        "the next ended it"
    );

    for _ in 0..2 {
        let found = auth.find_link(TokenKind::VerifyEmail, &second).await;
        assert_eq!(found.expect("looking changes nothing").email.as_str(), ADA);
    }
    assert!(is_dead(
        auth.find_link(TokenKind::ResetPassword, &second).await
    ));
    for made_up in ["", "x", &"0".repeat(64), "\u{0}"] {
        let token = LinkToken::of(made_up);
        assert!(is_dead(
            auth.find_link(TokenKind::VerifyEmail, &token).await
        ));
    }

    app.services
        .clock
        .advance(Duration::hours(24) - Duration::minutes(1));
    assert!(
        auth.find_link(TokenKind::VerifyEmail, &second)
            .await
            .is_ok()
    );
    app.services.clock.advance(Duration::minutes(2));
    assert!(
        is_dead(verify(&app, Some(session), &second, "").await),
        "a day is over"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_browsers_that_use_a_link_at_once_one_does() {
    let app = TestApp::start().await;
    let session = sign_up(&app, "Ada", ADA).await;
    let link = link(&app, ADA).await;
    let (one, other) = tokio::join!(
        verify(&app, Some(session), &link, ""),
        verify(&app, None, &link, GOOD)
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let dead = if one.is_ok() { other } else { one };
    assert!(is_dead(dead));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_verified_address_nobody_makes_an_organization() {
    let app = TestApp::start().await;
    sign_up(&app, "Ada", ADA).await;
    let session = sign_in(&app, ADA, GOOD)
        .await
        .expect("the password is right");
    let user = app.services.sessions.current_user(&session).await;
    let user = user.expect("an answer").expect("signed in");
    assert!(!user.email_verified);
    let (name, slug) = (OrgName::parse("Acme"), OrgSlug::parse("acme"));
    let (name, slug) = (name.expect("a name"), slug.expect("a slug"));
    let orgs = &app.services.orgs;
    let refused = orgs.create(&user, &name, &slug).await;
    assert!(matches!(refused, Err(Error::VerifyFirst)), "{refused:?}");

    let auth = &app.services.auth;
    let (link, client) = (link(&app, ADA).await, ClientInfo::default());
    let browser = browser(&app.services, Some(session));
    let verified = auth
        .verify_email(&browser, Some(&user), &link, "", &client)
        .await;
    verified.expect("signed in as that user");
    orgs.create(&user, &name, &slug)
        .await
        .expect("verified now");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_nobody_verifies_is_removed_after_a_week() {
    let app = TestApp::start().await;
    let verified = app.sign_in(&app.user("Grace").await.user().clone()).await;
    sign_up(&app, "Ada", ADA).await;
    let session = sign_in(&app, ADA, GOOD)
        .await
        .expect("the password is right");
    let auth = &app.services.auth;
    app.services.clock.advance(Duration::days(6));
    assert_eq!(auth.delete_unverified().await.expect("an answer"), 0);
    assert_eq!(auth.delete_expired_links().await.expect("an answer"), 1);
    app.services.clock.advance(Duration::days(2));
    assert_eq!(auth.delete_unverified().await.expect("an answer"), 1);
    assert_eq!(who(&app, &session).await, None);
    assert!(who(&app, &verified).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_organization_finds_a_slug_by_itself() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let name = OrgName::parse("Söhne & Co").expect("a name");
    let mut slugs = Vec::new();
    for _ in 0..4 {
        let made = app.services.orgs.create_with_any_slug(&ada, &name).await;
        slugs.push(made.expect("a slug is free").to_string());
    }
    assert_eq!(slugs[..3], ["sohne-co", "sohne-co-2", "sohne-co-3"]);
    assert!(slugs[3].starts_with("sohne-co-") && slugs[3].len() > "sohne-co-3".len());
    let none = OrgName::parse("組").expect("a name");
    let refused = app.services.orgs.create_with_any_slug(&ada, &none).await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
}
