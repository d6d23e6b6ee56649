//! Signing in with a provider, against an issuer of our own over real HTTP.

use fake_issuer::{Choice, Config as IssuerConfig, Endpoint, Failure, FakeIssuer, Fault, Person};
use futures::future::join_all;
use http::{Method, StatusCode};
use orghub::{
    auth::SignedIn,
    config::{OidcProvider, OidcSecret},
    domain::{ProviderName, ProviderProblem},
    routes::{self, AccountPage, CONFIRM, ProviderPage, api},
};
use orghub_test_support::{PASSWORD, PATIENCE, eventually};
use time::Duration;
use tokio::task::JoinSet;

use crate::site::{Answer, Site, Visitor};

const APP: &str = "http://127.0.0.1:3000";
const CLIENT_ID: &str = "orghub";
/// Of letters that have to be encoded.
const CLIENT_SECRET: &str = "made up: of &+% letters";
const SECURITY: &str = AccountPage::Security.path();

fn example() -> ProviderName {
    ProviderName::parse("example").expect("a name")
}

fn page(page: ProviderPage) -> String {
    page.path(&example())
}

/// What is configured of the provider.
pub fn provider(issuer: String) -> OidcProvider {
    OidcProvider {
        name: example(),
        issuer,
        client_id: CLIENT_ID.to_owned(),
        client_secret: OidcSecret::new(CLIENT_SECRET.to_owned()),
        label: "Example ID".to_owned(),
        scopes: vec!["email".to_owned(), "profile".to_owned()],
    }
}

/// A site that offers one provider.
struct World {
    site: Site,
    issuer: FakeIssuer,
}

impl World {
    async fn start() -> Self {
        let redirect_uri = format!("{APP}{}", page(ProviderPage::Return));
        let issuer = IssuerConfig::new(CLIENT_ID, CLIENT_SECRET, &redirect_uri);
        let issuer = FakeIssuer::start(issuer).await.expect("it listens");
        let provider = provider(issuer.url());
        let site = Site::start_with(|config| config.oidc = vec![provider]).await;
        Self { site, issuer }
    }

    /// Somebody the provider knows, and nobody else.
    fn stranger(&self, subject: &str) {
        let email = format!("{subject}@strangers.test");
        self.issuer
            .put_person(Person::new(subject, &email, &format!("Stranger {subject}")));
    }

    /// Somebody the provider knows by the address of one of our users.
    fn acquaintance(&self, subject: &str, user: &SignedIn) {
        self.issuer
            .put_person(Person::new(subject, user.email.as_str(), "Of the provider"));
    }

    /// Presses a button: the address that the browser is sent on to.
    async fn leave(&self, visitor: &mut Visitor, action: &str, next: &str) -> String {
        let sent = visitor
            .submit(action, &[("provider", "example"), ("next", next)])
            .await;
        assert_eq!(sent.location(), page(ProviderPage::Leave));
        let shown = visitor.open(&page(ProviderPage::Leave)).await;
        assert_eq!(shown.status, StatusCode::OK);
        let address = shown.header("refresh").strip_prefix("0; url=");
        let address = address.expect("the browser goes on").to_owned();
        assert!(shown.body.contains("Continue"), "a link does it, too");
        address
    }

    /// And the way back that the provider sends it to.
    async fn go(&self, visitor: &mut Visitor, action: &str, choice: Choice<'_>) -> String {
        let address = self.leave(visitor, action, "").await;
        self.way_back(&address, choice)
    }

    fn way_back(&self, address: &str, choice: Choice<'_>) -> String {
        let back = self.issuer.choose(address, choice);
        let back = back.expect("the issuer takes the request");
        let path = back.strip_prefix(APP).expect("it leads back to us");
        path.to_owned()
    }

    /// Signs somebody in who is `subject` to the provider, as far as that goes.
    async fn sign_in(&self, visitor: &mut Visitor, subject: &str) -> Answer {
        let back = self.go(visitor, api::OIDC_START, Choice::Be(subject)).await;
        visitor.open(&back).await
    }

    /// A browser of somebody who has no password.
    async fn without_password(&self, subject: &str) -> Visitor {
        self.stranger(subject);
        let mut visitor = self.site.visitor();
        assert_eq!(
            self.sign_in(&mut visitor, subject).await.location(),
            routes::ORGS
        );
        visitor
    }

    fn later(&self, minutes: i64) {
        let by = Duration::minutes(minutes);
        self.site.app.services.clock.advance(by);
        self.issuer.advance(by.unsigned_abs());
    }
}

