//! Changing many members at once: who is changed, who is left, and what is taken back.

use std::collections::BTreeMap;

use orghub::{
    access::OrgAccess,
    domain::{
        ActivityKind, BulkAction, BulkChangeId, BulkEnd, BulkPreview, BulkReport, BulkState,
        MemberId, MemberListQuery, MemberRow, OrgSlug, PageNumber, Role, RowOutcome, UndoOutcome,
        UserId,
    },
    error::{Error, Result},
    services::Services,
    test_hooks::Failpoint,
};
use orghub_test_support::{Gate, PATIENCE, TestApp, eventually};
use time::Duration;

const MAKE_ADMIN: BulkAction = BulkAction::ChangeRole(Role::Admin);

/// An organization of Ada's, with Grace, who is an admin.
struct Fixture {
    app: TestApp,
    slug: OrgSlug,
    owner: OrgAccess,
    admin: OrgAccess,
}

impl Fixture {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let ada = app.user("Ada").await;
        let slug = app.org("fixture", &ada).await;
        let owner = app.access(&ada, &slug).await;
        let seats =
            "insert into limit_override (organization_id, members) values ($1::uuid, 10000)";
        app.sql_with(seats, &[&owner.org_id().to_string()]).await;
        let grace = app.user("Grace").await;
        app.add_member(owner.org_id(), &grace, Role::Admin).await;
        let admin = app.access(&grace, &slug).await;
        Self {
            app,
            slug,
            owner,
            admin,
        }
    }

    /// With so many members more, "User 00001" and so on.
    async fn with(members: u32) -> (Self, Vec<(MemberId, UserId)>) {
        let fixture = Self::start().await;
        let added = fixture
            .app
            .add_members(fixture.owner.org_id(), members)
            .await;
        (fixture, added)
    }

    fn services(&self) -> &Services {
        &self.app.services
    }

    async fn preview(&self, query: &str, action: BulkAction) -> BulkPreview {
        let query = MemberListQuery::from_query(query);
        let preview = self
            .services()
            .orgs
            .preview_bulk_change(&self.admin, &query, action);
        preview.await.expect("an admin may")
    }

    /// Asks for what the preview promises.
    async fn begin(&self, query: &str, action: BulkAction) -> BulkChangeId {
        let meant = self.preview(query, action).await.meant.total;
        let query = MemberListQuery::from_query(query);
        let orgs = &self.services().orgs;
        let begun = orgs.begin_bulk_change(&self.admin, &query, action, meant);
        begun.await.expect("it begins")
    }

    async fn run(&self) {
        self.services()
            .worker
            .run_due()
            .await
            .expect("the queue answers");
    }

    async fn done(&self, query: &str, action: BulkAction) -> BulkChangeId {
        let change = self.begin(query, action).await;
        self.run().await;
        change
    }

    async fn undo(&self, change: BulkChangeId) -> Result<()> {
        let orgs = &self.services().orgs;
        orgs.undo_bulk_change(&self.owner, change).await
    }

    async fn report(&self, change: BulkChangeId) -> BulkReport {
        let orgs = &self.services().orgs;
        let report = orgs.get_bulk_change(&self.owner, Some(change), PageNumber::FIRST);
        report.await.expect("an owner may").expect("it is there")
    }

    /// Returns when the first step is done. Other jobs may come to the failpoint before it.
    async fn first_step(&self, change: BulkChangeId) {
        let is_done = async || self.report(change).await.change.counts.reached() == 100;
        eventually("the first step is done", PATIENCE, is_done).await;
    }

    async fn ended(&self, change: BulkChangeId) -> BulkEnd {
        match self.report(change).await.change.state {
            BulkState::Ended { how, .. } => how,
            state => panic!("{state:?}"),
        }
    }

    /// The members of a list, by name.
    async fn members(&self, query: &str) -> BTreeMap<String, MemberRow> {
        let mut query = MemberListQuery::from_query(query);
        let mut members = BTreeMap::new();
        loop {
            let page = self.services().orgs.list_members(&self.owner, &query);
            let page = page.await.expect("a page").page.clone();
            let next = page.next();
            members.extend(page.rows.into_iter().map(|row| (row.name.clone(), row)));
            let Some(next) = next else { return members };
            query = query.at_page(next);
        }
    }

    /// How many entries of the audit log are of this kind, and about how many people.
    async fn logged(&self, kind: ActivityKind) -> (i64, i64) {
        sqlx::query_as(
            "select count(*), count(distinct subject) from activity
             where kind = $1 and actor_name in ('Ada', 'Grace')",
        )
        .bind(kind.as_str())
        .fetch_one(self.services().db.pool())
        .await
        .expect("the log")
    }

    async fn of_member(&self, statement: &'static str, member: MemberId) {
        self.app.sql_with(statement, &[&member.to_string()]).await;
    }
}

