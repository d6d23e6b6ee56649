//! Many at once, pasted or from a file: checked before anybody is invited, and then all or
//! nobody.

use orghub::{
    domain::{InvitationState, Role, RowResult},
    error::Error,
    invitations::InvitedMany,
};
use time::Duration;

use crate::Fixture;

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
