//! A code of the authenticator app is good around its own time, and any code once.

use orghub_test_support::totp_code;

use crate::{Ada, STEP, is_wrong};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_one_step_around_its_own_and_once() {
    let ada = Ada::with_totp().await;
    for (offset, is_right) in [(-2, false), (2, false), (-1, true), (0, true), (1, true)] {
        let browser = ada.after_password().await;
        let code = totp_code(&ada.secret, ada.now() + STEP * offset);
        let outcome = ada.complete(&browser, &code).await;
        assert_eq!(outcome.is_ok(), is_right, "{offset}: {outcome:?}");

        let again = ada.after_password().await;
        assert!(
            is_wrong(ada.complete(&again, &code).await),
            "{offset}, again"
        );
        ada.forget_used_codes();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_code_is_not_good_after_a_later_one() {
    let ada = Ada::with_totp().await;
    let earlier = totp_code(&ada.secret, ada.now() - STEP);
    let browser = ada.after_password().await;
    ada.complete(&browser, &ada.code()).await.expect("right");
    let browser = ada.after_password().await;
    assert!(is_wrong(ada.complete(&browser, &earlier).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_with_the_same_code_one_gets_in() {
    let ada = Ada::with_totp().await;
    let code = ada.code();
    let (one, other) = (ada.after_password().await, ada.after_password().await);
    let (first, second) = tokio::join!(ada.complete(&one, &code), ada.complete(&other, &code));
    assert!(first.is_ok() != second.is_ok(), "{first:?}, {second:?}");

    let code = &ada.recovery_codes[0];
    let (one, other) = (ada.after_password().await, ada.after_password().await);
    let (first, second) = tokio::join!(ada.complete(&one, code), ada.complete(&other, code));
    assert!(first.is_ok() != second.is_ok(), "{first:?}, {second:?}");
}
