//! The two roles at the database: what the server's can do, and what only the owner's can.

use orghub::{Db, config::AppEnv, domain::Role, error::chain, services::Services};
use orghub_test_support::{TestApp, TestDatabase, config};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgConnectOptions};

/// What the database says if a grant is missing.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

fn role_in(url: &str) -> String {
    let options: PgConnectOptions = url.parse().expect("an address");
    options.get_username().to_owned()
}

async fn number(pool: &PgPool, sql: &'static str) -> i64 {
    let number = sqlx::query_scalar(sql).fetch_one(pool).await;
    number.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Whether the database lets this role do it.
async fn is_refused(pool: &PgPool, sql: &str) -> bool {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(pool)
        .await;
    match done {
        Ok(_) => false,
        Err(sqlx::Error::Database(error))
            if error.code().as_deref() == Some(INSUFFICIENT_PRIVILEGE) =>
        {
            true
        }
        // `truncate` of what others refer to, and the like: not the answer that was looked for.
        Err(error) => panic!("{sql}: {error}"),
    }
}

#[tokio::test]
async fn the_server_works_with_the_rows_of_every_table_and_with_nothing_else() {
    let app = TestApp::start().await;
    let role = role_in(app.database_url());
    assert_ne!(role, role_in(app.owner_url()), "two roles");
    let missing: Vec<String> = sqlx::query_scalar(
        "select c.relname || ': ' || wanted
         from pg_class c
         cross join unnest(array['select', 'insert', 'update', 'delete']) as wanted
         where c.relnamespace = current_schema()::regnamespace
             and c.relkind in ('r', 'p')
             and not has_table_privilege($1, c.oid, wanted)
         order by 1",
    )
    .bind(&role)
    .fetch_all(app.owner().await.pool())
    .await
    .expect("the catalog answers");
    assert_eq!(
        missing,
        [
            "_sqlx_migrations: delete",
            "_sqlx_migrations: insert",
            "_sqlx_migrations: update",
            "activity: delete",
            "activity: update",
            "cache_watched: delete",
            "cache_watched: insert",
            "cache_watched: update",
        ],
        "a new table is granted by `migrate`; what is kept back stands in base/src/db/roles.rs"
    );
    let too_much: Vec<String> = sqlx::query_scalar(
        "select c.relname::text
         from pg_class c
         where c.relnamespace = current_schema()::regnamespace
             and has_table_privilege($1, c.oid, 'truncate, references, trigger')",
    )
    .bind(&role)
    .fetch_all(app.owner().await.pool())
    .await
    .expect("the catalog answers");
    assert!(too_much.is_empty(), "{too_much:?}");
}

#[tokio::test]
async fn the_server_changes_no_table_and_becomes_nobody_else() {
    let app = TestApp::start().await;
    let server = app.services.db.pool();
    let owner = role_in(app.owner_url());
    for sql in [
        "create table mine (number integer)",
        "create function mine() returns integer language sql return 1",
        "alter table member add column mine integer",
        "alter table member disable trigger member_cache_delete",
        "alter function cache_log_truncate() rename to mine",
        "drop table mail",
        "drop trigger member_cache_delete on member",
        "create trigger mine before insert on activity for each row execute function cache_log_rows()",
        "truncate form_submission",
        "update cache_watched set trigger_name = 'mine'",
        "delete from _sqlx_migrations",
        "copy users to program 'cat'",
        "set session_replication_role = replica",
        &format!("set role {owner}"),
        &format!("set session authorization {owner}"),
    ] {
        assert!(is_refused(server, sql).await, "{sql}");
    }
}

#[tokio::test]
async fn the_server_adds_to_the_audit_log_and_cannot_rewrite_it() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.org("acme", &ada).await;
    let server = app.services.db.pool();
    for sql in [
        "update activity set actor_name = 'Somebody else'",
        "update activity set created_at = created_at - interval '3 years'",
        "delete from activity",
        "truncate activity",
        "insert into activity (id, organization_id, actor_name, kind)
         select id, organization_id, 'Somebody else', kind from activity
         on conflict (id) do update set actor_name = excluded.actor_name",
        "select from activity for update",
    ] {
        assert!(is_refused(server, sql).await, "{sql}");
    }
    app.sql(
        "insert into activity (id, organization_id, actor_name, kind, created_at)
         select gen_random_uuid(), id, 'Ada', 'org.renamed', now() - age
         from organization, unnest(array[interval '89 days', interval '91 days']) as age",
    )
    .await;
    // Whatever the server asks for, and with a table of its own in the place of ours.
    let deleted = number(
        server,
        "select delete_old_activity(now() + interval '1 year', 1000)",
    )
    .await;
    assert_eq!(deleted, 1, "what is older than 90 days");
    assert_eq!(number(server, "select count(*) from activity").await, 2);
}

#[tokio::test]
async fn a_temporary_table_does_not_take_the_place_of_ours_in_what_the_owner_does() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.org("acme", &ada).await;
    app.sql("update activity set created_at = now() - interval '1 year'")
        .await;
    let server = app.services.db.pool();
    sqlx::raw_sql(
        "begin;
         create temporary table session (id_hash bytea) on commit drop;
         create temporary table session_use (id_hash bytea) on commit drop;
         create temporary table activity (id uuid, created_at timestamptz) on commit drop;
         select end_all_sessions();
         select delete_old_activity(now(), 10);
         commit",
    )
    .execute(server)
    .await
    .expect("it runs");
    assert_eq!(number(server, "select count(*) from session").await, 0);
    assert_eq!(number(server, "select count(*) from activity").await, 0);
}