/// The page that says why nobody was let in, and nobody was.
async fn assert_refused(
    visitor: &mut Visitor,
    answer: &Answer,
    status: u16,
    problem: ProviderProblem,
    what: &str,
) {
    assert_eq!(answer.status, status, "{what}: {}", answer.body);
    let sentence = problem.to_string();
    assert!(answer.body.contains(&sentence), "{what}: {}", answer.body);
    let page = visitor.open(routes::ORGS).await;
    assert_eq!(
        page.status,
        StatusCode::SEE_OTHER,
        "{what}: nobody is signed in"
    );
}

fn id_of_identity(page: &Answer) -> String {
    let (_, rest) = page
        .body
        .split_once("name=\"identity\" value=\"")
        .expect("a form");
    rest.split('"').next().expect("a value").to_owned()
}

#[tokio::test]
async fn a_provider_takes_the_place_of_the_password_and_not_of_the_second_factor() {
    let world = World::start().await;
    world.stranger("nora");
    let mut nora = world.site.visitor();
    world.sign_in(&mut nora, "nora").await;
    let sql = "update users set second_factor_at = now() where email = 'nora@strangers.test'";
    world.site.app.sql_announced(sql).await;
    let mut again = world.site.visitor();
    let answer = world.sign_in(&mut again, "nora").await;
    assert!(
        answer.location().starts_with(routes::SECOND_FACTOR),
        "{}",
        answer.location()
    );
    let orgs = again.open(routes::ORGS).await;
    assert!(orgs.location().starts_with(routes::SIGN_IN), "let in");
}

