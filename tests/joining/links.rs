//! Links: whoever has one joins, if it is for them, as long as it works and there is room.

use futures::future::join_all;
use orghub::{
    auth::LinkToken,
    domain::{JoinLinkLife, JoinLinkTerms, JoinStanding, Joined, MAX_JOIN_LINKS, Role},
    error::{Error, Result},
};
use time::Duration;

use crate::{Team, domain};

impl Team {
    async fn members(&self) -> i64 {
        self.number("select count(*) from member").await
    }
}

fn for_domains(domains: &[&str]) -> JoinLinkTerms {
    JoinLinkTerms {
        allowed_domains: domains.iter().map(|text| domain(text)).collect(),
        ..JoinLinkTerms::default()
    }
}

fn is_dead<T: std::fmt::Debug>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::DeadLink))
}

#[tokio::test]
async fn whoever_has_a_link_becomes_a_member_and_nothing_more() {
    let team = Team::start().await;
    let grace = team.user("Grace").await;
    let link = team.link(JoinLinkTerms::default()).await;
    assert!(!team.is_member(&grace).await, "which is remembered");
    assert_eq!(
        team.standing(&grace, &link).await.expect("it works"),
        JoinStanding::Ready
    );
    let offer = team.joining().find_offer(None, &link).await;
    let offer = offer.expect("it works");
    assert_eq!(offer.standing, JoinStanding::SignedOut);
    assert_eq!(offer.org_name, "Organization team");
    assert_eq!(team.members().await, 1, "looking changes nothing");

    for _ in 0..2 {
        let joined = team.follow(&grace, &link).await.expect("joined");
        assert_eq!(joined, Joined::Member(team.slug.clone()));
    }
    let access = team.app.access(&grace, &team.slug).await;
    assert_eq!(access.role(), Role::Member);
    assert_eq!(team.members().await, 2);
    assert_eq!(
        team.ways().await.links[0].uses,
        1,
        "the second time was none"
    );
    assert_eq!(
        team.kinds().await.last().expect("an entry"),
        "join_link.used"
    );
    let standing = team.standing(&grace, &link).await.expect("it works");
    assert_eq!(standing, JoinStanding::Member(team.slug.clone()));
}

#[tokio::test]
async fn links_that_do_not_work_look_alike() {
    let team = Team::start().await;
    let [grace, alan] = [team.user("Grace").await, team.user("Alan").await];
    let revoked = team.link(JoinLinkTerms::default()).await;
    let id = team.ways().await.links[0].id;
    let revoke = || team.joining().revoke_link(&team.access, id);
    revoke().await.expect("revoked");
    assert!(matches!(revoke().await, Err(Error::NotFound)), "once");
    let used_up = team
        .link(JoinLinkTerms {
            most_uses: Some(1),
            ..JoinLinkTerms::default()
        })
        .await;
    team.follow(&alan, &used_up).await.expect("the first");
    let expired = team
        .link(JoinLinkTerms {
            life: JoinLinkLife::Day,
            ..JoinLinkTerms::default()
        })
        .await;
    let endless = team
        .link(JoinLinkTerms {
            life: JoinLinkLife::Endless,
            ..JoinLinkTerms::default()
        })
        .await;
    team.advance(Duration::DAY - Duration::MINUTE);
    assert!(team.standing(&grace, &expired).await.is_ok());
    team.advance(Duration::MINUTE * 2);
    let unknown = [
        LinkToken::of(""),
        LinkToken::of("x"),
        LinkToken::of(&"0".repeat(64)),
    ];
    for token in [&revoked, &used_up, &expired].into_iter().chain(&unknown) {
        assert!(is_dead(&team.follow(&grace, token).await));
        assert!(is_dead(&team.standing(&grace, token).await));
        assert!(is_dead(&team.joining().find_offer(None, token).await));
    }
    assert_eq!(team.ways().await.links.len(), 1, "none but the endless one");
    assert_eq!(
        team.standing(&grace, &endless).await.expect("it works"),
        JoinStanding::Ready
    );

    team.app
        .sql_announced("update member set suspended_at = now() where role = 'member'")
        .await;
    assert!(is_dead(&team.standing(&alan, &endless).await), "suspended");
    assert!(is_dead(&team.follow(&alan, &endless).await), "suspended");
    team.app
        .sql_announced("update organization set deleted_at = now()")
        .await;
    assert!(is_dead(&team.standing(&grace, &endless).await), "deleted");
    assert!(is_dead(&team.follow(&grace, &endless).await), "deleted");
}

