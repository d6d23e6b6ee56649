//! Members who are suspended and come back: what is gone at once, what is kept, and who may.

use orghub::{
    access::OrgAccess,
    auth::SignedIn,
    domain::{
        ActivityKind, Inactivity, MemberId, MemberListQuery, MemberRow, MemberSort, MemberStatus,
        OrgSlug, Permission, Role,
    },
    error::Error,
};
use orghub_test_support::TestApp;
use time::Duration;

/// An organization of Ada's.
struct Fixture {
    app: TestApp,
    slug: OrgSlug,
    access: OrgAccess,
}

impl Fixture {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let owner = app.user("Ada").await;
        let slug = app.org("fixture", &owner).await;
        let access = app.access(&owner, &slug).await;
        Self { app, slug, access }
    }

    /// A member of this name, and a proof of it.
    async fn member(&self, name: &str, role: Role) -> (MemberId, SignedIn, OrgAccess) {
        let user = self.app.user(name).await;
        let id = self.app.add_member(self.access.org_id(), &user, role).await;
        let access = self.app.access(&user, &self.slug).await;
        (id, user, access)
    }

    async fn suspend(&self, member: MemberId) {
        let orgs = &self.app.services.orgs;
        let suspended = orgs.suspend_member(&self.access, member).await;
        suspended.expect("suspended");
    }

    async fn rows(&self, query: &MemberListQuery) -> Vec<MemberRow> {
        self.rows_for(&self.access, query).await
    }

    async fn rows_for(&self, reader: &OrgAccess, query: &MemberListQuery) -> Vec<MemberRow> {
        let orgs = &self.app.services.orgs;
        let found = orgs.list_members(reader, query).await.expect("a page");
        assert_eq!(found.page.total, found.page.rows.len() as i64, "{query:?}");
        found.page.rows.clone()
    }

    async fn names(&self, query: &MemberListQuery) -> Vec<String> {
        let rows = self.rows(query).await;
        rows.into_iter().map(|row| row.name).collect()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.app.services.db.pool())
            .await
            .expect("a number")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_member_is_out_at_once_on_every_node_and_comes_back_as_before() {
    let fixture = Fixture::start().await;
    let other = fixture.app.another_node().await;
    let (id, grace, _) = fixture.member("Grace", Role::Admin).await;
    assert!(other.access.require(&grace, &fixture.slug).await.is_ok());
    let seats = fixture
        .number("select members from organization_member_count")
        .await;

    fixture.suspend(id).await;
    for services in [&fixture.app.services, &other] {
        let found = services.access.require(&grace, &fixture.slug).await;
        assert!(matches!(found, Err(Error::NotFound)), "{found:?}");
        let mine = services.orgs.list_mine(&grace).await.expect("a list");
        assert!(mine.is_empty(), "{mine:?}");
    }
    let kept = fixture
        .number("select members from organization_member_count")
        .await;
    assert_eq!(kept, seats, "the seat is kept");

    let orgs = &fixture.app.services.orgs;
    let reinstated = orgs.reinstate_member(&fixture.access, id).await;
    reinstated.expect("reinstated");
    for services in [&fixture.app.services, &other] {
        let access = services.access.require(&grace, &fixture.slug).await;
        let access = access.expect("a member");
        assert_eq!(access.role(), Role::Admin);
        assert_eq!(access.membership().member_id, id);
        let mine = services.orgs.list_mine(&grace).await.expect("a list");
        assert_eq!(mine.len(), 1);
    }
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_owner_can_change_nothing_with_an_old_proof() {
    let fixture = Fixture::start().await;
    let (id, _, hers) = fixture.member("Grace", Role::Owner).await;
    let (member, ..) = fixture.member("Linus", Role::Member).await;
    fixture.suspend(id).await;
    let orgs = &fixture.app.services.orgs;
    for outcome in [
        orgs.change_role(&hers, member, Role::Admin).await,
        orgs.suspend_member(&hers, member).await,
        orgs.reinstate_member(&hers, id).await,
        orgs.remove_member(&hers, member).await,
        orgs.leave(&hers).await,
        orgs.offer_ownership(&hers, &fixture.access.user().email)
            .await,
    ] {
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_is_suspended_is_nobody_to_leave_an_organization_to() {
    let fixture = Fixture::start().await;
    let (id, ..) = fixture.member("Grace", Role::Owner).await;
    fixture.suspend(id).await;
    let (orgs, me) = (
        &fixture.app.services.orgs,
        fixture.access.membership().member_id,
    );
    for outcome in [
        orgs.leave(&fixture.access).await,
        orgs.change_role(&fixture.access, me, Role::Admin).await,
        orgs.remove_member(&fixture.access, me).await,
    ] {
        assert!(
            matches!(&outcome, Err(Error::Conflict(why)) if why.message.contains("owner")),
            "{outcome:?}"
        );
    }
    let overview = orgs.get_overview(&fixture.access).await;
    let contact = overview.expect("an overview").owner.clone();
    assert_eq!(contact.expect("an owner").name, "Ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_contacted_about_an_organization_who_is_suspended_there() {
    let fixture = Fixture::start().await;
    let (_, _, hers) = fixture.member("Grace", Role::Owner).await;
    let orgs = &fixture.app.services.orgs;
    let ada = fixture.access.membership().member_id;
    orgs.suspend_member(&hers, ada).await.expect("suspended");
    let overview = orgs.get_overview(&hers).await.expect("an overview");
    let contact = overview.owner.clone().expect("an owner");
    assert_eq!(contact.name, "Grace");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_suspends_themselves() {
    let fixture = Fixture::start().await;
    fixture.member("Grace", Role::Owner).await;
    let me = fixture.access.membership().member_id;
    let orgs = &fixture.app.services.orgs;
    let outcome = orgs.suspend_member(&fixture.access, me).await;
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
}

/// Everything one member can do to another, by the roles of both and the role that is given,
/// to members who are active and to members who are suspended.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_does_to_a_member_what_their_role_does_not_carry() {
    let fixture = Fixture::start().await;
    let orgs = &fixture.app.services.orgs;
    let mut actors = Vec::new();
    for role in Role::ALL {
        let (_, _, access) = fixture.member(&format!("Actor {role}"), role).await;
        actors.push(access);
    }
    // One of each role, put back as it was after each attempt.
    let mut targets = Vec::new();
    for role in Role::ALL {
        let (id, ..) = fixture.member(&format!("Target {role}"), role).await;
        targets.push((id, role));
    }
    for actor in &actors {
        let manages = actor.role().may(Permission::ManageMembers);
        let manages_owners = actor.role().may(Permission::ManageOwners);
        for (target, from) in targets.iter().copied() {
            for suspended in [false, true] {
                let set_up = async |suspended: bool| {
                    let sql = "update member set role = $2::text, \
                               suspended_at = case when $3::text = 'true' then now() end \
                               where id = $1::uuid";
                    let values = [target.to_string(), from.to_string(), suspended.to_string()];
                    let values = values.each_ref().map(String::as_str);
                    fixture.app.sql_with(sql, &values).await;
                };
                let may_touch = if from == Role::Owner {
                    manages_owners
                } else {
                    manages
                };
                let what = format!("{} {from} suspended={suspended}", actor.role());
                for to in Role::ALL {
                    set_up(suspended).await;
                    let may = may_touch && (to != Role::Owner || manages_owners);
                    let outcome = orgs.change_role(actor, target, to).await;
                    assert_eq!(outcome.is_ok(), may, "{what} → {to}: {outcome:?}");
                    if !may {
                        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
                    }
                }
                set_up(suspended).await;
                for outcome in [
                    orgs.suspend_member(actor, target).await,
                    orgs.reinstate_member(actor, target).await,
                ] {
                    assert_eq!(outcome.is_ok(), may_touch, "{what}: {outcome:?}");
                    if !may_touch {
                        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_giver_brings_no_owner_back() {
    let fixture = Fixture::start().await;
    let (id, ..) = fixture.member("Grace", Role::Owner).await;
    let (_, _, admin) = fixture.member("Linus", Role::Admin).await;
    fixture.suspend(id).await;
    let orgs = &fixture.app.services.orgs;
    let outcome = orgs.reinstate_member(&admin, id).await;
    assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
    // As whatever an admin may give, they would come back; but an owner is not theirs to touch.
    let outcome = orgs.change_role(&admin, id, Role::Member).await;
    assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn suspending_and_reinstating_is_in_the_audit_log_once() {
    let fixture = Fixture::start().await;
    let (id, ..) = fixture.member("Grace", Role::Admin).await;
    let orgs = &fixture.app.services.orgs;
    for _ in 0..2 {
        fixture.suspend(id).await;
    }
    for _ in 0..2 {
        let again = orgs.reinstate_member(&fixture.access, id).await;
        again.expect("what is so stays so");
    }
    let overview = orgs.get_overview(&fixture.access).await;
    let overview = overview.expect("an overview");
    let entries: Vec<_> = overview
        .recent_activity
        .iter()
        .map(|entry| (entry.kind, entry.subject.as_str(), entry.detail.as_str()))
        .collect();
    assert_eq!(
        entries,
        [
            (ActivityKind::MemberReinstated, "Grace", "admin"),
            (ActivityKind::MemberSuspended, "Grace", ""),
            (ActivityKind::OrgCreated, "Organization fixture", ""),
        ]
    );
}

/// Whoever was an owner, was suspended and removed, and comes again as a plain member, is
/// just that: nothing names the former membership.
#[tokio::test(flavor = "multi_thread")]
async fn who_joins_again_after_removal_has_none_of_the_former_rights() {
    let fixture = Fixture::start().await;
    let (id, grace, hers) = fixture.member("Grace", Role::Owner).await;
    let (linus, ..) = fixture.member("Linus", Role::Member).await;
    let orgs = &fixture.app.services.orgs;
    let to = fixture.app.user("Nobody").await.email.clone();
    let outcome = orgs.offer_ownership(&hers, &to).await;
    assert!(matches!(outcome, Err(Error::Invalid(_))), "{outcome:?}");
    let to = orghub::domain::Email::parse("linus@users.test").expect("an address");
    orgs.offer_ownership(&hers, &to).await.expect("offered");
    fixture
        .app
        .services
        .access
        .write_last_active()
        .await
        .expect("written");
    fixture.suspend(id).await;
    let removed = orgs.remove_member(&fixture.access, id).await;
    removed.expect("removed");

    let left = fixture
        .number(
            "select (select count(*) from member where user_id = (select id from users where name = 'Grace'))
                  + (select count(*) from member_use where member_id not in (select id from member))
                  + (select count(*) from ownership_transfer)",
        )
        .await;
    assert_eq!(left, 0);

    fixture
        .app
        .add_member(fixture.access.org_id(), &grace, Role::Member)
        .await;
    let again = fixture.app.access(&grace, &fixture.slug).await;
    assert_eq!(again.role(), Role::Member);
    for access in [&hers, &again] {
        for outcome in [
            orgs.change_role(access, linus, Role::Admin).await,
            orgs.suspend_member(access, linus).await,
            orgs.remove_member(access, linus).await,
            orgs.offer_ownership(access, &to).await,
            orgs.withdraw_ownership(access).await,
        ] {
            assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
        }
    }
    let rows = fixture.rows(&MemberListQuery::default()).await;
    let owners = rows.iter().filter(|row| row.role == Role::Owner);
    assert_eq!(owners.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_shows_and_filters_who_is_suspended() {
    let fixture = Fixture::start().await;
    let (id, ..) = fixture.member("Grace", Role::Member).await;
    fixture.member("Linus", Role::Member).await;
    fixture.suspend(id).await;
    let everybody = fixture.rows(&MemberListQuery::default()).await;
    let statuses: Vec<_> = everybody
        .iter()
        .map(|row| (row.name.as_str(), row.status()))
        .collect();
    assert_eq!(
        statuses,
        [
            ("Linus", MemberStatus::Active),
            ("Grace", MemberStatus::Suspended),
            ("Ada", MemberStatus::Active),
        ]
    );
    for (status, names) in [
        (MemberStatus::Suspended, &["Grace"][..]),
        (MemberStatus::Active, &["Linus", "Ada"]),
    ] {
        for search in ["", "users.test"] {
            let query = MemberListQuery {
                status: Some(status),
                search: search.to_owned(),
                ..Default::default()
            };
            assert_eq!(fixture.names(&query).await, names, "{query:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_member_was_active_is_written_once_an_hour_and_ends_nothing_cached() {
    let fixture = Fixture::start().await;
    let services = &fixture.app.services;
    let write = async || services.access.write_last_active().await.expect("written");
    assert_eq!(write().await, 1, "Ada has opened it");
    let (_, grace, _) = fixture.member("Grace", Role::Member).await;
    assert_eq!(write().await, 1, "Grace has, too");
    let before = fixture.number("select count(*) from cache_log").await;
    for _ in 0..3 {
        fixture.app.access(&grace, &fixture.slug).await;
    }
    assert_eq!(write().await, 0, "once an hour");
    services.clock.advance(Duration::hours(1));
    fixture.app.access(&grace, &fixture.slug).await;
    assert_eq!(write().await, 1);
    let after = fixture.number("select count(*) from cache_log").await;
    assert_eq!(after, before, "nothing cached depends on it");

    let by_use = MemberListQuery {
        sort: MemberSort::Active,
        ..Default::default()
    };
    let rows = fixture.rows(&by_use).await;
    let [grace, ada] = rows.as_slice() else {
        panic!("two members: {rows:?}");
    };
    assert_eq!((grace.name.as_str(), ada.name.as_str()), ("Grace", "Ada"));
    let (grace, ada) = (grace.last_active_at, ada.last_active_at);
    let apart = grace.expect("active") - ada.expect("active");
    assert_eq!(apart, Duration::hours(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_refused_is_not_active() {
    let fixture = Fixture::start().await;
    let access = &fixture.app.services.access;
    access.write_last_active().await.expect("written");
    let (id, grace, _) = fixture.member("Grace", Role::Member).await;
    access.write_last_active().await.expect("written");
    fixture.suspend(id).await;
    fixture.app.services.clock.advance(Duration::hours(2));
    let refused = access.require(&grace, &fixture.slug).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    assert_eq!(access.write_last_active().await.expect("nothing to do"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_finds_who_has_been_inactive() {
    let fixture = Fixture::start().await;
    for name in ["Recent", "Month", "Quarter", "New", "Old"] {
        fixture.member(name, Role::Member).await;
    }
    let access = &fixture.app.services.access;
    access.write_last_active().await.expect("written");
    fixture
        .app
        .sql(
            "update member_use set last_active_at = now() - case users.name
                 when 'Month' then interval '31 days'
                 when 'Quarter' then interval '91 days'
                 else interval '2 hours'
             end
             from member join users on users.id = member.user_id
             where member.id = member_use.member_id",
        )
        .await;
    fixture
        .app
        .sql(
            "delete from member_use where member_id in (
                 select member.id from member join users on users.id = member.user_id
                 where users.name in ('New', 'Old')
             )",
        )
        .await;
    fixture
        .app
        .sql(
            "update member set created_at = now() - interval '1 year'
             where user_id = (select id from users where name = 'Old')",
        )
        .await;
    for (inactive, expected) in [
        (Inactivity::Month, &["Month", "Old", "Quarter"][..]),
        (Inactivity::Quarter, &["Old", "Quarter"]),
        (Inactivity::Never, &["New", "Old"]),
    ] {
        for search in ["", "users.test"] {
            let query = MemberListQuery {
                inactive: Some(inactive),
                search: search.to_owned(),
                ..Default::default()
            };
            let mut names = fixture.names(&query).await;
            names.sort();
            assert_eq!(names, expected, "{query:?}");
        }
    }
    let by_use = MemberListQuery {
        sort: MemberSort::Active,
        ..Default::default()
    };
    let names = fixture.names(&by_use).await;
    assert_eq!(names[2..], ["Month", "Quarter", "New", "Old"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lacks_a_second_factor_is_known_to_those_who_manage_members_alone() {
    let fixture = Fixture::start().await;
    let (_, _, admin) = fixture.member("Adam", Role::Admin).await;
    let (_, _, billing) = fixture.member("Bill", Role::Billing).await;
    let (_, _, member) = fixture.member("Mina", Role::Member).await;
    let without = MemberListQuery {
        without_factor: true,
        ..Default::default()
    };
    // What is cached knows of everybody, and the first who asks are those who may not know.
    for reader in [&member, &billing] {
        for query in [&MemberListQuery::default(), &without] {
            let rows = fixture.rows_for(reader, query).await;
            assert_eq!(rows.len(), 4, "the filter is not for {}", reader.role());
            assert!(rows.iter().all(|row| row.has_second_factor.is_none()));
        }
    }
    for reader in [&admin, &fixture.access] {
        let rows = fixture.rows_for(reader, &MemberListQuery::default()).await;
        assert!(rows.iter().all(|row| row.has_second_factor == Some(false)));
        assert_eq!(fixture.rows_for(reader, &without).await.len(), 4);
    }

    let mut tx = fixture.app.begin().await;
    sqlx::query("update users set second_factor_at = now() where name = 'Adam'")
        .execute(tx.conn())
        .await
        .expect("the statement runs");
    let position = tx.commit_at().await.expect("it commits");
    let cache = &fixture.app.services.cache;
    cache.wait_until_applied(position).await;
    let rows = fixture.rows(&MemberListQuery::default()).await;
    let adam = rows.iter().find(|row| row.name == "Adam");
    assert_eq!(adam.expect("a row").has_second_factor, Some(true));
    assert_eq!(fixture.names(&without).await, ["Mina", "Bill", "Ada"]);
}