#[tokio::test]
async fn what_is_deleted_by_the_server_takes_its_activity_along_or_leaves_it_nameless() {
    let app = TestApp::start().await;
    let (ada, ben) = (app.user("Ada").await, app.user("Ben").await);
    let (acme, _other) = (app.org("acme", &ada).await, app.org("other", &ben).await);
    let org = app.access(&ada, &acme).await.org_id();
    app.add_member(org, &ben, Role::Admin).await;
    let server = app.services.db.pool();
    sqlx::query("delete from organization where slug = 'acme'")
        .execute(server)
        .await
        .expect("the server may delete an organization");
    assert_eq!(number(server, "select count(*) from activity").await, 1);
    sqlx::query("delete from users where name = 'Ben'")
        .execute(server)
        .await
        .expect("the server may delete a user");
    let nameless = "select count(*) from activity where actor_id is null and actor_name = 'Ben'";
    assert_eq!(number(server, nameless).await, 1);
}

#[tokio::test]
async fn a_table_of_a_later_migration_is_the_servers_to_work_with_at_once() {
    let app = TestApp::start().await;
    app.sql("create table later (id bigint generated always as identity, number serial)")
        .await;
    sqlx::query("insert into later default values")
        .execute(app.services.db.pool())
        .await
        .expect("granted when it appeared");
}

#[tokio::test]
async fn migrating_grants_what_is_missing_and_takes_back_what_is_too_much() {
    let app = TestApp::start().await;
    let role = role_in(app.database_url());
    let all = format!(
        "revoke all on all tables in schema public from {role};
         grant all on activity to {role}"
    );
    let owner = app.owner().await;
    sqlx::raw_sql(AssertSqlSafe(all))
        .execute(owner.pool())
        .await
        .expect("the owner may");
    let server = app.services.db.pool();
    assert!(is_refused(server, "select from member").await);
    let applied = owner.migrate_for(app.database_url()).await;
    assert_eq!(applied.expect("nothing is in the way"), 0);
    assert!(!is_refused(server, "select from member").await);
    assert!(is_refused(server, "delete from activity").await);
}

#[tokio::test]
async fn migrating_for_a_role_that_is_not_there_says_how_to_make_it() {
    let database = TestDatabase::create().await;
    let db = Db::open_for_maintenance(&database.owner_url).await;
    let db = db.expect("the database opens");
    let nobodys = "postgres://nobody_of_ours@127.0.0.1/orghub";
    let error = db.migrate_for(nobodys).await.expect_err("no such role");
    let text = chain(&error);
    assert!(text.contains("create role nobody_of_ours"), "{text}");
}

#[tokio::test]
async fn with_one_role_for_everything_migrating_takes_nothing_from_it() {
    let database = TestDatabase::create().await;
    let db = Db::open_for_maintenance(&database.owner_url).await;
    let db = db.expect("the database opens");
    let applied = db.migrate_for(&database.owner_url).await;
    assert_eq!(applied.expect("nothing to do"), 0);
    assert!(!is_refused(db.pool(), "update activity set detail = ''").await);
}

#[tokio::test]
async fn in_production_a_server_that_could_rewrite_the_audit_log_does_not_start() {
    let database = TestDatabase::create().await;
    let role = role_in(&database.url);
    let as_owner = || {
        let mut config = config(&TestDatabase::known(database.owner_url.clone()));
        config.redis = None;
        config
    };
    let start = async |app_env: AppEnv, mut config: orghub::config::Config| {
        config.app_env = app_env;
        Services::start(config).await
    };
    let refused = |outcome: orghub::error::Result<Services>, why: &str| {
        let text = chain(&outcome.err().expect("it does not start"));
        assert!(
            text.contains(why) && text.contains("DATABASE_OWNER_URL"),
            "{text}"
        );
    };
    refused(
        start(AppEnv::Production, as_owner()).await,
        "is a superuser",
    );
    let started = start(AppEnv::Development, as_owner()).await;
    started.expect("only a warning").stop().await;

    let db = Db::open_for_maintenance(&database.owner_url).await;
    let db = db.expect("the database opens");
    let as_server = || {
        let mut config = config(&database);
        config.redis = None;
        config
    };
    let started = start(AppEnv::Production, as_server()).await;
    started.expect("a role as it should be").stop().await;
    for (grant, revoke, why) in [
        (
            "grant update on activity to",
            "revoke update on activity from",
            "may change the table",
        ),
        (
            "grant delete on activity to",
            "revoke delete on activity from",
            "may change the table",
        ),
        (
            "grant update (detail) on activity to",
            "revoke update (detail) on activity from",
            "may change the table",
        ),
        (
            "grant create on schema public to",
            "revoke create on schema public from",
            "may create tables",
        ),
    ] {
        for (change, is_too_much) in [(grant, true), (revoke, false)] {
            sqlx::raw_sql(AssertSqlSafe(format!("{change} {role}")))
                .execute(db.pool())
                .await
                .expect("the owner may");
            let outcome = start(AppEnv::Production, as_server()).await;
            if is_too_much {
                refused(outcome, why);
            } else {
                outcome.expect("as it should be").stop().await;
            }
        }
    }
}

#[tokio::test]
async fn a_server_without_its_grants_says_who_gives_them() {
    let database = TestDatabase::create().await;
    let db = Db::open_for_maintenance(&database.owner_url).await;
    let role = role_in(&database.url);
    sqlx::raw_sql(AssertSqlSafe(format!(
        "revoke all on all tables in schema public from {role}"
    )))
    .execute(db.expect("the database opens").pool())
    .await
    .expect("the owner may");
    let outcome = Services::start(config(&database)).await;
    let text = chain(&outcome.err().expect("it does not start"));
    assert!(text.contains("orghub-server migrate"), "{text}");
}
