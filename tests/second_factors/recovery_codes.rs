//! Recovery codes: ten, each good once, and shown for a while to who made them.

use orghub::{auth::SignedIn, domain::RECOVERY_CODES};
use orghub_test_support::TestApp;
use time::Duration;

use crate::{Ada, is_wrong};

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_signs_in_once_and_new_ones_end_the_old() {
    let ada = Ada::with_totp().await;
    assert_eq!(ada.recovery_codes.len(), RECOVERY_CODES);
    let auth = &ada.node().auth;
    let left = async || {
        let factors = auth.second_factors(&ada.user).await;
        factors.expect("they can be told").recovery_codes
    };
    let [first, second, ..] = ada.recovery_codes.as_slice() else {
        panic!("there are ten");
    };
    let browser = ada.after_password().await;
    let typed = first.to_uppercase().replace('-', " ");
    ada.complete(&browser, &typed).await.expect("it is right");
    assert_eq!(left().await, 9);
    let browser = ada.after_password().await;
    assert!(is_wrong(ada.complete(&browser, first).await), "used");

    auth.make_recovery_codes(&ada.user).await.expect("made");
    assert_eq!(left().await, 10);
    let browser = ada.after_password().await;
    assert!(is_wrong(ada.complete(&browser, second).await), "replaced");
    let new = auth.new_recovery_codes(&ada.user).await.expect("shown");
    let browser = ada.after_password().await;
    ada.complete(&browser, &new[1]).await.expect("it is right");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_recovery_codes_are_shown_to_the_session_that_made_them_for_a_while() {
    let ada = Ada::with_totp().await;
    let auth = &ada.node().auth;
    assert_eq!(
        auth.new_recovery_codes(&ada.user).await.expect("shown"),
        ada.recovery_codes
    );
    let elsewhere = [7; 32];
    ada.app
        .sql(
            "insert into session (id_hash, user_id, expires_at)
             select decode(repeat('07', 32), 'hex'), id, now() + interval '1 day'
             from users where name = 'Ada'",
        )
        .await;
    let other = SignedIn::claimed(ada.user.user().clone(), elsewhere);
    assert!(
        auth.new_recovery_codes(&other)
            .await
            .expect("an answer")
            .is_empty()
    );

    auth.hide_recovery_codes(&ada.user).await.expect("hidden");
    assert!(
        auth.new_recovery_codes(&ada.user)
            .await
            .expect("an answer")
            .is_empty()
    );
    auth.make_recovery_codes(&ada.user).await.expect("made");
    ada.node().clock.advance(Duration::minutes(11));
    confirm_anew(&ada.app).await;
    assert!(
        auth.new_recovery_codes(&ada.user)
            .await
            .expect("an answer")
            .is_empty()
    );
}

/// As if everybody had just proved who they are, whatever the clock says.
async fn confirm_anew(app: &TestApp) {
    let now = app.services.clock.now();
    app.sql_with(
        "update session set confirmed_at = to_timestamp($1::bigint)",
        &[&now.unix_timestamp().to_string()],
    )
    .await;
}
