//! Readers and writers that meet at the worst moment.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use orghub::test_hooks::{Failpoint, members, orgs};
use orghub::{
    access::{MembershipOf, OrgLookup},
    config::Config,
    domain::{OrgName, OrgSegment, OrgSlug, Role, UserId},
    error::Error,
};
use orghub_test_support::{
    Gate, LEASE, PATIENCE, PrivatePostgres, PrivateRedis, TestApp, TestDatabase, browser,
    eventually, sign_in, under_lease, user_of,
};

use crate::{
    Acme, SecondLevel, acked, acked_sql, loads, look_up_membership, near_and_redis, only_near,
    only_redis, role, try_role,
};

/// Tests 1 and 2.
#[tokio::test]
async fn a_value_read_before_a_change_and_stored_after_it_is_not_served() {
    held_up_filler(&PrivateRedis::start()).await;
}

pub(crate) async fn held_up_filler(redis: &impl SecondLevel) {
    let app = TestApp::start_with(near_and_redis(redis)).await;
    let owner = app.user("Olive").await;

    // A filler that has read the old state is held up before it can store it.
    let loaded = Gate::close(&app.services.cache, Failpoint::Loaded);
    let list_mine = || {
        let (orgs, owner) = (app.services.orgs.clone(), owner.clone());
        tokio::spawn(async move { orgs.list_mine(&owner).await.expect("a list").len() })
    };
    let filler = list_mine();
    loaded.arrival().await;
    app.org("acme", &owner).await;

    // Who asks after the change does not get the value under way …
    let joined_late = list_mine();
    tokio::time::sleep(Duration::from_millis(50)).await;
    loaded.open();
    assert_eq!(filler.await.expect("no panic"), 0, "what it had read");
    assert_eq!(joined_late.await.expect("no panic"), 1);

    // … nor what the filler stored, here and on a node that has only Redis.
    assert_eq!(
        app.services
            .orgs
            .list_mine(&owner)
            .await
            .expect("a list")
            .len(),
        1
    );
    let cold = app.another_node_with(only_redis(redis)).await;
    assert_eq!(cold.orgs.list_mine(&owner).await.expect("a list").len(), 1);
}

/// Test 1, for a value that came from Redis.
#[tokio::test]
async fn a_value_found_in_redis_before_a_change_and_kept_after_it_is_not_served() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    crate::dump_when_stored(&mut redis.connect(), &acme.guest).await;

    let cold = acme.app.another_node().await;
    let found = Gate::close(&cold.cache, Failpoint::Found);
    let slow = tokio::spawn({
        let (cold, guest, slug) = (cold.clone(), acme.guest.clone(), acme.slug.clone());
        async move { role(&cold, &guest, &slug).await }
    });
    found.arrival().await;
    acme.app
        .services
        .orgs
        .remove_member(&acme.access, acme.member)
        .await
        .expect("an owner may");
    found.open();
    // Who asked before the change may be told either; who asks after it may not.
    slow.await.expect("no panic");
    assert_eq!(acme.guests_role_on(&cold).await, None);
}

/// Test 3.
#[tokio::test]
async fn of_two_fillers_the_one_that_stores_the_older_value_last_does_no_harm() {
    let redis = PrivateRedis::start();
    let acme = Acme::start_with(near_and_redis(&redis)).await;
    let slow_node = acme.app.another_node().await;

    let loaded = Gate::close(&slow_node.cache, Failpoint::Loaded);
    let slow = tokio::spawn({
        let (node, guest, slug) = (slow_node.clone(), acme.guest.clone(), acme.slug.clone());
        async move { role(&node, &guest, &slug).await }
    });
    loaded.arrival().await;
    acme.make_guest(Role::Member).await;
    assert_eq!(
        acme.guests_role().await,
        Some(Role::Member),
        "the newer value is stored"
    );
    let mut store = redis.connect();
    let newer = crate::dump_when_stored(&mut store, &acme.guest).await;
    loaded.open();
    assert_eq!(
        slow.await.expect("no panic"),
        Some(Role::Admin),
        "begun before the change"
    );
    eventually("the older value is stored last", PATIENCE, async || {
        crate::dump_when_stored(&mut store, &acme.guest).await != newer
    })
    .await;

    let cold = acme.app.another_node().await;
    for node in [&acme.app.services, &slow_node, &cold] {
        assert_eq!(acme.guests_role_on(node).await, Some(Role::Member));
    }
}

