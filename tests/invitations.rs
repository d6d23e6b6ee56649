//! Invitations: who may send them, what they take, and who can accept one.

use futures::future::join_all;
use orghub::test_hooks::DbInternals as _;
use orghub::{
    access::OrgAccess,
    auth::{AccountToken, SignedIn},
    domain::{
        ActivityKind, Email, InvitationId, InvitationListQuery, InvitationPage, InvitationState,
        OrgSlug, PageNumber, Role, RowResult,
    },
    error::{Error, Result},
    invitations::InvitedMany,
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
    async fn token(&self, email: &str) -> AccountToken {
        let letters = self.app.mail_to(email).await;
        let button = letters.last().and_then(|letter| letter.button.as_ref());
        token_in(&button.expect("a link was mailed").path)
    }

    async fn accept(&self, user: &SignedIn, token: &AccountToken) -> Result<OrgSlug> {
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

    async fn seats_used(&self) -> i64 {
        let view = self.app.services.billing.get_org_subscription(&self.access);
        view.await.expect("a view").seats_used
    }

    async fn kinds(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select kind from activity where organization_id = $1 order by created_at, id",
        )
        .bind(self.access.org_id().0)
        .fetch_all(self.app.services.db.pool())
        .await
        .expect("the log")
    }

    fn wait(&self, duration: Duration) {
        self.app.services.clock.advance(duration);
    }
}

fn token_in(path: &str) -> AccountToken {
    AccountToken::of(
        path.strip_prefix("/invitations/")
            .expect("an invitation's path"),
    )
}

