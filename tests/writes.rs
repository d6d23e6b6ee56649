//! A write asks the database again who makes it: neither a session nor a role that has ended
//! changes anything, whatever was found before.

use std::time::Duration;

use orghub::{
    access::OrgAccess,
    auth::SignedIn,
    domain::{MemberId, OrgName, OrgSlug, Role},
    error::{Error, Result},
    services::Services,
};
use orghub_test_support::{PATIENCE, TestApp, browser, eventually};

/// Every use case with which a user changes something, by name.
const WRITES: [&str; 5] = ["create", "update", "change_role", "remove_member", "leave"];

/// An organization of Ada's, of which Grace is an admin and Linus a member.
struct Fixture {
    app: TestApp,
    ada: SignedIn,
    slug: OrgSlug,
    linus: MemberId,
}

impl Fixture {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let (ada, linus) = (app.user("Ada").await, app.user("Linus").await);
        let slug = app.org("fixture", &ada).await;
        let org = app.access(&ada, &slug).await.org_id();
        let linus = app.add_member(org, &linus, Role::Member).await;
        Self {
            app,
            ada,
            slug,
            linus,
        }
    }

    async fn write(&self, write: &str, user: &SignedIn, access: &OrgAccess) -> Result<()> {
        let (orgs, name) = (&self.app.services.orgs, OrgName::parse("Changed"));
        let name = name.expect("a name");
        match write {
            "create" => {
                let wanted = OrgSlug::parse("another").expect("a slug");
                orgs.create(user, &name, &wanted).await.map(|_slug| ())
            }
            "update" => orgs.update(access, &name, &self.slug).await.map(|_slug| ()),
            "change_role" => orgs.change_role(access, self.linus, Role::Admin).await,
            "remove_member" => orgs.remove_member(access, self.linus).await,
            "leave" => orgs.leave(access).await,
            other => panic!("{other}?"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_write_outlives_the_session_it_comes_with() {
    let endings: [(&str, &'static str); 6] = [
        ("deleted", "delete from session"),
        (
            "another user's",
            "update session set user_id = (select id from users where name = 'Linus')",
        ),
        ("a visitor's", "update session set user_id = null"),
        (
            "signed out everywhere",
            "update users set session_epoch = session_epoch + 1",
        ),
        ("banned", "update users set banned_at = now()"),
        ("expired", "select 1"),
    ];
    let fixture = Fixture::start().await;
    let app = &fixture.app;
    for (ending, statement) in endings {
        let grace = app.user(&format!("Grace {ending}")).await;
        let org = app.access(&fixture.ada, &fixture.slug).await.org_id();
        // With another owner beside her, so that nothing else keeps her from leaving.
        app.add_member(org, &grace, Role::Owner).await;
        let access = app.access(&grace, &fixture.slug).await;
        app.sql(statement).await;
        if ending == "expired" {
            app.services.clock.advance(time::Duration::days(4_000));
        }
        for write in WRITES {
            let outcome = fixture.write(write, &grace, &access).await;
            assert!(
                matches!(outcome, Err(Error::SignedOut)),
                "{ending}, {write}: {outcome:?}"
            );
        }
        app.sql("update users set banned_at = null").await;
        if ending != "expired" {
            app.sql("delete from session").await;
            app.sql(
                "insert into session (id_hash, user_id, epoch, expires_at)
                 select uuid_send(id) || uuid_send(id), id, session_epoch, now() + interval '10 years'
                 from users",
            )
            .await;
        }
    }
    let deeds: i64 = sqlx::query_scalar("select count(*) from activity")
        .fetch_one(app.services.db.pool())
        .await
        .expect("a count");
    assert_eq!(
        deeds, 1,
        "the fixture was created, and nothing else was done"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_is_made_while_its_session_lives() {
    for write in WRITES {
        let fixture = Fixture::start().await;
        let app = &fixture.app;
        let grace = app.user("Grace").await;
        let org = app.access(&fixture.ada, &fixture.slug).await.org_id();
        app.add_member(org, &grace, Role::Owner).await;
        let access = app.access(&grace, &fixture.slug).await;
        let outcome = fixture.write(write, &grace, &access).await;
        assert!(outcome.is_ok(), "{write}: {outcome:?}");
    }
}

/// What an owner, an admin and a member may make of an owner, an admin and a member: an
/// owner, an admin, a member, nobody.
const MATRIX: [(Role, Role, [bool; 4]); 9] = {
    use Role::{Admin, Member, Owner};
    const NO: bool = false;
    const YES: bool = true;
    [
        (Owner, Owner, [YES, YES, YES, YES]),
        (Owner, Admin, [YES, YES, YES, YES]),
        (Owner, Member, [YES, YES, YES, YES]),
        (Admin, Owner, [NO, NO, NO, NO]),
        (Admin, Admin, [NO, YES, YES, YES]),
        (Admin, Member, [NO, YES, YES, YES]),
        (Member, Owner, [NO, NO, NO, NO]),
        (Member, Admin, [NO, NO, NO, NO]),
        (Member, Member, [NO, NO, NO, NO]),
    ]
};

#[tokio::test(flavor = "multi_thread")]
async fn who_may_make_whom_what_is_one_table() {
    let fixture = Fixture::start().await;
    let (app, orgs) = (&fixture.app, &fixture.app.services.orgs);
    let org = app.access(&fixture.ada, &fixture.slug).await.org_id();
    let mut number = 0;
    for (actor_role, from, allowed) in MATRIX {
        let outcomes = [
            Some(Role::Owner),
            Some(Role::Admin),
            Some(Role::Member),
            None,
        ];
        for (to, is_allowed) in outcomes.into_iter().zip(allowed) {
            // Somebody else, and oneself.
            for is_own in [false, true] {
                if is_own && actor_role != from {
                    continue;
                }
                number += 1;
                let actor = app.user(&format!("Actor {number}")).await;
                let own = app.add_member(org, &actor, actor_role).await;
                let target = if is_own {
                    own
                } else {
                    let target = app.user(&format!("Target {number}")).await;
                    app.add_member(org, &target, from).await
                };
                let access = app.access(&actor, &fixture.slug).await;
                let outcome = match to {
                    Some(role) => orgs.change_role(&access, target, role).await,
                    None => orgs.remove_member(&access, target).await,
                };
                let case = format!("{actor_role} makes {from} {to:?}, own: {is_own}");
                let expected = if is_allowed {
                    assert!(outcome.is_ok(), "{case}: {outcome:?}");
                    to
                } else {
                    assert!(
                        matches!(outcome, Err(Error::Forbidden)),
                        "{case}: {outcome:?}"
                    );
                    Some(from)
                };
                let now: Option<String> =
                    sqlx::query_scalar("select role::text from member where id = $1")
                        .bind(target.0)
                        .fetch_optional(app.services.db.pool())
                        .await
                        .expect("an answer");
                assert_eq!(now, expected.map(|role| role.to_string()), "{case}");
            }
        }
    }
    // Whoever is no member cannot even ask.
    let stranger = app.user("Mallory").await;
    let proof = app.services.access.require(&stranger, &fixture.slug).await;
    assert!(matches!(proof, Err(Error::NotFound)), "{proof:?}");
}

/// What has been answered as signed out writes nothing any more, not even a moment later.
#[tokio::test(flavor = "multi_thread")]
async fn signing_out_waits_for_the_writes_that_came_first() {
    let fixture = Fixture::start().await;
    let services = &fixture.app.services;
    let id = fixture.app.sign_in(&fixture.ada).await;
    let user = services
        .sessions
        .current_user(&id)
        .await
        .expect("an answer");
    let user = user.expect("signed in");
    let access = fixture.app.access(&user, &fixture.slug).await;

    let mut tx = fixture.app.begin().await;
    sqlx::query("select from organization for update")
        .execute(tx.conn())
        .await
        .expect("the row is locked");
    let write = tokio::spawn({
        let (orgs, name) = (services.orgs.clone(), OrgName::parse("Changed"));
        let (slug, name) = (fixture.slug.clone(), name.expect("a name"));
        async move { orgs.update(&access, &name, &slug).await }
    });
    until_waiting(services, 1).await;
    let sign_out = tokio::spawn({
        let (auth, browser) = (services.auth.clone(), browser(services, Some(id)));
        async move { auth.sign_out(&browser).await }
    });
    until_waiting(services, 2).await;
    assert!(!sign_out.is_finished());
    drop(tx);
    write.await.expect("no panic").expect("it came first");
    sign_out.await.expect("no panic").expect("signed out");
}

/// Returns when so many statements of this database wait for a lock.
async fn until_waiting(services: &Services, count: i64) {
    eventually("they wait", PATIENCE, async || {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_one(services.db.pool())
        .await
        .expect("the catalog answers");
        waiting == count
    })
    .await;
}