/// Test 5.
#[tokio::test]
async fn a_change_overtaken_by_later_transactions_is_not_lost() {
    for configure in [only_near as fn(&mut Config), nothing_cached] {
        let acme = Acme::start_with(configure).await;
        let node = &acme.app.services;
        assert_eq!(acme.guests_role().await, Some(Role::Admin));

        // Changes the membership first, commits last.
        let mut slow = node.db.begin().await.expect("a transaction begins");
        members::set_role(&mut slow, acme.member, Role::Member)
            .await
            .expect("written");
        for number in 0..5 {
            acme.app.org(&format!("other-{number}"), &acme.owner).await;
            assert_eq!(
                acme.guests_role().await,
                Some(Role::Admin),
                "not committed yet"
            );
        }
        acked(node, slow).await;
        assert_eq!(acme.guests_role().await, Some(Role::Member));
    }
}

fn nothing_cached(config: &mut Config) {
    config.redis = None;
    config.near_cache_bytes = 0;
}

/// Test 6.
#[tokio::test]
async fn a_rolled_back_change_leaves_the_copies_alone() {
    let acme = Acme::start_with(only_near).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let mut tx = acme.app.begin().await;
    members::set_role(&mut tx, acme.member, Role::Member)
        .await
        .expect("written");
    drop(tx);
    tokio::time::sleep(Duration::from_millis(120)).await;
    assert_eq!(
        loads(&acme.app.services, acme.guests_role()).await,
        (Some(Role::Admin), 0),
        "the copy was dropped without a change"
    );
}

/// Test 6.
#[tokio::test]
async fn a_change_undone_to_a_savepoint_and_made_again_is_noticed() {
    let acme = Acme::start_with(only_near).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let node = &acme.app.services;
    let mut tx = node.db.begin().await.expect("a transaction begins");
    sqlx::query("savepoint before")
        .execute(tx.conn())
        .await
        .expect("set");
    members::set_role(&mut tx, acme.member, Role::Owner)
        .await
        .expect("written");
    sqlx::query("rollback to savepoint before")
        .execute(tx.conn())
        .await
        .expect("undone");
    members::set_role(&mut tx, acme.member, Role::Member)
        .await
        .expect("written");
    acked(node, tx).await;
    assert_eq!(acme.guests_role().await, Some(Role::Member));
}

/// Test 6.
#[tokio::test]
async fn a_prepared_change_is_noticed_when_it_is_committed() {
    let postgres = PrivatePostgres::start();
    let database = TestDatabase::create_in(&postgres.url()).await;
    let acme = Acme::over(TestApp::start_over(database, only_near).await).await;
    assert_eq!(acme.guests_role().await, Some(Role::Admin));
    let mut tx = acme.app.begin().await;
    members::set_role(&mut tx, acme.member, Role::Member)
        .await
        .expect("written");
    sqlx::query("prepare transaction 'demotion'")
        .execute(tx.conn())
        .await
        .expect("prepared");
    drop(tx);
    // Others commit meanwhile, and nodes move on.
    acme.app.org("other", &acme.owner).await;
    tokio::time::sleep(Duration::from_millis(120)).await;
    assert_eq!(
        acme.guests_role().await,
        Some(Role::Admin),
        "not committed yet"
    );
    acme.app.sql("commit prepared 'demotion'").await;
    eventually("the change is seen", LEASE, async || {
        acme.guests_role().await == Some(Role::Member)
    })
    .await;
}

/// Test 8.
#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_admin_is_one_nowhere_after_the_answer_while_a_hundred_requests_run() {
    demotion_under_requests(&PrivateRedis::start()).await;
}

