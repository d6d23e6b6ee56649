//! The demo data is what README and scripts rely on.

use orghub::{
    accounts::ClientInfo,
    domain::{MemberListQuery, OrgSlug, Role},
    seed::{self, SeedOptions, SeedReport},
};
use orghub_test_support::{TestApp, TestDatabase, browser};
use time::macros::datetime;

fn options(mega_members: Option<u32>) -> SeedOptions {
    SeedOptions {
        now: datetime!(2026-06-15 09:30 UTC),
        mega_members,
    }
}

async fn maintenance(url: &str) -> orghub::db::Db {
    orghub::db::Db::open_for_maintenance(url)
        .await
        .expect("the database answers")
}

async fn fingerprint(db: &orghub::db::Db) -> String {
    sqlx::query_scalar(
        "select md5(string_agg(o.slug || m.id || u.id || u.email || u.name || m.role || m.created_at, ',' order by m.id))
        from member m
        join organization o on o.id = m.organization_id
        join users u on u.id = m.user_id",
    )
    .fetch_one(db.pool())
    .await
    .expect("a fingerprint")
}

#[tokio::test(flavor = "multi_thread")]
async fn seeding_twice_adds_nothing_and_the_same_moment_gives_the_same_data() {
    let (first, second) = (TestDatabase::create().await, TestDatabase::create().await);
    let (first, second) = (
        maintenance(&first.url).await,
        maintenance(&second.url).await,
    );
    let report = seed::run(&first, &options(None)).await.expect("seeded");
    assert_eq!(report.orgs, 1_005);
    let again = seed::run(&first, &options(None))
        .await
        .expect("seeded again");
    assert_eq!(again, SeedReport::default());
    let later = SeedOptions {
        now: datetime!(2026-09-01 00:00 UTC),
        mega_members: None,
    };
    assert_eq!(
        seed::run(&first, &later).await.expect("seeded later"),
        SeedReport::default()
    );

    seed::run(&second, &options(None)).await.expect("seeded");
    assert_eq!(fingerprint(&first).await, fingerprint(&second).await);
    first.close().await;
    second.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_what_the_readme_says() {
    let app = TestApp::start().await;
    let db = maintenance(app.database_url()).await;
    seed::run(&db, &options(None)).await.expect("seeded");

    let sign_in = async |email: &str| {
        let session = browser(&app.services, None);
        app.services
            .accounts
            .sign_in(&session, email, seed::PASSWORD, &ClientInfo::default())
            .await
            .expect(email)
    };
    let owner = sign_in("owner@acme.test").await;
    let mine = app.services.orgs.list_mine(&owner).await.expect("a list");
    let slugs: Vec<_> = mine
        .iter()
        .map(|org| (org.slug.as_str(), org.role))
        .collect();
    assert_eq!(
        slugs,
        ["acme", "globex", "initech", "umbrella", "hooli"].map(|slug| (slug, Role::Owner))
    );

    for (email, orgs) in [
        ("admin@acme.test", vec![("acme", Role::Admin)]),
        (
            "member@acme.test",
            vec![("acme", Role::Member), ("globex", Role::Member)],
        ),
        ("outsider@acme.test", vec![]),
        ("root@orghub.test", vec![]),
    ] {
        let person = sign_in(email).await;
        assert_eq!(person.platform_admin, email == "root@orghub.test");
        let mine = app.services.orgs.list_mine(&person).await.expect("a list");
        assert_eq!(
            mine.iter()
                .map(|org| (org.slug.as_str(), org.role))
                .collect::<Vec<_>>(),
            orgs,
            "{email}"
        );
    }

    for (slug, members, plan, status, limit) in [
        ("acme", 10_000, "ultra", "active", 12_000),
        ("globex", 8, "pro", "trialing", 10),
        ("initech", 6, "pro", "past_due", 10),
        ("umbrella", 9, "pro", "active", 10),
        ("hooli", 3, "free", "free", 3),
    ] {
        let access = app
            .access(&owner, &OrgSlug::parse(slug).expect("a slug"))
            .await;
        let page = app
            .services
            .orgs
            .list_members(&access, &MemberListQuery::default())
            .await
            .expect("a page");
        assert_eq!(page.total, members, "{slug}");
        let view = app
            .services
            .billing
            .get_org_subscription(&access)
            .await
            .expect("a view");
        assert_eq!(
            (view.plan().as_str(), view.status()),
            (plan, status),
            "{slug}"
        );
        assert_eq!(view.limits.members, limit, "{slug}");
        assert!(
            view.seats_used >= members && view.seats_used <= i64::from(limit),
            "{slug}: {} seats",
            view.seats_used
        );
    }

    let strays: i64 =
        sqlx::query_scalar("select count(*) from users where email not like '%.test'")
            .fetch_one(db.pool())
            .await
            .expect("a count");
    assert_eq!(strays, 0, "every address ends in .test");
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mega_grows_to_the_size_asked_for_and_goes_on_where_it_stopped() {
    let app = TestApp::start().await;
    let db = maintenance(app.database_url()).await;
    seed::run(&db, &options(Some(70))).await.expect("seeded");
    let report = seed::run(&db, &options(Some(120))).await.expect("grown");
    assert_eq!(
        report,
        SeedReport {
            orgs: 0,
            people: 50,
            members: 50
        }
    );
    assert_eq!(
        seed::run(&db, &options(Some(120)))
            .await
            .expect("no change"),
        SeedReport::default()
    );
    let members: i64 = sqlx::query_scalar(
        "select members from organization_member_count join organization on id = organization_id where slug = 'mega'",
    )
    .fetch_one(db.pool())
    .await
    .expect("a count");
    assert_eq!(members, 120);
    db.close().await;
}
