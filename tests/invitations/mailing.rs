//! How often an invitation is mailed, and how many are.

use orghub::{
    domain::{ActivityKind, InvitationState, Role},
    error::Error,
};
use time::Duration;

use crate::{Fixture, is_limit, token_in};

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
