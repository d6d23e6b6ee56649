//! Databases of a test's own.

use std::sync::atomic::{AtomicU32, Ordering};

use orghub::{Db, test_hooks::schema_fingerprint};
use sqlx::{Connection, PgConnection};

/// The server's role in clusters that say nothing of one.
const SERVER_ROLE: &str = "orghub_app";

/// A migrated, empty database. `cargo xtask test` removes it when the test's process has ended;
/// under plain nextest it stays, for whoever wants to look into it.
#[derive(Clone, Debug)]
pub struct TestDatabase {
    /// Its address with the role that the program has.
    pub url: String,
    /// Its address with the role that owns the tables, and may do anything.
    pub owner_url: String,
}

impl TestDatabase {
    /// A new database, copied from a template that is migrated once a run.
    pub async fn create() -> Self {
        let variable = |name| std::env::var(name).ok();
        let program = variable("DATABASE_URL")
            .expect("tests need DATABASE_URL: run them with `cargo xtask test`, or after `cargo xtask services up`");
        match variable("DATABASE_OWNER_URL") {
            Some(owner) => Self::create_for(&owner, &program).await,
            None => Self::create_in(&program).await,
        }
    }

    /// A new database in the cluster that `admin_url` leads to, which lets everybody in.
    pub async fn create_in(admin_url: &str) -> Self {
        let mut program = url::Url::parse(admin_url).expect("an address");
        program.set_username(SERVER_ROLE).expect("it has a host");
        program.set_password(None).expect("it has a host");
        Self::create_for(admin_url, program.as_str()).await
    }

    /// A database that is there, for a process that does nothing to it which its role may not.
    pub fn known(url: String) -> Self {
        Self {
            owner_url: url.clone(),
            url,
        }
    }

    /// The same database, which the program reaches at `url`.
    pub fn behind(&self, url: String) -> Self {
        Self {
            url,
            owner_url: self.owner_url.clone(),
        }
    }

    async fn create_for(admin_url: &str, program_url: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let template = template(admin_url, program_url).await;
        let name = format!(
            "orghub_test_{}_{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let mut admin = PgConnection::connect(admin_url)
            .await
            .expect("the cluster answers");
        run(
            &mut admin,
            format!("drop database if exists {name} with (force)"),
        )
        .await;
        run(
            &mut admin,
            format!("create database {name} template {template}"),
        )
        .await;
        Self {
            url: with_database(program_url, &name),
            owner_url: with_database(admin_url, &name),
        }
    }
}

/// Makes the template database of this schema, unless it is there.
async fn template(admin_url: &str, program_url: &str) -> String {
    let name = format!("orghub_template_{:016x}", schema_fingerprint());
    let mut admin = PgConnection::connect(admin_url)
        .await
        .expect("the cluster answers");
    // Tests start at the same time, each in a process of its own.
    run(
        &mut admin,
        "select pg_advisory_lock(hashtextextended('orghub.testing', 0))".to_owned(),
    )
    .await;
    let exists: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(&name)
            .fetch_one(&mut admin)
            .await
            .expect("the catalog answers");
    if !exists {
        let program = url::Url::parse(program_url).expect("DATABASE_URL is an address");
        let role = program.username();
        // The cluster may be another test's, and new.
        run(
            &mut admin,
            format!(
                "do $$ begin
                     if not exists (select from pg_roles where rolname = '{role}') then
                         create role \"{role}\" login;
                         grant pg_read_all_stats to \"{role}\";
                     end if;
                 end $$"
            ),
        )
        .await;
        let unfinished = format!("{name}_unfinished");
        run(
            &mut admin,
            format!("drop database if exists {unfinished} with (force)"),
        )
        .await;
        run(&mut admin, format!("create database {unfinished}")).await;
        let db = Db::open_for_maintenance(&with_database(admin_url, &unfinished))
            .await
            .expect("the template opens");
        db.migrate_for(program_url)
            .await
            .expect("the migrations apply to an empty database");
        db.close().await;
        run(
            &mut admin,
            format!("alter database {unfinished} rename to {name}"),
        )
        .await;
    }
    admin.close().await.expect("the connection closes");
    name
}

async fn run(connection: &mut PgConnection, statement: String) {
    // Names made in this file from numbers.
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.clone()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

fn with_database(url: &str, database: &str) -> String {
    let mut url = url::Url::parse(url).expect("DATABASE_URL is an address");
    url.set_path(database);
    url.into()
}
