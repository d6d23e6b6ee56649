//! The audit log: what is in it, who finds what in it, and how long it is kept.

use std::{collections::BTreeSet, net::IpAddr};

use orghub::{
    access::OrgAccess,
    auth::SignedIn,
    domain::{
        ActivityEntry, ActivityGroup, ActivityKind, ActivityListQuery, ActivityPage, OrgName,
        OrgSlug, PAGE_SIZE, Role,
    },
    error::Error,
};
use orghub_test_support::TestApp;
use time::Duration;

/// An organization of Ada's.
struct Fixture {
    app: TestApp,
    slug: OrgSlug,
    owner: SignedIn,
    access: OrgAccess,
}

impl Fixture {
    async fn start() -> Self {
        Self::over(TestApp::start().await).await
    }

    async fn over(app: TestApp) -> Self {
        let owner = app.user("Ada").await;
        let slug = app.org("fixture", &owner).await;
        let access = app.access(&owner, &slug).await;
        Self {
            app,
            slug,
            owner,
            access,
        }
    }

    async fn list(&self, query: &str) -> ActivityPage {
        self.page(&ActivityListQuery::from_query(query)).await
    }

    async fn page(&self, query: &ActivityListQuery) -> ActivityPage {
        let page = self.app.services.orgs.list_activity(&self.access, query);
        (*page.await.expect("an owner may")).clone()
    }

    /// Who did it, in what is found.
    async fn actors(&self, query: &str) -> Vec<String> {
        let entries = self.list(query).await.entries.into_iter();
        entries.map(|entry| entry.activity.actor).collect()
    }

    /// Entries that somebody wrote into the log of `fixture`: who, kind, to whom, and when.
    async fn write(&self, entries: &[(&str, &str, &str, &str)]) {
        for (actor, kind, subject, at) in entries {
            self.app
                .sql_with(
                    "insert into activity
                         (id, organization_id, actor_name, kind, subject, created_at)
                     select gen_random_uuid(), id, $1, $2, $3, $4::timestamptz
                     from organization where slug = 'fixture'",
                    &[actor, kind, subject, at],
                )
                .await;
        }
    }

    async fn write_many(&self, count: u32) {
        self.app
            .sql_with(
                "insert into activity
                     (id, organization_id, actor_name, kind, subject, created_at)
                 select gen_random_uuid(), id, 'Somebody', 'member.removed', number::text,
                        '2026-01-01 12:00Z'
                 from organization, generate_series(1, $1::integer) as number
                 where slug = 'fixture'",
                &[&count.to_string()],
            )
            .await;
    }

    /// The whole file.
    async fn file(&self, query: &str) -> Vec<u8> {
        let orgs = &self.app.services.orgs;
        let mut file = orgs.head_of_activity_export();
        let mut next = Some(ActivityListQuery::from_query(query));
        while let Some(query) = next {
            let piece = orgs.export_activity(&self.access, &query).await;
            let piece = piece.expect("an owner may");
            file.extend(piece.lines);
            next = piece.next;
        }
        file
    }

    async fn records(&self, query: &str) -> Vec<Vec<String>> {
        let file = self.file(query).await;
        let text = file.strip_prefix("\u{feff}".as_bytes());
        let mut reader = csv::Reader::from_reader(text.expect("it begins with a mark"));
        let records = reader.records().map(|record| record.expect("a line"));
        records
            .map(|record| record.iter().map(str::to_owned).collect())
            .collect()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let number = sqlx::query_scalar(sql).fetch_one(self.app.services.db.pool());
        number.await.expect("a number")
    }
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().expect("an address"))
}

