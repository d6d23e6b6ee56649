use orghub::{auth::ClientInfo, domain::TokenKind, error::Error};
use orghub_test_support::{PASSWORD, TestApp, user_of};
use time::Duration;

use crate::{ADA, BETTER, GOOD, email, is_dead, link, password, sign_in, sign_up, who};

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_replaced_and_everybody_signed_out() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let session = app.sign_in(&ada).await;
    let node = app.another_node().await;
    assert!(user_of(&node, &session).await.is_some());
    let auth = &app.services.auth;
    auth.send_reset_link(&email(ADA)).await.expect("mailed");
    let link = link(&app, ADA).await;
    auth.reset_password(&link, password(BETTER))
        .await
        .expect("set");
    assert_eq!(user_of(&node, &session).await, None, "on every node");
    assert!(matches!(
        sign_in(&app, ADA, PASSWORD).await,
        Err(Error::SignInFailed)
    ));
    sign_in(&app, ADA, BETTER).await.expect("the new one");
    let letters = app.mail_to(ADA).await;
    assert_eq!(
        letters.last().expect("mail").subject,
        "Your password was changed"
    );
    assert!(
        is_dead(auth.reset_password(&link, password(GOOD)).await),
        "used"
    );
    sign_in(&app, ADA, BETTER).await.expect("still the new one");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_forgot_gets_a_link_and_whoever_asks_learns_nothing() {
    let app = TestApp::start().await;
    app.user("Ada").await;
    let (auth, client) = (&app.services.auth, ClientInfo::default());
    for address in [ADA, "nobody@users.test"] {
        let asked = auth.forgot_password(&email(address), &client).await;
        asked.expect("it does not tell");
    }
    assert!(app.mail_to(ADA).await.is_empty(), "the answer comes before");
    app.services.worker.run_due().await.expect("the jobs run");
    assert_eq!(app.mail_to(ADA).await.len(), 1);
    let link = link(&app, ADA).await;
    let found = auth.find_link(TokenKind::ResetPassword, &link).await;
    found.expect("it works");
    assert!(app.mail_to("nobody@users.test").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_resets_at_once_one_counts_and_the_other_is_told() {
    let app = TestApp::start().await;
    app.user("Ada").await;
    let auth = &app.services.auth;
    auth.send_reset_link(&email(ADA)).await.expect("mailed");
    let link = link(&app, ADA).await;
    let (one, other) = tokio::join!(
        auth.reset_password(&link, password(GOOD)),
        auth.reset_password(&link, password(BETTER))
    );
    let (kept, lost) = if one.is_ok() {
        (GOOD, other)
    } else {
        (BETTER, one)
    };
    assert!(is_dead(lost));
    sign_in(&app, ADA, kept)
        .await
        .expect("the one that counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_works_for_an_hour_and_until_the_next() {
    let app = TestApp::start().await;
    app.user("Ada").await;
    let auth = &app.services.auth;
    auth.send_reset_link(&email(ADA)).await.expect("mailed");
    let first = link(&app, ADA).await;
    auth.send_reset_link(&email(ADA)).await.expect("mailed");
    assert!(is_dead(
        auth.find_link(TokenKind::ResetPassword, &first).await
    ));
    let second = link(&app, ADA).await;
    app.services.clock.advance(Duration::minutes(59));
    assert!(
        auth.find_link(TokenKind::ResetPassword, &second)
            .await
            .is_ok()
    );
    app.services.clock.advance(Duration::minutes(2));
    assert!(is_dead(auth.reset_password(&second, password(GOOD)).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_verifies_the_address_and_takes_it_from_whoever_made_the_account() {
    let app = TestApp::start().await;
    sign_up(&app, "Mallory", ADA).await;
    let verification = link(&app, ADA).await;
    let of_mallory = sign_in(&app, ADA, GOOD).await.expect("her password");
    let auth = &app.services.auth;
    auth.send_reset_link(&email(ADA)).await.expect("mailed");
    let reset = link(&app, ADA).await;
    auth.reset_password(&reset, password(BETTER))
        .await
        .expect("set");
    assert_eq!(who(&app, &of_mallory).await, None);
    assert!(is_dead(
        auth.find_link(TokenKind::VerifyEmail, &verification).await
    ));
    let session = sign_in(&app, ADA, BETTER)
        .await
        .expect("the owner's password");
    assert!(who(&app, &session).await.expect("signed in").email_verified);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_mailed_to_an_address_without_an_account_or_of_a_banned_one() {
    let app = TestApp::start().await;
    app.user("Ada").await;
    app.sql("update users set banned_at = now()").await;
    for address in [ADA, "nobody@users.test"] {
        let sent = app.services.auth.send_reset_link(&email(address)).await;
        sent.expect("it does not tell");
        assert!(app.mail_to(address).await.is_empty(), "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_ends_all_other_sessions() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let node = app.another_node().await;
    let (own, other) = (app.sign_in(&ada).await, app.sign_in(&ada).await);
    let user = app.services.sessions.current_user(&own).await;
    let user = user.expect("an answer").expect("signed in");
    let (auth, client) = (&app.services.auth, ClientInfo::default());
    let wrong = auth
        .change_password(&user, "not it", password(BETTER), &client)
        .await;
    assert!(
        matches!(&wrong, Err(Error::Invalid(invalid)) if invalid.field.as_deref() == Some("current")),
        "{wrong:?}"
    );
    assert!(user_of(&node, &other).await.is_some());
    let changed = auth
        .change_password(&user, PASSWORD, password(BETTER), &client)
        .await;
    changed.expect("the current one is right");
    assert_eq!(user_of(&node, &other).await, None);
    assert!(
        user_of(&node, &own).await.is_some(),
        "whoever changed it stays"
    );
    assert!(who(&app, &own).await.is_some());
    sign_in(&app, ADA, BETTER).await.expect("the new one");
}
