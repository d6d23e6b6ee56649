//! Invitations: who may send them, what they take, and who can accept one.

mod accepting;
mod list;
mod mailing;
mod many;
mod rights;
mod seats;

use orghub::{
    access::OrgAccess,
    auth::{LinkToken, SignedIn},
    domain::{
        Email, InvitationId, InvitationListQuery, InvitationPage, InvitationState, OrgSlug, Role,
    },
    error::{Error, Result},
};
use orghub_test_support::TestApp;
use time::Duration;

/// An organization of Ada's, with three seats, of which she has one.
struct Fixture {
    app: TestApp,
    slug: OrgSlug,
    access: OrgAccess,
}

impl Fixture {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let owner = app.user("Ada").await;
        let slug = app.org("fixture", &owner).await;
        let access = app.access(&owner, &slug).await;
        Self { app, slug, access }
    }

    async fn with_seats(seats: u32) -> Self {
        let fixture = Self::start().await;
        fixture.set_seats(seats).await;
        fixture
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

    /// A member of this name, and a proof of it.
    async fn member(&self, name: &str, role: Role) -> OrgAccess {
        let user = self.app.user(name).await;
        self.app.add_member(self.access.org_id(), &user, role).await;
        self.app.access(&user, &self.slug).await
    }

    async fn invite(&self, email: &str, role: Role) -> Result<()> {
        self.invite_as(&self.access, email, role).await
    }

    async fn invite_as(&self, access: &OrgAccess, email: &str, role: Role) -> Result<()> {
        let email = Email::parse(email).expect("an address");
        self.app
            .services
            .invitations
            .invite(access, &email, role)
            .await
    }

    /// The secret in the link that was mailed last to this address.
    async fn token(&self, email: &str) -> LinkToken {
        let letters = self.app.mail_to(email).await;
        let button = letters.last().and_then(|letter| letter.button.as_ref());
        token_in(&button.expect("a link was mailed").path)
    }

    async fn accept(&self, user: &SignedIn, token: &LinkToken) -> Result<OrgSlug> {
        self.app.services.invitations.accept(user, token).await
    }

    async fn list(&self, state: InvitationState) -> InvitationPage {
        let query = InvitationListQuery {
            state,
            ..Default::default()
        };
        let list = self.app.services.invitations.list(&self.access, &query);
        list.await.expect("a page")
    }

    async fn id_of(&self, email: &str) -> InvitationId {
        for state in InvitationState::ALL {
            let page = self.list(state).await;
            if let Some(row) = page.rows.iter().find(|row| row.email.as_str() == email) {
                return row.id;
            }
        }
        panic!("{email} is not invited");
    }

    async fn members(&self) -> i64 {
        sqlx::query_scalar("select count(*) from member where organization_id = $1")
            .bind(self.access.org_id().0)
            .fetch_one(self.app.services.db.pool())
            .await
            .expect("a count")
    }

    fn wait(&self, duration: Duration) {
        self.app.services.clock.advance(duration);
    }
}

fn token_in(path: &str) -> LinkToken {
    LinkToken::of(
        path.strip_prefix("/invitations/")
            .expect("an invitation's path"),
    )
}

fn is_limit(outcome: &Result<impl Sized>) -> bool {
    matches!(outcome, Err(Error::LimitReached(_)))
}
