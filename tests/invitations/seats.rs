//! An open invitation takes a seat; without one nobody is invited, and nobody joins.

use futures::future::join_all;
use orghub::{
    domain::{InvitationState, Role},
    error::Error,
};
use time::Duration;

use crate::{Fixture, is_limit};

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
