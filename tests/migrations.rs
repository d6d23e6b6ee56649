//! The schema: how it comes about, and what it promises.

use std::{fmt, fs, path::Path, time::Duration};

use orghub::Db;
use orghub_test_support::{TestDatabase, config};
use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr as _};
use tokio::time::timeout;
use uuid::Uuid;

/// Far above what the migrations take, far below for ever: two migrators that
/// wait for each other would.
const PATIENCE: Duration = Duration::from_secs(60);

/// A database without anything in it.
async fn empty_database() -> TestDatabase {
    let database = TestDatabase::create().await;
    run(
        &open(&database).await,
        "drop schema public cascade; create schema public",
    )
    .await;
    database
}

async fn open(database: &TestDatabase) -> Db {
    Db::open_for_maintenance(&database.owner_url)
        .await
        .expect("the database opens")
}

async fn run(db: &Db, sql: impl Into<String>) {
    let sql = sql.into();
    sqlx::raw_sql(AssertSqlSafe(sql.clone()))
        .execute(db.pool())
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn number(db: &Db, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql.into_sql_str())
        .fetch_one(db.pool())
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

#[tokio::test]
async fn two_migrators_at_once_take_turns() {
    let database = empty_database().await;
    let (one, other) = (open(&database).await, open(&database).await);
    let all = one.pending_migrations().await.expect("it can be told");
    assert!(all > 0, "the database is empty");
    let (one_applied, other_applied) = timeout(PATIENCE, async {
        tokio::join!(one.migrate(), other.migrate())
    })
    .await
    .expect("they do not wait for each other");
    let applied =
        one_applied.expect("the one succeeds") + other_applied.expect("the other succeeds");
    assert_eq!(applied, all, "each migration is applied once");
    assert_eq!(one.pending_migrations().await.expect("it can be told"), 0);
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let database = TestDatabase::create().await;
    let db = open(&database).await;
    assert_eq!(db.migrate().await.expect("nothing to do"), 0);
}

#[tokio::test]
async fn an_index_whose_build_failed_is_built_again() {
    const IS_VALID: &str = "select indisvalid::int::bigint from pg_index \
                            where indexrelid = 'member_user_id_organization_id_key'::regclass";
    let database = TestDatabase::create().await;
    let db = open(&database).await;
    seed(&db, 10, 3).await;
    // The state before the index, with a row in the way of it.
    run(&db, "drop index member_user_id_organization_id_key").await;
    run(&db, "delete from _sqlx_migrations where version = 4").await;
    run(
        &db,
        "insert into member (id, organization_id, user_id, role)
         select '00000000-0000-7000-8000-000000000001', organization_id, user_id, role from member limit 1",
    )
    .await;
    db.migrate().await.expect_err("there is a duplicate");
    assert_eq!(
        number(&db, IS_VALID).await,
        0,
        "the failed build leaves an invalid index behind"
    );

    run(
        &db,
        "delete from member where id = '00000000-0000-7000-8000-000000000001'",
    )
    .await;
    assert_eq!(db.migrate().await.expect("nothing is in the way"), 1);
    assert_eq!(number(&db, IS_VALID).await, 1);
}

#[tokio::test]
async fn the_counter_equals_the_count_after_concurrent_changes() {
    let database = TestDatabase::create().await;
    let db = open(&database).await;
    seed(&db, 200, 20).await;
    let churn = (0..8).map(|worker| {
        let db = db.clone();
        async move {
            for _ in 0..25 {
                // Whole statements over several organizations at a time, in both directions.
                run(&db, format!("delete from member where user_id in (select id from users where name like '%{worker}' order by random() limit 5)")).await;
                run(&db, format!(
                    "insert into member (id, organization_id, user_id, role)
                     select gen_random_uuid(), organization.id, users.id, 'member'
                     from users cross join organization
                     where users.name like '%{worker}' and random() < 0.05
                     on conflict (user_id, organization_id) do nothing"
                ))
                .await;
            }
        }
    });
    timeout(PATIENCE, futures::future::join_all(churn))
        .await
        .expect("nobody waits for ever");
    let wrong = number(
        &db,
        "select count(*)
         from organization
         left join organization_member_count as counted on counted.organization_id = organization.id
         where coalesce(counted.members, 0) <>
             (select count(*) from member where member.organization_id = organization.id)",
    )
    .await;
    assert_eq!(wrong, 0, "organizations whose counter is wrong");
    assert!(
        number(
            &db,
            "select sum(members)::bigint from organization_member_count"
        )
        .await
            > 0
    );
}

#[tokio::test]
async fn the_member_list_begins_with_the_members_there_are() {
    const LISTED: &str = "select count(*) from member_list";
    let database = TestDatabase::create().await;
    let db = open(&database).await;
    seed(&db, 100, 5).await;
    let listed = number(&db, LISTED).await;
    assert!(listed > 100);
    run(
        &db,
        "create table before as
         select list.*, used.organization_id as used_in, used.class as used_as, used.joined_at as used_from
         from member_list as list
         left join member_use as used using (member_id)",
    )
    .await;
    // The state before there was a list.
    run(
        &db,
        "drop table member_list cascade;
         drop function member_list_on_insert, member_list_on_update, member_list_on_user,
             member_use_on_insert, member_use_on_delete, member_use_follows, member_power,
             search_meets, search_grams, searched_grams cascade;
         alter table member_use drop column organization_id, drop column class, drop column joined_at;
         delete from _sqlx_migrations where version in (27, 28, 29)",
    )
    .await;
    assert_eq!(db.migrate().await.expect("the list is made"), 3);
    assert_eq!(number(&db, LISTED).await, listed);
    let others = number(
        &db,
        "select count(*) from (
             table before
             except
             select list.*, used.organization_id, used.class, used.joined_at
             from member_list as list
             left join member_use as used using (member_id)
         ) as other",
    )
    .await;
    assert_eq!(others, 0, "rows that are not as the triggers make them");
}