fn number(index: usize) -> String {
    format!("User {index:05}")
}

fn totals<T: Copy>(left: &[(T, i64)]) -> Vec<(T, i64)> {
    left.to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_whom_a_search_finds_get_a_role_on_every_node_and_each_has_an_entry() {
    let (fixture, added) = Fixture::with(250).await;
    let other = fixture.app.another_node().await;
    let preview = fixture.preview("q=crowd", MAKE_ADMIN).await;
    assert_eq!((preview.found, preview.meant.total), (250, 250));
    assert_eq!(preview.meant.first.len(), 10);
    assert!(preview.left.is_empty());

    let change = fixture.begin("q=crowd", MAKE_ADMIN).await;
    assert_eq!(
        fixture.report(change).await.change.state,
        BulkState::UnderWay
    );
    assert_eq!(fixture.members("role=admin").await.len(), 1, "not yet");
    fixture.run().await;
    assert_eq!(fixture.ended(change).await, BulkEnd::Done);
    let report = fixture.report(change).await;
    assert_eq!((report.change.counts.done, report.rows.total), (250, 250));
    assert!(
        report
            .rows
            .rows
            .iter()
            .all(|row| { row.outcome == Some(RowOutcome::Done) && row.role == Role::Member })
    );
    assert_eq!(fixture.members("role=admin").await.len(), 251);
    let admins = MemberListQuery::from_query("role=admin");
    let on_other = other.orgs.list_members(&fixture.owner, &admins);
    assert_eq!(on_other.await.expect("a page").page.total, 251);
    assert_eq!(fixture.logged(ActivityKind::RoleChanged).await, (250, 250));
    assert_eq!(fixture.logged(ActivityKind::BulkChangeAsked).await, (1, 1));

    let letters = fixture.app.mail_to("grace@users.test").await;
    assert_eq!(letters.len(), 1, "one summary");
    let text = letters[0].paragraphs.join(" ");
    assert!(
        text.contains("250 members were given the role Admin."),
        "{text}"
    );
    assert!(text.contains("taken back until"), "{text}");
    assert_eq!(added.len(), 250);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_and_whoever_asks_stay_as_they_are_and_are_told_why() {
    let (fixture, added) = Fixture::with(3).await;
    let suspend = "update member set suspended_at = now() where id = $1::uuid";
    fixture.of_member(suspend, added[0].0).await;
    let preview = fixture.preview("", BulkAction::Suspend).await;
    let left: Vec<_> = preview
        .left
        .iter()
        .map(|(why, members)| (*why, members.total, members.first[0].name.as_str()))
        .collect();
    assert_eq!(
        left,
        [
            (RowOutcome::Owner, 1, "Ada"),
            (RowOutcome::Yourself, 1, "Grace"),
            (RowOutcome::Already, 1, "User 00001"),
        ]
    );
    assert_eq!(preview.meant.total, 2);
    let change = fixture.done("", BulkAction::Suspend).await;
    let counts = fixture.report(change).await.change.counts;
    assert_eq!((counts.total, counts.done), (5, 2));
    assert_eq!(
        totals(&counts.left),
        [
            (RowOutcome::Owner, 1),
            (RowOutcome::Yourself, 1),
            (RowOutcome::Already, 1)
        ]
    );
    let active: Vec<String> = fixture.members("status=active").await.into_keys().collect();
    assert_eq!(active, ["Ada", "Grace"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_the_right_a_fresh_proof_and_what_was_promised() {
    let (fixture, _) = Fixture::with(5).await;
    let orgs = &fixture.services().orgs;
    let everybody = MemberListQuery::default();
    let change = fixture.begin("q=crowd", MAKE_ADMIN).await;

    for role in [Role::Member, Role::Billing] {
        let user = fixture.app.user(&format!("Not {role}")).await;
        fixture
            .app
            .add_member(fixture.owner.org_id(), &user, role)
            .await;
        let access = fixture.app.access(&user, &fixture.slug).await;
        let preview = orgs
            .preview_bulk_change(&access, &everybody, MAKE_ADMIN)
            .await;
        assert!(matches!(preview, Err(Error::Forbidden)), "{role}");
        let begun = orgs
            .begin_bulk_change(&access, &everybody, MAKE_ADMIN, 5)
            .await;
        assert!(matches!(begun, Err(Error::Forbidden)), "{role}");
        let read = orgs
            .get_bulk_change(&access, Some(change), PageNumber::FIRST)
            .await;
        assert!(matches!(read, Err(Error::Forbidden)), "{role}");
        let cancelled = orgs.cancel_bulk_change(&access, change).await;
        assert!(matches!(cancelled, Err(Error::Forbidden)), "{role}");
        let undone = orgs.undo_bulk_change(&access, change).await;
        assert!(matches!(undone, Err(Error::Forbidden)), "{role}");
    }

    // Who owns another organization finds nothing of this one there.
    let eve = fixture.app.user("Eve").await;
    let elsewhere = fixture.app.org("elsewhere", &eve).await;
    let elsewhere = fixture.app.access(&eve, &elsewhere).await;
    let read = orgs
        .get_bulk_change(&elsewhere, Some(change), PageNumber::FIRST)
        .await;
    assert!(matches!(read, Err(Error::NotFound)));
    assert!(matches!(
        orgs.cancel_bulk_change(&elsewhere, change).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        orgs.undo_bulk_change(&elsewhere, change).await,
        Err(Error::NotFound)
    ));
    let newest = orgs
        .get_bulk_change(&elsewhere, None, PageNumber::FIRST)
        .await;
    assert_eq!(newest.expect("an owner may"), None);

    let second = orgs
        .begin_bulk_change(&fixture.owner, &everybody, MAKE_ADMIN, 5)
        .await;
    assert!(matches!(second, Err(Error::Conflict(_))), "one at a time");
    fixture.run().await;
    let suspend = BulkAction::Suspend;
    for promised in [0, 4, 6] {
        let query = MemberListQuery::from_query("q=crowd");
        let begun = orgs
            .begin_bulk_change(&fixture.owner, &query, suspend, promised)
            .await;
        assert!(matches!(begun, Err(Error::Conflict(_))), "{promised}");
    }
    fixture.services().clock.advance(Duration::minutes(11));
    let query = MemberListQuery::from_query("q=crowd");
    let begun = orgs
        .begin_bulk_change(&fixture.owner, &query, suspend, 5)
        .await;
    assert!(matches!(begun, Err(Error::ConfirmFirst)));
    fixture.run().await;
    assert_eq!(fixture.members("status=suspended").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_lost_in_the_middle_stops_it() {
    for ending in [
        "update member set role = 'member' from users
         where users.id = member.user_id and users.name = 'Grace'",
        "update member set suspended_at = now() from users
         where users.id = member.user_id and users.name = 'Grace'",
        "update users set banned_at = now() where name = 'Grace'",
    ] {
        let (fixture, _) = Fixture::with(250).await;
        let change = fixture.begin("q=crowd", MAKE_ADMIN).await;
        let gate = Gate::close(&fixture.services().cache, Failpoint::Committed);
        let worker = fixture.services().worker.clone();
        let running = tokio::spawn(async move { worker.run_due().await });
        fixture.first_step(change).await;
        fixture.app.sql(ending).await;
        gate.lift();
        running.await.expect("no panic").expect("the queue answers");
        assert_eq!(fixture.ended(change).await, BulkEnd::Stopped, "{ending}");
        let counts = fixture.report(change).await.change.counts;
        assert_eq!(
            (counts.done, counts.reached(), counts.total),
            (100, 100, 250)
        );
        assert_eq!(fixture.logged(ActivityKind::RoleChanged).await, (100, 100));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_two_steps_it_goes_on_and_changes_nobody_twice() {
    let (fixture, _) = Fixture::with(250).await;
    let change = fixture.begin("q=crowd", BulkAction::Remove).await;
    let gate = Gate::close(&fixture.services().cache, Failpoint::Committed);
    let worker = fixture.services().worker.clone();
    let running = tokio::spawn(async move { worker.run_due().await });
    fixture.first_step(change).await;
    running.abort();
    let killed = running.await.expect_err("it was killed");
    assert!(killed.is_cancelled());
    gate.lift();
    let counts = fixture.report(change).await.change.counts;
    assert_eq!((counts.done, counts.total), (100, 250), "whole steps only");
    assert_eq!(
        fixture.logged(ActivityKind::MemberRemoved).await,
        (100, 100)
    );

    fixture.run().await;
    assert_eq!(fixture.ended(change).await, BulkEnd::Done);
    assert_eq!(fixture.report(change).await.change.counts.done, 250);
    assert_eq!(
        fixture.logged(ActivityKind::MemberRemoved).await,
        (250, 250)
    );
    assert_eq!(fixture.members("").await.len(), 2);
    assert_eq!(fixture.app.mail_to("grace@users.test").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_within_a_step_it_has_changed_nobody_and_goes_on_when_the_lease_ends() {
    let (fixture, _) = Fixture::with(20).await;
    let change = fixture.begin("q=crowd", BulkAction::Suspend).await;
    // Somebody else holds the organization, so the step waits with the job in its hands.
    let mut tx = fixture.app.begin().await;
    sqlx::query("select from organization for update")
        .execute(tx.conn())
        .await
        .expect("locked");
    let worker = fixture.services().worker.clone();
    let running = tokio::spawn(async move { worker.run_due().await });
    let is_taken = async || {
        let taken = sqlx::query_scalar(
            "select lease is not null from job where kind = 'orgs.change_members'",
        );
        let taken = taken.fetch_one(fixture.services().db.pool()).await;
        taken.expect("the job")
    };
    eventually("the job is taken", PATIENCE, is_taken).await;
    running.abort();
    running.await.expect_err("it was killed");
    drop(tx);
    assert_eq!(fixture.report(change).await.change.counts.reached(), 0);

    fixture.services().clock.advance(Duration::seconds(31));
    fixture.run().await;
    assert_eq!(fixture.ended(change).await, BulkEnd::Done);
    assert_eq!(
        fixture.logged(ActivityKind::MemberSuspended).await,
        (20, 20)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_it_leaves_the_rest_and_what_was_done_can_be_taken_back() {
    let (fixture, _) = Fixture::with(250).await;
    let other = fixture.app.another_node().await;
    let change = fixture.begin("q=crowd", MAKE_ADMIN).await;
    let early = fixture.undo(change).await;
    assert!(matches!(early, Err(Error::Conflict(_))), "it goes on");
    let gate = Gate::close(&fixture.services().cache, Failpoint::Committed);
    let worker = fixture.services().worker.clone();
    let running = tokio::spawn(async move { worker.run_due().await });
    fixture.first_step(change).await;
    let cancelled = other.orgs.cancel_bulk_change(&fixture.owner, change).await;
    cancelled.expect("cancelled");
    gate.lift();
    running.await.expect("no panic").expect("the queue answers");
    drop(gate);
    assert_eq!(fixture.ended(change).await, BulkEnd::Cancelled);
    let counts = fixture.report(change).await.change.counts;
    assert_eq!((counts.done, counts.reached()), (100, 100));
    let again = fixture
        .services()
        .orgs
        .cancel_bulk_change(&fixture.owner, change)
        .await;
    assert!(matches!(again, Err(Error::Conflict(_))));

    fixture.undo(change).await.expect("taken back");
    fixture.run().await;
    let report = fixture.report(change).await.change;
    assert_eq!(report.state, BulkState::Undone { how: BulkEnd::Done });
    assert_eq!(totals(&report.counts.undone), [(UndoOutcome::Done, 100)]);
    assert_eq!(fixture.members("role=admin").await.len(), 1);
    assert_eq!(fixture.logged(ActivityKind::RoleChanged).await, (200, 100));
    let again = fixture.undo(change).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "once");
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_it_back_can_be_cancelled_and_no_other_change_begins_meanwhile() {
    let (fixture, _) = Fixture::with(120).await;
    let change = fixture.done("q=crowd", MAKE_ADMIN).await;
    fixture.undo(change).await.expect("it begins");
    let orgs = &fixture.services().orgs;
    let crowd = MemberListQuery::from_query("q=crowd");
    let begin = || orgs.begin_bulk_change(&fixture.owner, &crowd, BulkAction::Suspend, 120);
    assert!(matches!(begin().await, Err(Error::Conflict(_))));

    let cancel = || orgs.cancel_bulk_change(&fixture.owner, change);
    cancel().await.expect("cancelled");
    let report = fixture.report(change).await.change;
    let how = BulkEnd::Cancelled;
    assert_eq!(report.state, BulkState::Undone { how });
    assert!(matches!(cancel().await, Err(Error::Conflict(_))), "once");
    fixture.run().await;
    let report = fixture.report(change).await.change;
    assert_eq!(totals(&report.counts.undone), []);
    assert_eq!(fixture.members("role=admin").await.len(), 121);
    begin().await.expect("nothing is under way");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_wrong_about_the_number_waits_for_nobody() {
    let (fixture, _) = Fixture::with(20).await;
    let pool = fixture.services().db.pool();
    let mut other = pool.begin().await.expect("a transaction");
    sqlx::query("select from organization for update")
        .execute(&mut *other)
        .await
        .expect("the lock");
    let crowd = MemberListQuery::from_query("q=crowd");
    let orgs = &fixture.services().orgs;
    for expected in [0, 19, 21] {
        let begun = orgs
            .begin_bulk_change(&fixture.owner, &crowd, BulkAction::Suspend, expected)
            .await;
        assert!(matches!(begun, Err(Error::Conflict(_))), "{begun:?}");
    }
    other.rollback().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_members_come_back_as_they_were_unless_they_came_back_themselves() {
    let (fixture, added) = Fixture::with(130).await;
    let suspend = "update member set suspended_at = '2026-02-01' where id = $1::uuid";
    fixture.of_member(suspend, added[1].0).await;
    let bill = "update member set role = 'billing' where id = $1::uuid";
    fixture.of_member(bill, added[2].0).await;
    let used = "insert into member_use (member_id, last_active_at)
                values ($1::uuid, '2026-03-01 10:00Z')";
    fixture.of_member(used, added[3].0).await;
    let before = fixture.members("q=crowd").await;
    let invited = "insert into invitation (id, organization_id, email, role, expires_at)
                   select gen_random_uuid(), $1::uuid, 'user-1@crowd.test', 'member',
                          now() + interval '1 day'";
    let org = fixture.owner.org_id();
    fixture.app.sql_with(invited, &[&org.to_string()]).await;

    let change = fixture.done("q=crowd", BulkAction::Remove).await;
    assert_eq!(fixture.members("").await.len(), 2);
    let cancelled =
        sqlx::query_scalar::<_, i64>("select count(*) from invitation where state = 'cancelled'");
    let cancelled = cancelled.fetch_one(fixture.services().db.pool()).await;
    assert_eq!(
        cancelled.expect("a number"),
        1,
        "nobody comes back by one that was open"
    );

    // One is invited anew, and one deletes their account.
    let back = "insert into member (id, organization_id, user_id, role)
                select gen_random_uuid(), $1::uuid, $2::uuid, 'admin'";
    let (came_back, deleted) = (added[10].1.to_string(), added[11].1.to_string());
    fixture
        .app
        .sql_with(back, &[&org.to_string(), &came_back])
        .await;
    fixture
        .app
        .sql_with("delete from users where id = $1::uuid", &[&deleted])
        .await;

    fixture.undo(change).await.expect("taken back");
    fixture.run().await;
    let counts = fixture.report(change).await.change.counts;
    assert_eq!(
        totals(&counts.undone),
        [
            (UndoOutcome::Done, 128),
            (UndoOutcome::CameBack, 1),
            (UndoOutcome::Gone, 1)
        ]
    );
    let mut after = fixture.members("q=crowd").await;
    assert_eq!(
        after.remove(&number(11)).expect("they came back").role,
        Role::Admin
    );
    let kept = before
        .into_iter()
        .filter(|(name, _)| *name != number(11) && *name != number(12));
    assert_eq!(after, kept.collect::<BTreeMap<_, _>>(), "as they were");
    assert_eq!(
        fixture.logged(ActivityKind::MemberReinstated).await,
        (128, 128)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_did_since_is_not_taken_back_and_no_seat_is_made_up() {
    let (fixture, added) = Fixture::with(4).await;
    let change = fixture.done("q=crowd", BulkAction::Suspend).await;
    let reinstated = "update member set suspended_at = null where id = $1::uuid";
    let again = "update member set suspended_at = now() + interval '1 hour' where id = $1::uuid";
    let promoted = "update member set role = 'owner' where id = $1::uuid";
    fixture.of_member(reinstated, added[0].0).await;
    fixture.of_member(again, added[1].0).await;
    fixture.of_member(promoted, added[2].0).await;
    fixture.undo(change).await.expect("taken back");
    fixture.run().await;
    let counts = fixture.report(change).await.change.counts;
    assert_eq!(
        totals(&counts.undone),
        [(UndoOutcome::Done, 1), (UndoOutcome::Changed, 3)]
    );
    let suspended: Vec<_> = fixture
        .members("status=suspended")
        .await
        .into_keys()
        .collect();
    assert_eq!(suspended, [number(2), number(3)]);

    let removed = fixture
        .done("q=crowd&role=member", BulkAction::Remove)
        .await;
    fixture
        .app
        .sql("update limit_override set members = 5")
        .await;
    fixture.undo(removed).await.expect("taken back");
    fixture.run().await;
    let counts = fixture.report(removed).await.change.counts;
    assert_eq!(
        totals(&counts.undone),
        [(UndoOutcome::Done, 2), (UndoOutcome::NoSeat, 1)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_taken_back_for_ten_minutes() {
    let (fixture, _) = Fixture::with(5).await;
    let change = fixture.done("q=crowd", MAKE_ADMIN).await;
    let clock = &fixture.services().clock;
    let now = clock.now();
    assert!(
        fixture
            .report(change)
            .await
            .change
            .undo_until(now)
            .is_some()
    );
    clock.advance(Duration::minutes(10));
    let late = fixture.undo(change).await;
    let Err(Error::Conflict(sentence)) = late else {
        panic!("it is over: {late:?}");
    };
    assert!(sentence.message.contains("ten minutes"), "{sentence}");
    assert_eq!(
        fixture.report(change).await.change.undo_until(clock.now()),
        None
    );

    fixture
        .app
        .sql("update session set confirmed_at = now() + interval '10 minutes'")
        .await;
    let change = fixture
        .done("q=crowd", BulkAction::ChangeRole(Role::Member))
        .await;
    clock.advance(Duration::minutes(9));
    fixture.undo(change).await.expect("in time");
    // Whoever takes it back is asked for the right again, too.
    fixture
        .app
        .sql(
            "update member set role = 'owner' from users
             where users.id = member.user_id and users.name = 'User 00001'",
        )
        .await;
    fixture
        .app
        .sql(
            "update member set role = 'member' from users
             where users.id = member.user_id and users.name = 'Ada'",
        )
        .await;
    fixture.run().await;
    let report =
        fixture
            .services()
            .orgs
            .get_bulk_change(&fixture.admin, Some(change), PageNumber::FIRST);
    let report = report.await.expect("an admin may").expect("it is there");
    let stopped = BulkState::Undone {
        how: BulkEnd::Stopped,
    };
    assert_eq!(report.change.state, stopped);
    assert_eq!(report.change.counts.undo_reached(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changed_between_asking_and_their_turn_is_left() {
    let (fixture, added) = Fixture::with(6).await;
    let change = fixture.begin("q=crowd", MAKE_ADMIN).await;
    let billing = "update member set role = 'billing' where id = $1::uuid";
    let owner = "update member set role = 'owner' where id = $1::uuid";
    let admin = "update member set role = 'admin' where id = $1::uuid";
    let gone = "delete from member where id = $1::uuid";
    fixture.of_member(billing, added[0].0).await;
    fixture.of_member(owner, added[1].0).await;
    fixture.of_member(admin, added[2].0).await;
    fixture.of_member(gone, added[3].0).await;
    // Away and back is another membership.
    fixture.of_member(gone, added[4].0).await;
    let back = "insert into member (id, organization_id, user_id, role)
                select gen_random_uuid(), $1::uuid, $2::uuid, 'member'";
    let org = fixture.owner.org_id().to_string();
    fixture
        .app
        .sql_with(back, &[&org, &added[4].1.to_string()])
        .await;
    fixture.run().await;
    let counts = fixture.report(change).await.change.counts;
    assert_eq!(counts.done, 1);
    assert_eq!(
        totals(&counts.left),
        [
            (RowOutcome::Owner, 1),
            (RowOutcome::Already, 1),
            (RowOutcome::Changed, 1),
            (RowOutcome::Gone, 2)
        ]
    );
    let roles: Vec<Role> = fixture
        .members("q=crowd")
        .await
        .into_values()
        .map(|row| row.role)
        .collect();
    assert_eq!(
        roles,
        [
            Role::Billing,
            Role::Owner,
            Role::Admin,
            Role::Member,
            Role::Admin
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_ten_thousand_are_too_many_and_old_changes_are_forgotten() {
    let (fixture, _) = Fixture::with(10_000).await;
    let preview = fixture.preview("", MAKE_ADMIN).await;
    assert!(preview.is_too_many());
    let everybody = MemberListQuery::default();
    let orgs = &fixture.services().orgs;
    let begun = orgs
        .begin_bulk_change(&fixture.admin, &everybody, MAKE_ADMIN, 10_000)
        .await;
    let Err(Error::Conflict(sentence)) = begun else {
        panic!("too many: {begun:?}");
    };
    assert!(sentence.message.contains("10,000"), "{sentence}");

    let change = fixture.begin("q=crowd", BulkAction::Suspend).await;
    // It stands still for long.
    let clock = &fixture.services().clock;
    clock.advance(Duration::days(8));
    orgs.cancel_bulk_change(&fixture.owner, change)
        .await
        .expect("cancelled");
    let counts = fixture.report(change).await.change.counts;
    assert_eq!((counts.total, counts.reached()), (10_000, 0));
    // What recurs is known from the first look on.
    fixture.run().await;
    for (days, is_known) in [(1, true), (8, false)] {
        clock.advance(Duration::days(days));
        fixture.run().await;
        let newest = orgs
            .get_bulk_change(&fixture.owner, None, PageNumber::FIRST)
            .await;
        assert_eq!(newest.expect("an owner may").is_some(), is_known);
    }
}
