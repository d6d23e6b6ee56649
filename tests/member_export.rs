//! The member list as a file: in the list's order, by whom, and for whom.

use std::collections::BTreeSet;

use orghub::{
    access::OrgAccess,
    auth::SignedIn,
    domain::{MemberListQuery, OrgSlug, Role},
    error::Error,
    services::Services,
};
use orghub_test_support::TestApp;

/// An organization of Ada's, with Grace, who is an admin.
struct Fixture {
    app: TestApp,
    slug: OrgSlug,
    owner: OrgAccess,
    grace: SignedIn,
    admin: OrgAccess,
}

impl Fixture {
    /// With so many members more, "User 00001" and so on.
    async fn with(members: u32) -> Self {
        let app = TestApp::start().await;
        let ada = app.user("Ada").await;
        let slug = app.org("fixture", &ada).await;
        let owner = app.access(&ada, &slug).await;
        let grace = app.user("Grace").await;
        app.add_member(owner.org_id(), &grace, Role::Admin).await;
        app.add_members(owner.org_id(), members).await;
        let admin = app.access(&grace, &slug).await;
        Self {
            app,
            slug,
            owner,
            grace,
            admin,
        }
    }

    fn services(&self) -> &Services {
        &self.app.services
    }
}

/// The file of a list, as records; the first are the headings.
async fn file(fixture: &Fixture, query: &str) -> Vec<Vec<String>> {
    let orgs = &fixture.services().orgs;
    let query = MemberListQuery::from_query(query);
    let begun = orgs.begin_member_export(&fixture.admin, &query).await;
    let (mut file, export) = begun.expect("an admin may");
    let mut next = Some(export);
    while let Some(export) = next {
        let piece = orgs.export_members(&fixture.admin, &export).await;
        let piece = piece.expect("an admin may");
        file.extend(piece.lines);
        next = piece.next;
    }
    let text = file.strip_prefix("\u{feff}".as_bytes());
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).from_reader(text.expect("a mark"));
    let records = reader.records().map(|record| record.expect("a line"));
    records
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_the_members_of_the_list_in_its_order() {
    let fixture = Fixture::with(1_200).await;
    fixture
        .app
        .sql(
            "update member set
                 role = (array['member', 'admin', 'billing'])[1 + abs(hashtext(id::text)) % 3],
                 created_at = '2026-01-01'::timestamptz
                     + make_interval(hours => abs(hashtext(id::text)) % 50),
                 suspended_at = case when abs(hashtext(user_id::text)) % 5 = 0 then now() end
             where role = 'member'",
        )
        .await;
    fixture
        .app
        .sql(
            "insert into member_use (member_id, last_active_at)
             select id, '2026-06-01'::timestamptz - make_interval(hours => abs(hashtext(id::text)) % 40)
             from member where abs(hashtext(user_id::text)) % 3 > 0",
        )
        .await;
    fixture
        .services()
        .flush_all_by_operator()
        .await
        .expect("flushed");
    for filter in [
        "",
        "role=billing",
        "status=suspended",
        "q=user+000",
        "inactive=never",
    ] {
        for sort in ["joined", "name", "role", "active"] {
            let query = format!("{filter}&sort={sort}");
            let records = file(&fixture, &query).await;
            let emails: Vec<&str> = records[1..].iter().map(|row| row[1].as_str()).collect();
            let mut listed = Vec::new();
            let mut list = MemberListQuery::from_query(&query);
            loop {
                let page = fixture.services().orgs.list_members(&fixture.owner, &list);
                let page = page.await.expect("a page").page.clone();
                let next = page.next();
                listed.extend(page.rows.into_iter().map(|row| row.email));
                let Some(next) = next else { break };
                list = list.at_page(next);
            }
            assert_eq!(emails, listed, "{query}");
        }
    }
    let everybody = file(&fixture, "").await;
    assert_eq!(everybody.len(), 1_203);
    assert_eq!(
        everybody[0],
        [
            "name",
            "e-mail",
            "role",
            "status",
            "joined",
            "last active",
            "second factor"
        ]
    );
    let distinct: BTreeSet<&String> = everybody.iter().map(|row| &row[1]).collect();
    assert_eq!(distinct.len(), 1_203);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_the_list_away_is_in_the_log_and_no_name_is_a_formula() {
    let fixture = Fixture::with(2).await;
    let mallory = fixture.app.user("Mallory").await;
    fixture
        .app
        .add_member(fixture.owner.org_id(), &mallory, Role::Member)
        .await;
    fixture
        .app
        .sql("update users set name = '=1+1' where name = 'Mallory'")
        .await;
    let records = file(&fixture, "q=%3D1&sort=name&page=3").await;
    assert_eq!(records.len(), 2);
    assert_eq!(records[1][0], "'=1+1");
    assert_eq!(records[1][2..4], ["member", "active"]);
    let entry = sqlx::query_as::<_, (String, String)>(
        "select actor_name, detail from activity where kind = 'member.exported'",
    );
    let entry = entry.fetch_one(fixture.services().db.pool()).await;
    assert_eq!(
        entry.expect("one entry"),
        ("Grace".to_owned(), "q=%3D1&sort=name".to_owned())
    );

    // Each piece takes the right anew.
    let orgs = &fixture.services().orgs;
    let begun = orgs
        .begin_member_export(&fixture.admin, &MemberListQuery::default())
        .await;
    let (_, export) = begun.expect("an admin may");
    fixture
        .app
        .sql_announced("update member set role = 'member' where role = 'admin'")
        .await;
    let access = fixture.app.access(&fixture.grace, &fixture.slug).await;
    let piece = orgs.export_members(&access, &export).await;
    assert!(matches!(piece, Err(Error::Forbidden)));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_owners_and_admins_take_it_away() {
    let fixture = Fixture::with(1).await;
    let orgs = &fixture.services().orgs;
    for role in Role::ALL {
        let user = fixture.app.user(&format!("A {role}")).await;
        let org = fixture.owner.org_id();
        fixture.app.add_member(org, &user, role).await;
        let access = fixture.app.access(&user, &fixture.slug).await;
        let begun = orgs
            .begin_member_export(&access, &MemberListQuery::default())
            .await;
        match role {
            Role::Owner | Role::Admin => assert!(begun.is_ok(), "{role}"),
            Role::Billing | Role::Member => {
                assert!(matches!(begun, Err(Error::Forbidden)), "{role}");
            }
        }
    }
}
