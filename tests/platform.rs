//! What platform admins see and do, who is one, and what they leave behind.

use orghub::{
    auth::{ClientInfo, PlatformAdmin, SignedIn},
    domain::{
        ActivityKind, CurrentUser, LimitOverride, MemberListQuery, OrgId, OrgSlug, PageNumber,
        PlatformAct, PlatformActKind, RecordQuery, Role, UserId, platform::JobChoice,
    },
    error::{Error, Result},
    services::Services,
};
use orghub_test_support::{PASSWORD, TestApp, browser, session_of, sign_in, user_of};
use time::Duration;

/// A site with a platform admin and an organization of Ada's.
struct Fixture {
    app: TestApp,
    ada: SignedIn,
    slug: OrgSlug,
    org: OrgId,
    admin: PlatformAdmin,
}

impl Fixture {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let ada = app.user("Ada").await;
        let slug = app.org("acme", &ada).await;
        let org = app.access(&ada, &slug).await.org_id();
        let admin = platform_admin(&app, "Root").await;
        Self {
            app,
            ada,
            slug,
            org,
            admin,
        }
    }

    fn node(&self) -> &Services {
        &self.app.services
    }

    async fn acts(&self) -> Vec<PlatformAct> {
        let platform = &self.node().platform;
        let page = platform.list_acts(&self.admin, PageNumber::FIRST).await;
        page.expect("a page").rows
    }

    /// Kind and subject of what was done, the latest first.
    async fn done(&self) -> Vec<(PlatformActKind, String)> {
        let acts = self.acts().await.into_iter();
        acts.map(|act| (act.kind, act.subject)).collect()
    }

    /// What the organization's own log says, the latest first.
    async fn activity(&self) -> Vec<(String, ActivityKind)> {
        let access = self.app.access(&self.ada, &self.slug).await;
        let overview = self.node().orgs.get_overview(&access).await;
        let overview = overview.expect("an overview");
        let entries = overview.recent_activity.iter();
        entries
            .map(|entry| (entry.actor.clone(), entry.kind))
            .collect()
    }

    async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement)
            .fetch_one(self.node().db.pool())
            .await
            .expect("a number")
    }

    /// Every write there is, each by `admin` and of something that is there.
    async fn every_write(&self, admin: &PlatformAdmin) -> Vec<(&'static str, Result<()>)> {
        let platform = &self.node().platform;
        let (org, ada) = (self.org, self.ada.id);
        let limits = LimitOverride::default();
        vec![
            ("limits", platform.set_limits(admin, org, limits).await),
            ("restore", platform.restore_org(admin, org).await),
            ("suspend", platform.suspend_user(admin, ada).await),
            ("reinstate", platform.reinstate_user(admin, ada).await),
            ("sign out", platform.sign_out_user(admin, ada).await),
            ("everybody", platform.sign_out_everybody(admin).await),
            ("flush org", platform.flush_org(admin, &self.slug).await),
            (
                "flush user",
                platform.flush_user(admin, &self.ada.email).await,
            ),
            ("flush all", platform.flush_all(admin).await),
            (
                "retry",
                platform.retry_jobs(admin, &JobChoice::All).await.map(drop),
            ),
            ("drop", platform.drop_job(admin, 1).await),
        ]
    }
}

/// A platform admin with a second factor, as the session middleware would find them.
async fn platform_admin(app: &TestApp, name: &str) -> PlatformAdmin {
    let user = app.user(name).await;
    app.sql_with(
        "update users set platform_admin = true, second_factor_at = now() where name = $1",
        &[name],
    )
    .await;
    let address = "192.0.2.7".parse().expect("an address");
    let user = as_found(&user, true, true).coming_from(Some(address));
    PlatformAdmin::admit(&user).expect("one is")
}

fn as_found(user: &SignedIn, platform_admin: bool, has_second_factor: bool) -> SignedIn {
    let user = CurrentUser {
        platform_admin,
        has_second_factor,
        ..user.user().clone()
    };
    let session = session_of(user.id);
    SignedIn::claimed(user, session)
}

