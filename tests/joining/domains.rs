//! People with an address at a verified domain join as its organization has decided.

use orghub::{
    auth::{ClientInfo, LinkToken, NewAccount},
    domain::{CurrentUser, DomainPolicy, Email, Invalid, Joined, NewPassword, OrgSlug, UserName},
    error::Error,
};
use orghub_test_support::browser;

use crate::{Team, domain};

impl Team {
    /// Somebody new signs up with this address and verifies it.
    async fn newcomer(&self, name: &str, address: &str) -> CurrentUser {
        let session = browser(&self.app.services, None);
        let email = Email::parse(address).expect("an address");
        let password = NewPassword::parse("a long walk by the river", &email, name);
        let new = NewAccount {
            name: UserName::parse(name).expect("a name"),
            email,
            password: password.expect("a good one"),
            next: String::new(),
        };
        let (auth, client) = (&self.app.services.auth, ClientInfo::default());
        let done = auth.sign_up(&session, new, &client).await;
        done.expect("the answer is always the same");
        let token = LinkToken::of(&self.app.mailed_token(address).await);
        let verified = auth
            .verify_email(&session, None, &token, "", &client)
            .await
            .expect("the address is verified");
        verified.user
    }

    async fn orgs_of(&self, user: &CurrentUser) -> Vec<OrgSlug> {
        let orgs = self.app.services.orgs.list_mine(user).await;
        let orgs = orgs.expect("a list");
        orgs.iter().map(|org| org.slug.clone()).collect()
    }
}

#[tokio::test]
async fn people_of_a_domain_join_as_its_organization_has_decided() {
    let team = Team::start().await;
    let grace = team.user("Grace").await;
    let users = team.verify("users.test", DomainPolicy::Off).await;
    assert!(team.joinable(&grace).await.is_empty());
    assert!(matches!(team.join(&grace).await, Err(Error::NotFound)));

    let decide = async |policy| {
        let joining = team.joining();
        let decided = joining.change_domain_policy(&team.access, &users, policy);
        decided.await.expect("decided");
    };
    decide(DomainPolicy::MayJoin).await;
    let found = team.joinable(&grace).await;
    assert_eq!(found.len(), 1, "what was remembered has ended");
    assert_eq!(found[0].name, "Organization team");
    for elsewhere in ["grace@mail.users.test", "grace@xusers.test"] {
        let stranger = team.with_email(&grace, elsewhere).await;
        assert!(team.joinable(&stranger).await.is_empty(), "{elsewhere}");
        assert!(matches!(team.join(&stranger).await, Err(Error::NotFound)));
        assert!(matches!(team.join(&grace).await, Err(Error::NotFound)));
    }
    let grace = team.with_email(&grace, "grace@users.test").await;
    let unverified = CurrentUser {
        email_verified: false,
        ..grace.user().clone()
    };
    assert!(team.joinable(&unverified).await.is_empty());

    let joined = team.join(&grace).await.expect("joined");
    assert_eq!(joined, Joined::Member(team.slug.clone()));
    assert!(team.is_member(&grace).await);
    assert!(team.joinable(&grace).await.is_empty(), "a member already");
    assert_eq!(
        team.kinds().await.last().expect("an entry"),
        "domain.joined"
    );

    decide(DomainPolicy::Off).await;
    assert!(team.is_member(&grace).await, "members stay members");
    let removed = team.joining().remove_domain(&team.access, &users).await;
    removed.expect("removed");
    assert!(team.is_member(&grace).await);
}

#[tokio::test]
async fn who_is_suspended_or_comes_to_a_deleted_organization_is_offered_nothing() {
    let team = Team::start().await;
    team.verify("users.test", DomainPolicy::MayJoin).await;
    let [grace, alan] = [team.user("Grace").await, team.user("Alan").await];
    team.join(&grace).await.expect("joined");
    assert_eq!(team.joinable(&alan).await.len(), 1);
    team.app
        .sql_announced("update member set suspended_at = now() where role = 'member'")
        .await;
    assert!(team.joinable(&grace).await.is_empty());
    assert!(matches!(team.join(&grace).await, Err(Error::NotFound)));

    team.app
        .sql_announced("update organization set deleted_at = now()")
        .await;
    assert!(team.joinable(&alan).await.is_empty());
    assert!(matches!(team.join(&alan).await, Err(Error::NotFound)));
    team.app
        .sql_announced("update organization set deleted_at = null")
        .await;
    assert_eq!(team.joinable(&alan).await.len(), 1, "restored");
}

