//! Joining by a link, by a verified domain, and after asking: who may, what it takes, and what
//! ends it.

mod codes;
mod domains;
mod links;
mod requests;
mod rights;

use orghub::{
    access::OrgAccess,
    auth::{LinkToken, SignedIn},
    domain::{
        CurrentUser, DomainPolicy, Email, JoinLinkTerms, JoinStanding, JoinableOrg, Joined,
        MailDomain, OrgSlug, PageNumber, WaysToJoin,
    },
    error::{Error, Result},
    joining::Joining,
};
use orghub_test_support::{TestApp, session_of};
use time::Duration;

/// An organization of Ada's, with ten seats.
struct Team {
    app: TestApp,
    slug: OrgSlug,
    access: OrgAccess,
}

impl Team {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let owner = app.user("Ada").await;
        let slug = app.org("team", &owner).await;
        let access = app.access(&owner, &slug).await;
        let team = Self { app, slug, access };
        team.set_seats(10).await;
        team
    }

    fn joining(&self) -> &Joining {
        &self.app.services.joining
    }

    fn advance(&self, by: Duration) {
        self.app.services.clock.advance(by);
    }

    async fn set_seats(&self, seats: u32) {
        self.app
            .sql_with(
                "insert into limit_override (organization_id, members) values ($1::uuid, $2::integer)
                 on conflict (organization_id) do update set members = excluded.members",
                &[&self.access.org_id().to_string(), &seats.to_string()],
            )
            .await;
    }

    async fn link(&self, terms: JoinLinkTerms) -> LinkToken {
        let path = self.joining().make_link(&self.access, &terms).await;
        let path = path.expect("a link");
        LinkToken::of(path.strip_prefix("/join/").expect("a link's page"))
    }

    async fn follow(&self, user: &SignedIn, token: &LinkToken) -> Result<Joined> {
        self.joining().follow_link(user, token).await
    }

    async fn standing(&self, user: &SignedIn, token: &LinkToken) -> Result<JoinStanding> {
        let offer = self.joining().find_offer(Some(user), token).await?;
        Ok(offer.standing)
    }

    /// Whether the user has access, as any page asks for it.
    async fn is_member(&self, user: &SignedIn) -> bool {
        match self.app.services.access.require(user, &self.slug).await {
            Ok(_) => true,
            Err(Error::NotFound) => false,
            Err(error) => panic!("{error}"),
        }
    }

    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.app.services.db.pool())
            .await
            .expect("a number")
    }

    async fn kinds(&self) -> Vec<String> {
        sqlx::query_scalar("select kind from activity order by created_at, id")
            .fetch_all(self.app.services.db.pool())
            .await
            .expect("the log")
    }

    async fn ways(&self) -> WaysToJoin {
        let ways = self.joining().list_ways(&self.access, PageNumber::FIRST);
        ways.await.expect("the ways")
    }

    /// The code that was mailed last to this address.
    async fn code(&self, email: &str) -> String {
        let letters = self.app.mail_to(email).await;
        letters.last().expect("a code").paragraphs[2].clone()
    }

    /// Verifies the domain of `admin@{domain}`, and decides about it.
    async fn verify(&self, domain: &str, policy: DomainPolicy) -> MailDomain {
        self.verify_as(&self.access, domain, policy)
            .await
            .expect("nobody else has it")
    }

    async fn verify_as(
        &self,
        access: &OrgAccess,
        domain: &str,
        policy: DomainPolicy,
    ) -> Result<MailDomain> {
        let address = format!("admin@{domain}");
        let email = Email::parse(&address).expect("an address");
        let domain = self.joining().send_domain_code(access, &email).await;
        let domain = domain.expect("a code is mailed");
        let code = self.code(&address).await;
        let verified = self.joining().verify_domain(access, &domain, &code).await;
        verified.expect("the code is right");
        self.joining()
            .change_domain_policy(access, &domain, policy)
            .await?;
        Ok(domain)
    }

    async fn join(&self, user: &SignedIn) -> Result<Joined> {
        let org = self.access.org_id();
        self.joining().join_by_domain(user, org).await
    }

    async fn joinable(&self, user: &CurrentUser) -> Vec<JoinableOrg> {
        let orgs = self.joining().list_joinable(user).await;
        orgs.expect("a list")
    }

    /// The user with another address, which is verified.
    async fn with_email(&self, user: &SignedIn, email: &str) -> SignedIn {
        let id = user.id.to_string();
        self.app
            .sql_with(
                "update users set email = $2 where id = $1::uuid",
                &[&id, email],
            )
            .await;
        let email = Email::parse(email).expect("an address");
        let user = CurrentUser {
            email,
            ..user.user().clone()
        };
        let session = session_of(user.id);
        SignedIn::claimed(user, session)
    }

    async fn user(&self, name: &str) -> SignedIn {
        self.app.user(name).await
    }

    async fn users(&self, count: usize) -> Vec<SignedIn> {
        let mut users = Vec::new();
        for number in 0..count {
            users.push(self.user(&format!("User {number}")).await);
        }
        users
    }
}

fn domain(text: &str) -> MailDomain {
    MailDomain::parse(text).expect("a domain")
}

fn asking() -> JoinLinkTerms {
    JoinLinkTerms {
        asks_first: true,
        ..JoinLinkTerms::default()
    }
}
