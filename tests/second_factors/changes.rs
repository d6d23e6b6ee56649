//! Setting an authenticator app up, and changing factors.

use orghub::{auth::Admitted, error::Error};
use orghub_test_support::{PASSWORD, TestApp, browser, totp_code};
use time::Duration;

use crate::{Ada, client};

#[tokio::test(flavor = "multi_thread")]
async fn factors_change_with_a_fresh_proof_only() {
    let ada = Ada::with_totp().await;
    let auth = &ada.node().auth;
    ada.node().clock.advance(Duration::minutes(20));
    for (what, outcome) in [
        ("begin", auth.begin_totp(&ada.user).await),
        ("on", auth.turn_on_totp(&ada.user, "000000").await),
        ("off", auth.turn_off_totp(&ada.user).await),
        ("all off", auth.turn_off_second_factor(&ada.user).await),
        ("passkey", auth.require_passkey(&ada.user).await),
        ("codes", auth.make_recovery_codes(&ada.user).await),
    ] {
        assert!(
            matches!(outcome, Err(Error::ConfirmFirst)),
            "{what}: {outcome:?}"
        );
    }
    let looked = auth.new_recovery_codes(&ada.user).await;
    assert!(matches!(looked, Err(Error::ConfirmFirst)));
    let looked = auth.totp_set_up(&ada.user).await;
    assert!(matches!(looked, Err(Error::ConfirmFirst)));

    // A code is a proof, too, once.
    let code = ada.code();
    auth.confirm_with_code(&ada.user, &code)
        .await
        .expect("right");
    let again = auth.confirm_with_code(&ada.user, &code).await;
    assert!(matches!(again, Err(Error::Invalid(_))), "{again:?}");
    auth.turn_off_totp(&ada.user).await.expect("it is off");
    assert_eq!(
        ada.password_in(&browser(ada.node(), None)).await,
        Admitted::SignedIn
    );
    let factors = auth.second_factors(&ada.user).await.expect("told");
    assert_eq!((factors.required_since, factors.recovery_codes), (None, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_counts_once_its_code_was_right() {
    let app = TestApp::start().await;
    let user = app.user("Ada").await;
    let auth = &app.services.auth;
    auth.begin_totp(&user).await.expect("it begins");
    let secret = async || {
        let set_up = auth.totp_set_up(&user).await.expect("shown");
        set_up.expect("it is being set up")
    };
    let first = secret().await;
    assert!(
        first
            .address
            .starts_with("otpauth://totp/Orghub:ada%40users.test?secret=")
    );
    assert_eq!(
        secret().await.secret,
        first.secret,
        "looking changes nothing"
    );
    let browser_of = || browser(&app.services, None);
    let sign_in = async || {
        let client = client();
        let browser = browser_of();
        let admitted = auth
            .sign_in(&browser, user.email.as_str(), PASSWORD, &client)
            .await;
        admitted.expect("the password is right")
    };
    assert_eq!(sign_in().await, Admitted::SignedIn);

    let wrong = auth.turn_on_totp(&user, "000000").await;
    assert!(matches!(wrong, Err(Error::Invalid(_))), "{wrong:?}");
    auth.begin_totp(&user).await.expect("it begins anew");
    let now = app.services.clock.now();
    let old = auth
        .turn_on_totp(&user, &totp_code(&first.secret, now))
        .await;
    assert!(matches!(old, Err(Error::Invalid(_))), "{old:?}");
    let code = totp_code(&secret().await.secret, now);
    auth.turn_on_totp(&user, &code).await.expect("right");
    assert_eq!(sign_in().await, Admitted::SecondFactor);
    let again = auth.begin_totp(&user).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
}