#[tokio::test]
async fn deleting_an_organization_or_a_user_leaves_nothing_behind() {
    let database = TestDatabase::create().await;
    let db = open(&database).await;
    seed(&db, 50, 3).await;
    run(&db, "delete from users where name = 'User 7'").await;
    run(&db, "delete from organization where slug = 'org-1'").await;
    let lost = number(
        &db,
        "select (select count(*) from organization_member_count where organization_id not in (select id from organization))
              + (select count(*) from organization_slug where organization_id not in (select id from organization))
              + (select count(*) from member where user_id not in (select id from users))",
    )
    .await;
    assert_eq!(lost, 0);
    let counted = number(
        &db,
        "select members from organization_member_count join organization on id = organization_id where slug = 'acme'",
    )
    .await;
    assert_eq!(counted, 49);
}

/// What every request runs: a phrase of the statement by which it is found in
/// `.sqlx/`, values for its parameters, and the index it must use.
const HOT: &[(&str, &str, &str)] = &[
    (
        "and (organization.deleted_at is null or member.role = 'owner')",
        "'acme', {user}",
        "member_user_id_organization_id_key",
    ),
    (
        "left join organization_slug on organization_slug.slug = $1",
        "'acme', {user}",
        "organization_slug_pkey",
    ),
    (
        "as next\n            order by by_power desc",
        "'acme', {classes}, {nobody}, 51, 0, 51, false, {ahead}, true",
        "member_list_joined_idx",
    ),
    (
        "as next\n            order by by_power, ",
        "'acme', {classes}, {nobody}, 51, 0, 51, false, {ago}, true",
        "member_list_joined_idx",
    ),
    (
        "as next\n            order by by_name, ",
        "'acme', {classes}, {nobody}, 51, 0, 51, false, {first_names}",
        "member_list_name_idx",
    ),
    (
        "as next\n            order by by_name desc",
        "'acme', {classes}, {nobody}, 51, 0, 51, false, {last_names}",
        "member_list_name_idx",
    ),
    (
        "as next\n            order by by_active desc",
        "'acme', {classes}, {nobody}, 51, 0, 51, false, {ahead}, {ahead}, 30",
        "member_use_active_idx",
    ),
    (
        "as next\n            order by by_active, ",
        "'acme', {classes}, {nobody}, 51, 0, 51, false, {ago}, {ago}, 30",
        "member_use_active_idx",
    ),
    (
        "(order by by_id is null, by_power desc",
        "'acme', {classes}, {nobody}, 3000, 0, 51, 'ada', null, {ahead}, true",
        "member_list_joined_idx",
    ),
    (
        "(order by by_id is null, by_power, ",
        "'acme', {classes}, {nobody}, 3000, 0, 51, 'ada', null, {ago}, true",
        "member_list_joined_idx",
    ),
    (
        "(order by by_id is null, by_name, ",
        "'acme', {classes}, {nobody}, 3000, 0, 51, 'ada', null, {first_names}",
        "member_list_name_idx",
    ),
    (
        "(order by by_id is null, by_name desc",
        "'acme', {classes}, {nobody}, 3000, 0, 51, 'ada', null, {last_names}",
        "member_list_name_idx",
    ),
    (
        "(order by by_id is null, by_active desc",
        "'acme', {classes}, {nobody}, 500, 0, 51, 'ada', null, {ahead}, {ahead}",
        "member_use_active_idx",
    ),
    (
        "(order by by_id is null, by_active, ",
        "'acme', {classes}, {nobody}, 500, 0, 51, 'ada', null, {ago}, {ago}",
        "member_use_active_idx",
    ),
    (
        "where $5 = 'search'",
        "'acme', {classes}, 'ada', null, 'search', 'name', 50, 0, 'start', null, null, null, null, null",
        "member_list_search_idx",
    ),
    (
        "where $5 = 'search'",
        "'acme', {classes}, null, 30, 'use', 'joined', 50, 0, 'start', null, null, null, null, null",
        "member_use_active_idx",
    ),
    (
        "are_frequent as materialized",
        "'acme', {classes}, 'ada', null, 20000, 200",
        "member_list_search_idx",
    ),
    (
        "partition by class order by name_key, member_id",
        "'acme', 250",
        "member_list_name_idx",
    ),
    (
        "null::text as \"name_key?\",\n            null::timestamptz as \"active_at?\"",
        "'acme', 250",
        "member_list_joined_idx",
    ),
    (
        "mark.last_active_at as \"active_at?\"",
        "'acme', 250",
        "member_use_active_idx",
    ),
    (
        "left join lateral (\n            select\n                users.name,",
        "'acme'",
        "member_owner_idx",
    ),
    (
        "select\n                entry.id,\n                entry.actor_name,",
        "'acme', 51",
        "activity_list_idx",
    ),
    (
        "where entry.organization_id = $1\n                    and (entry.created_at, entry.id) > ($3, $4)",
        "{org}, null, '0001-01-01 0:00Z', {nil}, '9999-12-31 0:00Z', {nil}, 51",
        "activity_list_idx",
    ),
    (
        "from unnest($8::text[]) as wanted (kind)",
        "{org}, null, '0001-01-01 0:00Z', {nil}, '9999-12-31 0:00Z', {nil}, 51, '{org.renamed,org.created}'",
        "activity_kind_idx",
    ),
    (
        "users.session_epoch = session.epoch",
        r"'\x00'",
        "session_pkey",
    ),
];

