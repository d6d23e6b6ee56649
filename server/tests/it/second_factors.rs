//! The second step of signing in, and what an account shows of its factors.

use http::StatusCode;
use orghub::{
    auth::SignedIn,
    routes::{self, AccountPage, api},
};
use orghub_test_support::{Authenticator, PASSWORD, totp_code};
use time::Duration;

use crate::site::{Site, Visitor};

/// A site, and Ada, who has turned on an authenticator app in her browser.
struct Ada {
    site: Site,
    user: SignedIn,
    visitor: Visitor,
    secret: String,
}

impl Ada {
    async fn with_totp() -> Self {
        let site = Site::start().await;
        let user = site.app.user("Ada").await;
        let mut visitor = site.sign_in(&user).await;
        let begun = visitor.submit(api::BEGIN_TOTP, &[]).await;
        assert_eq!(begun.location(), routes::TOTP);
        let page = visitor.open(routes::TOTP).await;
        let secret = secret_in(&page.markup());
        let code = totp_code(&secret, site.app.services.clock.now());
        let on = visitor.submit(api::TURN_ON_TOTP, &[("code", &code)]).await;
        assert_eq!(on.location(), routes::RECOVERY_CODES);
        site.app.services.clock.advance(Duration::minutes(1));
        Self {
            site,
            user,
            visitor,
            secret,
        }
    }

    fn code(&self) -> String {
        totp_code(&self.secret, self.site.app.services.clock.now())
    }

    /// A browser that sent the right password on its way to `next`.
    async fn after_password(&self, next: &str) -> Visitor {
        let mut visitor = self.site.visitor();
        let fields = [
            ("email", self.user.email.as_str()),
            ("password", PASSWORD),
            ("next", next),
        ];
        let answer = visitor.submit(api::SIGN_IN, &fields).await;
        assert_eq!(answer.location(), routes::second_factor_then(next));
        visitor
    }
}

/// What stands in `<code class="secret">`.
fn secret_in(markup: &str) -> String {
    secrets_in(markup).remove(0).replace(' ', "")
}

fn secrets_in(markup: &str) -> Vec<String> {
    let parts = markup.split("<code class=\"secret\">").skip(1);
    let secrets = parts.filter_map(|part| Some(part.split_once('<')?.0.to_owned()));
    secrets.collect()
}

