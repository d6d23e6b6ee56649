//! Second factors and passkeys: what completes a sign-in, once, and what does not.

use std::net::IpAddr;

use orghub::{
    auth::{AccountToken, Admitted, ClientInfo, SignedIn},
    domain::{CurrentUser, FactorChoice, NewPassword, PasskeyName, RECOVERY_CODES},
    error::{Error, Result},
    services::Services,
};
use orghub_test_support::{Authenticator, PASSWORD, TestApp, browser, totp_code, user_of};
use time::{Duration, OffsetDateTime};
use tower_sessions::Session;

/// The page that the browsers here show: what the site calls itself on this machine.
const ORIGIN: &str = "http://localhost:3000";

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

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_says_nothing_to_whoever_reads_it() {
    let ada = Ada::with_totp().await;
    let dump: String = sqlx_text(
        &ada.app,
        "select encode(secret, 'escape') || (select string_agg(encode(code_hash, 'escape'), '')
         from recovery_code) || (select encode(sealed, 'escape') from new_recovery_codes)
         from totp",
    )
    .await;
    let secret: Vec<char> = ada.secret.chars().collect();
    assert!(!dump.contains(&String::from_iter(&secret[..16])));
    for code in &ada.recovery_codes {
        assert!(!dump.contains(&code[..9]), "{code}");
    }
}

async fn sqlx_text(app: &TestApp, query: &'static str) -> String {
    use orghub::test_hooks::DbInternals as _;
    let found = sqlx::query_scalar(query).fetch_one(app.services.db.pool());
    found.await.expect("a text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_set_anew_takes_no_second_factor_away() {
    let ada = Ada::with_totp().await;
    let (auth, email) = (&ada.node().auth, ada.user.email.as_str());
    auth.send_reset_link(&ada.user.email).await.expect("mailed");
    let link = AccountToken::of(&ada.app.mailed_token(email).await);
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

#[tokio::test(flavor = "multi_thread")]
async fn an_old_key_opens_what_it_sealed_and_the_secret_moves_to_the_new_one() {
    let ada = Ada::with_totp().await;
    let old = "the key that everybody knows and seals nothing of worth";
    let new = "a new key of more than thirty-two characters";
    let node_with = async |keys: &str| {
        let keys = orghub::config::FactorKeys::parse(keys).expect("keys");
        ada.app
            .another_node_with(|config| config.factor_keys = keys)
            .await
    };
    let complete = async |node: &Services, at: OffsetDateTime| {
        let browser = browser(node, None);
        let email = ada.user.email.as_str();
        let admitted = node
            .auth
            .sign_in(&browser, email, PASSWORD, &client())
            .await;
        assert_eq!(admitted.expect("right"), Admitted::SecondFactor);
        let code = totp_code(&ada.secret, at);
        node.auth
            .complete_with_code(&browser, &code, &client())
            .await
    };
    let now = ada.now();
    let gone = node_with(new).await;
    let failed = complete(&gone, gone.clock.now()).await;
    assert!(matches!(failed, Err(Error::Internal(_))), "{failed:?}");
    let both = node_with(&format!("{new},{old}")).await;
    both.clock.advance(now - both.clock.now());
    complete(&both, both.clock.now())
        .await
        .expect("the old one opens it");
    gone.clock.advance(now - gone.clock.now() + STEP * 2);
    complete(&gone, gone.clock.now())
        .await
        .expect("the new one, too");
    for node in [gone, both] {
        node.stop().await;
    }
}
