//! Who has to ask is answered, and those who answer hear of it.

use orghub::{
    domain::{DECLINED_FOR, DomainPolicy, JoinRequest, JoinStanding, Joined, Role},
    error::Error,
};
use time::Duration;

use crate::{Team, asking, domain};

impl Team {
    async fn requests(&self) -> Vec<JoinRequest> {
        self.ways().await.requests.rows
    }
}

#[tokio::test]
async fn who_asks_is_answered() {
    let team = Team::start().await;
    team.verify("users.test", DomainPolicy::MayAsk).await;
    let [grace, alan] = [team.user("Grace").await, team.user("Alan").await];
    for _ in 0..2 {
        assert_eq!(team.join(&grace).await.expect("asked"), Joined::Asked);
    }
    assert!(team.joinable(&grace).await[0].has_asked);
    assert!(!team.is_member(&grace).await);
    team.join(&alan).await.expect("asked");
    let requests = team.requests().await;
    let names: Vec<_> = requests.iter().map(|request| &request.name).collect();
    assert_eq!(names, ["Grace", "Alan"], "the longest waiting first");
    assert_eq!(requests[0].domain, Some(domain("users.test")));

    let accept = |request| team.joining().accept_request(&team.access, request);
    team.set_seats(1).await;
    let full = accept(requests[0].id).await;
    assert!(matches!(full, Err(Error::LimitReached(_))), "{full:?}");
    team.set_seats(2).await;
    accept(requests[0].id).await.expect("accepted");
    assert!(team.is_member(&grace).await);
    let again = accept(requests[0].id).await;
    assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
    let told = team.app.mail_to("grace@users.test").await;
    assert!(
        told.last()
            .expect("a letter")
            .subject
            .contains("You are a member")
    );

    let decline = team.joining().decline_request(&team.access, requests[1].id);
    decline.await.expect("declined");
    let told = team.app.mail_to("alan@users.test").await;
    assert!(told.last().expect("a letter").paragraphs[1].contains("declined"));
    assert!(team.requests().await.is_empty());
    assert!(!team.is_member(&alan).await);
    let refused = team.join(&alan).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    // By another way they may.
    let link = team.link(asking()).await;
    assert_eq!(
        team.follow(&alan, &link).await.expect("asked"),
        Joined::Asked
    );
    let request = team.requests().await[0].id;
    let decline = team.joining().decline_request(&team.access, request);
    decline.await.expect("declined");
    let standing = team.standing(&alan, &link).await.expect("it works");
    assert_eq!(standing, JoinStanding::Declined);
    team.advance(DECLINED_FOR);
    assert_eq!(team.join(&alan).await.expect("asked"), Joined::Asked);
    assert!(team.joining().delete_old().await.is_ok());
    assert_eq!(team.requests().await.len(), 1, "open ones stay");
}

#[tokio::test]
async fn what_somebody_asks_ends_with_what_it_is_about() {
    let team = Team::start().await;
    let link = team.link(asking()).await;
    let users = team.users(4).await;
    for user in &users {
        team.follow(user, &link).await.expect("asked");
    }
    let standing = team.standing(&users[0], &link).await.expect("it works");
    assert_eq!(standing, JoinStanding::Asked);
    assert_eq!(team.ways().await.links[0].uses, 4);
    // Made a member in another way, who leaves again.
    let org = team.access.org_id();
    team.app.add_member(org, &users[0], Role::Member).await;
    let access = team.app.access(&users[0], &team.slug).await;
    team.app.services.orgs.leave(&access).await.expect("left");
    team.app
        .sql("update users set banned_at = now() where name = 'User 1'")
        .await;
    team.app
        .sql("update users set banned_at = null where name = 'User 1'")
        .await;
    team.app
        .sql("delete from users where name = 'User 2'")
        .await;
    let left = team.requests().await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].name, "User 3");
    // Revoking the link leaves those who wait.
    let id = team.ways().await.links[0].id;
    let revoked = team.joining().revoke_link(&team.access, id).await;
    revoked.expect("revoked");
    let accept = team.joining().accept_request(&team.access, left[0].id);
    accept.await.expect("accepted");
    assert!(team.is_member(&users[3]).await);
}

#[tokio::test]
async fn those_who_answer_are_mailed_once_a_day() {
    let team = Team::start().await;
    let link = team.link(asking()).await;
    let users = team.users(3).await;
    let mailed = async || team.app.mail_to("ada@users.test").await.len();
    let before = mailed().await;
    team.follow(&users[0], &link).await.expect("asked");
    team.follow(&users[1], &link).await.expect("asked");
    assert_eq!(mailed().await, before + 1);
    assert_eq!(team.joining().send_notices().await.expect("none"), 0);
    team.advance(Duration::DAY);
    let sent = team.joining().send_notices().await;
    assert_eq!(sent.expect("one"), 1, "of the second one");
    assert_eq!(team.joining().send_notices().await.expect("none"), 0);
    assert_eq!(mailed().await, before + 2);
    team.advance(Duration::DAY);
    assert_eq!(
        team.joining().send_notices().await.expect("none"),
        0,
        "nobody came since"
    );
    team.follow(&users[2], &link).await.expect("asked");
    assert_eq!(mailed().await, before + 3);
}
