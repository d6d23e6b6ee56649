//! The list of an organization's invitations.

use orghub::{
    domain::{InvitationListQuery, PageNumber, Role},
    error::Error,
    invitations::InvitedMany,
};

use crate::Fixture;

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
