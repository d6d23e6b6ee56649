//! Signing in with a provider, against an issuer of our own over real HTTP.

mod answers;
mod browsers;
mod connections;
mod load;
mod outages;
mod signing_in;

use fake_issuer::{Choice, Config as IssuerConfig, FakeIssuer, Person};
use http::StatusCode;
use orghub::{
    auth::SignedIn,
    config::{OidcProvider, OidcSecret},
    domain::{ProviderName, ProviderProblem},
    routes::{self, AccountPage, ProviderPage, api},
};
use time::Duration;

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