fn found(search: &str) -> RecordQuery {
    RecordQuery {
        search: search.to_owned(),
        ..RecordQuery::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_platform_admin_with_a_second_factor_is_admitted() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let admit = |admin, factor| {
        let user = as_found(&ada, admin, factor);
        PlatformAdmin::admit(&user).map(drop)
    };
    for factor in [false, true] {
        let refused = admit(false, factor);
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
    let refused = admit(true, false);
    assert!(
        matches!(refused, Err(Error::SecondFactorFirst)),
        "{refused:?}"
    );
    assert!(admit(true, true).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_on_the_word_of_a_cache() {
    let fixture = Fixture::start().await;
    let admin = &fixture.admin;
    let refused_with = async |expected: fn(&Error) -> bool, why: &str| {
        for (write, outcome) in fixture.every_write(admin).await {
            assert!(
                outcome.as_ref().is_err_and(expected),
                "{write}, {why}: {outcome:?}"
            );
        }
    };
    fixture
        .app
        .sql("update users set platform_admin = false where name = 'Root'")
        .await;
    refused_with(|error| matches!(error, Error::NotFound), "no admin").await;
    fixture
        .app
        .sql("update users set platform_admin = true, second_factor_at = null where name = 'Root'")
        .await;
    let no_factor = |error: &Error| matches!(error, Error::SecondFactorFirst);
    refused_with(no_factor, "no second factor").await;
    fixture
        .app
        .sql("update users set second_factor_at = now() where name = 'Root'")
        .await;
    fixture
        .app
        .sql("update session set confirmed_at = now() - interval '11 minutes'")
        .await;
    refused_with(|error| matches!(error, Error::ConfirmFirst), "stale").await;
    fixture
        .app
        .sql("update users set session_epoch = session_epoch + 1 where name = 'Root'")
        .await;
    refused_with(|error| matches!(error, Error::SignedOut), "signed out").await;

    assert_eq!(fixture.acts().await, [], "nothing was done");
    assert_eq!(
        fixture
            .count("select count(*) from users where banned_at is not null")
            .await,
        0
    );
    assert_eq!(
        fixture.count("select count(*) from limit_override").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn suspended_user_is_out_on_the_next_request_on_every_node_until_reinstated() {
    let fixture = Fixture::start().await;
    let (node, other) = (fixture.node(), fixture.app.another_node().await);
    let platform = &node.platform;
    let session = sign_in(node, &fixture.ada).await;
    for node in [node, &other] {
        assert!(user_of(node, &session).await.is_some());
    }
    let suspended = platform.suspend_user(&fixture.admin, fixture.ada.id).await;
    suspended.expect("suspended");
    for node in [node, &other] {
        assert_eq!(user_of(node, &session).await, None);
        let sign_in = node
            .auth
            .sign_in(
                &browser(node, None),
                fixture.ada.email.as_str(),
                PASSWORD,
                &ClientInfo::default(),
            )
            .await;
        assert!(matches!(sign_in, Err(Error::SignInFailed)), "{sign_in:?}");
    }
    let again = platform.suspend_user(&fixture.admin, fixture.ada.id).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    let record = platform.get_user(&fixture.admin, fixture.ada.id).await;
    let record = record.expect("a user");
    assert!(record.suspended_at.is_some());
    assert_eq!(record.sessions, 0);
    assert_eq!(record.memberships.len(), 1, "memberships stay");

    let reinstated = platform
        .reinstate_user(&fixture.admin, fixture.ada.id)
        .await;
    reinstated.expect("reinstated");
    for node in [node, &other] {
        assert_eq!(user_of(node, &session).await, None, "it has ended");
    }
    let session = sign_in(&other, &fixture.ada).await;
    assert!(user_of(node, &session).await.is_some());
    let email = fixture.ada.email.to_string();
    assert_eq!(
        fixture.done().await,
        [
            (PlatformActKind::UserReinstated, email.clone()),
            (PlatformActKind::UserSuspended, email)
        ]
    );
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn platform_admins_do_not_lock_each_other_out() {
    let fixture = Fixture::start().await;
    let other = platform_admin(&fixture.app, "Ruth").await;
    let platform = &fixture.node().platform;
    for target in [other.signed_in().id, fixture.admin.signed_in().id] {
        let refused = platform.suspend_user(&fixture.admin, target).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    }
    let nobody = UserId::new();
    let missing = platform.suspend_user(&fixture.admin, nobody).await;
    assert!(matches!(missing, Err(Error::NotFound)), "{missing:?}");
    assert_eq!(fixture.acts().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_signed_out_everywhere_and_may_come_back() {
    let fixture = Fixture::start().await;
    let (node, other) = (fixture.node(), fixture.app.another_node().await);
    let sessions = [
        sign_in(node, &fixture.ada).await,
        sign_in(&other, &fixture.ada).await,
    ];
    let before = node.platform.get_user(&fixture.admin, fixture.ada.id).await;
    // And the one that no browser has.
    assert_eq!(before.expect("a user").sessions, 3);
    let out = node.platform.sign_out_user(&fixture.admin, fixture.ada.id);
    out.await.expect("signed out");
    for node in [node, &other] {
        for session in &sessions {
            assert_eq!(user_of(node, session).await, None);
        }
    }
    let session = sign_in(node, &fixture.ada).await;
    assert!(user_of(&other, &session).await.is_some());
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_its_own_change_the_seats_of_an_organization_at_once() {
    let fixture = Fixture::start().await;
    let (node, other) = (fixture.node(), fixture.app.another_node().await);
    let seats = async |node: &Services| {
        let access = fixture.app.access(&fixture.ada, &fixture.slug).await;
        let view = node.billing.get_org_subscription(&access).await;
        let view = view.expect("a view");
        (view.limits.members, view.limits_overridden)
    };
    for node in [node, &other] {
        assert_eq!(seats(node).await, (3, false));
    }
    let limits = LimitOverride {
        members: Some(7),
        ..LimitOverride::default()
    };
    let set = node
        .platform
        .set_limits(&fixture.admin, fixture.org, limits);
    set.await.expect("set");
    for node in [node, &other] {
        assert_eq!(seats(node).await, (7, true));
    }
    let record = node.platform.get_org(&fixture.admin, fixture.org).await;
    let record = record.expect("an organization");
    assert_eq!(record.limit_override, limits);
    assert_eq!(record.subscription.limits.members, 7);

    let back = node
        .platform
        .set_limits(&fixture.admin, fixture.org, LimitOverride::default());
    back.await.expect("set back");
    for node in [node, &other] {
        assert_eq!(seats(node).await, (3, false));
    }
    let acts = fixture.acts().await;
    assert_eq!(acts.len(), 2);
    assert_eq!(acts[1].kind, PlatformActKind::LimitsChanged);
    assert_eq!(acts[1].subject, "acme");
    assert!(
        acts[1].detail.starts_with("members 7,"),
        "{}",
        acts[1].detail
    );
    assert_eq!(acts[1].actor, "Root");
    assert_eq!(acts[1].address.as_deref(), Some("192.0.2.7"));
    assert_eq!(
        fixture.activity().await[0],
        ("Orghub staff".to_owned(), ActivityKind::StaffChangedLimits)
    );
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_organization_comes_back_to_its_members_on_every_node() {
    let fixture = Fixture::start().await;
    let (node, other) = (fixture.node(), fixture.app.another_node().await);
    let grace = fixture.app.user("Grace").await;
    fixture
        .app
        .add_member(fixture.org, &grace, Role::Member)
        .await;
    let platform = &node.platform;
    let refused = platform.restore_org(&fixture.admin, fixture.org).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    fixture
        .app
        .sql("update organization set deleted_at = now()")
        .await;
    node.flush_all_by_operator().await.expect("flushed");
    for node in [node, &other] {
        assert!(node.access.require(&grace, &fixture.slug).await.is_err());
        let mine = node.orgs.list_mine(&grace).await.expect("a list");
        assert!(mine.is_empty());
    }
    let found = platform.list_orgs(&fixture.admin, &found("acme")).await;
    assert!(found.expect("a page").rows[0].is_deleted);

    let restored = platform.restore_org(&fixture.admin, fixture.org).await;
    restored.expect("restored");
    for node in [node, &other] {
        let access = node.access.require(&grace, &fixture.slug).await;
        let access = access.expect("a member again");
        assert_eq!(access.role(), Role::Member);
        let mine = node.orgs.list_mine(&grace).await.expect("a list");
        assert_eq!(mine.len(), 1);
    }
    assert_eq!(
        fixture.done().await,
        [(PlatformActKind::OrgRestored, "acme".to_owned())]
    );
    assert_eq!(
        fixture.activity().await[0].1,
        ActivityKind::StaffRestoredOrg
    );
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn organizations_are_found_by_name_slug_former_slug_and_id() {
    let fixture = Fixture::start().await;
    let bob = fixture.app.user("Bob").await;
    fixture.app.org("globex", &bob).await;
    fixture.app.org("100-percent", &bob).await;
    fixture
        .app
        .sql("update organization set slug = 'umbrella', name = 'Söhne' where slug = 'globex'")
        .await;
    let platform = &fixture.node().platform;
    let search = async |text: &str| {
        let page = platform.list_orgs(&fixture.admin, &found(text)).await;
        let page = page.expect("a page");
        assert_eq!(page.total, i64::try_from(page.rows.len()).expect("few"));
        let slugs = page.rows.iter().map(|org| org.slug.to_string());
        slugs.collect::<Vec<_>>()
    };
    assert_eq!(search("").await, ["100-percent", "umbrella", "acme"]);
    for text in ["SOHNE", "umbr", "globex"] {
        assert_eq!(search(text).await, ["umbrella"], "{text}");
    }
    assert_eq!(search(&fixture.org.to_string()).await, ["acme"]);
    assert!(search("%").await.is_empty(), "taken literally");
    assert!(search(&OrgId::new().to_string()).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_by_name_address_and_id() {
    let fixture = Fixture::start().await;
    let grace = fixture.app.user("Grace").await;
    let platform = &fixture.node().platform;
    let search = async |text: &str| {
        let page = platform.list_users(&fixture.admin, &found(text)).await;
        let page = page.expect("a page");
        let names = page.rows.iter().map(|user| user.name.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(search("").await, ["Grace", "Root", "Ada"]);
    for text in ["GRÁCE", "grace@users.test", "Grace@USERS.test", "race@"] {
        assert_eq!(search(text).await, ["Grace"], "{text}");
    }
    assert_eq!(search(&grace.id.to_string()).await, ["Grace"]);
    assert!(search("%").await.is_empty(), "taken literally");
    assert!(search("nobody@users.test").await.is_empty());
    let counts = platform.count_all(&fixture.admin).await.expect("counts");
    assert_eq!((counts.users, counts.suspended_users), (3, 0));
    assert_eq!((counts.orgs, counts.deleted_orgs), (1, 0));
}

/// Other names for Ada, and how she gets them without any trigger's hearing of it.
const BEHIND: [(&str, &str); 2] = [
    (
        "Eve",
        "do $$ begin
             set local session_replication_role = replica;
             update users set name = 'Eve' where email like 'ada@%';
         end $$",
    ),
    (
        "Joan",
        "do $$ begin
             set local session_replication_role = replica;
             update users set name = 'Joan' where email like 'ada@%';
         end $$",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_ends_what_was_changed_behind_the_triggers_back() {
    let fixture = Fixture::start().await;
    let (node, other) = (fixture.node(), fixture.app.another_node().await);
    let access = fixture.app.access(&fixture.ada, &fixture.slug).await;
    let query = MemberListQuery::default();
    let name = async |node: &Services| {
        let page = node.orgs.list_members(&access, &query).await;
        page.expect("a page").page.rows[0].name.clone()
    };
    assert_eq!(name(&other).await, "Ada");
    for (round, (change, behind)) in BEHIND.into_iter().enumerate() {
        fixture.app.sql(behind).await;
        assert_ne!(name(&other).await, change, "it is cached");
        let platform = &node.platform;
        let flushed = match round {
            0 => platform.flush_org(&fixture.admin, &fixture.slug).await,
            _ => platform.flush_all(&fixture.admin).await,
        };
        flushed.expect("flushed");
        assert_eq!(name(&other).await, change);
    }
    let email = &fixture.ada.email;
    let flushed = node.platform.flush_user(&fixture.admin, email).await;
    flushed.expect("flushed");
    let kinds: Vec<_> = fixture
        .done()
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(
        kinds,
        [
            PlatformActKind::UserFlushed,
            PlatformActKind::AllFlushed,
            PlatformActKind::OrgFlushed
        ]
    );
    assert_eq!(
        fixture.activity().await[0].1,
        ActivityKind::StaffFlushedCache
    );
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cache_says_how_often_it_was_asked_and_answered() {
    let fixture = Fixture::start().await;
    let node = fixture.node();
    for _ in 0..3 {
        fixture.app.access(&fixture.ada, &fixture.slug).await;
    }
    let status = node.platform.cache_status(&fixture.admin).await;
    let status = status.expect("a status");
    assert!(status.lease_is_running);
    let memberships = status.families.iter().find(|of| of.name == "membership");
    let memberships = memberships.expect("a family");
    assert!(memberships.lookups() >= 4, "{memberships:?}");
    // Whatever levels of the cache there are.
    assert!(memberships.hit_percent().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_retried_by_number_and_by_kind_and_dropped() {
    let fixture = Fixture::start().await;
    fixture
        .app
        .sql(
            "insert into job (kind, payload, created_at, run_at, attempts, dead_at, last_error)
             select kind, '{}', now(), now(), 7, now(), 'no answer'
             from unnest(array['test.a', 'test.a', 'test.b', 'test.b']) as new (kind)",
        )
        .await;
    let platform = &fixture.node().platform;
    let admin = &fixture.admin;
    let queue = async || platform.get_queue(admin).await.expect("a queue");
    let dead = async || {
        let failed = queue().await.failed.into_iter();
        let dead = failed.filter(|job| job.dead_at.is_some());
        dead.map(|job| (job.kind, job.id)).collect::<Vec<_>>()
    };
    let all = dead().await;
    assert_eq!(all.len(), 4);
    let kinds = queue().await.kinds;
    let of_a = kinds.iter().find(|kind| kind.kind == "test.a");
    assert_eq!(of_a.map(|kind| kind.dead), Some(2));
    let of = |kind: &str| all.iter().find(|(of, _)| of == kind).expect("one").1;

    let one = JobChoice::One(of("test.b"));
    assert_eq!(platform.retry_jobs(admin, &one).await.expect("one"), 1);
    let again = platform.retry_jobs(admin, &one).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    let kind = JobChoice::Kind("test.a".to_owned());
    assert_eq!(platform.retry_jobs(admin, &kind).await.expect("two"), 2);
    let left = dead().await;
    assert_eq!(left.len(), 1, "{left:?}");
    platform.drop_job(admin, left[0].1).await.expect("dropped");
    let gone = platform.drop_job(admin, left[0].1).await;
    assert!(matches!(gone, Err(Error::NotFound)), "{gone:?}");
    assert!(dead().await.is_empty());

    let acts = fixture.done().await;
    assert_eq!(
        acts,
        [
            (PlatformActKind::JobDropped, left[0].1.to_string()),
            (PlatformActKind::JobsRetried, "test.a".to_owned()),
            (PlatformActKind::JobsRetried, of("test.b").to_string()),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_paged_newest_first_and_nobody_can_change_it() {
    let fixture = Fixture::start().await;
    let platform = &fixture.node().platform;
    for members in 1..=51 {
        let limits = LimitOverride {
            members: Some(members),
            ..LimitOverride::default()
        };
        fixture.node().clock.advance(Duration::milliseconds(1));
        let set = platform.set_limits(&fixture.admin, fixture.org, limits);
        set.await.expect("set");
    }
    let page = async |number| {
        let page = platform.list_acts(&fixture.admin, PageNumber::new(number));
        page.await.expect("a page")
    };
    let (first, second) = (page(1).await, page(2).await);
    assert_eq!(
        (first.total, first.rows.len(), second.rows.len()),
        (51, 50, 1)
    );
    assert!(first.rows[0].detail.starts_with("members 51,"));
    assert!(second.rows[0].detail.starts_with("members 1,"));
    assert!(page(3).await.is_beyond_last());
    for statement in [
        "update platform_act set detail = ''",
        "delete from platform_act",
        "truncate platform_act",
    ] {
        let pool = fixture.node().db.pool();
        let refused = sqlx::query(statement).execute(pool).await;
        assert!(refused.is_err(), "{statement}");
    }
}
