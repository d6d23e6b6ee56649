//! Second factors and passkeys: what completes a sign-in, once, and what does not.

mod changes;
mod codes;
mod passkeys;
mod recovery_codes;
mod steps;
mod storage;

use std::net::IpAddr;

use orghub::{
    auth::{Admitted, ClientInfo, SignedIn},
    domain::CurrentUser,
    error::{Error, Result},
    services::Services,
};
use orghub_test_support::{PASSWORD, TestApp, browser, totp_code, user_of};
use time::{Duration, OffsetDateTime};
use tower_sessions::Session;

const STEP: Duration = Duration::seconds(30);

fn client() -> ClientInfo {
    let address: IpAddr = "192.0.2.1".parse().expect("an address");
    ClientInfo {
        address: Some(address),
        ..ClientInfo::default()
    }
}

/// Ada, with an authenticator app.
struct Ada {
    app: TestApp,
    user: SignedIn,
    /// What her app was told.
    secret: String,
    recovery_codes: Vec<String>,
}

impl Ada {
    async fn with_totp() -> Self {
        let app = TestApp::start().await;
        let user = app.user("Ada").await;
        let auth = &app.services.auth;
        auth.begin_totp(&user).await.expect("it begins");
        let set_up = auth.totp_set_up(&user).await.expect("it can be seen");
        let secret = set_up.expect("it is being set up").secret;
        let code = totp_code(&secret, app.services.clock.now());
        auth.turn_on_totp(&user, &code)
            .await
            .expect("the code is right");
        let recovery_codes = auth
            .new_recovery_codes(&user)
            .await
            .expect("they can be seen");
        let ada = Self {
            app,
            user,
            secret,
            recovery_codes,
        };
        ada.forget_used_codes();
        ada
    }

    /// Goes on to a time whose codes were not used, at the beginning of a step, so that none
    /// ends while a test looks at it.
    fn forget_used_codes(&self) {
        let into_step = self.now().unix_timestamp() % STEP.whole_seconds();
        let clock = &self.node().clock;
        clock.advance(STEP * 5 - Duration::seconds(into_step));
    }

    fn node(&self) -> &Services {
        &self.app.services
    }

    fn now(&self) -> OffsetDateTime {
        self.node().clock.now()
    }

    fn code(&self) -> String {
        totp_code(&self.secret, self.now())
    }

    /// A browser that has sent the right password.
    async fn after_password(&self) -> Session {
        let browser = browser(self.node(), None);
        let admitted = self.password_in(&browser).await;
        assert_eq!(admitted, Admitted::SecondFactor);
        saved(&browser).await
    }

    async fn password_in(&self, browser: &Session) -> Admitted {
        let auth = &self.node().auth;
        let email = self.user.email.as_str();
        let admitted = auth.sign_in(browser, email, PASSWORD, &client()).await;
        admitted.expect("the password is right")
    }

    async fn complete(&self, browser: &Session, code: &str) -> Result<CurrentUser> {
        let auth = &self.node().auth;
        auth.complete_with_code(browser, code, &client()).await
    }
}

/// The browser as it comes back with its next request.
async fn saved(browser: &Session) -> Session {
    browser.save().await.expect("the session is stored");
    browser.clone()
}

async fn who(node: &Services, browser: &Session) -> Option<CurrentUser> {
    browser.save().await.expect("the session is stored");
    let id = browser.id().expect("a stored session has an id");
    user_of(node, &id).await
}

fn is_wrong(outcome: Result<CurrentUser>) -> bool {
    matches!(outcome, Err(Error::Invalid(invalid)) if invalid.field.as_deref() == Some("code"))
}