#[tokio::test]
async fn an_entry_says_who_did_what_to_whom_and_from_where() {
    let fixture = Fixture::start().await;
    let ben = fixture.app.user("Ben").await;
    let member = fixture
        .app
        .add_member(fixture.access.org_id(), &ben, Role::Member)
        .await;
    for (from, shown, role) in [
        ("203.0.113.7", "203.0.113.7", Role::Admin),
        ("::ffff:203.0.113.8", "203.0.113.8", Role::Member),
        ("2001:db8::1", "2001:db8::1", Role::Admin),
    ] {
        let ada = fixture.owner.clone().coming_from(address(from));
        let access = fixture.app.access(&ada, &fixture.slug).await;
        let orgs = &fixture.app.services.orgs;
        let changed = orgs.change_role(&access, member, role).await;
        changed.expect("an owner may");
        let ActivityEntry { activity, address } = fixture.list("").await.entries.swap_remove(0);
        assert_eq!(activity.actor, "Ada");
        assert_eq!(activity.kind, ActivityKind::RoleChanged);
        assert_eq!(activity.subject, "Ben");
        assert_eq!(address.as_deref(), Some(shown));
    }
    let name = OrgName::parse("Renamed").expect("a name");
    let (orgs, slug) = (&fixture.app.services.orgs, &fixture.slug);
    let updated = orgs.update(&fixture.access, &name, slug).await;
    updated.expect("an owner may");
    let newest = fixture.list("").await.entries.swap_remove(0);
    assert_eq!(newest.activity.kind, ActivityKind::OrgRenamed);
    assert_eq!(newest.address, None, "nobody said from where");
}

#[tokio::test]
async fn only_who_may_read_the_log_is_shown_it_or_given_the_file() {
    let fixture = Fixture::start().await;
    let orgs = &fixture.app.services.orgs;
    let query = ActivityListQuery::default();
    for (role, may) in [
        (Role::Owner, true),
        (Role::Admin, true),
        (Role::Member, false),
    ] {
        let user = fixture.app.user(role.label()).await;
        let org = fixture.access.org_id();
        fixture.app.add_member(org, &user, role).await;
        let access = fixture.app.access(&user, &fixture.slug).await;
        for filter in ["", "who=ada"] {
            let query = ActivityListQuery::from_query(filter);
            match orgs.list_activity(&access, &query).await {
                Ok(_) => assert!(may, "{role}"),
                Err(error) => assert!(!may && matches!(error, Error::Forbidden), "{role}"),
            }
        }
        match orgs.export_activity(&access, &query).await {
            Ok(_) => assert!(may, "{role}"),
            Err(error) => assert!(!may && matches!(error, Error::Forbidden), "{role}"),
        }
    }
}

#[tokio::test]
async fn the_newest_page_is_right_after_every_change() {
    let fixture = Fixture::start().await;
    let other = fixture.app.another_node().await;
    let query = ActivityListQuery::default();
    for number in 1..=3 {
        let name = OrgName::parse(&format!("Name {number}")).expect("a name");
        let (orgs, slug) = (&fixture.app.services.orgs, &fixture.slug);
        let updated = orgs.update(&fixture.access, &name, slug).await;
        updated.expect("an owner may");
        for node in [&fixture.app.services, &other] {
            let page = node.orgs.list_activity(&fixture.access, &query).await;
            let newest = page.expect("an owner may").entries[0].clone();
            assert_eq!(newest.activity.detail, format!("Name {number}"));
        }
    }
}

#[tokio::test]
async fn the_pages_hold_every_entry_once_however_many_are_of_the_same_moment() {
    let fixture = Fixture::start().await;
    fixture.write_many(120).await;
    let mut query = ActivityListQuery::default();
    let (mut seen, mut pages) = (Vec::new(), Vec::new());
    loop {
        let page = fixture.page(&query).await;
        pages.push(page.entries.len());
        seen.extend(page.entries.iter().map(|entry| entry.activity.id));
        let Some(older) = page.older() else { break };
        // What happens meanwhile moves nothing to another page.
        fixture
            .write(&[("Late", "member.left", "", "2026-11-01")])
            .await;
        query = query.before(Some(older));
    }
    assert_eq!(pages, [50, 50, 21], "the creation, and 120");
    let different: BTreeSet<_> = seen.iter().collect();
    assert_eq!(different.len(), 121);
}

