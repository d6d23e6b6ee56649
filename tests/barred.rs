//! Members without access: suspended, in an organization that was deleted, or without the
//! second factor that it requires. Whatever was cached before, and whatever proof they held.

use orghub::{
    access::{OrgAccess, OrgLookup},
    auth::SignedIn,
    domain::{Barred, CurrentUser, OrgName, OrgSegment, OrgSlug, RESTORABLE_FOR, Role},
    error::{Error, Result},
};
use orghub_test_support::{TestApp, session_of};
use time::Duration;

struct Team {
    app: TestApp,
    slug: OrgSlug,
    owner: SignedIn,
    member: SignedIn,
    /// Of the member, from before anything happened to them.
    access: OrgAccess,
}

impl Team {
    /// With a warm cache.
    async fn start(role: Role) -> Self {
        let app = TestApp::start().await;
        let owner = app.user("Ada").await;
        let slug = app.org("team", &owner).await;
        let org = app.access(&owner, &slug).await.org_id();
        let member = app.user("Grace").await;
        app.add_member(org, &member, role).await;
        let access = app.access(&member, &slug).await;
        app.services.orgs.list_mine(&member).await.expect("a list");
        Self {
            app,
            slug,
            owner,
            member,
            access,
        }
    }

    async fn sql(&self, statement: &'static str) {
        self.app.sql_announced(statement).await;
    }

    async fn find(&self, user: &SignedIn) -> OrgLookup {
        let segment = OrgSegment::Slug(self.slug.clone());
        let found = self.app.services.access.find(user, &segment).await;
        found.expect("an answer")
    }

    async fn require(&self, user: &SignedIn) -> Result<OrgAccess> {
        self.app.services.access.require(user, &self.slug).await
    }

    async fn listed(&self, user: &CurrentUser) -> usize {
        let orgs = self.app.services.orgs.list_mine(user).await;
        orgs.expect("a list").len()
    }

    /// A change by the member with the proof from before.
    async fn rename(&self) -> Result<OrgSlug> {
        let name = OrgName::parse("Renamed").expect("a name");
        let orgs = &self.app.services.orgs;
        orgs.update(&self.access, name, self.slug.clone()).await
    }
}

#[tokio::test]
async fn who_is_suspended_looks_like_a_stranger_until_they_are_back() {
    let team = Team::start(Role::Admin).await;
    team.sql("update member set suspended_at = now() where role = 'admin'")
        .await;
    assert!(matches!(team.find(&team.member).await, OrgLookup::NotFound));
    assert!(matches!(
        team.require(&team.member).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(team.rename().await, Err(Error::NotFound)));
    assert_eq!(team.listed(&team.member).await, 0);
    assert!(matches!(
        team.find(&team.owner).await,
        OrgLookup::Granted(_)
    ));

    team.sql("update member set suspended_at = null").await;
    let OrgLookup::Granted(access) = team.find(&team.member).await else {
        panic!("back, and no access");
    };
    assert_eq!(access.role(), Role::Admin);
    assert_eq!(team.listed(&team.member).await, 1);
    team.rename().await.expect("renamed");
}

#[tokio::test]
async fn an_owner_who_is_suspended_does_not_count_as_one() {
    let team = Team::start(Role::Owner).await;
    team.sql("update member set suspended_at = now() where user_id in (select id from users where name = 'Grace')")
        .await;
    let access = team.app.access(&team.owner, &team.slug).await;
    let refused = team.app.services.orgs.leave(&access).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
}

#[tokio::test]
async fn of_a_deleted_organization_owners_see_that_it_can_be_restored_and_nobody_else_anything() {
    let team = Team::start(Role::Admin).await;
    team.sql("update organization set deleted_at = now()").await;
    assert!(matches!(team.find(&team.member).await, OrgLookup::NotFound));
    assert!(matches!(team.rename().await, Err(Error::NotFound)));
    assert_eq!(team.listed(&team.member).await, 0);
    assert_eq!(team.listed(&team.owner).await, 0);
    assert!(matches!(
        team.require(&team.owner).await,
        Err(Error::NotFound)
    ));
    let OrgLookup::Barred(Barred::Deleted { slug, .. }) = team.find(&team.owner).await else {
        panic!("the owner is told nothing");
    };
    assert_eq!(slug, team.slug);

    // It comes back into everybody's list, which did not depend on it meanwhile.
    team.sql("update organization set deleted_at = null").await;
    assert_eq!(team.listed(&team.member).await, 1);
    assert!(matches!(
        team.find(&team.member).await,
        OrgLookup::Granted(_)
    ));

    team.sql("update organization set deleted_at = now()").await;
    team.app
        .services
        .clock
        .advance(RESTORABLE_FOR + Duration::SECOND);
    assert!(matches!(team.find(&team.owner).await, OrgLookup::NotFound));
}

#[tokio::test]
async fn where_a_second_factor_is_required_who_has_none_is_told_from_that_day_on() {
    let team = Team::start(Role::Admin).await;
    team.sql("update organization set second_factor_from = now() + interval '1 day'")
        .await;
    team.require(&team.member).await.expect("still time");
    team.rename().await.expect("still time");

    team.app.services.clock.advance(Duration::days(2));
    let found = team.find(&team.member).await;
    assert!(
        matches!(found, OrgLookup::Barred(Barred::SecondFactor { .. })),
        "{found:?}"
    );
    assert!(matches!(
        team.require(&team.member).await,
        Err(Error::SecondFactorFirst)
    ));
    assert!(matches!(team.rename().await, Err(Error::NotFound)));
    assert_eq!(team.listed(&team.member).await, 1, "it stays in sight");

    team.sql("update users set second_factor_at = now() where name = 'Grace'")
        .await;
    let user = CurrentUser {
        has_second_factor: true,
        ..team.member.user().clone()
    };
    let member = SignedIn::claimed(user, session_of(team.member.id));
    team.require(&member).await.expect("a second factor");
}