#[tokio::test]
async fn a_link_for_a_domain_is_for_exactly_that_domain() {
    let team = Team::start().await;
    let grace = team.user("Grace").await;
    let link = team.link(for_domains(&["acme.test", "users.test"])).await;
    for elsewhere in [
        "grace@mail.users.test",
        "grace@xusers.test",
        "grace@users.test.evil.test",
        "grace@test",
    ] {
        let user = team.with_email(&grace, elsewhere).await;
        let standing = team.standing(&user, &link).await.expect("it works");
        assert_eq!(standing, JoinStanding::WrongDomain, "{elsewhere}");
        let refused = team.follow(&user, &link).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{elsewhere}");
        // Whatever a session says that is old by now.
        let refused = team.follow(&grace, &link).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{elsewhere}");
    }
    let user = team.with_email(&grace, "grace@users.test").await;
    team.app
        .sql("update users set email_verified_at = null where name = 'Grace'")
        .await;
    let refused = team.follow(&user, &link).await;
    assert!(matches!(refused, Err(Error::VerifyFirst)), "{refused:?}");
    team.app
        .sql("update users set email_verified_at = now()")
        .await;
    team.follow(&user, &link).await.expect("joined");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_gets_the_last_seat() {
    let team = Team::start().await;
    team.set_seats(2).await;
    let users = team.users(6).await;
    let link = team.link(JoinLinkTerms::default()).await;
    let joined = join_all(users.iter().map(|user| team.follow(user, &link))).await;
    assert_eq!(joined.iter().filter(|joined| joined.is_ok()).count(), 1);
    for refused in joined.iter().filter(|joined| joined.is_err()) {
        let Err(Error::LimitReached(sentence)) = refused else {
            panic!("{refused:?}");
        };
        assert!(
            !sentence.contains('2'),
            "how many there are is nobody's business"
        );
    }
    assert_eq!(team.members().await, 2);
    assert_eq!(team.ways().await.links[0].uses, 1);
    let standing = team.standing(&team.user("Late").await, &link).await;
    assert_eq!(standing.expect("it works"), JoinStanding::Full);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_lets_in_as_many_as_it_may() {
    let team = Team::start().await;
    let users = team.users(6).await;
    let terms = JoinLinkTerms {
        most_uses: Some(2),
        ..JoinLinkTerms::default()
    };
    let link = team.link(terms).await;
    let joined = join_all(users.iter().map(|user| team.follow(user, &link))).await;
    assert_eq!(joined.iter().filter(|joined| joined.is_ok()).count(), 2);
    assert_eq!(joined.iter().filter(|joined| is_dead(joined)).count(), 4);
    assert_eq!(team.members().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_joins_by_a_link_after_it_was_revoked() {
    let team = Team::start().await;
    let users = team.users(6).await;
    let link = team.link(JoinLinkTerms::default()).await;
    let id = team.ways().await.links[0].id;
    let (before, after) = users.split_at(3);
    let (joined, ()) = tokio::join!(
        join_all(before.iter().map(|user| team.follow(user, &link))),
        async {
            let revoked = team.joining().revoke_link(&team.access, id).await;
            revoked.expect("revoked");
            for user in after {
                assert!(is_dead(&team.follow(user, &link).await));
            }
        }
    );
    let in_time = joined.iter().filter(|joined| joined.is_ok()).count();
    assert!(
        joined
            .iter()
            .all(|joined| joined.is_ok() || is_dead(joined))
    );
    let in_time = i64::try_from(in_time).expect("a few");
    assert_eq!(team.members().await, 1 + in_time);
    let uses = team.number("select uses::bigint from join_link").await;
    assert_eq!(uses, in_time);
}

#[tokio::test]
async fn an_organization_has_ten_links_at_most() {
    let team = Team::start().await;
    for _ in 0..MAX_JOIN_LINKS {
        team.link(JoinLinkTerms::default()).await;
    }
    let make = || async {
        let terms = JoinLinkTerms::default();
        team.joining().make_link(&team.access, &terms).await
    };
    assert!(matches!(make().await, Err(Error::LimitReached(_))));
    team.advance(Duration::days(8));
    make().await.expect("the others are over");
}