fn is_limit(outcome: &Result<impl Sized>) -> bool {
    matches!(outcome, Err(Error::LimitReached(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_person_joins_with_the_role_on_every_node() {
    let fixture = Fixture::start().await;
    let other = fixture.app.another_node().await;
    let grace = fixture.app.user("Grace").await;
    // "Not a member" is known everywhere.
    for node in [&fixture.app.services, &other] {
        let refused = node.access.require(&grace, &fixture.slug).await;
        assert!(matches!(refused, Err(Error::NotFound)));
    }
    fixture
        .invite("grace@users.test", Role::Admin)
        .await
        .expect("invited");
    assert_eq!(fixture.seats_used().await, 2);

    let token = fixture.token("grace@users.test").await;
    let about = fixture.app.services.invitations.find_by_token(&token).await;
    let about = about.expect("it is open");
    assert_eq!(about.org_name, "Organization fixture");
    assert_eq!(about.invited_by.as_deref(), Some("Ada"));
    let slug = fixture.accept(&grace, &token).await.expect("accepted");
    assert_eq!(slug, fixture.slug);

    for node in [&fixture.app.services, &other] {
        let access = node.access.require(&grace, &fixture.slug).await;
        assert_eq!(access.expect("a member").role(), Role::Admin);
        let orgs = node.orgs.list_mine(&grace).await.expect("a list");
        assert_eq!(orgs.len(), 1);
    }
    assert_eq!(fixture.seats_used().await, 2, "the seat counts once");
    assert_eq!(
        fixture.kinds().await,
        ["org.created", "invitation.sent", "invitation.accepted"]
    );
    assert_eq!(fixture.list(InvitationState::Accepted).await.total, 1);
    let again = fixture.accept(&grace, &token).await;
    assert!(matches!(again, Err(Error::DeadLink)), "it works once");
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_invitations_take_seats_and_expired_ones_do_not() {
    let fixture = Fixture::start().await;
    for email in ["a@x.test", "b@x.test"] {
        fixture.invite(email, Role::Member).await.expect("a seat");
    }
    let full = fixture.invite("c@x.test", Role::Member).await;
    let Err(Error::LimitReached(sentence)) = full else {
        panic!("no seat is left: {full:?}");
    };
    assert!(
        sentence.contains("1 member, 2 pending invitations"),
        "{sentence}"
    );
    assert!(sentence.contains("Upgrade"), "{sentence}");
    assert!(fixture.app.mail_to("c@x.test").await.is_empty());

    // The same person again takes no seat more, and gets the other role.
    fixture.wait(Duration::minutes(2));
    fixture
        .invite("a@x.test", Role::Admin)
        .await
        .expect("refreshed");
    let pending = fixture.list(InvitationState::Pending).await;
    assert_eq!(pending.total, 2);
    let refreshed = pending
        .rows
        .iter()
        .find(|row| row.email.as_str() == "a@x.test");
    assert_eq!(refreshed.expect("still there").role, Role::Admin);
    assert_eq!(fixture.app.mail_to("a@x.test").await.len(), 2);

    fixture.wait(Duration::days(7));
    assert_eq!(fixture.list(InvitationState::Expired).await.total, 2);
    let dead = fixture.token("b@x.test").await;
    let dead = fixture.app.services.invitations.find_by_token(&dead).await;
    assert!(matches!(dead, Err(Error::DeadLink)));
    fixture
        .invite("c@x.test", Role::Member)
        .await
        .expect("free");
    fixture
        .invite("d@x.test", Role::Member)
        .await
        .expect("free");
    let resent = fixture
        .app
        .services
        .invitations
        .resend(&fixture.access, fixture.id_of("b@x.test").await)
        .await;
    assert!(is_limit(&resent), "an expired one takes a seat again");
    assert!(is_limit(&fixture.invite("b@x.test", Role::Member).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_again_within_a_minute_is_mailed_once() {
    let fixture = Fixture::start().await;
    for _ in 0..3 {
        fixture
            .invite("a@x.test", Role::Member)
            .await
            .expect("invited");
    }
    assert_eq!(fixture.app.mail_to("a@x.test").await.len(), 1);
    let resend = || async {
        let id = fixture.id_of("a@x.test").await;
        let invitations = &fixture.app.services.invitations;
        invitations.resend(&fixture.access, id).await
    };
    assert!(matches!(resend().await, Err(Error::RateLimited { .. })));
    fixture.wait(Duration::minutes(1));
    resend().await.expect("a minute later");
    assert_eq!(fixture.app.mail_to("a@x.test").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_decide_who_invites_whom() {
    let fixture = Fixture::with_seats(100).await;
    let admin = fixture.member("Alan", Role::Admin).await;
    fixture
        .invite_as(&admin, "a@x.test", Role::Admin)
        .await
        .expect("an admin invites an admin");
    let refused = fixture.invite_as(&admin, "b@x.test", Role::Owner).await;
    assert!(matches!(refused, Err(Error::Forbidden)));
    for (name, role) in [("Mary", Role::Member), ("Bill", Role::Billing)] {
        let access = fixture.member(name, role).await;
        let refused = fixture.invite_as(&access, "b@x.test", Role::Member).await;
        assert!(matches!(refused, Err(Error::Forbidden)), "{role}");
        let query = InvitationListQuery::default();
        let list = fixture.app.services.invitations.list(&access, &query).await;
        assert!(matches!(list, Err(Error::Forbidden)), "{role}");
    }
    // An owner's offer of ownership is not an admin's to touch.
    fixture
        .invite("c@x.test", Role::Owner)
        .await
        .expect("invited");
    let id = fixture.id_of("c@x.test").await;
    let invitations = &fixture.app.services.invitations;
    assert!(matches!(
        fixture.invite_as(&admin, "c@x.test", Role::Member).await,
        Err(Error::Forbidden)
    ));
    assert!(matches!(
        invitations.cancel(&admin, id).await,
        Err(Error::Forbidden)
    ));
    assert!(matches!(
        invitations.renew_link(&admin, id).await,
        Err(Error::Forbidden)
    ));
    assert!(matches!(
        invitations.resend(&admin, id).await,
        Err(Error::Forbidden)
    ));
    let many = invitations
        .invite_many(&admin, "d@x.test", Role::Owner)
        .await;
    assert!(matches!(many, Err(Error::Forbidden)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_admin_invites_nobody_whatever_the_proof_says() {
    let fixture = Fixture::with_seats(10).await;
    let admin = fixture.member("Alan", Role::Admin).await;
    let member = admin.membership().member_id;
    let orgs = &fixture.app.services.orgs;
    orgs.change_role(&fixture.access, member, Role::Member)
        .await
        .expect("demoted");
    let invitations = &fixture.app.services.invitations;
    let refused = fixture.invite_as(&admin, "a@x.test", Role::Member).await;
    assert!(matches!(refused, Err(Error::Forbidden)));
    let refused = invitations
        .invite_many(&admin, "a@x.test", Role::Member)
        .await;
    assert!(matches!(refused, Err(Error::Forbidden)));
    let refused = invitations.import(&admin, b"a@x.test").await;
    assert!(matches!(refused, Err(Error::Forbidden)));
    assert_eq!(fixture.list(InvitationState::Pending).await.total, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_not_invited_again() {
    let fixture = Fixture::start().await;
    fixture.member("Grace", Role::Member).await;
    let refused = fixture.invite("Grace@Users.test", Role::Admin).await;
    let Err(Error::Conflict(invalid)) = refused else {
        panic!("she is a member: {refused:?}");
    };
    assert_eq!(invalid.field.as_deref(), Some("email"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_invite_for_the_last_seat_one_does() {
    let fixture = Fixture::with_seats(2).await;
    let emails: Vec<String> = (0..6).map(|number| format!("p{number}@x.test")).collect();
    let outcomes = join_all(
        emails
            .iter()
            .map(|email| fixture.invite(email, Role::Member)),
    )
    .await;
    let invited = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(invited, 1, "{outcomes:?}");
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.is_ok() || is_limit(outcome))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_twice_at_once_makes_one_member() {
    let fixture = Fixture::start().await;
    let grace = fixture.app.user("Grace").await;
    fixture
        .invite("grace@users.test", Role::Member)
        .await
        .expect("invited");
    let token = fixture.token("grace@users.test").await;
    let outcomes = join_all((0..6).map(|_| fixture.accept(&grace, &token))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Ok(_) | Err(Error::DeadLink))),
        "{outcomes:?}"
    );
    assert_eq!(fixture.members().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_downgrade_nobody_joins_until_there_is_room() {
    let fixture = Fixture::with_seats(5).await;
    let names = ["Grace", "Mary", "Edith", "Joan"];
    let mut invited = Vec::new();
    for name in names {
        let user = fixture.app.user(name).await;
        let email = user.email.to_string();
        fixture.invite(&email, Role::Member).await.expect("invited");
        let token = fixture.token(&email).await;
        invited.push((user, email, token));
    }
    fixture.set_seats(3).await;
    let outcomes = join_all(
        invited
            .iter()
            .map(|(user, _, token)| fixture.accept(user, token)),
    )
    .await;
    assert!(outcomes.iter().all(is_limit), "{outcomes:?}");
    assert_eq!(fixture.members().await, 1);
    assert!(is_limit(&fixture.invite("more@x.test", Role::Member).await));

    // Two give way; the others fit, all at once.
    for (_, email, _) in &invited[..2] {
        let id = fixture.id_of(email).await;
        let invitations = &fixture.app.services.invitations;
        let cancelled = invitations.cancel(&fixture.access, id).await;
        cancelled.expect("cancelled");
    }
    let outcomes = join_all(
        invited
            .iter()
            .map(|(user, _, token)| fixture.accept(user, token)),
    )
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
    assert_eq!(fixture.members().await, 3);
    // Whoever is there stays, whatever the limit.
    fixture.set_seats(1).await;
    let (user, ..) = &invited[3];
    let access = fixture
        .app
        .services
        .access
        .require(user, &fixture.slug)
        .await;
    assert!(access.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_or_has_expired_leads_nowhere() {
    let fixture = Fixture::with_seats(10).await;
    let grace = fixture.app.user("Grace").await;
    let email = "grace@users.test";
    let invitations = &fixture.app.services.invitations;
    let never = AccountToken::of(&"0".repeat(64));
    assert!(matches!(
        fixture.accept(&grace, &never).await,
        Err(Error::DeadLink)
    ));

    fixture.invite(email, Role::Member).await.expect("invited");
    let token = fixture.token(email).await;
    let id = fixture.id_of(email).await;
    invitations
        .cancel(&fixture.access, id)
        .await
        .expect("cancelled");
    assert!(matches!(
        fixture.accept(&grace, &token).await,
        Err(Error::DeadLink)
    ));
    let again = invitations.cancel(&fixture.access, id).await;
    assert!(matches!(again, Err(Error::Conflict(_))));

    fixture
        .invite(email, Role::Member)
        .await
        .expect("invited anew");
    let token = fixture.token(email).await;
    invitations.decline(None, &token).await.expect("declined");
    assert!(matches!(
        fixture.accept(&grace, &token).await,
        Err(Error::DeadLink)
    ));
    assert!(matches!(
        invitations.decline(None, &token).await,
        Err(Error::DeadLink)
    ));

    fixture
        .invite(email, Role::Member)
        .await
        .expect("invited anew");
    let token = fixture.token(email).await;
    fixture.wait(Duration::days(7));
    assert!(matches!(
        fixture.accept(&grace, &token).await,
        Err(Error::DeadLink)
    ));
    assert_eq!(fixture.members().await, 1);
    assert_eq!(
        fixture.kinds().await[1..],
        [
            "invitation.sent",
            "invitation.cancelled",
            "invitation.sent",
            "invitation.declined",
            "invitation.sent"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_verified_owner_of_the_address_accepts() {
    let fixture = Fixture::start().await;
    let (grace, mary) = (
        fixture.app.user("Grace").await,
        fixture.app.user("Mary").await,
    );
    fixture
        .invite("grace@users.test", Role::Owner)
        .await
        .expect("invited");
    let token = fixture.token("grace@users.test").await;
    let refused = fixture.accept(&mary, &token).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");

    fixture
        .app
        .sql("update users set email_verified_at = null where email = 'grace@users.test'")
        .await;
    let refused = fixture.accept(&grace, &token).await;
    assert!(matches!(refused, Err(Error::VerifyFirst)), "{refused:?}");
    fixture
        .app
        .sql("update users set email_verified_at = now(), email = 'new@users.test' where email = 'grace@users.test'")
        .await;
    // Her session still says the address she had.
    assert_eq!(grace.email.as_str(), "grace@users.test");
    let refused = fixture.accept(&grace, &token).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(fixture.members().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_five_links_work() {
    let fixture = Fixture::start().await;
    fixture
        .invite("a@x.test", Role::Member)
        .await
        .expect("invited");
    let mut links = vec![fixture.token("a@x.test").await];
    let id = fixture.id_of("a@x.test").await;
    let invitations = &fixture.app.services.invitations;
    for _ in 0..5 {
        fixture.wait(Duration::SECOND);
        let path = invitations.renew_link(&fixture.access, id).await;
        links.push(token_in(&path.expect("a link")));
    }
    let mut work = Vec::new();
    for link in &links {
        work.push(invitations.find_by_token(link).await.is_ok());
    }
    assert_eq!(work, [false, true, true, true, true, true]);
    invitations
        .cancel(&fixture.access, id)
        .await
        .expect("cancelled");
    let left: i64 = sqlx::query_scalar("select count(*) from invitation_token")
        .fetch_one(fixture.app.services.db.pool())
        .await
        .expect("a count");
    assert_eq!(left, 0, "all end with the invitation");
    let closed = invitations.renew_link(&fixture.access, id).await;
    assert!(matches!(closed, Err(Error::Conflict(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_removed_does_not_come_back_by_an_open_invitation() {
    let fixture = Fixture::with_seats(10).await;
    let grace = fixture.app.user("Grace").await;
    let org = fixture.access.org_id();
    let member = fixture.app.add_member(org, &grace, Role::Member).await;
    fixture
        .invite("later@users.test", Role::Admin)
        .await
        .expect("invited");
    let token = fixture.token("later@users.test").await;
    fixture
        .app
        .sql("update users set email = 'later@users.test' where email = 'grace@users.test'")
        .await;
    let refused = fixture.accept(&grace, &token).await;
    assert!(
        matches!(refused, Err(Error::Conflict(_))),
        "a member already"
    );
    let orgs = &fixture.app.services.orgs;
    orgs.remove_member(&fixture.access, member)
        .await
        .expect("removed");
    assert_eq!(fixture.list(InvitationState::Cancelled).await.total, 1);
    let found = fixture.app.services.invitations.find_by_token(&token).await;
    assert!(matches!(found, Err(Error::DeadLink)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_is_reminded_once() {
    let fixture = Fixture::with_seats(10).await;
    for email in ["a@x.test", "b@x.test"] {
        fixture.invite(email, Role::Member).await.expect("invited");
    }
    let invitations = &fixture.app.services.invitations;
    assert_eq!(invitations.remind().await.expect("nobody yet"), 0);
    let id = fixture.id_of("b@x.test").await;
    invitations
        .cancel(&fixture.access, id)
        .await
        .expect("cancelled");
    fixture.wait(Duration::days(2));
    let (one, other) = tokio::join!(invitations.remind(), invitations.remind());
    assert_eq!(one.expect("done") + other.expect("done"), 1);
    assert_eq!(invitations.remind().await.expect("once"), 0);
    let letters = fixture.app.mail_to("a@x.test").await;
    assert_eq!(letters.len(), 2);
    assert!(letters[1].subject.contains("still open"), "{letters:?}");
    assert_eq!(fixture.app.mail_to("b@x.test").await.len(), 1);
    // Both links work.
    for letter in &letters {
        let token = token_in(&letter.button.as_ref().expect("a link").path);
        assert!(invitations.find_by_token(&token).await.is_ok());
    }
    // Nobody is reminded of what has expired.
    fixture
        .invite("c@x.test", Role::Member)
        .await
        .expect("invited");
    fixture.wait(Duration::days(8));
    assert_eq!(invitations.remind().await.expect("done"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pasted_is_sent_whole_or_not_at_all() {
    let fixture = Fixture::with_seats(10).await;
    let invitations = &fixture.app.services.invitations;
    let pasted = "Ada Lovelace <ada@x.test>, bob@y.test; \"Hopper, Grace\" <grace@z.test>\n";
    let sent = invitations
        .invite_many(&fixture.access, pasted, Role::Admin)
        .await;
    assert_eq!(sent.expect("sent"), InvitedMany::Sent(3));
    let sent = invitations
        .invite_many(&fixture.access, pasted, Role::Admin)
        .await;
    assert_eq!(sent.expect("the same again"), InvitedMany::Sent(3));
    assert_eq!(fixture.app.mail_to("ada@x.test").await.len(), 1);
    assert_eq!(fixture.list(InvitationState::Pending).await.total, 3);

    let pasted = "new@x.test, Ada@Users.test, nonsense, new@x.test";
    let outcome = invitations
        .invite_many(&fixture.access, pasted, Role::Member)
        .await;
    let Ok(InvitedMany::ToCheck(draft)) = outcome else {
        panic!("something is wrong with it: {outcome:?}");
    };
    assert!(fixture.app.mail_to("new@x.test").await.is_empty());
    let checked = invitations.get_draft(&fixture.access, draft).await;
    let checked = checked.expect("it is kept");
    let refused: Vec<bool> = checked
        .rows
        .iter()
        .map(|row| matches!(row.result, RowResult::Refused(_)))
        .collect();
    assert_eq!(refused, [false, true, true, true]);

    // Somebody else cannot see or send it.
    let admin = fixture.member("Alan", Role::Admin).await;
    let theirs = invitations.get_draft(&admin, draft).await;
    assert!(matches!(theirs, Err(Error::NotFound)));
    let theirs = invitations.send_draft(&admin, draft, 1).await;
    assert!(matches!(theirs, Err(Error::NotFound)));

    let sent = invitations.send_draft(&fixture.access, draft, 1).await;
    assert_eq!(sent.expect("sent"), 1);
    assert_eq!(fixture.app.mail_to("new@x.test").await.len(), 1);
    let again = invitations.send_draft(&fixture.access, draft, 1).await;
    assert!(matches!(again, Err(Error::NotFound)));
    let nothing = invitations
        .invite_many(&fixture.access, " ,;\n", Role::Member)
        .await;
    assert!(
        matches!(nothing, Err(Error::Invalid(invalid)) if invalid.field.as_deref() == Some("addresses"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_there_are_seats_invites_nobody() {
    let fixture = Fixture::start().await;
    let invitations = &fixture.app.services.invitations;
    let pasted = "a@x.test b@x.test c@x.test";
    let outcome = invitations
        .invite_many(&fixture.access, pasted, Role::Member)
        .await;
    let Ok(InvitedMany::ToCheck(draft)) = outcome else {
        panic!("two seats are left: {outcome:?}");
    };
    assert_eq!(fixture.list(InvitationState::Pending).await.total, 0);
    let checked = invitations
        .get_draft(&fixture.access, draft)
        .await
        .expect("kept");
    assert_eq!(checked.sendable(), 2);
    // A seat is taken meanwhile: the promise cannot be kept, and nothing is half done.
    fixture
        .invite("d@x.test", Role::Member)
        .await
        .expect("invited");
    let outcome = invitations.send_draft(&fixture.access, draft, 2).await;
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
    assert_eq!(fixture.list(InvitationState::Pending).await.total, 1);
    let checked = invitations
        .get_draft(&fixture.access, draft)
        .await
        .expect("kept");
    assert_eq!(checked.sendable(), 1);
    let hundred: Vec<String> = (0..101).map(|number| format!("p{number}@x.test")).collect();
    fixture.set_seats(1_000).await;
    let outcome = invitations
        .invite_many(&fixture.access, &hundred.join("\n"), Role::Member)
        .await;
    let Ok(InvitedMany::ToCheck(draft)) = outcome else {
        panic!("a hundred at once: {outcome:?}");
    };
    let checked = invitations
        .get_draft(&fixture.access, draft)
        .await
        .expect("kept");
    assert_eq!((checked.rows.len(), checked.sendable()), (101, 100));
    fixture.wait(Duration::hours(1));
    let gone = invitations.get_draft(&fixture.access, draft).await;
    assert!(matches!(gone, Err(Error::NotFound)), "it lives for an hour");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_looked_at_row_by_row_before_anybody_is_invited() {
    let fixture = Fixture::with_seats(100).await;
    fixture
        .invite("old@x.test", Role::Member)
        .await
        .expect("invited");
    let file = b"\xef\xbb\xbfName;E-Mail;Role\r\n\
        \"Ada\nLovelace\";ada@x.test;Admin\r\n\
        Bob;bob@x.test;\r\n\
        Carol;carol@x.test;boss\r\n\
        Bob again;BOB@x.test;member\r\n\
        Formula;=HYPERLINK(\"http://evil.test\");member\r\n\
        Old;old@x.test;admin\r\n\
        ;;\r\n";
    let invitations = &fixture.app.services.invitations;
    let draft = invitations
        .import(&fixture.access, file)
        .await
        .expect("read");
    assert!(fixture.app.mail_to("ada@x.test").await.is_empty());
    let checked = invitations
        .get_draft(&fixture.access, draft)
        .await
        .expect("kept");
    let results: Vec<_> = checked
        .rows
        .iter()
        .map(|checked| match &checked.result {
            RowResult::New(role) => format!("new {role}"),
            RowResult::Again(role) => format!("again {role}"),
            RowResult::Refused(why) => why.clone(),
        })
        .collect();
    assert_eq!(
        results,
        [
            "new admin",
            "new member",
            "There is no such role.",
            "This address is in the list twice.",
            "This looks like a formula, not like an address.",
            "again admin",
        ]
    );
    assert_eq!(checked.rows[1].row.line, 4, "as an editor counts");
    let outcomes = tokio::join!(
        invitations.send_draft(&fixture.access, draft, 3),
        invitations.send_draft(&fixture.access, draft, 3),
    );
    let sent = [outcomes.0, outcomes.1];
    assert_eq!(sent.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(fixture.list(InvitationState::Pending).await.total, 3);
    assert_eq!(fixture.app.mail_to("ada@x.test").await.len(), 1);
    let empty = invitations.import(&fixture.access, b"email,role\n").await;
    assert!(matches!(empty, Err(Error::Invalid(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_mails_five_hundred_invitations_a_day() {
    let fixture = Fixture::with_seats(1_000).await;
    let kind = ActivityKind::InvitationSent.as_str();
    fixture
        .app
        .sql_with(
            "insert into activity (id, organization_id, actor_name, kind)
             select gen_random_uuid(), $1::uuid, 'Ada', $2 from generate_series(1, 498)",
            &[&fixture.access.org_id().to_string(), kind],
        )
        .await;
    let invitations = &fixture.app.services.invitations;
    let three = invitations
        .invite_many(&fixture.access, "a@x.test b@x.test c@x.test", Role::Member)
        .await;
    assert!(is_limit(&three));
    assert_eq!(fixture.list(InvitationState::Pending).await.total, 0);
    for email in ["a@x.test", "b@x.test"] {
        fixture.invite(email, Role::Member).await.expect("within");
    }
    assert!(is_limit(&fixture.invite("c@x.test", Role::Member).await));
    fixture.wait(Duration::days(2));
    fixture
        .invite("c@x.test", Role::Member)
        .await
        .expect("another day");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_paged_and_searched_and_of_one_organization() {
    let fixture = Fixture::with_seats(1_000).await;
    let pasted: Vec<String> = (0..60)
        .map(|number| format!("p{number:02}@x.test"))
        .collect();
    let invitations = &fixture.app.services.invitations;
    let sent = invitations
        .invite_many(&fixture.access, &pasted.join(","), Role::Member)
        .await;
    assert_eq!(sent.expect("sent"), InvitedMany::Sent(60));
    let page = |query: InvitationListQuery| {
        let access = &fixture.access;
        async move { invitations.list(access, &query).await.expect("a page") }
    };
    let second = page(InvitationListQuery {
        page: PageNumber::new(2),
        ..Default::default()
    })
    .await;
    assert_eq!((second.total, second.rows.len()), (60, 10));
    let found = page(InvitationListQuery {
        search: "P1".to_owned(),
        ..Default::default()
    })
    .await;
    assert_eq!(found.total, 10);
    let literal = page(InvitationListQuery {
        search: "%".to_owned(),
        ..Default::default()
    })
    .await;
    assert_eq!(literal.total, 0);

    // What belongs to another organization is not there.
    let mary = fixture.app.user("Mary").await;
    let slug = fixture.app.org("other", &mary).await;
    let access = fixture.app.access(&mary, &slug).await;
    let id = second.rows[0].id;
    let query = InvitationListQuery::default();
    let theirs = invitations.list(&access, &query).await;
    assert_eq!(theirs.expect("a page").total, 0);
    for refused in [
        invitations.cancel(&access, id).await,
        invitations.resend(&access, id).await,
        invitations.renew_link(&access, id).await.map(|_link| ()),
    ] {
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
}