#[tokio::test]
async fn somebody_new_gets_an_account_and_is_known_by_their_subject_from_then_on() {
    let world = World::start().await;
    let mut nora = world.site.visitor();
    let sign_in = nora.open(routes::SIGN_IN).await;
    assert!(sign_in.body.contains("Sign in with Example ID"));
    world.stranger("nora");
    assert_eq!(
        world.sign_in(&mut nora, "nora").await.location(),
        routes::ORGS
    );
    let account = nora.open(SECURITY).await;
    assert!(account.body.contains("Stranger nora") && account.body.contains("nora@strangers.test"));

    // Their address moves on to somebody else, and back.
    world
        .issuer
        .put_person(Person::new("nora", "moved@strangers.test", "Nora Moved"));
    let mut again = world.site.visitor();
    assert_eq!(
        world.sign_in(&mut again, "nora").await.location(),
        routes::ORGS
    );
    assert!(
        again
            .open(SECURITY)
            .await
            .body
            .contains("nora@strangers.test")
    );
    world
        .issuer
        .put_person(Person::new("heir", "nora@strangers.test", "Heir"));
    let mut heir = world.site.visitor();
    let asked = world.sign_in(&mut heir, "heir").await;
    assert_eq!(
        asked.location(),
        page(ProviderPage::Connect),
        "not by the address"
    );
    let orgs = heir.open(routes::ORGS).await;
    assert_eq!(orgs.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_known_subject_needs_no_address_any_more() {
    let world = World::start().await;
    world.without_password("nora").await;
    for fault in [Fault::UnverifiedEmail, Fault::NoEmail] {
        world.issuer.set_fault(Some(fault));
        let answer = world.sign_in(&mut world.site.visitor(), "nora").await;
        assert_eq!(answer.location(), routes::ORGS, "{fault:?}");
    }
}

#[tokio::test]
async fn what_a_provider_says_wrongly_lets_nobody_in() {
    let world = World::start().await;
    world.stranger("nora");
    let ada = world.site.app.user("Ada").await;
    world.acquaintance("ada", &ada);
    for (fault, problem) in [
        (Fault::UnverifiedEmail, ProviderProblem::NotVerified),
        (Fault::NoEmail, ProviderProblem::NotVerified),
        (Fault::WrongNonce, ProviderProblem::NotProved),
        (Fault::NoNonce, ProviderProblem::NotProved),
        (Fault::WrongAudience, ProviderProblem::NotProved),
        (Fault::FurtherAudience, ProviderProblem::NotProved),
        (Fault::OtherParty, ProviderProblem::NotProved),
        (Fault::WrongIssuer, ProviderProblem::NotProved),
        (Fault::Expired, ProviderProblem::NotProved),
        (Fault::WrongSignature, ProviderProblem::NotProved),
        (Fault::ForgedKey, ProviderProblem::NotProved),
        (Fault::Unsigned, ProviderProblem::NotProved),
        (Fault::SharedSecret, ProviderProblem::NotProved),
        (Fault::NoIdToken, ProviderProblem::NotProved),
        (Fault::OtherIssuerParameter, ProviderProblem::NotProved),
    ] {
        world.issuer.set_fault(Some(fault));
        for subject in ["nora", "ada"] {
            let mut visitor = world.site.visitor();
            let answer = world.sign_in(&mut visitor, subject).await;
            let what = format!("{fault:?} {subject}");
            assert_refused(&mut visitor, &answer, 403, problem, &what).await;
            let connect = visitor.open(&page(ProviderPage::Connect)).await;
            assert_eq!(connect.status, StatusCode::BAD_REQUEST, "{what}");
        }
    }
    world.issuer.set_fault(None);
    let answer = world.sign_in(&mut world.site.visitor(), "nora").await;
    assert_eq!(answer.location(), routes::ORGS, "without a fault it does");
}

#[tokio::test]
async fn a_code_from_another_provider_is_not_sent_to_this_one() {
    let world = World::start().await;
    world.stranger("nora");
    world.issuer.set_fault(Some(Fault::OtherIssuerParameter));
    world.sign_in(&mut world.site.visitor(), "nora").await;
    assert_eq!(world.issuer.count(Endpoint::Token), 0);
}

#[tokio::test]
async fn saying_no_and_other_errors_lead_to_one_page_that_repeats_nothing() {
    let world = World::start().await;
    let mut visitor = world.site.visitor();
    let back = world.go(&mut visitor, api::OIDC_START, Choice::Deny).await;
    let answer = visitor.open(&back).await;
    assert_refused(
        &mut visitor,
        &answer,
        403,
        ProviderProblem::Declined,
        "denied",
    )
    .await;
    assert!(!answer.body.contains("They said no"));
    assert!(
        answer.body.contains("href=\"/sign-in\""),
        "there is a way on"
    );

    for (error, status, problem) in [
        ("server_error", 503, ProviderProblem::Away),
        ("temporarily_unavailable", 503, ProviderProblem::Away),
        ("login_required", 403, ProviderProblem::Declined),
        ("invalid_scope", 403, ProviderProblem::NotProved),
        ("<script>alert(1)</script>", 403, ProviderProblem::NotProved),
    ] {
        let mut visitor = world.site.visitor();
        let back = world.go(&mut visitor, api::OIDC_START, Choice::Deny).await;
        let (error, text) = (
            ("error", error.to_owned()),
            ("error_description", "Evil".to_owned()),
        );
        let state = back
            .split("state=")
            .nth(1)
            .and_then(|rest| rest.split('&').next());
        let state = ("state", state.expect("a state").to_owned());
        let path = routes::with_query(page(ProviderPage::Return), &[state, error.clone(), text]);
        let answer = visitor.open(&path).await;
        assert_refused(&mut visitor, &answer, status, problem, &error.1).await;
        assert!(!answer.body.contains("alert") && !answer.body.contains("Evil"));
    }
}

#[tokio::test]
async fn only_the_browser_that_began_it_can_end_it_and_only_once_and_soon() {
    let world = World::start().await;
    world.stranger("nora");
    let (mut nora, mut other) = (world.site.visitor(), world.site.visitor());
    let back = world
        .go(&mut nora, api::OIDC_START, Choice::Be("nora"))
        .await;

    let not_begun = ProviderProblem::NotBegun;
    let answer = other.open(&back).await;
    assert_refused(&mut other, &answer, 400, not_begun, "no session").await;
    world
        .go(&mut other, api::OIDC_START, Choice::Be("nora"))
        .await;
    let answer = other.open(&back).await;
    assert_refused(&mut other, &answer, 400, not_begun, "another session").await;
    for query in ["", "?code=x", "?code=x&state=", "?code=x&state=y"] {
        let answer = nora
            .open(&format!("{}{query}", page(ProviderPage::Return)))
            .await;
        assert_refused(&mut nora, &answer, 400, not_begun, query).await;
    }
    let head = nora
        .send(Method::HEAD, &back, &[], axum::body::Body::empty())
        .await;
    assert_eq!(head.status, StatusCode::BAD_REQUEST, "nobody would see it");
    let ahead = [("accept", "text/html"), ("sec-purpose", "prefetch")];
    let ahead = nora
        .send(Method::GET, &back, &ahead, axum::body::Body::empty())
        .await;
    assert_eq!(ahead.status, StatusCode::BAD_REQUEST);

    assert_eq!(
        nora.open(&back).await.location(),
        routes::ORGS,
        "nothing ended it"
    );
    assert_eq!(
        nora.open(&back).await.status,
        StatusCode::BAD_REQUEST,
        "once"
    );
    assert_eq!(nora.open(routes::ORGS).await.status, StatusCode::OK);

    let mut slow = world.site.visitor();
    let back = world
        .go(&mut slow, api::OIDC_START, Choice::Be("nora"))
        .await;
    world.later(10);
    let answer = slow.open(&back).await;
    assert_refused(&mut slow, &answer, 400, not_begun, "after ten minutes").await;
    let leave = slow.open(&page(ProviderPage::Leave)).await;
    assert_eq!(leave.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_code_that_was_caught_is_worth_nothing_in_another_browser() {
    let world = World::start().await;
    world.stranger("nora");
    let (mut nora, mut thief) = (world.site.visitor(), world.site.visitor());
    let of_nora = world
        .go(&mut nora, api::OIDC_START, Choice::Be("nora"))
        .await;
    let of_thief = world.leave(&mut thief, api::OIDC_START, "").await;
    let of_thief = world.way_back(&of_thief, Choice::Deny);
    let part = |path: &str, name: &str| {
        let found = path
            .split(['?', '&'])
            .find_map(|pair| pair.strip_prefix(name));
        found.expect("it is there").to_owned()
    };
    let (code, state) = (part(&of_nora, "code="), part(&of_thief, "state="));
    let forged = format!("{}?code={code}&state={state}", page(ProviderPage::Return));
    let answer = thief.open(&forged).await;
    // Which the issuer finds out by the verifier (PKCE).
    assert_refused(
        &mut thief,
        &answer,
        403,
        ProviderProblem::NotProved,
        "a code",
    )
    .await;
    assert_eq!(world.issuer.count(Endpoint::Token), 1);
}

#[tokio::test]
async fn a_session_that_was_planted_is_neither_waited_for_nor_signed_in() {
    let world = World::start().await;
    world.stranger("nora");
    let mut planter = world.site.visitor();
    world.leave(&mut planter, api::OIDC_START, "").await;
    let mut victim = world.site.visitor();
    victim.steal_session(&planter);
    let back = world
        .go(&mut victim, api::OIDC_START, Choice::Be("nora"))
        .await;
    let waiting = victim
        .session_cookie()
        .expect("a visitor's session")
        .to_owned();
    assert_ne!(Some(waiting.as_str()), planter.session_cookie());
    let answer = planter.open(&back).await;
    assert_refused(
        &mut planter,
        &answer,
        400,
        ProviderProblem::NotBegun,
        "planted",
    )
    .await;

    assert_eq!(victim.open(&back).await.location(), routes::ORGS);
    assert_ne!(victim.session_cookie(), Some(waiting.as_str()));
    assert_eq!(
        planter.open(routes::ORGS).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn it_is_begun_on_one_node_and_ended_on_another() {
    let world = World::start().await;
    world.stranger("nora");
    let other = world.site.another_node().await;
    let mut nora = world.site.visitor();
    let back = world
        .go(&mut nora, api::OIDC_START, Choice::Be("nora"))
        .await;
    let mut there = other.receive(&nora);
    assert_eq!(there.open(&back).await.location(), routes::ORGS);
    assert_eq!(
        nora.open(&back).await.status,
        StatusCode::BAD_REQUEST,
        "once on all of them"
    );
}

#[tokio::test]
async fn it_leads_on_to_pages_of_ours_only() {
    let world = World::start().await;
    world.stranger("nora");
    for (next, expected) in [
        ("/orgs/new", "/orgs/new"),
        ("/orgs/acme/members?page=2", "/orgs/acme/members?page=2"),
        ("https://evil.test/", routes::ORGS),
        ("//evil.test/", routes::ORGS),
        ("/sign-in/with/example/callback", routes::ORGS),
    ] {
        let mut nora = world.site.visitor();
        let address = world.leave(&mut nora, api::OIDC_START, next).await;
        let back = world.way_back(&address, Choice::Be("nora"));
        assert_eq!(nora.open(&back).await.location(), expected, "{next}");
    }
}

#[tokio::test]
async fn an_address_that_has_an_account_asks_for_its_password() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.acquaintance("a-1", &ada);
    let mut visitor = world.site.visitor();
    let connect = page(ProviderPage::Connect);
    assert_eq!(world.sign_in(&mut visitor, "a-1").await.location(), connect);
    let form = visitor.open(&connect).await;
    assert!(form.body.contains(ada.email.as_str()) && form.body.contains("Connect Example ID"));
    assert_eq!(
        visitor.open(routes::ORGS).await.status,
        StatusCode::SEE_OTHER
    );

    let fields = |password| [("provider", "example"), ("password", password)];
    let wrong = visitor
        .submit(api::OIDC_CONNECT_BY_PASSWORD, &fields("a wrong one"))
        .await;
    assert_eq!(wrong.location(), connect);
    let again = visitor.open(&connect).await;
    assert!(
        again
            .body
            .contains("This is not the password of that account.")
    );
    assert!(!again.body.contains("a wrong one"));
    let wrong = visitor
        .call(api::OIDC_CONNECT_BY_PASSWORD, &fields("a wrong one"))
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);

    let done = visitor
        .submit(api::OIDC_CONNECT_BY_PASSWORD, &fields(PASSWORD))
        .await;
    assert_eq!(done.location(), routes::ORGS);
    assert_eq!(visitor.open(routes::ORGS).await.status, StatusCode::OK);
    let again = visitor
        .call(api::OIDC_CONNECT_BY_PASSWORD, &fields(PASSWORD))
        .await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "once");

    let mut later = world.site.visitor();
    let signed_in = world.sign_in(&mut later, "a-1").await;
    assert_eq!(signed_in.location(), routes::ORGS, "without the password");
    assert!(later.open(SECURITY).await.body.contains(ada.email.as_str()));
}

#[tokio::test]
async fn guessing_the_password_of_an_account_is_limited_here_as_everywhere() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.acquaintance("a-1", &ada);
    let mut visitor = world.site.visitor();
    world.sign_in(&mut visitor, "a-1").await;
    let limit = world
        .site
        .app
        .services
        .config
        .sign_in
        .per_account_and_client;
    for _ in 0..limit {
        let fields = [("provider", "example"), ("password", "wrong")];
        let answer = visitor.call(api::OIDC_CONNECT_BY_PASSWORD, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let fields = [("provider", "example"), ("password", PASSWORD)];
    let answer = visitor.call(api::OIDC_CONNECT_BY_PASSWORD, &fields).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);

    world.later(10);
    let fields = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let answer = world.site.visitor().call(api::SIGN_IN, &fields).await;
    assert_eq!(
        answer.status,
        StatusCode::TOO_MANY_REQUESTS,
        "they count together"
    );
}

#[tokio::test]
async fn an_account_connects_a_provider_after_a_fresh_proof() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    let grace = world.site.app.user("Grace").await;
    world.stranger("elsewhere");
    let mut ada = world.site.sign_in(&ada).await;
    world.later(11);
    let stale = ada
        .submit(api::OIDC_CONNECT, &[("provider", "example")])
        .await;
    assert_eq!(stale.location(), routes::confirm_then(SECURITY));
    ada.submit(api::CONFIRM, &[("password", PASSWORD)]).await;

    assert!(ada.open(SECURITY).await.body.contains("Connect Example ID"));
    let cookie = ada.session_cookie().expect("a session").to_owned();
    let back = world
        .go(&mut ada, api::OIDC_CONNECT, Choice::Be("elsewhere"))
        .await;
    assert_eq!(ada.open(&back).await.location(), SECURITY);
    assert_eq!(
        ada.session_cookie(),
        Some(cookie.as_str()),
        "the session goes on"
    );
    let card = ada.open(SECURITY).await;
    assert!(card.body.contains("elsewhere@strangers.test"));
    assert!(!card.body.contains("Connect Example ID"));
    let mut elsewhere = world.site.visitor();
    assert_eq!(
        world.sign_in(&mut elsewhere, "elsewhere").await.location(),
        routes::ORGS
    );
    assert!(
        elsewhere
            .open(SECURITY)
            .await
            .body
            .contains("ada@users.test")
    );

    // One account there is one account here, and the other way round.
    let mut grace = world.site.sign_in(&grace).await;
    let back = world
        .go(&mut grace, api::OIDC_CONNECT, Choice::Be("elsewhere"))
        .await;
    let answer = grace.open(&back).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(
        answer
            .body
            .contains(&ProviderProblem::OfAnother.to_string())
    );
    world.stranger("second");
    let back = world
        .go(&mut ada, api::OIDC_CONNECT, Choice::Be("second"))
        .await;
    let answer = ada.open(&back).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(
        answer
            .body
            .contains(&ProviderProblem::HasAnother.to_string())
    );
}

#[tokio::test]
async fn taking_an_address_back_disconnects_what_was_connected_meanwhile() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.stranger("thief");
    let mut thief = world.site.sign_in(&ada).await;
    let back = world
        .go(&mut thief, api::OIDC_CONNECT, Choice::Be("thief"))
        .await;
    thief.open(&back).await;
    let new = [("email", "thief@strangers.test")];
    thief.submit(api::REQUEST_EMAIL_CHANGE, &new).await;
    let token = world.site.app.mailed_token("thief@strangers.test").await;
    thief.submit(api::CHANGE_EMAIL, &[("token", &token)]).await;

    let token = world.site.app.mailed_token("ada@users.test").await;
    let mut owner = world.site.visitor();
    owner
        .submit(api::UNDO_EMAIL_CHANGE, &[("token", &token)])
        .await;
    let mut thief = world.site.visitor();
    assert_eq!(
        world.sign_in(&mut thief, "thief").await.location(),
        routes::ORGS,
        "as somebody new"
    );
    let account = thief.open(SECURITY).await;
    assert!(!account.body.contains("ada@users.test"));
}

#[tokio::test]
async fn an_account_whose_address_is_not_verified_connects_nothing() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.stranger("elsewhere");
    let mut ada = world.site.sign_in(&ada).await;
    let back = world
        .go(&mut ada, api::OIDC_CONNECT, Choice::Be("elsewhere"))
        .await;
    world
        .site
        .app
        .sql("update users set email_verified_at = null where email = 'ada@users.test'")
        .await;
    assert_eq!(ada.open(&back).await.status, StatusCode::FORBIDDEN);
    let fields = [("provider", "example")];
    let begun = ada.call(api::OIDC_CONNECT, &fields).await;
    assert_eq!(begun.status, StatusCode::FORBIDDEN);
    let mut elsewhere = world.site.visitor();
    world.sign_in(&mut elsewhere, "elsewhere").await;
    let account = elsewhere.open(SECURITY).await;
    assert!(!account.body.contains("ada@users.test"));
}