#[tokio::test]
async fn a_page_that_is_just_full_has_none_after_it() {
    let fixture = Fixture::start().await;
    fixture.write_many(PAGE_SIZE - 1).await;
    let page = fixture.list("").await;
    assert_eq!((page.entries.len(), page.older()), (50, None));
    fixture.write_many(1).await;
    // What somebody wrote at a prompt is in the cached page a moment later.
    let query = ActivityListQuery::from_query("from=2020-01-01");
    let older = fixture.page(&query).await.older().expect("one is left");
    let query = query.before(Some(older));
    assert_eq!(fixture.page(&query).await.entries.len(), 1);
}

#[tokio::test]
async fn every_filter_finds_what_it_says_and_they_work_together() {
    let fixture = Fixture::start().await;
    fixture
        .write(&[
            ("Émile", "member.removed", "Zoe", "2026-01-05 00:00Z"),
            (
                "Ben",
                "member.role_changed",
                "emile",
                "2026-01-05 23:59:59.999999Z",
            ),
            ("Ben", "org.renamed", "100%", "2026-01-06 00:00Z"),
            ("Stripe", "subscription.changed", "", "2026-02-01 12:00Z"),
            ("Cyd", "member.teleported", "", "2026-02-02 12:00Z"),
        ])
        .await;
    let all = ["Ada", "Cyd", "Stripe", "Ben", "Ben", "Émile"];
    for (query, found) in [
        ("", &all[..]),
        ("kind=nonsense", &all),
        ("kind=members", &["Émile"]),
        ("kind=roles", &["Ben"]),
        ("kind=settings", &["Ada", "Ben"]),
        ("kind=billing", &["Stripe"]),
        ("kind=invitations", &[]),
        ("who=EMILE", &["Ben", "Émile"]),
        ("who=zoe", &["Émile"]),
        ("who=%25", &["Ben"]),
        ("who=_", &[]),
        ("who=';drop table activity;--", &[]),
        ("from=2026-01-06&to=2026-02-01", &["Stripe", "Ben"]),
        ("from=2026-01-05&to=2026-01-05", &["Ben", "Émile"]),
        ("to=2026-01-04", &[]),
        ("from=2026-02-01&to=2026-01-01", &[]),
        (
            "kind=roles&who=emile&from=2026-01-05&to=2026-01-05",
            &["Ben"],
        ),
        ("kind=members&who=ben", &[]),
    ] {
        assert_eq!(fixture.actors(query).await, found, "{query}");
    }
}

#[tokio::test]
async fn a_filter_holds_on_every_page() {
    let fixture = Fixture::start().await;
    fixture.write_many(120).await;
    fixture
        .write(&[("Ben", "org.renamed", "", "2025-12-31 12:00Z")])
        .await;
    for (filter, pages) in [
        ("kind=members", &[50_usize, 50, 20][..]),
        ("who=somebody", &[50, 50, 20]),
        ("from=2026-01-01&to=2026-01-01", &[50, 50, 20]),
        ("kind=members&who=somebody", &[50, 50, 20]),
        ("kind=settings", &[2]),
    ] {
        let mut query = ActivityListQuery::from_query(filter);
        let mut lengths = Vec::new();
        loop {
            let page = fixture.page(&query).await;
            lengths.push(page.entries.len());
            let Some(older) = page.older() else { break };
            query = query.before(Some(older));
        }
        assert_eq!(lengths, pages, "{filter}");
    }
}

#[tokio::test]
async fn the_log_of_another_organization_is_not_in_it() {
    let fixture = Fixture::start().await;
    let mallory = fixture.app.user("Mallory").await;
    fixture.app.org("other", &mallory).await;
    for query in ["", "who=mallory", "kind=settings", "from=2020-01-01"] {
        let actors = fixture.actors(query).await;
        assert!(!actors.contains(&"Mallory".to_owned()), "{query}");
    }
    assert_eq!(fixture.records("").await.len(), 1);
}

