//! Who can accept an invitation, by which links, until when, and what comes of it.

use futures::future::join_all;
use orghub::{
    auth::LinkToken,
    domain::{InvitationState, Role},
    error::Error,
};
use time::Duration;

use crate::{Fixture, token_in};

impl Fixture {
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
async fn what_was_decided_or_has_expired_leads_nowhere() {
    let fixture = Fixture::with_seats(10).await;
    let grace = fixture.app.user("Grace").await;
    let email = "grace@users.test";
    let invitations = &fixture.app.services.invitations;
    let never = LinkToken::of(&"0".repeat(64));
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