#[tokio::test]
async fn what_one_user_began_another_does_not_end_in_the_same_browser() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.stranger("elsewhere");
    let mut browser = world.site.sign_in(&ada).await;
    let back = world
        .go(&mut browser, api::OIDC_CONNECT, Choice::Be("elsewhere"))
        .await;
    browser.submit(routes::SIGN_OUT, &[]).await;
    let answer = browser.open(&back).await;
    assert_refused(
        &mut browser,
        &answer,
        400,
        ProviderProblem::NotBegun,
        "signed out",
    )
    .await;
}

#[tokio::test]
async fn a_provider_is_disconnected_unless_it_is_the_last_way_in() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.stranger("elsewhere");
    let mut ada = world.site.sign_in(&ada).await;
    let back = world
        .go(&mut ada, api::OIDC_CONNECT, Choice::Be("elsewhere"))
        .await;
    ada.open(&back).await;
    let identity = id_of_identity(&ada.open(SECURITY).await);
    let fields = [("identity", identity.as_str())];

    let mut nora = world.without_password("nora").await;
    let foreign = nora.call(api::OIDC_DISCONNECT, &fields).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND, "somebody else's");
    let own = id_of_identity(&nora.open(SECURITY).await);
    let last = nora.call(api::OIDC_DISCONNECT, &[("identity", &own)]).await;
    assert_eq!(last.status, StatusCode::CONFLICT);
    assert!(
        last.body.contains("your only way to sign in"),
        "{}",
        last.body
    );
    assert_eq!(
        world
            .sign_in(&mut world.site.visitor(), "nora")
            .await
            .location(),
        routes::ORGS
    );

    world.later(11);
    let stale = ada.call(api::OIDC_DISCONNECT, &fields).await;
    assert_eq!(stale.status, StatusCode::FORBIDDEN);
    ada.submit(api::CONFIRM, &[("password", PASSWORD)]).await;
    let done = ada.submit(api::OIDC_DISCONNECT, &fields).await;
    assert_eq!(done.location(), SECURITY);
    assert!(ada.open(SECURITY).await.body.contains("Disconnected."));
    let letters = world.site.app.mail_to("ada@users.test").await;
    let subjects: Vec<&str> = letters
        .iter()
        .map(|letter| letter.subject.as_str())
        .collect();
    for subject in [
        "Example ID now signs you in",
        "Example ID no longer signs you in",
    ] {
        assert!(subjects.contains(&subject), "{subjects:?}");
    }
    let mut elsewhere = world.site.visitor();
    world.sign_in(&mut elsewhere, "elsewhere").await;
    let account = elsewhere.open(SECURITY).await;
    assert!(
        !account.body.contains("ada@users.test"),
        "it is nobody's now"
    );
}