pub(crate) async fn demotion_under_requests(redis: &impl SecondLevel) {
    let acme = Acme::start_with(near_and_redis(redis)).await;
    let other = acme.app.another_node().await;
    let demoted = Arc::new(AtomicBool::new(false));
    let stop = Arc::new(AtomicBool::new(false));
    let (before, after) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let requests: Vec<_> = (0..100)
        .map(|number| {
            let node = if number % 2 == 0 {
                acme.app.services.clone()
            } else {
                other.clone()
            };
            let (guest, slug) = (acme.guest.clone(), acme.slug.clone());
            let (demoted, stop) = (demoted.clone(), stop.clone());
            let (before, after) = (before.clone(), after.clone());
            tokio::spawn(async move {
                while !stop.load(SeqCst) {
                    let begun_after = demoted.load(SeqCst);
                    // A node may be too busy to say; it may not say anything old.
                    match try_role(&node, &guest, &slug).await {
                        Ok(role) if begun_after => {
                            assert_eq!(
                                role,
                                Some(Role::Member),
                                "begun after the demotion's answer"
                            );
                            after.fetch_add(1, SeqCst);
                        }
                        Ok(_) => {
                            before.fetch_add(1, SeqCst);
                        }
                        Err(Error::Unavailable(..)) => {}
                        Err(error) => panic!("{error}"),
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            })
        })
        .collect();
    eventually("requests run", PATIENCE, async || {
        before.load(SeqCst) > 1_000
    })
    .await;
    acme.make_guest(Role::Member).await;
    demoted.store(true, SeqCst);
    eventually("requests go on", PATIENCE, async || {
        after.load(SeqCst) > 1_000
    })
    .await;
    stop.store(true, SeqCst);
    for request in requests {
        request.await.expect("no request saw the old role");
    }
}

/// Test 8.
#[tokio::test]
async fn a_write_begun_by_somebody_who_is_demoted_meanwhile_is_refused_inside_its_transaction() {
    let acme = Acme::start_with(only_near).await;
    let guests_access = acme.app.access(&acme.guest, &acme.slug).await;
    let node = &acme.app.services;

    // The demotion holds the organization when the guest's own change comes.
    let mut demotion = node.db.begin().await.expect("a transaction begins");
    orgs::lock(&mut demotion, acme.access.org_id())
        .await
        .expect("locked")
        .expect("an organization");
    let change = tokio::spawn({
        let (orgs, slug) = (node.orgs.clone(), acme.slug.clone());
        let name = OrgName::parse("Renamed by a guest").expect("a name");
        async move { orgs.update(&guests_access, &name, &slug).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    members::set_role(&mut demotion, acme.member, Role::Member)
        .await
        .expect("written");
    acked(node, demotion).await;

    let refused = change
        .await
        .expect("no panic")
        .expect_err("the role is gone");
    assert!(matches!(refused, Error::Forbidden), "{refused}");
    let name = &acme
        .app
        .services
        .orgs
        .list_mine(&acme.owner)
        .await
        .expect("a list")[0]
        .name;
    assert_eq!(name, "Organization acme");
}

/// Test 9.
#[tokio::test]
async fn a_slug_that_comes_to_mean_another_organization_never_shows_the_wrong_one() {
    reused_slug(&PrivateRedis::start()).await;
}

pub(crate) async fn reused_slug(redis: &impl SecondLevel) {
    let acme = Acme::start_with(near_and_redis(redis)).await;
    let other = acme.app.another_node().await;
    let stranger = acme.app.user("Stella").await;
    let nodes = [&acme.app.services, &other];
    for node in nodes {
        assert_eq!(acme.guests_role_on(node).await, Some(Role::Admin));
        assert_eq!(
            role(node, &stranger, &acme.slug).await,
            None,
            "cached as a stranger"
        );
    }

    // The product never gives a slug to somebody else; an operator can.
    let moved = OrgSlug::parse("acme-two").expect("a slug");
    let name = OrgName::parse("Organization acme").expect("a name");
    acme.app
        .services
        .orgs
        .update(&acme.access, &name, &moved)
        .await
        .expect("an owner may");
    for node in nodes {
        let by_old_name = node
            .access
            .find(&acme.guest, &OrgSegment::Slug(acme.slug.clone()))
            .await
            .expect("an answer");
        assert!(matches!(by_old_name, OrgLookup::Moved(slug) if slug == moved));
        assert_eq!(
            role(node, &acme.guest, &moved).await,
            Some(Role::Admin),
            "no answer of before stands in the way"
        );
    }
    acked_sql(
        &acme.app.services,
        "delete from organization_slug where slug = 'acme'",
    )
    .await;
    for node in nodes {
        assert_eq!(
            acme.guests_role_on(node).await,
            None,
            "the slug means nothing"
        );
    }
    acme.app.org("acme", &stranger).await;
    for node in nodes {
        assert_eq!(
            acme.guests_role_on(node).await,
            None,
            "another's organization"
        );
        assert_eq!(role(node, &stranger, &acme.slug).await, Some(Role::Owner));
    }
}

/// Test 10.
#[tokio::test]
async fn a_stranger_who_joins_gets_in_and_a_member_who_is_removed_does_not_on_every_node() {
    joining_and_removal(&PrivateRedis::start()).await;
}

pub(crate) async fn joining_and_removal(redis: &impl SecondLevel) {
    let app = TestApp::start_with(near_and_redis(redis)).await;
    let other_node = app.another_node().await;
    let (owner, guest) = (app.user("Olive").await, app.user("Gus").await);
    let slug = app.org("acme", &owner).await;
    for node in [&app.services, &other_node] {
        assert_eq!(
            role(node, &guest, &slug).await,
            None,
            "cached as a stranger"
        );
    }

    let access = app.access(&owner, &slug).await;
    let member = app.add_member(access.org_id(), &guest, Role::Member).await;
    for node in [&app.services, &other_node] {
        assert_eq!(role(node, &guest, &slug).await, Some(Role::Member));
    }

    app.services
        .orgs
        .change_role(&access, member, Role::Admin)
        .await
        .expect("an owner may");
    for node in [&app.services, &other_node] {
        assert_eq!(role(node, &guest, &slug).await, Some(Role::Admin));
    }

    app.services
        .orgs
        .remove_member(&access, member)
        .await
        .expect("an owner may");
    for node in [&app.services, &other_node] {
        assert_eq!(role(node, &guest, &slug).await, None);
    }
}

/// Test 11.
#[tokio::test]
async fn a_change_made_at_a_database_prompt_is_noticed() {
    for statement in [
        "delete from users where name = 'Gus'",
        "delete from member where role = 'admin'",
        "truncate member cascade",
        "delete from organization_slug",
        "update organization_slug set slug = 'elsewhere'",
        "update organization set slug = 'elsewhere'; delete from organization_slug where slug = 'acme'",
    ] {
        let acme = Acme::start_with(only_near).await;
        assert_eq!(acme.guests_role().await, Some(Role::Admin));
        sqlx::raw_sql(statement)
            .execute(acme.app.owner().await.pool())
            .await
            .expect("the statement runs");
        eventually(statement, LEASE, async || {
            acme.guests_role().await.is_none()
        })
        .await;
    }
}

/// Test 11.
#[tokio::test]
async fn an_import_and_a_clearance_of_hundreds_are_noticed_for_each_of_them() {
    import_and_clearance(&PrivateRedis::start()).await;
}

pub(crate) async fn import_and_clearance(redis: &impl SecondLevel) {
    let acme = Acme::start_with(near_and_redis(redis)).await;
    let other = acme.app.another_node().await;
    acme.app
        .sql(
            "insert into users (id, email, name, password_hash)
             select gen_random_uuid(), 'crowd' || number || '@users.test', 'One of many', ''
             from generate_series(1, 300) as number",
        )
        .await;
    let ids: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from users where name = 'One of many'")
            .fetch_all(acme.app.services.db.pool())
            .await
            .expect("a crowd");
    let key = |id: &uuid::Uuid| MembershipOf {
        slug: acme.slug.clone(),
        user: UserId(*id),
    };
    let expect = async |role: Option<Role>| {
        for node in [&acme.app.services, &other] {
            for id in &ids {
                assert_eq!(look_up_membership(node, &key(id)).await, role);
            }
        }
    };
    expect(None).await;
    acked_sql(
        &acme.app.services,
        "insert into member (id, organization_id, user_id, role)
         select gen_random_uuid(), organization.id, users.id, 'member'
         from users cross join organization
         where users.name = 'One of many'",
    )
    .await;
    expect(Some(Role::Member)).await;
    acked_sql(
        &acme.app.services,
        "update member set role = 'admin' where role = 'member'",
    )
    .await;
    expect(Some(Role::Admin)).await;
    acked_sql(
        &acme.app.services,
        "delete from member where role <> 'owner'",
    )
    .await;
    expect(None).await;
}

/// Test 12. `tests/sessions.rs` has the save that comes after the sign-out.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_read_before_a_sign_out_and_kept_after_it_stays_dead() {
    held_up_session(&PrivateRedis::start()).await;
}

pub(crate) async fn held_up_session(redis: &impl SecondLevel) {
    let app = TestApp::start_with(near_and_redis(redis)).await;
    let other = app.another_node().await;
    let ada = app.user("Ada").await;
    let id = app.sign_in(&ada).await;

    let loaded = Gate::close(&other.cache, Failpoint::Loaded);
    let slow = tokio::spawn({
        let other = other.clone();
        async move { user_of(&other, &id).await }
    });
    loaded.arrival().await;
    app.services
        .auth
        .sign_out(&browser(&app.services, Some(id)))
        .await
        .expect("signed out");
    loaded.open();
    slow.await.expect("no panic");

    let cold = app.another_node().await;
    for node in [&app.services, &other, &cold] {
        assert_eq!(user_of(node, &id).await, None);
    }
}

/// Test 13.
#[tokio::test(flavor = "multi_thread")]
async fn a_raised_epoch_ends_every_session_of_the_person_on_the_next_request_on_another_node() {
    raised_epoch(&PrivateRedis::start()).await;
}

pub(crate) async fn raised_epoch(redis: &impl SecondLevel) {
    let app = TestApp::start_with(near_and_redis(redis)).await;
    let other = app.another_node().await;
    let (ada, grace) = (app.user("Ada").await, app.user("Grace").await);
    let mut of_ada = Vec::new();
    for node in [&app.services, &other] {
        of_ada.push(sign_in(node, &ada).await);
    }
    let of_grace = sign_in(&other, &grace).await;
    for id in &of_ada {
        assert_eq!(user_of(&other, id).await, Some(ada.user().clone()));
    }
    // Values are stored without anybody waiting.
    eventually("the session is kept", PATIENCE, async || {
        let (user, loaded) = loads(&other, user_of(&other, &of_grace)).await;
        assert_eq!(user, Some(grace.user().clone()));
        loaded == 0
    })
    .await;

    // What changing a password does.
    acked_sql(
        &app.services,
        "update users set session_epoch = session_epoch + 1 where name = 'Ada'",
    )
    .await;

    for id in &of_ada {
        assert_eq!(user_of(&other, id).await, None);
    }
    let graces = async || loads(&other, user_of(&other, &of_grace)).await;
    assert_eq!(
        under_lease(&other.cache, graces).await,
        (Some(grace.user().clone()), 0),
        "somebody else's session is left alone"
    );
}

/// Test 14. Rows of the log lie in any order; each scope must keep its own
/// transaction's number.
#[tokio::test]
async fn changes_keep_their_own_transaction_whatever_their_order_in_the_log() {
    let redis = PrivateRedis::start();
    let app = TestApp::start_with(only_redis(&redis)).await;
    let owner = app.user("Olive").await;
    let (first, second) = (
        app.org("first", &owner).await,
        app.org("second", &owner).await,
    );
    let node = &app.services;

    // The node under test hears of both changes in one poll.
    let slow = app.another_node().await;
    let held = Gate::close(&slow.cache, Failpoint::HeartbeatDue);
    held.arrival().await;
    let change = async |statement: &'static str| {
        let mut tx = node.db.begin().await.expect("a transaction begins");
        sqlx::query(statement)
            .execute(tx.conn())
            .await
            .expect("the statement runs");
        tx.commit_at().await.expect("it commits")
    };
    let change_of_first = change(
        "update member set role = 'admin' where organization_id = (select id from organization where slug = 'first')",
    )
    .await;
    // Read between the two: older than the second change, newer than the first.
    eventually("the change is seen", LEASE, async || {
        role(node, &owner, &first).await == Some(Role::Admin)
    })
    .await;
    assert_eq!(role(node, &owner, &second).await, Some(Role::Owner));
    let between = crate::dump_when_stored(&mut redis.connect(), &owner).await;
    let change_of_second = change(
        "update member set role = 'admin' where organization_id = (select id from organization where slug = 'second')",
    )
    .await;
    assert!(change_of_first < change_of_second);

    // The rows change places.
    app.sql(
        "with log as (delete from cache_log returning xid, scopes, at)
         insert into cache_log (xid, scopes, at) select xid, scopes, at from log order by xid desc",
    )
    .await;
    let heap_order: Vec<i64> =
        sqlx::query_scalar("select xid::text::bigint from cache_log order by ctid")
            .fetch_all(node.db.pool())
            .await
            .expect("a log");
    assert!(heap_order.is_sorted_by(|earlier, later| earlier >= later) && heap_order.len() > 1);

    // What Redis held between the two is back when the node hears of them.
    let mut store = redis.connect();
    for (key, bytes) in &between {
        redis::cmd("SET")
            .arg(key)
            .arg(bytes)
            .exec(&mut store)
            .expect("restored");
    }
    held.open();
    node.cache.wait_until_applied(change_of_second).await;
    assert_eq!(
        role(&slow, &owner, &second).await,
        Some(Role::Admin),
        "the second change was taken for the first"
    );
}