#[tokio::test]
async fn hot_statements_use_their_indexes() {
    for hot in plans_beside(2_000).await {
        let Plan { index, plan, .. } = &hot;
        assert!(plan.contains(index), "{index} is not used:\n{hot}");
        assert!(!hot.reads_a_table_whole(), "a table is read whole:\n{hot}");
    }
}

/// Then the planner expects of every organization, also of a small one, that it has a great part
/// of the rows there are.
#[tokio::test]
async fn pages_of_members_read_no_table_whole_where_one_organization_has_nearly_all() {
    let is_page = |hot: &Plan| hot.statement.contains("as \"whole?\"");
    let pages = plans_beside(2).await.into_iter().filter(is_page);
    for hot in pages {
        assert!(!hot.reads_a_table_whole(), "a table is read whole:\n{hot}");
    }
}

/// How PostgreSQL answers a statement, and the index that it should use.
struct Plan {
    statement: String,
    index: &'static str,
    plan: String,
}

impl Plan {
    fn reads_a_table_whole(&self) -> bool {
        ["Seq Scan on member", "Seq Scan on users "]
            .iter()
            .any(|scan| self.plan.contains(scan))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.statement, self.plan)
    }
}

/// The plans of the hot statements for an organization of 10,000 members, beside others of one.
async fn plans_beside(other_orgs: u32) -> Vec<Plan> {
    let database = TestDatabase::create().await;
    let db = open(&database).await;
    seed(&db, 10_000, other_orgs).await;
    run(
        &db,
        "insert into activity (id, organization_id, actor_name, kind, subject, created_at)
             select gen_random_uuid(), organization.id, 'User ' || n,
                    (array['member.removed', 'member.left', 'org.created', 'org.renamed'])[1 + n % 4],
                    'User 1', now() - n * interval '1 minute'
             from generate_series(1, 10000) as n
             join organization on organization.slug in ('acme', 'org-' || n);
         analyze activity",
    )
    .await;
    let statements = prepared_statements();
    // As the program connects: it tells the planner what a page costs.
    let program = Db::open(&config(&database)).expect("an address");
    let mut connection = program.pool().acquire().await.expect("a connection");
    let mut plans = Vec::new();
    for (phrase, values, index) in HOT {
        let found: Vec<&String> = statements
            .iter()
            .filter(|statement| statement.contains(phrase))
            .collect();
        let [statement] = found.as_slice() else {
            panic!(
                "{} statements contain {phrase:?}; choose another phrase",
                found.len()
            );
        };
        let values = values
            .replace("{org}", "md5('acme')::uuid")
            .replace("{nil}", "'00000000-0000-0000-0000-000000000000'")
            .replace("{user}", "md5('User 5000')::uuid")
            .replace("{classes}", &in_each_class(|class| class.to_string()))
            .replace("{nobody}", &in_each_class(|_| Uuid::nil().to_string()))
            .replace("{ahead}", &in_each_class(|_| "9999-01-01".to_owned()))
            .replace("{ago}", &in_each_class(|_| "0001-01-01".to_owned()))
            .replace("{first_names}", &in_each_class(|_| " ".to_owned()))
            .replace("{last_names}", &in_each_class(|_| "~".to_owned()));
        let explain = format!("prepare hot as {statement}; explain execute hot({values})");
        let rows = sqlx::raw_sql(AssertSqlSafe(explain))
            .fetch_all(&mut *connection)
            .await
            .expect("a plan");
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        plans.push(Plan {
            statement: (*statement).clone(),
            index,
            plan: plan.join("\n"),
        });
        sqlx::raw_sql("deallocate hot")
            .execute(&mut *connection)
            .await
            .expect("forgotten");
    }
    plans
}

