//! The demo data is what README and scripts rely on.

use orghub::{
    auth::{Admitted, ClientInfo},
    domain::{MemberListQuery, OrgName, OrgSlug, Role},
};
use orghub_demo_data::{Options, PASSWORD, Report, seed};
use orghub_test_support::{TestApp, TestDatabase, browser};
use sqlx::{Connection as _, PgConnection};
use time::macros::datetime;

fn options(mega_members: Option<u32>) -> Options {
    Options {
        now: datetime!(2026-06-15 09:30 UTC),
        mega_members,
    }
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url)
        .await
        .expect("the database answers")
}

async fn fingerprint(database: &TestDatabase) -> String {
    let mut db = connect(&database.url).await;
    sqlx::query_scalar(
        "select md5(string_agg(o.slug || m.id || u.id || u.email || u.name || m.role || m.created_at, ',' order by m.id))
        from member m
        join organization o on o.id = m.organization_id
        join users u on u.id = m.user_id",
    )
    .fetch_one(&mut db)
    .await
    .expect("a fingerprint")
}

#[tokio::test(flavor = "multi_thread")]
async fn seeding_twice_adds_nothing_and_the_same_moment_gives_the_same_data() {
    let (first, second) = (TestDatabase::create().await, TestDatabase::create().await);
    let report = seed(&first.url, &options(None)).await.expect("seeded");
    assert_eq!(report.orgs, 1_005);
    let again = seed(&first.url, &options(None))
        .await
        .expect("seeded again");
    assert_eq!(again, Report::default());
    let later = Options {
        now: datetime!(2026-09-01 00:00 UTC),
        mega_members: None,
    };
    assert_eq!(
        seed(&first.url, &later).await.expect("seeded later"),
        Report::default()
    );

    seed(&second.url, &options(None)).await.expect("seeded");
    assert_eq!(fingerprint(&first).await, fingerprint(&second).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_what_the_readme_says() {
    let app = TestApp::start().await;
    let mut db = connect(app.owner_url()).await;
    seed(app.owner_url(), &options(None)).await.expect("seeded");

    let sign_in = async |email: &str| {
        let session = browser(&app.services, None);
        let admitted = app
            .services
            .auth
            .sign_in(&session, email, PASSWORD, &ClientInfo::default())
            .await;
        assert_eq!(admitted.expect(email), Admitted::SignedIn);
        session.save().await.expect("the session is stored");
        let id = session.id().expect("a stored session has an id");
        let found = app.services.sessions.current_user(&id).await;
        found.expect("an answer").expect(email)
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
        ("staff@orghub.test", vec![]),
    ] {
        let user = sign_in(email).await;
        assert_eq!(user.platform_admin, email.ends_with("@orghub.test"));
        let mine = app.services.orgs.list_mine(&user).await.expect("a list");
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
        assert_eq!(page.page.total, members, "{slug}");
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
            .fetch_one(&mut db)
            .await
            .expect("a count");
    assert_eq!(strays, 0, "every address ends in .test");
    let names: Vec<String> =
        sqlx::query_scalar("select name from users union select name from organization")
            .fetch_all(&mut db)
            .await
            .expect("names");
    for name in names {
        let parsed = OrgName::parse(&name).expect("a name that a form would take");
        assert_eq!(parsed.as_str(), name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mega_grows_to_the_size_asked_for_and_goes_on_where_it_stopped() {
    let app = TestApp::start().await;
    let mut db = connect(app.owner_url()).await;
    seed(app.owner_url(), &options(Some(70)))
        .await
        .expect("seeded");
    let report = seed(app.owner_url(), &options(Some(120)))
        .await
        .expect("grown");
    assert_eq!(
        report,
        Report {
            orgs: 0,
            users: 50,
            members: 50
        }
    );
    assert_eq!(
        seed(app.owner_url(), &options(Some(120)))
            .await
            .expect("no change"),
        Report::default()
    );
    let members: i64 = sqlx::query_scalar(
        "select members from organization_member_count join organization on id = organization_id where slug = 'mega'",
    )
    .fetch_one(&mut db)
    .await
    .expect("a count");
    assert_eq!(members, 120);
}
