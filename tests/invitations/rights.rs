//! Who may invite whom.

use orghub::{
    domain::{InvitationListQuery, InvitationState, Role},
    error::Error,
};

use crate::Fixture;

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