#[tokio::test]
async fn who_has_no_password_confirms_at_the_provider_if_it_asks_again() {
    let world = World::start().await;
    let mut nora = world.without_password("nora").await;
    let own = id_of_identity(&nora.open(SECURITY).await);
    world.later(11);
    let stale = nora.call(api::OIDC_DISCONNECT, &[("identity", &own)]).await;
    assert_eq!(stale.status, StatusCode::FORBIDDEN);
    assert!(
        nora.open(CONFIRM)
            .await
            .body
            .contains("Confirm with Example ID")
    );

    for (fault, choice, problem) in [
        (Some(Fault::StaleLogin), "nora", ProviderProblem::NotFresh),
        (Some(Fault::NoLoginTime), "nora", ProviderProblem::NotFresh),
        (None, "another", ProviderProblem::NotConnected),
    ] {
        world.stranger("another");
        world.issuer.set_fault(fault);
        let back = world
            .go(&mut nora, api::OIDC_CONFIRM, Choice::Be(choice))
            .await;
        let answer = nora.open(&back).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{problem:?}");
        assert!(
            answer.body.contains(&problem.to_string()),
            "{}",
            answer.body
        );
        let stale = nora.call(api::OIDC_DISCONNECT, &[("identity", &own)]).await;
        assert_eq!(stale.status, StatusCode::FORBIDDEN, "{problem:?}");
    }
    world.issuer.set_fault(None);
    let cookie = nora.session_cookie().expect("a session").to_owned();
    let back = world
        .go(&mut nora, api::OIDC_CONFIRM, Choice::Be("nora"))
        .await;
    assert_eq!(nora.open(&back).await.location(), SECURITY);
    assert_eq!(nora.session_cookie(), Some(cookie.as_str()));
    let last = nora.call(api::OIDC_DISCONNECT, &[("identity", &own)]).await;
    assert_eq!(
        last.status,
        StatusCode::CONFLICT,
        "confirmed, and the last way in"
    );
}

