//! Organizations: making them, naming them, and what their pages show.

use orghub::{
    access::OrgLookup,
    auth::SignedIn,
    domain::{ActivityKind, OrgName, OrgSegment, OrgSlug, Role},
    error::Error,
};
use orghub_test_support::TestApp;

fn slug(text: &str) -> OrgSlug {
    OrgSlug::parse(text).expect("a slug")
}

fn name(text: &str) -> OrgName {
    OrgName::parse(text).expect("a name")
}

async fn lookup(app: &TestApp, user: &SignedIn, at: &str) -> OrgLookup {
    app.services
        .access
        .find(user, &OrgSegment::Slug(slug(at)))
        .await
        .expect("an answer")
}

fn conflict_field<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Conflict(invalid)) => invalid.field.expect("about one field"),
        other => panic!("expected a conflict, not {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_makes_an_organization_owns_it_and_sees_it_at_once() {
    let app = TestApp::start().await;
    let other = app.another_node().await;
    let ada = app.user("Ada").await;
    assert!(
        app.services
            .orgs
            .list_mine(&ada)
            .await
            .expect("a list")
            .is_empty()
    );
    assert!(other.orgs.list_mine(&ada).await.expect("a list").is_empty());
    assert!(
        matches!(
            lookup(&app, &ada, "fixture-house").await,
            OrgLookup::NotFound
        ),
        "and that is cached"
    );

    app.services
        .orgs
        .create(&ada, &name("Fixture House"), &slug("fixture-house"))
        .await
        .expect("made");

    for services in [&app.services, &other] {
        let mine = services.orgs.list_mine(&ada).await.expect("a list");
        assert_eq!(mine.len(), 1);
        assert_eq!(
            (mine[0].name.as_str(), mine[0].slug.as_str(), mine[0].role),
            ("Fixture House", "fixture-house", Role::Owner)
        );
        assert!(
            services
                .access
                .require(&ada, &slug("fixture-house"))
                .await
                .is_ok()
        );
    }
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn my_organizations_are_listed_in_the_order_i_joined_them() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    app.org("zebra", &ada).await;
    let later = app.org("apple", &grace).await;
    let apple = app.access(&grace, &later).await;
    app.add_member(apple.org_id(), &ada, Role::Member).await;

    let mine = app.services.orgs.list_mine(&ada).await.expect("a list");
    let slugs: Vec<_> = mine.iter().map(|org| org.slug.as_str()).collect();
    assert_eq!(slugs, ["zebra", "apple"]);
    let default = app
        .services
        .access
        .find(&ada, &OrgSegment::Default)
        .await
        .expect("an answer");
    assert!(matches!(default, OrgLookup::Moved(slug) if slug.as_str() == "zebra"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_slug_is_a_conflict_on_its_field() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    assert!(
        app.services
            .orgs
            .is_slug_free(&ada, &slug("fixture-house"))
            .await
            .expect("an answer")
    );
    app.org("fixture-house", &ada).await;
    assert!(
        !app.services
            .orgs
            .is_slug_free(&ada, &slug("fixture-house"))
            .await
            .expect("an answer")
    );
    let outcome = app
        .services
        .orgs
        .create(&grace, &name("Another"), &slug("fixture-house"))
        .await;
    assert_eq!(conflict_field(outcome), "slug");
    assert!(
        app.services
            .orgs
            .list_mine(&grace)
            .await
            .expect("a list")
            .is_empty(),
        "nothing was left behind"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_want_a_slug_at_once_one_gets_it() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    for round in 0..10 {
        let wanted = slug(&format!("race-{round}"));
        let (name_a, name_b) = (name("A"), name("B"));
        let (first, second) = tokio::join!(
            app.services.orgs.create(&ada, &name_a, &wanted),
            app.services.orgs.create(&grace, &name_b, &wanted),
        );
        match (first, second) {
            (Ok(_), refused) | (refused, Ok(_)) => assert_eq!(conflict_field(refused), "slug"),
            (first, second) => panic!("nobody got it: {first:?}, {second:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_slug_leads_to_the_new_one_and_is_never_given_to_others() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let old = app.org("old-name", &ada).await;
    let access = app.access(&ada, &old).await;
    assert!(
        matches!(lookup(&app, &ada, "new-name").await, OrgLookup::NotFound),
        "and that is cached"
    );

    let new = app
        .services
        .orgs
        .update(&access, &name("New Name"), &slug("new-name"))
        .await
        .expect("moved");
    assert_eq!(new.as_str(), "new-name");
    assert!(matches!(lookup(&app, &ada, "old-name").await, OrgLookup::Moved(to) if to == new));
    assert!(
        matches!(lookup(&app, &ada, "new-name").await, OrgLookup::Granted(access) if access.membership().org_name == "New Name")
    );
    assert_eq!(
        app.services.orgs.list_mine(&ada).await.expect("a list")[0].slug,
        new
    );
    assert!(
        matches!(lookup(&app, &grace, "old-name").await, OrgLookup::NotFound),
        "a stranger learns nothing"
    );

    let outcome = app.services.orgs.create(&grace, &name("Thief"), &old).await;
    assert_eq!(conflict_field(outcome), "slug");
    let hers = app.org("hers", &grace).await;
    let outcome = app
        .services
        .orgs
        .update(&app.access(&grace, &hers).await, &name("Thief"), &old)
        .await;
    assert_eq!(conflict_field(outcome), "slug");
    assert_eq!(
        app.services.orgs.list_mine(&grace).await.expect("a list")[0].name,
        "Organization hers"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_may_take_back_its_own_former_slug() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let first = app.org("first", &ada).await;
    let access = app.access(&ada, &first).await;
    app.services
        .orgs
        .update(&access, &name("Fixture"), &slug("second"))
        .await
        .expect("moved");
    app.services
        .orgs
        .update(&access, &name("Fixture"), &first)
        .await
        .expect("moved back");
    assert!(matches!(
        lookup(&app, &ada, "first").await,
        OrgLookup::Granted(_)
    ));
    assert!(matches!(lookup(&app, &ada, "second").await, OrgLookup::Moved(to) if to == first));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_that_changes_nothing_writes_nothing() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let fixture = app.org("fixture", &ada).await;
    let access = app.access(&ada, &fixture).await;
    app.services
        .orgs
        .update(&access, &name("Organization fixture"), &fixture)
        .await
        .expect("no change");
    let overview = app
        .services
        .orgs
        .get_overview(&access)
        .await
        .expect("an overview");
    assert_eq!(overview.recent_activity.len(), 1, "only the beginning");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_cannot_rename_even_with_a_proof_from_better_days() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let fixture = app.org("fixture", &ada).await;
    let owner = app.access(&ada, &fixture).await;
    let member = app.add_member(owner.org_id(), &grace, Role::Admin).await;
    let as_admin = app.access(&grace, &fixture).await;
    app.services
        .orgs
        .change_role(&owner, member, Role::Member)
        .await
        .expect("demoted");

    let outcome = app
        .services
        .orgs
        .update(&as_admin, &name("Mine"), &fixture)
        .await;
    assert!(
        matches!(outcome, Err(Error::Forbidden)),
        "the transaction looks for itself: {outcome:?}"
    );
    let as_member = app.access(&grace, &fixture).await;
    assert_eq!(as_member.role(), Role::Member);
    let outcome = app
        .services
        .orgs
        .update(&as_member, &name("Mine"), &fixture)
        .await;
    assert!(matches!(outcome, Err(Error::Forbidden)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_shows_owner_count_and_the_latest_five() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let fixture = app.org("fixture", &ada).await;
    let access = app.access(&ada, &fixture).await;
    app.add_member(access.org_id(), &grace, Role::Owner).await;
    for number in 1..=6 {
        app.services
            .orgs
            .update(&access, &name(&format!("Fixture {number}")), &fixture)
            .await
            .expect("renamed");
    }
    let overview = app
        .services
        .orgs
        .get_overview(&access)
        .await
        .expect("an overview");
    assert_eq!(overview.member_count, 2);
    assert_eq!(
        overview.owner.as_ref().map(|owner| owner.name.as_str()),
        Some("Ada"),
        "the oldest owner"
    );
    let details: Vec<_> = overview
        .recent_activity
        .iter()
        .map(|entry| (entry.kind, entry.detail.as_str()))
        .collect();
    let renamed = ActivityKind::OrgRenamed;
    assert_eq!(
        details,
        [
            (renamed, "Fixture 6"),
            (renamed, "Fixture 5"),
            (renamed, "Fixture 4"),
            (renamed, "Fixture 3"),
            (renamed, "Fixture 2")
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_follows_the_owners_new_name() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let fixture = app.org("fixture", &ada).await;
    let access = app.access(&ada, &fixture).await;
    app.services
        .orgs
        .get_overview(&access)
        .await
        .expect("an overview, cached from now on");
    app.sql("update users set name = 'Ada Lovely' where name = 'Ada'")
        .await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let overview = app
        .services
        .orgs
        .get_overview(&access)
        .await
        .expect("an overview");
    assert_eq!(
        overview.owner.as_ref().map(|owner| owner.name.as_str()),
        Some("Ada Lovely")
    );
}