/// An array with a value for each of the classes of `member_list`.
fn in_each_class(value: impl Fn(i16) -> String) -> String {
    let values: Vec<String> = (0..32).map(|class| format!("{:?}", value(class))).collect();
    format!("'{{{}}}'", values.join(","))
}

/// The statements of the program as the build knows them.
fn prepared_statements() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    fs::read_dir(folder)
        .expect("the statements are described: `cargo xtask prepare`")
        .map(|entry| {
            let text = fs::read_to_string(entry.expect("a file").path()).expect("text");
            let description: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            description["query"]
                .as_str()
                .expect("a statement")
                .to_owned()
        })
        .collect()
}

/// `members` users, all of them members of `acme`, whose first is its owner, and
/// `others` further organizations with an owner each.
async fn seed(db: &Db, members: u32, others: u32) {
    run(
        db,
        format!(
            "insert into users (id, email, name, password_hash)
                 select md5('User ' || n)::uuid, 'user-' || n || '@users.test', 'User ' || n, 'none'
                 from generate_series(1, {members}) as n;
             insert into organization (id, slug, name) values (md5('acme')::uuid, 'acme', 'Acme');
             insert into organization (id, slug, name)
                 select gen_random_uuid(), 'org-' || n, 'Organization ' || n from generate_series(1, {others}) as n;
             insert into member (id, organization_id, user_id, role, created_at)
                 select gen_random_uuid(), organization.id, users.id,
                        case when users.name = 'User 1' then 'owner' else 'member' end,
                        now() - random() * interval '1 year'
                 from users, organization where organization.slug = 'acme';
             insert into member (id, organization_id, user_id, role)
                 select gen_random_uuid(), organization.id, users.id, 'owner'
                 from organization
                 join users on users.name = 'User ' || (1 + abs(hashtext(organization.slug)) % {members})
                 where organization.slug <> 'acme';
             insert into member_use (member_id, last_active_at)
                 select id, now() - random() * interval '100 days' from member where random() < 0.7;
             insert into session (id_hash, user_id, expires_at)
                 select sha256(convert_to(name, 'UTF8')), id, now() + interval '1 day' from users;
             analyze",
        ),
    )
    .await;
}
