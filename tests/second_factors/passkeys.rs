//! Passkeys: what they take the place of, whose answers are refused, and the last way in.

use orghub::{
    auth::{Admitted, SignedIn},
    domain::{CurrentUser, PasskeyName},
    error::{Error, Result},
};
use orghub_test_support::{Authenticator, PASSWORD, TestApp, browser};
use time::Duration;
use tower_sessions::Session;

use crate::{client, saved, who};

/// The page that the browsers here show: what the site calls itself on this machine.
const ORIGIN: &str = "http://localhost:3000";

/// A user at a browser with a device.
struct Person {
    user: SignedIn,
    browser: Session,
    device: Authenticator,
}

impl Person {
    async fn named(name: &str, app: &TestApp) -> Self {
        let user = app.user(name).await;
        let session = app.sign_in(&user).await;
        Self {
            browser: browser(&app.services, Some(session)),
            device: Authenticator::at(ORIGIN),
            user,
        }
    }

    async fn question(&self, app: &TestApp) -> String {
        let question = app
            .services
            .auth
            .begin_passkey(&self.user, &self.browser)
            .await;
        question.expect("a passkey can be made")
    }

    async fn add(&mut self, app: &TestApp) {
        let question = self.question(app).await;
        let made = self.device.make(&question);
        self.send(app, &made).await.expect("it is added");
    }

    async fn send(&self, app: &TestApp, made: &str) -> Result<()> {
        let name = PasskeyName::parse("Laptop").expect("a name");
        let auth = &app.services.auth;
        auth.add_passkey(&self.user, &self.browser, &name, made)
            .await
    }
}

