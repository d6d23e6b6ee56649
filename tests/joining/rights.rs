//! Who decides about joining.

use orghub::{
    access::OrgAccess,
    domain::{DomainPolicy, Email, PageNumber, Role},
    error::Error,
};

use crate::{Team, asking};

#[tokio::test]
async fn only_those_who_may_invite_decide_about_joining() {
    let team = Team::start().await;
    let acme = team.verify("acme.test", DomainPolicy::MayAsk).await;
    let link = team.link(asking()).await;
    let asker = team.user("Asker").await;
    team.follow(&asker, &link).await.expect("asked");
    let (link, request) = {
        let ways = team.ways().await;
        (ways.links[0].id, ways.requests.rows[0].id)
    };
    let email = Email::parse("admin@other.test").expect("an address");
    let all = async |access: &OrgAccess| {
        let joining = team.joining();
        let policy = DomainPolicy::MayJoin;
        [
            joining.make_link(access, &asking()).await.map(|_| ()),
            joining.revoke_link(access, link).await,
            joining.send_domain_code(access, &email).await.map(|_| ()),
            joining.verify_domain(access, &acme, "000000").await,
            joining.change_domain_policy(access, &acme, policy).await,
            joining.remove_domain(access, &acme).await,
            joining.accept_request(access, request).await,
            joining.decline_request(access, request).await,
            joining
                .list_ways(access, PageNumber::FIRST)
                .await
                .map(|_| ()),
        ]
    };
    for role in [Role::Member, Role::Billing] {
        let user = team.user(role.as_str()).await;
        team.app.add_member(team.access.org_id(), &user, role).await;
        let access = team.app.access(&user, &team.slug).await;
        for outcome in all(&access).await {
            assert!(
                matches!(outcome, Err(Error::Forbidden)),
                "{role}: {outcome:?}"
            );
        }
    }

    // Whoever lost the role meanwhile has a proof of before.
    let admin = team.user("Admin").await;
    team.app
        .add_member(team.access.org_id(), &admin, Role::Admin)
        .await;
    let access = team.app.access(&admin, &team.slug).await;
    team.app
        .sql_announced("update member set role = 'member' where role = 'admin'")
        .await;
    for outcome in &all(&access).await[..8] {
        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
    }
    team.app
        .sql_announced("update member set suspended_at = now() where role = 'member'")
        .await;
    for outcome in &all(&access).await[..8] {
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
    }
}