#[tokio::test]
async fn who_is_banned_is_refused_as_if_nothing_was_proved() {
    let world = World::start().await;
    world.without_password("nora").await;
    let app = &world.site.app;
    app.sql("update users set banned_at = now() where email = 'nora@strangers.test'")
        .await;
    let mut nora = world.site.visitor();
    let answer = world.sign_in(&mut nora, "nora").await;
    assert_refused(
        &mut nora,
        &answer,
        403,
        ProviderProblem::NotProved,
        "banned",
    )
    .await;

    // By the password, too.
    let ada = app.user("Ada").await;
    world.acquaintance("a-1", &ada);
    let mut visitor = world.site.visitor();
    world.sign_in(&mut visitor, "a-1").await;
    app.sql("update users set banned_at = now() where email = 'ada@users.test'")
        .await;
    let fields = [("provider", "example"), ("password", PASSWORD)];
    let answer = visitor.call(api::OIDC_CONNECT_BY_PASSWORD, &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_provider_that_fails_leaves_the_other_ways_in() {
    let world = World::start().await;
    world.stranger("nora");
    let ada = world.site.app.user("Ada").await;
    let away = ProviderProblem::Away.to_string();
    let fields = [("provider", "example")];
    for endpoint in [Endpoint::Discovery, Endpoint::Keys] {
        for failure in [Failure::Huge, Failure::Garbage, Failure::ServerError] {
            world.issuer.fail(endpoint, failure);
            let mut visitor = world.site.visitor();
            let sent = visitor.submit(api::OIDC_START, &fields).await;
            assert_eq!(sent.location(), routes::SIGN_IN, "{endpoint:?} {failure:?}");
            let shown = visitor.open(routes::SIGN_IN).await;
            assert!(shown.body.contains(&away), "{endpoint:?} {failure:?}");
            let called = visitor.call(api::OIDC_START, &fields).await;
            assert_eq!(called.status, StatusCode::SERVICE_UNAVAILABLE);
            world.site.sign_in(&ada).await;
            world.issuer.recover();
        }
    }
    for failure in [Failure::Huge, Failure::Garbage, Failure::ServerError] {
        let mut visitor = world.site.visitor();
        let back = world
            .go(&mut visitor, api::OIDC_START, Choice::Be("nora"))
            .await;
        world.issuer.fail(Endpoint::Token, failure);
        let answer = visitor.open(&back).await;
        let what = format!("{failure:?}");
        assert_refused(&mut visitor, &answer, 503, ProviderProblem::Away, &what).await;
        world.issuer.recover();
    }
    let answer = world.sign_in(&mut world.site.visitor(), "nora").await;
    assert_eq!(answer.location(), routes::ORGS, "it is back");
    // Six in vain, and then what is known is kept.
    assert_eq!(world.issuer.count(Endpoint::Keys), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_holds_few_requests_and_not_for_long() {
    let world = World::start().await;
    let ada = world.site.app.user("Ada").await;
    world.stranger("nora");
    let mut ways_back = Vec::new();
    for _ in 0..12 {
        let mut visitor = world.site.visitor();
        let back = world
            .go(&mut visitor, api::OIDC_START, Choice::Be("nora"))
            .await;
        ways_back.push((visitor, back));
    }
    world.issuer.fail(Endpoint::Token, Failure::Hang);
    let mut returning = JoinSet::new();
    for (mut visitor, back) in ways_back {
        returning.spawn(async move { visitor.open(&back).await.status });
    }
    // The others are given up after five seconds.
    let first = returning.join_next().await.expect("there are 12");
    assert_eq!(first.expect("no panic"), StatusCode::SERVICE_UNAVAILABLE);
    assert!(world.issuer.count(Endpoint::Token) <= 8);
    world.site.sign_in(&ada).await;
    let rest = returning.join_all().await;
    assert!(
        rest.iter()
            .all(|status| *status == StatusCode::SERVICE_UNAVAILABLE)
    );

    world.issuer.recover();
    eventually("the places are free", PATIENCE, async || {
        let answer = world.sign_in(&mut world.site.visitor(), "nora").await;
        answer.status == StatusCode::SEE_OTHER
    })
    .await;
}

#[tokio::test]
async fn many_who_begin_at_once_ask_the_provider_once() {
    let world = World::start().await;
    assert_eq!(
        world.issuer.count(Endpoint::Discovery),
        0,
        "nobody wanted it yet"
    );
    let beginning = (0..6).map(|_| async {
        let fields = [("provider", "example")];
        world
            .site
            .visitor()
            .call(api::OIDC_START, &fields)
            .await
            .status
    });
    let begun = join_all(beginning).await;
    assert!(
        begun.iter().all(|status| *status == StatusCode::OK),
        "{begun:?}"
    );
    assert_eq!(world.issuer.count(Endpoint::Discovery), 1);
    world.later(61);
    world
        .site
        .visitor()
        .call(api::OIDC_START, &[("provider", "example")])
        .await;
    assert_eq!(world.issuer.count(Endpoint::Discovery), 2, "after an hour");
}

#[tokio::test]
async fn new_keys_are_fetched_when_they_are_used_and_not_more_than_once_a_minute() {
    let world = World::start().await;
    world.without_password("nora").await;
    assert_eq!(world.issuer.count(Endpoint::Keys), 1);
    world.issuer.rotate_keys();
    let mut visitor = world.site.visitor();
    let answer = world.sign_in(&mut visitor, "nora").await;
    let problem = ProviderProblem::NotProved;
    assert_refused(&mut visitor, &answer, 403, problem, "within the minute").await;
    assert_eq!(world.issuer.count(Endpoint::Keys), 1);

    world.later(1);
    let answer = world.sign_in(&mut world.site.visitor(), "nora").await;
    assert_eq!(answer.location(), routes::ORGS);
    assert_eq!(world.issuer.count(Endpoint::Keys), 2);
    world.issuer.set_fault(Some(Fault::ForgedKey));
    for _ in 0..3 {
        world.sign_in(&mut world.site.visitor(), "nora").await;
    }
    assert_eq!(world.issuer.count(Endpoint::Keys), 2);
}

#[tokio::test]
async fn beginning_is_limited_for_each_network() {
    let world = World::start().await;
    let fields = [("provider", "example")];
    let mut limited = 0;
    for _ in 0..301 {
        let answer = world.site.visitor().call(api::OIDC_START, &fields).await;
        limited += u32::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(limited, 1);
}

#[tokio::test]
async fn where_no_provider_is_configured_nothing_shows_of_them() {
    let site = Site::start().await;
    let ada = site.app.user("Ada").await;
    let sign_in = site.visitor().open(routes::SIGN_IN).await;
    assert!(!sign_in.body.contains("oidc"));
    let mut ada = site.sign_in(&ada).await;
    assert!(
        !ada.open(SECURITY)
            .await
            .body
            .contains("Sign in with others")
    );
    assert!(!ada.open(CONFIRM).await.body.contains("oidc"));
    for provider_page in ProviderPage::ALL {
        let answer = site.visitor().open(&page(provider_page)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}