#[tokio::test]
async fn whoever_verifies_an_address_joins_by_themselves() {
    let team = Team::start().await;
    team.verify("acme.test", DomainPolicy::Joins).await;
    let grace = team.newcomer("Grace", "grace@acme.test").await;
    assert_eq!(team.orgs_of(&grace).await, std::slice::from_ref(&team.slug));
    let letters = team.app.mail_to("grace@acme.test").await;
    let told = letters.last().expect("a letter");
    assert!(
        told.subject.contains("You are a member of"),
        "{}",
        told.subject
    );
    assert_eq!(
        team.kinds().await.last().expect("an entry"),
        "domain.joined"
    );
    let stranger = team.newcomer("Eve", "eve@sub.acme.test").await;
    assert!(team.orgs_of(&stranger).await.is_empty());

    // Without a seat nothing fails, and the organization is among those they can join.
    team.set_seats(2).await;
    let alan = team.newcomer("Alan", "alan@acme.test").await;
    assert!(team.orgs_of(&alan).await.is_empty());
    assert_eq!(team.joinable(&alan).await.len(), 1);
}

#[tokio::test]
async fn who_has_left_does_not_come_back_by_forgetting_a_password() {
    let team = Team::start().await;
    team.verify("acme.test", DomainPolicy::Joins).await;
    let address = "grace@acme.test";
    let grace = team.newcomer("Grace", address).await;
    team.app
        .sql_announced("delete from member where role = 'member'")
        .await;
    let (auth, email) = (&team.app.services.auth, &grace.email);
    let reset = async || {
        auth.send_reset_link(email).await.expect("a link is mailed");
        let token = LinkToken::of(&team.app.mailed_token(address).await);
        let password = NewPassword::parse("seven swans over the lake", email, "Grace");
        let done = auth.reset_password(&token, password.expect("a good one"));
        done.await.expect("the password is set");
    };
    reset().await;
    assert!(team.orgs_of(&grace).await.is_empty());

    // Whoever verifies the address by it, for the first time, does join.
    team.app
        .sql_announced("update users set email_verified_at = null where name = 'Grace'")
        .await;
    reset().await;
    assert_eq!(team.orgs_of(&grace).await, std::slice::from_ref(&team.slug));
}

#[tokio::test]
async fn who_changes_to_an_address_at_the_domain_joins() {
    let team = Team::start().await;
    team.verify("acme.test", DomainPolicy::Joins).await;
    let grace = team.user("Grace").await;
    let (auth, client) = (&team.app.services.auth, ClientInfo::default());
    let email = Email::parse("grace@acme.test").expect("an address");
    let asked = auth.request_email_change(&grace, &email, &client).await;
    asked.expect("a link is mailed");
    assert!(!team.is_member(&grace).await, "not before it is verified");
    let token = LinkToken::of(&team.app.mailed_token("grace@acme.test").await);
    auth.change_email(&token).await.expect("changed");
    assert!(team.is_member(&grace).await);
}

#[tokio::test]
async fn people_of_a_domain_join_one_organization_by_themselves() {
    let team = Team::start().await;
    team.verify("acme.test", DomainPolicy::Joins).await;
    let bea = team.user("Bea").await;
    let other = team.app.org("other", &bea).await;
    let other = team.app.access(&bea, &other).await;
    let both = team
        .verify_as(&other, "acme.test", DomainPolicy::Joins)
        .await;
    assert!(
        matches!(&both, Err(Error::Conflict(Invalid { field: Some(field), .. })) if field == "policy"),
        "{both:?}"
    );
    let acme = domain("acme.test");
    let joining = team.joining();
    let may = joining.change_domain_policy(&other, &acme, DomainPolicy::MayJoin);
    may.await.expect("several may let them join");
    let grace = team.newcomer("Grace", "grace@acme.test").await;
    assert_eq!(team.orgs_of(&grace).await, std::slice::from_ref(&team.slug));
    assert_eq!(team.joinable(&grace).await.len(), 1, "the other one");
}