/// Signs in at a browser that was never there before, with what `answer` makes of the question.
async fn sign_in_with(
    app: &TestApp,
    answer: impl FnOnce(&str) -> String,
) -> Result<(CurrentUser, Session)> {
    let browser = browser(&app.services, None);
    let auth = &app.services.auth;
    let question = auth.begin_passkey_sign_in(&browser, &client()).await?;
    let browser = saved(&browser).await;
    let answer = answer(&question);
    let user = auth
        .sign_in_with_passkey(&browser, &answer, &client())
        .await?;
    Ok((user, browser))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_signs_in_alone_and_takes_no_second_step() {
    let app = TestApp::start().await;
    let mut ada = Person::named("Ada", &app).await;
    ada.add(&app).await;
    let auth = &app.services.auth;
    auth.require_passkey(&ada.user).await.expect("it is on");

    let signed_in = sign_in_with(&app, |question| ada.device.use_it(question)).await;
    let (user, browser) = signed_in.expect("the passkey is right");
    assert_eq!(user.id, ada.user.id);
    assert_eq!(who(&app.services, &browser).await, Some(user));
    let passkeys = auth.second_factors(&ada.user).await.expect("told").passkeys;
    assert_eq!(passkeys.len(), 1);
    assert!(passkeys[0].last_used_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_takes_the_place_of_the_code_and_of_the_password_asked_again() {
    let app = TestApp::start().await;
    let mut ada = Person::named("Ada", &app).await;
    let mut bob = Person::named("Bob", &app).await;
    ada.add(&app).await;
    bob.add(&app).await;
    let auth = &app.services.auth;
    auth.require_passkey(&ada.user).await.expect("it is on");

    let browser = browser(&app.services, None);
    let email = ada.user.email.as_str();
    let admitted = auth.sign_in(&browser, email, PASSWORD, &client()).await;
    assert_eq!(admitted.expect("right"), Admitted::SecondFactor);
    let browser = saved(&browser).await;
    let question = auth
        .begin_passkey_proof(None, &browser)
        .await
        .expect("asked");
    let bobs = bob.device.use_it(&question);
    let refused = auth.complete_with_passkey(&browser, &bobs, &client()).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    let question = auth
        .begin_passkey_proof(None, &browser)
        .await
        .expect("asked");
    let answer = ada.device.use_it(&question);
    let user = auth
        .complete_with_passkey(&browser, &answer, &client())
        .await;
    assert_eq!(user.expect("right").id, ada.user.id);

    app.services.clock.advance(Duration::minutes(20));
    let stale = auth.turn_off_second_factor(&ada.user).await;
    assert!(matches!(stale, Err(Error::ConfirmFirst)));
    let question = auth
        .begin_passkey_proof(Some(&ada.user), &ada.browser)
        .await;
    let answer = ada.device.use_it(&question.expect("asked"));
    let proved = auth
        .confirm_with_passkey(&ada.user, &ada.browser, &answer)
        .await;
    proved.expect("right");
    auth.turn_off_second_factor(&ada.user).await.expect("fresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_from_another_page_site_key_or_person_is_refused() {
    let app = TestApp::start().await;
    let mut ada = Person::named("Ada", &app).await;
    ada.add(&app).await;
    type Lie = fn(&mut Authenticator);
    let lies: [(&str, Lie); 5] = [
        ("origin", |device| {
            device.origin = "http://evil.test:3000".to_owned()
        }),
        ("port", |device| {
            device.origin = "http://localhost:3001".to_owned()
        }),
        ("scheme", |device| {
            device.origin = "https://localhost:3000".to_owned()
        }),
        ("site", |device| device.site = "evil.test".to_owned()),
        ("user", |device| device.verifies = false),
    ];
    for (what, lie) in lies {
        let mut device = ada.device.clone();
        lie(&mut device);
        let refused = sign_in_with(&app, |question| device.use_it(question)).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{what}");
        // And none is made so.
        let question = ada.question(&app).await;
        let mut other = Authenticator::at(ORIGIN);
        let honest = other.make(&question);
        let mut liar = Authenticator::at(ORIGIN);
        lie(&mut liar);
        if what == "site" {
            // The device makes it for the site that the browser names.
            let question = question.replace("localhost", "evil.test");
            assert!(
                ada.send(&app, &liar.make(&question)).await.is_err(),
                "{what}"
            );
        } else {
            assert!(
                ada.send(&app, &liar.make(&question)).await.is_err(),
                "{what}"
            );
        }
        let late = ada.send(&app, &honest).await;
        assert!(late.is_err(), "{what}: the question was answered");
    }
    let stranger = Authenticator::at(ORIGIN);
    let unknown = sign_in_with(&app, |question| stranger.answer_again(question)).await;
    assert!(matches!(unknown, Err(Error::Invalid(_))));
    for nonsense in ["", "{}", "null", "[]", "{\"id\":\"AAAA\"}"] {
        let refused = sign_in_with(&app, |_| nonsense.to_owned()).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{nonsense}");
    }
    sign_in_with(&app, |question| ada.device.use_it(question))
        .await
        .expect("the honest one still works");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_has_one_answer_of_the_browser_that_was_asked_in_time() {
    let app = TestApp::start().await;
    let mut ada = Person::named("Ada", &app).await;
    ada.add(&app).await;
    let auth = &app.services.auth;
    let ask = async || {
        let browser = browser(&app.services, None);
        let question = auth.begin_passkey_sign_in(&browser, &client()).await;
        (saved(&browser).await, question.expect("asked"))
    };

    let (browser, question) = ask().await;
    let (other, _) = ask().await;
    let answer = ada.device.use_it(&question);
    let stolen = auth.sign_in_with_passkey(&other, &answer, &client()).await;
    assert!(matches!(stolen, Err(Error::Invalid(_))), "another browser");
    let client_info = client();
    let (first, second) = tokio::join!(
        auth.sign_in_with_passkey(&browser, &answer, &client_info),
        auth.sign_in_with_passkey(&browser, &answer, &client_info),
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?}, {second:?}");

    let (browser, question) = ask().await;
    let answer = ada.device.use_it(&question);
    app.services.clock.advance(Duration::minutes(6));
    let late = auth
        .sign_in_with_passkey(&browser, &answer, &client())
        .await;
    assert!(matches!(late, Err(Error::Invalid(_))), "{late:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_that_does_not_rise_gives_a_copy_away() {
    let app = TestApp::start().await;
    let mut ada = Person::named("Ada", &app).await;
    ada.device.counter = 5;
    ada.add(&app).await;
    let mut copy = ada.device.clone();
    sign_in_with(&app, |question| ada.device.use_it(question))
        .await
        .expect("it counts on");
    let refused = sign_in_with(&app, |question| copy.use_it(question)).await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
    sign_in_with(&app, |question| ada.device.use_it(question))
        .await
        .expect("the original goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_belongs_to_one_account() {
    let app = TestApp::start().await;
    let mut ada = Person::named("Ada", &app).await;
    ada.add(&app).await;
    let mut bob = Person::named("Bob", &app).await;
    let question = bob.question(&app).await;
    let taken = ada.device.clone().make(&question);
    let refused = bob.send(&app, &taken).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    // Nor does what one was asked serve the other.
    let question = ada.question(&app).await;
    let made = bob.device.make(&question);
    let name = PasskeyName::parse("Laptop").expect("a name");
    let auth = &app.services.auth;
    let refused = auth
        .add_passkey(&bob.user, &ada.browser, &name, &made)
        .await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_way_in_stays() {
    let app = TestApp::start().await;
    let mut ada = Person::named("Ada", &app).await;
    ada.add(&app).await;
    app.sql("update users set password_hash = null").await;
    let auth = &app.services.auth;
    auth.require_passkey(&ada.user).await.expect("it is on");
    let user = ada.user.clone();
    let passkeys = async || auth.second_factors(&user).await.expect("told").passkeys;
    let only = passkeys().await[0].id;
    let refused = auth.remove_passkey(&ada.user, only).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");

    ada.device = Authenticator::at(ORIGIN);
    ada.add(&app).await;
    let both: Vec<_> = passkeys()
        .await
        .into_iter()
        .map(|passkey| passkey.id)
        .collect();
    let (one, other) = tokio::join!(
        auth.remove_passkey(&ada.user, both[0]),
        auth.remove_passkey(&ada.user, both[1]),
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?}, {other:?}");
    assert_eq!(passkeys().await.len(), 1);

    app.sql("update users set password_hash = 'x'").await;
    let last = passkeys().await[0].id;
    auth.remove_passkey(&ada.user, last)
        .await
        .expect("there is a password");
    let factors = auth.second_factors(&ada.user).await.expect("told");
    assert_eq!((factors.required_since, factors.recovery_codes), (None, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_touches_another_users_passkey() {
    let app = TestApp::start().await;
    let mut ada = Person::named("Ada", &app).await;
    ada.add(&app).await;
    let bob = Person::named("Bob", &app).await;
    let auth = &app.services.auth;
    let adas = auth.second_factors(&ada.user).await.expect("told").passkeys[0].id;
    let name = PasskeyName::parse("Mine").expect("a name");
    let renamed = auth.rename_passkey(&bob.user, adas, &name).await;
    assert!(matches!(renamed, Err(Error::Conflict(_))));
    let removed = auth.remove_passkey(&bob.user, adas).await;
    assert!(matches!(removed, Err(Error::Conflict(_))));
    auth.rename_passkey(&ada.user, adas, &name)
        .await
        .expect("hers");
    let passkeys = auth.second_factors(&ada.user).await.expect("told").passkeys;
    assert_eq!(passkeys[0].name, "Mine");
}
