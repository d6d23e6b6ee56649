//! Signing in by two steps: the second takes the first, in time, in the same browser, and is
//! guessed at a few times only.

use orghub::{
    auth::{Admitted, LinkToken},
    domain::{FactorChoice, NewPassword},
    error::Error,
};
use orghub_test_support::{browser, user_of};
use time::Duration;

use crate::{Ada, client, is_wrong, saved, who};

#[tokio::test(flavor = "multi_thread")]
async fn a_password_alone_signs_nobody_in_who_has_a_second_factor() {
    let ada = Ada::with_totp().await;
    let browser = ada.after_password().await;
    assert_eq!(who(ada.node(), &browser).await, None);
    let pending = ada.node().auth.pending_sign_in(&browser).await;
    let expected = FactorChoice {
        code: true,
        passkey: false,
    };
    assert_eq!(pending.expect("it can be told"), Some(expected));

    let before = browser.id();
    let user = ada.complete(&browser, &ada.code()).await;
    let user = user.expect("the code is right");
    assert_eq!((user.id, user.has_second_factor), (ada.user.id, true));
    assert_eq!(who(ada.node(), &browser).await, Some(user));
    assert_ne!(browser.id(), before, "the session is a new one");
    let pending = ada.node().auth.pending_sign_in(&browser).await;
    assert_eq!(pending.expect("it can be told"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_set_anew_takes_no_second_factor_away() {
    let ada = Ada::with_totp().await;
    let (auth, email) = (&ada.node().auth, ada.user.email.as_str());
    auth.send_reset_link(&ada.user.email).await.expect("mailed");
    let link = LinkToken::of(&ada.app.mailed_token(email).await);
    let anew = "a long walk by the river";
    let password = NewPassword::parse(anew, &ada.user.email, "Ada").expect("a good one");
    auth.reset_password(&link, password).await.expect("set");
    let browser = browser(ada.node(), None);
    let admitted = auth.sign_in(&browser, email, anew, &client()).await;
    assert_eq!(admitted.expect("the new one"), Admitted::SecondFactor);
    let browser = saved(&browser).await;
    assert_eq!(who(ada.node(), &browser).await, None);
    ada.complete(&browser, &ada.code())
        .await
        .expect("the code is right");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_sign_in_ends_after_ten_minutes() {
    let ada = Ada::with_totp().await;
    let browser = ada.after_password().await;
    ada.node().clock.advance(Duration::minutes(9));
    assert!(is_wrong(ada.complete(&browser, "000000").await));
    ada.node().clock.advance(Duration::minutes(2));
    let outcome = ada.complete(&browser, &ada.code()).await;
    assert!(matches!(outcome, Err(Error::SignedOut)), "{outcome:?}");
    let pending = ada.node().auth.pending_sign_in(&browser).await;
    assert_eq!(pending.expect("it can be told"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_end_it_whoever_sends_them_at_once() {
    let ada = Ada::with_totp().await;
    let browser = ada.after_password().await;
    let guesses = (0..12).map(|_| ada.complete(&browser, "000000"));
    let outcomes = futures::future::join_all(guesses).await;
    let tried = outcomes
        .into_iter()
        .filter(|outcome| matches!(outcome, Err(Error::Invalid(_))));
    assert_eq!(tried.count(), 5);
    let outcome = ada.complete(&browser, &ada.code()).await;
    assert!(matches!(outcome, Err(Error::SignedOut)), "{outcome:?}");

    // Another fifteen, and the account has had as many as it takes in an hour.
    for _ in 0..3 {
        let browser = ada.after_password().await;
        for _ in 0..5 {
            assert!(is_wrong(ada.complete(&browser, "000000").await));
        }
    }
    let browser = ada.after_password().await;
    let outcome = ada.complete(&browser, &ada.code()).await;
    assert!(
        matches!(outcome, Err(Error::RateLimited { .. })),
        "{outcome:?}"
    );
    ada.node().clock.advance(Duration::hours(1));
    let browser = ada.after_password().await;
    ada.complete(&browser, &ada.code())
        .await
        .expect("a new hour");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_step_ends_with_all_sessions_and_with_a_ban() {
    let ada = Ada::with_totp().await;
    for statement in [
        "update users set session_epoch = session_epoch + 1",
        "update users set banned_at = now()",
    ] {
        let browser = ada.after_password().await;
        ada.app.sql(statement).await;
        let outcome = ada.complete(&browser, &ada.code()).await;
        assert!(
            matches!(outcome, Err(Error::SignedOut)),
            "{statement}: {outcome:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_step_takes_the_first_and_no_session_of_before() {
    let ada = Ada::with_totp().await;
    let outcome = ada.complete(&browser(ada.node(), None), &ada.code()).await;
    assert!(matches!(outcome, Err(Error::SignedOut)), "{outcome:?}");

    // Whoever was signed in with this browser is signed out by the first step.
    let bob = ada.app.user("Bob").await;
    let bobs = ada.app.sign_in(&bob).await;
    let browser = browser(ada.node(), Some(bobs));
    assert_eq!(ada.password_in(&browser).await, Admitted::SecondFactor);
    assert_eq!(who(ada.node(), &browser).await, None);
    assert_eq!(user_of(ada.node(), &bobs).await, None);
}
