use orghub::{auth::ClientInfo, domain::TokenKind, error::Error};
use orghub_test_support::{PASSWORD, TestApp};
use time::Duration;

use crate::{ADA, GOOD, email, is_dead, link, password, sign_in, who};

const NEW: &str = "ada@elsewhere.test";

#[tokio::test(flavor = "multi_thread")]
async fn an_address_changes_when_the_new_one_is_confirmed() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let (auth, client) = (&app.services.auth, ClientInfo::default());
    let asked = auth.request_email_change(&ada, &email(NEW), &client).await;
    asked.expect("mailed");
    assert!(app.mail_to(ADA).await.is_empty(), "nothing has changed yet");
    let session = sign_in(&app, ADA, PASSWORD)
        .await
        .expect("nothing has changed yet");

    let link = link(&app, NEW).await;
    auth.change_email(&link).await.expect("changed");
    let user = who(&app, &session).await.expect("still signed in");
    assert_eq!(user.email.as_str(), NEW);
    sign_in(&app, NEW, PASSWORD).await.expect("by the new one");
    assert!(matches!(
        sign_in(&app, ADA, PASSWORD).await,
        Err(Error::SignInFailed)
    ));
    assert!(is_dead(auth.change_email(&link).await), "used");
    let told = app.mail_to(ADA).await;
    assert_eq!(told[0].subject, "Your e-mail address was changed");
    assert!(told[0].paragraphs.iter().any(|text| text.contains(NEW)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_former_address_takes_the_account_back() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let (auth, client) = (&app.services.auth, ClientInfo::default());
    // Whoever sits at her browser changes the address twice, and the password.
    let session = sign_in(&app, ADA, PASSWORD).await.expect("a session");
    auth.request_email_change(&ada, &email(NEW), &client)
        .await
        .expect("mailed");
    auth.change_email(&link(&app, NEW).await)
        .await
        .expect("changed");
    let undo = link(&app, ADA).await;
    let mallory = app.services.sessions.current_user(&session).await;
    let mallory = mallory.expect("an answer").expect("signed in");
    let third = email("mallory@users.test");
    auth.request_email_change(&mallory, &third, &client)
        .await
        .expect("mailed");
    auth.change_email(&link(&app, third.as_str()).await)
        .await
        .expect("changed");
    auth.send_reset_link(&third).await.expect("mailed");
    let of_mallory = link(&app, third.as_str()).await;

    app.services.clock.advance(Duration::days(6));
    auth.undo_email_change(&undo).await.expect("taken back");
    assert_eq!(who(&app, &session).await, None);
    assert!(
        sign_in(&app, ADA, PASSWORD).await.is_err(),
        "she may have told it, or it was guessed"
    );
    assert!(is_dead(
        auth.reset_password(&of_mallory, password(GOOD)).await
    ));
    let reset = link(&app, ADA).await;
    auth.reset_password(&reset, password(GOOD))
        .await
        .expect("set");
    let session = sign_in(&app, ADA, GOOD).await.expect("hers again");
    assert_eq!(who(&app, &session).await.expect("signed in").id, ada.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_address_that_somebody_has_only_they_hear() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let grace = app.user("Grace").await;
    let (auth, client) = (&app.services.auth, ClientInfo::default());
    let asked = auth.request_email_change(&ada, &grace.email, &client).await;
    asked.expect("it does not tell");
    let letters = app.mail_to(grace.email.as_str()).await;
    assert_eq!(letters.len(), 1);
    assert!(letters[0].button.is_none());
    let same = auth.request_email_change(&ada, &ada.email, &client).await;
    assert!(matches!(same, Err(Error::Invalid(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_somebody_took_meanwhile_is_theirs() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let (auth, client) = (&app.services.auth, ClientInfo::default());
    let wanted = email("grace@users.test");
    auth.request_email_change(&ada, &wanted, &client)
        .await
        .expect("mailed");
    let link = link(&app, wanted.as_str()).await;
    app.user("Grace").await;
    let refused = auth.change_email(&link).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert!(
        auth.find_link(TokenKind::ChangeEmail, &link).await.is_ok(),
        "nothing happened"
    );
}