#[tokio::test]
async fn the_file_has_every_entry_once_as_a_table() {
    let fixture = Fixture::start().await;
    fixture.write_many(1_300).await;
    let records = fixture.records("").await;
    assert_eq!(records.len(), 1_301);
    let numbers: BTreeSet<&str> = records.iter().map(|record| record[3].as_str()).collect();
    assert_eq!(numbers.len(), 1_301);
    assert_eq!(fixture.records("kind=members").await.len(), 1_300);
    assert!(fixture.records("kind=billing").await.is_empty());
    // Just as many as are read at a time, and no more.
    fixture
        .app
        .sql("delete from activity where kind = 'member.removed' and subject::integer > 500")
        .await;
    assert_eq!(fixture.records("kind=members").await.len(), 500);
}

#[tokio::test]
async fn nothing_in_the_file_is_a_formula_and_nothing_breaks_out_of_its_cell() {
    let fixture = Fixture::start().await;
    let formula = "=HYPERLINK(\"https://evil.test\",\"a\")";
    fixture
        .write(&[(
            formula,
            "member.removed",
            "+1, \"two\"\r\nthree",
            "2026-01-05 08:30:00.5Z",
        )])
        .await;
    let records = fixture.records("to=2026-01-31").await;
    let expected = [
        "2026-01-05T08:30:00.5Z",
        "'=HYPERLINK(\"https://evil.test\",\"a\")",
        "member.removed",
        "'+1, \"two\"\r\nthree",
        "",
        "",
    ];
    assert_eq!(records, [expected]);
    let file = fixture.file("to=2026-01-31").await;
    let file = String::from_utf8(file).expect("text");
    assert!(file.starts_with("\u{feff}time,who,what,subject,detail,address\r\n"));
}

#[tokio::test]
async fn what_is_older_than_it_is_kept_is_removed_and_nothing_else() {
    let fixture = Fixture::over(
        TestApp::start_with(|config| config.activity_kept = Some(Duration::days(100))).await,
    )
    .await;
    let left = async || {
        fixture
            .number("select count(*) from activity where actor_name = 'Old'")
            .await
    };
    // More than one statement removes, and of more organizations than one line of the change
    // log names.
    for statement in [
        "insert into organization (id, slug, name)
         select gen_random_uuid(), 'old-' || number, 'Old' from generate_series(1, 600) as number",
        "insert into activity (id, organization_id, actor_name, kind, created_at)
         select gen_random_uuid(), id, 'Old', 'org.created', now() - interval '101 days'
         from organization where name = 'Old'",
        "insert into activity (id, organization_id, actor_name, kind, created_at)
         select gen_random_uuid(), id, 'Old', 'org.renamed', now() - interval '98 days'
         from organization where slug = 'old-1'",
    ] {
        fixture.app.sql(statement).await;
    }
    let all_ended = "select count(*) from cache_log where '*' = any (scopes)";
    let before = fixture.number(all_ended).await;
    let run = async || {
        let ran = fixture.app.services.worker.run_due().await;
        ran.expect("an answer");
    };
    run().await;
    assert_eq!(left().await, 1);
    assert_eq!(
        fixture.number(all_ended).await,
        before,
        "for 600 organizations only"
    );
    fixture.app.services.clock.advance(Duration::days(1));
    run().await;
    assert_eq!(left().await, 1, "99 days");
    fixture.app.services.clock.advance(Duration::days(2));
    run().await;
    assert_eq!(left().await, 0, "101 days");
    assert_eq!(fixture.actors("").await, ["Ada"]);
}

#[tokio::test]
async fn activity_that_is_kept_for_ever_is_never_removed() {
    let fixture =
        Fixture::over(TestApp::start_with(|config| config.activity_kept = None).await).await;
    fixture
        .write(&[("Ben", "org.renamed", "", "2001-01-01 12:00Z")])
        .await;
    let ran = fixture.app.services.worker.run_due().await;
    ran.expect("an answer");
    assert_eq!(fixture.actors("").await, ["Ada", "Ben"]);
}

#[tokio::test]
async fn a_group_is_in_the_address_as_in_the_filter() {
    for group in ActivityGroup::ALL {
        let query = ActivityListQuery::from_query(&format!("kind={}", group.as_str()));
        assert_eq!(query.group, Some(group));
        assert!(group.kinds().iter().all(|kind| kind.group() == Some(group)));
    }
}