#[tokio::test]
async fn signing_in_takes_two_steps_and_leads_to_the_page_that_was_wanted() {
    let ada = Ada::with_totp().await;
    let next = "/orgs?q=a&page=2";
    let mut visitor = ada.after_password(next).await;
    assert_eq!(
        visitor.open(routes::ORGS).await.status,
        StatusCode::SEE_OTHER
    );
    let page = visitor.open(&routes::second_factor_then(next)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("one-time-code"));
    assert!(!page.body.contains("Use a passkey"), "there is none");

    let wrong = [("code", "000000"), ("next", next)];
    let back = visitor.submit(api::COMPLETE_WITH_CODE, &wrong).await;
    assert_eq!(back.location(), routes::second_factor_then(next));
    let page = visitor.open(back.location()).await;
    assert!(page.body.contains("This code is not right"));
    assert!(!page.body.contains("000000"), "codes are not kept");

    let code = ada.code();
    let fields = [("code", code.as_str()), ("next", next)];
    let answer = visitor.submit(api::COMPLETE_WITH_CODE, &fields).await;
    assert_eq!(answer.location(), next);
    assert_eq!(visitor.open(routes::ORGS).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_second_step_leads_to_no_other_site() {
    let ada = Ada::with_totp().await;
    let mut visitor = ada.after_password(routes::ORGS).await;
    let code = ada.code();
    let fields = [("code", code.as_str()), ("next", "//evil.test/")];
    let answer = visitor.submit(api::COMPLETE_WITH_CODE, &fields).await;
    assert_eq!(answer.location(), routes::ORGS);
}

#[tokio::test]
async fn a_second_step_that_is_over_leads_back_to_the_first_and_says_why() {
    let ada = Ada::with_totp().await;
    let next = "/orgs/new";
    let mut visitor = ada.after_password(next).await;
    for _ in 0..5 {
        let fields = [("code", "000000"), ("next", next)];
        visitor.submit(api::COMPLETE_WITH_CODE, &fields).await;
    }
    let code = ada.code();
    let fields = [("code", code.as_str()), ("next", next)];
    let back = visitor.submit(api::COMPLETE_WITH_CODE, &fields).await;
    assert_eq!(back.location(), routes::sign_in_then(next));
    let page = visitor.open(back.location()).await;
    assert!(page.body.contains("Sign in again."), "{}", page.body);
    let gone = visitor.open(&routes::second_factor_then(next)).await;
    assert_eq!(gone.location(), routes::sign_in_then(next));
}

#[tokio::test]
async fn the_first_step_tells_nothing_without_the_right_password() {
    let ada = Ada::with_totp().await;
    let bob = ada.site.app.user("Bob").await;
    let mut answers = Vec::new();
    for email in [
        ada.user.email.as_str(),
        bob.email.as_str(),
        "nobody@users.test",
    ] {
        let mut visitor = ada.site.visitor();
        let fields = [("email", email), ("password", "a wrong one")];
        let answer = visitor.submit(api::SIGN_IN, &fields).await;
        assert!(visitor.session_cookie().is_none(), "{email}");
        let page = visitor.open(answer.location()).await;
        answers.push(page.body.replace(email, "ADDRESS"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test]
async fn a_session_planted_before_the_first_step_is_useless_after_the_second() {
    let ada = Ada::with_totp().await;
    let mut planter = ada.after_password(routes::ORGS).await;
    let mut victim = ada.site.visitor();
    victim.steal_session(&planter);
    let fields = [("email", ada.user.email.as_str()), ("password", PASSWORD)];
    victim.submit(api::SIGN_IN, &fields).await;
    assert_ne!(victim.session_cookie(), planter.session_cookie());
    let code = ada.code();
    victim
        .submit(api::COMPLETE_WITH_CODE, &[("code", &code)])
        .await;
    assert_eq!(victim.open(routes::ORGS).await.status, StatusCode::OK);
    assert_eq!(
        planter.open(routes::ORGS).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn secrets_are_shown_once_and_by_nothing_that_keeps_them() {
    let mut ada = Ada::with_totp().await;
    let page = ada.visitor.open(routes::RECOVERY_CODES).await;
    assert_eq!(page.header("cache-control"), "private, no-store");
    let codes = secrets_in(&page.markup());
    assert_eq!(codes.len(), 10);
    let again = ada.visitor.open(routes::RECOVERY_CODES).await;
    assert_eq!(
        secrets_in(&again.markup()),
        codes,
        "a page that is loaded again"
    );
    let mut other = ada.after_password(routes::ORGS).await;
    let code = ada.code();
    other
        .submit(api::COMPLETE_WITH_CODE, &[("code", &code)])
        .await;
    let elsewhere = other.open(routes::RECOVERY_CODES).await;
    assert!(elsewhere.body.contains("10 of 10"), "{}", elsewhere.body);
    assert!(secrets_in(&elsewhere.markup()).is_empty());

    let saved = ada.visitor.submit(api::HIDE_RECOVERY_CODES, &[]).await;
    assert_eq!(saved.location(), AccountPage::Security.path());
    let page = ada.visitor.open(routes::RECOVERY_CODES).await;
    assert!(secrets_in(&page.markup()).is_empty());
    // Nor is the app's key shown when it is on.
    let page = ada.visitor.open(routes::TOTP).await;
    assert!(secrets_in(&page.markup()).is_empty() && !page.body.contains("<svg class=\"qr"));
}

#[tokio::test]
async fn what_is_secret_asks_again_and_takes_a_code_for_an_answer() {
    let mut ada = Ada::with_totp().await;
    ada.site.app.services.clock.advance(Duration::minutes(11));
    for page in [routes::TOTP, routes::RECOVERY_CODES] {
        let asked = ada.visitor.open(page).await;
        assert_eq!(asked.location(), routes::confirm_then(page));
    }
    let page = ada.visitor.open(&routes::confirm_then(routes::TOTP)).await;
    assert!(page.body.contains("Or a code") && page.body.contains("current-password"));
    let code = ada.code();
    let fields = [("code", code.as_str()), ("next", routes::TOTP)];
    let answer = ada.visitor.submit(api::CONFIRM_WITH_CODE, &fields).await;
    assert_eq!(answer.location(), routes::TOTP);
    assert_eq!(ada.visitor.open(routes::TOTP).await.status, StatusCode::OK);
    let off = ada.visitor.submit(api::TURN_OFF_TOTP, &[]).await;
    assert_eq!(off.location(), AccountPage::Security.path());
    ada.site.sign_in(&ada.user).await;
}

/// What a page's script does: asks, and sends the device's answer with the form.
async fn ask(visitor: &mut Visitor, endpoint: &str) -> String {
    let answer = visitor.call(endpoint, &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    serde_json::from_str(&answer.body).expect("a text in JSON")
}

#[tokio::test]
async fn a_passkey_is_added_used_renamed_and_removed() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut visitor = site.sign_in(&ada).await;
    let mut device = Authenticator::at("http://localhost:3000");
    let question = ask(&mut visitor, api::BEGIN_PASSKEY).await;
    let made = device.make(&question);
    let fields = [("name", "Laptop"), ("credential", made.as_str())];
    let added = visitor.submit(api::ADD_PASSKEY, &fields).await;
    assert_eq!(added.location(), AccountPage::Security.path());
    let page = visitor.open(added.location()).await;
    assert!(page.body.contains("Passkey added.") && page.body.contains("Laptop"));
    let id = page.attribute("data-passkey-id").to_owned();

    let mut elsewhere = site.visitor();
    let page = elsewhere.open(routes::SIGN_IN).await;
    assert!(page.body.contains("Sign in with a passkey") && page.body.contains("<noscript>"));
    let question = ask(&mut elsewhere, api::BEGIN_PASSKEY_SIGN_IN).await;
    let before = elsewhere.session_cookie().map(str::to_owned);
    let answer = device.use_it(&question);
    let fields = [("credential", answer.as_str()), ("next", "/orgs/new")];
    let signed_in = elsewhere.submit(api::SIGN_IN_WITH_PASSKEY, &fields).await;
    assert_eq!(signed_in.location(), "/orgs/new");
    assert_ne!(elsewhere.session_cookie().map(str::to_owned), before);
    assert_eq!(elsewhere.open(routes::ORGS).await.status, StatusCode::OK);

    let fields = [("passkey_id", id.as_str()), ("name", "")];
    let refused = visitor.submit(api::RENAME_PASSKEY, &fields).await;
    let page = visitor.open(refused.location()).await;
    assert!(page.body.contains("Enter a name."));
    let fields = [("passkey_id", id.as_str()), ("name", "Old laptop")];
    visitor.submit(api::RENAME_PASSKEY, &fields).await;
    let page = visitor.open(AccountPage::Security.path()).await;
    assert!(page.body.contains("Old laptop"));
    let fields = [("passkey_id", id.as_str())];
    visitor.submit(api::REMOVE_PASSKEY, &fields).await;
    let page = visitor.open(AccountPage::Security.path()).await;
    assert!(page.body.contains("Passkey removed.") && !page.body.contains("Old laptop"));
    let question = ask(&mut site.visitor(), api::BEGIN_PASSKEY_SIGN_IN).await;
    let answer = device.use_it(&question);
    let mut stranger = site.visitor();
    let fields = [("credential", answer.as_str())];
    let refused = stranger.call(api::SIGN_IN_WITH_PASSKEY, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_visitors_question_leaves_a_session_of_minutes_and_spares_the_users() {
    let site = Site::start().await;
    let mut visitor = site.visitor();
    let answer = visitor.call(api::BEGIN_PASSKEY_SIGN_IN, &[]).await;
    assert!(
        answer.header("set-cookie").contains("Max-Age=600"),
        "{answer:?}"
    );
    let ada = site.app.user("Ada").await;
    let mut ada = site.sign_in(&ada).await;
    let answer = ada.call(api::BEGIN_PASSKEY, &[]).await;
    assert!(
        answer.header("set-cookie").contains("Max-Age=2592000"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_island_without_a_question_sends_the_form_and_hears_why() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let mut visitor = site.sign_in(&ada).await;
    site.app.services.clock.advance(Duration::minutes(11));
    let refused = visitor.call(api::BEGIN_PASSKEY, &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let fields = [("name", "Laptop"), ("credential", "")];
    let asked = visitor.submit(api::ADD_PASSKEY, &fields).await;
    let security = AccountPage::Security.path();
    assert_eq!(asked.location(), routes::confirm_then(security));
}
