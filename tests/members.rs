//! Members: who they are, page by page, and who may change them.

use std::collections::HashSet;

use orghub::test_hooks::members;
use orghub::{
    access::OrgAccess,
    auth::SignedIn,
    domain::{
        ActivityKind, Inactivity, MemberId, MemberListQuery, MemberRow, MemberSort, OrgId, OrgSlug,
        Page, PageNumber, Role, UserId,
    },
    error::Error,
};
use orghub_test_support::TestApp;

/// An organization of Ada's.
struct Fixture {
    app: TestApp,
    slug: OrgSlug,
    owner: SignedIn,
    access: OrgAccess,
}

impl Fixture {
    async fn start() -> Self {
        let app = TestApp::start().await;
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

    /// A member of this name, and a proof of it.
    async fn member(&self, name: &str, role: Role) -> (MemberId, SignedIn, OrgAccess) {
        let user = self.app.user(name).await;
        let id = self.app.add_member(self.access.org_id(), &user, role).await;
        let access = self.app.access(&user, &self.slug).await;
        (id, user, access)
    }

    fn owner_id(&self) -> MemberId {
        self.access.membership().member_id
    }

    /// `count` members at once, all joined at the same moment.
    async fn add_members(&self, count: u32) {
        self.app.add_members(self.access.org_id(), count).await;
    }

    async fn list(&self, query: &MemberListQuery) -> Page<MemberRow> {
        self.app
            .services
            .orgs
            .list_members(&self.access, query)
            .await
            .expect("a page")
            .page
            .clone()
    }

    async fn have_joined_long_ago(&self) {
        let moved = async || {
            sqlx::query(
                "update member
                 set created_at = created_at - interval '60 days'
                 where id in (
                     select id
                     from member
                     where organization_id = $1 and created_at > now() - interval '30 days'
                     limit 500
                 )",
            )
            .bind(self.access.org_id().0)
            .execute(self.app.services.db.pool())
            .await
            .expect("two months passed")
            .rows_affected()
        };
        while moved().await > 0 {}
    }

    async fn counted(&self) -> (i64, i64) {
        sqlx::query_as(
            "select (select members from organization_member_count where organization_id = $1),
                (select count(*) from member where organization_id = $1)",
        )
        .bind(self.access.org_id().0)
        .fetch_one(self.app.services.db.pool())
        .await
        .expect("two counts")
    }
}

fn found(text: &str) -> MemberListQuery {
    MemberListQuery {
        search: text.to_owned(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_member_loses_access_on_the_next_request_on_every_node() {
    let fixture = Fixture::start().await;
    let other = fixture.app.another_node().await;
    let (id, grace, _) = fixture.member("Grace", Role::Member).await;
    assert!(other.access.require(&grace, &fixture.slug).await.is_ok());

    fixture
        .app
        .services
        .orgs
        .remove_member(&fixture.access, id)
        .await
        .expect("removed");

    for services in [&fixture.app.services, &other] {
        assert!(matches!(
            services.access.require(&grace, &fixture.slug).await,
            Err(Error::NotFound)
        ));
        assert!(
            services
                .orgs
                .list_mine(&grace)
                .await
                .expect("a list")
                .is_empty()
        );
    }
    assert_eq!(fixture.list(&MemberListQuery::default()).await.total, 1);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn demoted_admin_is_a_member_on_the_next_request_on_every_node() {
    let fixture = Fixture::start().await;
    let other = fixture.app.another_node().await;
    let (id, grace, _) = fixture.member("Grace", Role::Admin).await;
    assert_eq!(
        other
            .access
            .require(&grace, &fixture.slug)
            .await
            .expect("a member")
            .role(),
        Role::Admin
    );
    fixture
        .app
        .services
        .orgs
        .change_role(&fixture.access, id, Role::Member)
        .await
        .expect("demoted");
    assert_eq!(
        other
            .access
            .require(&grace, &fixture.slug)
            .await
            .expect("a member")
            .role(),
        Role::Member
    );
    assert_eq!(
        other.orgs.list_mine(&grace).await.expect("a list")[0].role,
        Role::Member
    );
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_member_gets_in_although_no_was_cached() {
    let fixture = Fixture::start().await;
    let grace = fixture.app.user("Grace").await;
    assert!(matches!(
        fixture
            .app
            .services
            .access
            .require(&grace, &fixture.slug)
            .await,
        Err(Error::NotFound)
    ));
    fixture
        .app
        .add_member(fixture.access.org_id(), &grace, Role::Member)
        .await;
    assert!(
        fixture
            .app
            .services
            .access
            .require(&grace, &fixture.slug)
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_owner_stays_owner_whatever_is_tried() {
    let fixture = Fixture::start().await;
    fixture.member("Grace", Role::Admin).await;
    let orgs = &fixture.app.services.orgs;
    for outcome in [
        orgs.leave(&fixture.access).await,
        orgs.remove_member(&fixture.access, fixture.owner_id())
            .await,
        orgs.change_role(&fixture.access, fixture.owner_id(), Role::Member)
            .await,
    ] {
        assert!(
            matches!(&outcome, Err(Error::Conflict(why)) if why.message.contains("owner")),
            "{outcome:?}"
        );
    }
    assert_eq!(
        fixture
            .app
            .access(&fixture.owner, &fixture.slug)
            .await
            .role(),
        Role::Owner
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_owners_who_go_at_once_one_stays() {
    let fixture = Fixture::start().await;
    for round in 0..12 {
        let (id, _, hers) = fixture.member(&format!("Grace {round}"), Role::Owner).await;
        let orgs = &fixture.app.services.orgs;
        let outcomes = match round % 3 {
            0 => tokio::join!(
                orgs.change_role(&fixture.access, fixture.owner_id(), Role::Admin),
                orgs.leave(&hers)
            ),
            1 => tokio::join!(
                orgs.change_role(&fixture.access, id, Role::Member),
                orgs.change_role(&hers, fixture.owner_id(), Role::Member)
            ),
            _ => tokio::join!(
                orgs.change_role(&fixture.access, fixture.owner_id(), Role::Member),
                orgs.change_role(&hers, id, Role::Member)
            ),
        };
        let owners: i64 = sqlx::query_scalar("select count(*) from member where role = 'owner'")
            .fetch_one(fixture.app.services.db.pool())
            .await
            .expect("a count");
        assert_eq!(owners, 1, "round {round}: {outcomes:?}");
        assert!(
            outcomes.0.is_ok() != outcomes.1.is_ok(),
            "round {round}: {outcomes:?}"
        );
        // As it was, for the next round.
        fixture
            .app
            .sql("delete from member where user_id <> (select id from users where name = 'Ada')")
            .await;
        fixture.app.sql("update member set role = 'owner'").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_manage_members_and_leave_owners_alone() {
    let fixture = Fixture::start().await;
    let (_, _, admin) = fixture.member("Grace", Role::Admin).await;
    let (member_id, _, member) = fixture.member("Linus", Role::Member).await;
    let orgs = &fixture.app.services.orgs;

    for outcome in [
        orgs.change_role(&admin, fixture.owner_id(), Role::Member)
            .await,
        orgs.remove_member(&admin, fixture.owner_id()).await,
        orgs.change_role(&admin, member_id, Role::Owner).await,
        orgs.change_role(&member, member_id, Role::Admin).await,
        orgs.remove_member(&member, member_id).await,
    ] {
        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
    }
    orgs.change_role(&admin, member_id, Role::Admin)
        .await
        .expect("an admin makes an admin");
    orgs.remove_member(&admin, member_id)
        .await
        .expect("and removes one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_another_organization_is_not_found() {
    let fixture = Fixture::start().await;
    let grace = fixture.app.user("Grace").await;
    let coffee = fixture.app.org("coffee", &grace).await;
    let hers = fixture.app.access(&grace, &coffee).await;
    let orgs = &fixture.app.services.orgs;
    for member in [hers.membership().member_id, MemberId(uuid::Uuid::nil())] {
        assert!(matches!(
            orgs.change_role(&fixture.access, member, Role::Member)
                .await,
            Err(Error::NotFound)
        ));
        assert!(matches!(
            orgs.remove_member(&fixture.access, member).await,
            Err(Error::NotFound)
        ));
    }
    assert_eq!(
        fixture.app.access(&grace, &coffee).await.role(),
        Role::Owner
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_admin_can_change_nothing_with_an_old_proof() {
    let fixture = Fixture::start().await;
    let (id, _, admin) = fixture.member("Grace", Role::Admin).await;
    let (member_id, ..) = fixture.member("Linus", Role::Member).await;
    let orgs = &fixture.app.services.orgs;
    orgs.remove_member(&fixture.access, id)
        .await
        .expect("removed");
    assert!(matches!(
        orgs.remove_member(&admin, member_id).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(orgs.leave(&admin).await, Err(Error::NotFound)));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_to_members_are_in_the_audit_log() {
    let fixture = Fixture::start().await;
    let (grace_id, ..) = fixture.member("Grace", Role::Member).await;
    let (_, _, linus) = fixture.member("Linus", Role::Member).await;
    let orgs = &fixture.app.services.orgs;
    orgs.change_role(&fixture.access, grace_id, Role::Member)
        .await
        .expect("no change, no entry");
    orgs.change_role(&fixture.access, grace_id, Role::Admin)
        .await
        .expect("changed");
    orgs.remove_member(&fixture.access, grace_id)
        .await
        .expect("removed");
    orgs.leave(&linus).await.expect("left");
    let overview = orgs
        .get_overview(&fixture.access)
        .await
        .expect("an overview");
    let entries: Vec<_> = overview
        .recent_activity
        .iter()
        .map(|entry| {
            (
                entry.kind,
                entry.actor.as_str(),
                entry.subject.as_str(),
                entry.detail.as_str(),
            )
        })
        .collect();
    assert_eq!(
        entries,
        [
            (ActivityKind::MemberLeft, "Linus", "Linus", ""),
            (ActivityKind::MemberRemoved, "Ada", "Grace", ""),
            (ActivityKind::RoleChanged, "Ada", "Grace", "member → admin"),
            (ActivityKind::OrgCreated, "Ada", "Organization fixture", ""),
        ]
    );
    assert_eq!(overview.member_count, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_everybody_once_in_every_order() {
    let fixture = Fixture::start().await;
    fixture.add_members(119).await;
    fixture.member("Grace", Role::Admin).await;
    for sort in MemberSort::ALL {
        for role in [None, Some(Role::Member)] {
            let query = MemberListQuery {
                sort,
                role,
                ..Default::default()
            };
            let everybody = if role.is_some() { 119 } else { 121 };
            let mut seen = HashSet::new();
            for page in 1..=3 {
                let page = fixture.list(&query.at_page(PageNumber::new(page))).await;
                assert_eq!(
                    (page.total, page.total_is_capped, page.last().get()),
                    (everybody, false, 3)
                );
                for row in &page.rows {
                    assert!(seen.insert(row.id), "{sort:?} {role:?}: {} twice", row.name);
                }
            }
            assert_eq!(seen.len() as i64, everybody, "{sort:?} {role:?}");
            let beyond = fixture.list(&query.at_page(PageNumber::new(4))).await;
            assert!(beyond.rows.is_empty() && beyond.is_beyond_last() && beyond.total == everybody);
            let far_beyond = fixture.list(&query.at_page(PageNumber::MAX)).await;
            assert!(far_beyond.rows.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_comes_in_the_order_asked_for() {
    let fixture = Fixture::start().await;
    fixture.member("zoe", Role::Member).await;
    fixture.member("Bob", Role::Admin).await;
    fixture.member("Carl", Role::Member).await;
    let names = async |sort| {
        let page = fixture
            .list(&MemberListQuery {
                sort,
                ..Default::default()
            })
            .await;
        page.rows
            .iter()
            .map(|row| row.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(MemberSort::Joined).await,
        ["Carl", "Bob", "zoe", "Ada"]
    );
    assert_eq!(names(MemberSort::Name).await, ["Ada", "Bob", "Carl", "zoe"]);
    assert_eq!(names(MemberSort::Role).await, ["Ada", "Bob", "Carl", "zoe"]);
    let admins = MemberListQuery {
        role: Some(Role::Admin),
        ..Default::default()
    };
    let page = fixture.list(&admins).await;
    assert_eq!(
        (page.total, page.rows[0].name.as_str(), page.rows[0].role),
        (1, "Bob", Role::Admin)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_takes_every_character_literally() {
    let fixture = Fixture::start().await;
    for name in ["Percy 100%", "Under_Score", r"Back\Slash", "Plain Jane"] {
        let user = fixture.app.user("Temporary").await;
        sqlx::query("update users set name = $2, email = $3 where id = $1")
            .bind(user.id.0)
            .bind(name)
            .bind(format!("{}@users.test", uuid::Uuid::now_v7()))
            .execute(fixture.app.services.db.pool())
            .await
            .expect("renamed");
        fixture
            .app
            .add_member(fixture.access.org_id(), &user, Role::Member)
            .await;
    }
    let names = async |text| {
        let page = fixture.list(&found(text)).await;
        assert_eq!(page.total, page.rows.len() as i64);
        let mut names: Vec<_> = page.rows.iter().map(|row| row.name.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(names("00%").await, ["Percy 100%"]);
    assert_eq!(names("r_s").await, ["Under_Score"]);
    assert_eq!(names(r"k\S").await, [r"Back\Slash"]);
    for nothing in ["%", "_", r"\", "%%", "___", r"\%_"] {
        assert!(names(nothing).await.is_empty(), "{nothing}");
    }
    assert_eq!(
        names("pe").await,
        ["Percy 100%"],
        "names that begin with it"
    );
    assert!(names("er").await.is_empty(), "and no others");
    assert_eq!(names("JANE").await, ["Plain Jane"], "case does not matter");
    assert_eq!(
        names("ada@users").await,
        ["Ada"],
        "addresses are searched too"
    );
    assert!(names("'; drop table member; --").await.is_empty());
    assert!(names("nobody").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_nobody_of_another_organization() {
    let fixture = Fixture::start().await;
    let grace = fixture.app.user("Grace").await;
    fixture.app.org("coffee", &grace).await;
    assert_eq!(fixture.list(&found("users.test")).await.total, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_filtered_list_says_that_it_stopped_counting() {
    let fixture = Fixture::start().await;
    fixture.add_members(10_050).await;
    let all = fixture.list(&MemberListQuery::default()).await;
    assert_eq!((all.total, all.total_is_capped), (10_051, false));
    let members = MemberListQuery {
        role: Some(Role::Member),
        ..Default::default()
    };
    let page = fixture.list(&members).await;
    assert_eq!(
        (page.total, page.total_is_capped, page.rows.len()),
        (10_000, true, 50)
    );
    // A search stops sooner, at what fills some pages.
    let page = fixture.list(&found("crowd.test")).await;
    assert!((500..10_000).contains(&page.total), "{}", page.total);
    assert!(page.total_is_capped && page.rows.len() == 50);
    // Those inactive are counted, but to find a page of them by its number costs more than that.
    fixture.have_joined_long_ago().await;
    let inactive = MemberListQuery {
        inactive: Some(Inactivity::Month),
        sort: MemberSort::Name,
        ..Default::default()
    };
    let page = fixture.list(&inactive).await;
    assert_eq!(
        (page.total, page.total_is_capped, page.rows.len()),
        (10_000, true, 50)
    );
    let last = page.last();
    assert!(last.get() < 100, "{last}");
    let page = fixture.list(&inactive.at_page(last)).await;
    assert_eq!((page.total, page.rows.len()), (10_000, 50));
    let beyond = PageNumber::new(last.get() + 1);
    let page = fixture.list(&inactive.at_page(beyond)).await;
    assert!(page.is_beyond_last() && page.rows.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_says_how_many_it_finds_once_they_are_counted() {
    let fixture = Fixture::start().await;
    fixture.add_members(10_050).await;
    let count = async |query: &MemberListQuery| {
        let page = fixture.list(&query.with_total()).await;
        (page.total, page.total_is_capped)
    };
    let search = found("0@crowd");
    let first = fixture.list(&search).await;
    assert!(first.total < 1_005 && !first.is_counted());

    assert_eq!(count(&search).await, (1_005, false));
    for sort in MemberSort::ALL {
        let query = MemberListQuery {
            sort,
            ..search.with_total()
        };
        let page = fixture.list(&query).await;
        assert_eq!((page.total, page.total_is_capped), (1_005, false));
        assert_eq!(
            page.rows,
            fixture
                .list(&MemberListQuery {
                    sort,
                    ..search.clone()
                })
                .await
                .rows
        );
    }
    // A page in the middle is found by its number, whether they were counted or not.
    for search in ["0@crowd", "5@crowd"] {
        let by_name = MemberListQuery {
            sort: MemberSort::Name,
            ..found(search)
        };
        let page = fixture.list(&by_name.at_page(PageNumber::new(20))).await;
        let first = if search == "0@crowd" {
            "User 09510"
        } else {
            "User 09505"
        };
        assert_eq!((&*page.rows[0].name, page.total), (first, 1_005));
        assert_eq!((page.rows.len(), page.last()), (50, PageNumber::new(21)));
        let page = fixture.list(&by_name.at_page(PageNumber::new(22))).await;
        assert!(page.is_beyond_last() && page.rows.is_empty());
        assert_eq!((page.total, page.is_counted()), (1_005, true));
    }
    let gone = fixture.list(&found("user-10@crowd")).await.rows[0].id;
    let orgs = &fixture.app.services.orgs;
    let removed = orgs.remove_member(&fixture.access, gone).await;
    removed.expect("removed");
    assert_eq!(count(&search).await, (1_004, false));
    // These lists are counted by their pages.
    assert_eq!(count(&MemberListQuery::default()).await, (10_050, false));
    let members = MemberListQuery::from_query("role=member&page=7");
    assert_eq!(count(&members).await, (10_000, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counter_is_exact_after_many_joins_and_leaves_at_once() {
    let fixture = Fixture::start().await;
    fixture.add_members(60).await;
    let mut ids: Vec<MemberId> = Vec::new();
    for page in 1..=2 {
        let page = fixture
            .list(&MemberListQuery::default().at_page(PageNumber::new(page)))
            .await;
        ids.extend(
            page.rows
                .iter()
                .filter(|row| row.role == Role::Member)
                .map(|row| row.id),
        );
    }
    assert_eq!(ids.len(), 60);
    let mut tasks = tokio::task::JoinSet::new();
    for (number, id) in ids.into_iter().enumerate() {
        let (services, access) = (fixture.app.services.clone(), fixture.access.clone());
        tasks.spawn(async move {
            if number % 2 == 0 {
                services.orgs.remove_member(&access, id).await.map(|()| -1)
            } else {
                join(&services, access.org_id(), number).await.map(|()| 1)
            }
        });
    }
    let mut change = 0;
    while let Some(done) = tasks.join_next().await {
        // Sixty at once on six connections: some may be told to come back.
        change += match done.expect("no panic") {
            Ok(by) => by,
            Err(Error::Unavailable(..)) => 0,
            Err(other) => panic!("{other:?}"),
        };
    }
    let (counter, rows) = fixture.counted().await;
    assert_eq!(counter, rows);
    assert_eq!(rows, 61 + change);
    assert_eq!(fixture.list(&MemberListQuery::default()).await.total, rows);
}

async fn join(
    services: &orghub::services::Services,
    org: OrgId,
    number: usize,
) -> Result<(), Error> {
    let user = UserId::new();
    let mut tx = services.db.begin().await?;
    sqlx::query(
        "insert into users (id, email, name, password_hash) values ($1, $2, 'Newcomer', '')",
    )
    .bind(user.0)
    .bind(format!("newcomer{number}@users.test"))
    .execute(tx.conn())
    .await?;
    members::insert(&mut tx, org, user, Role::Member).await?;
    services.cache.commit(tx, &[]).await?;
    Ok(())
}
