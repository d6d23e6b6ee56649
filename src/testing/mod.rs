//! What tests need: a database and a key prefix of their own, people and
//! organizations in one line each. Real Postgres, real Redis.
//!
//! `DATABASE_URL` names a cluster in which databases may be created; `REDIS_URL`
//! a Redis, unless `ENABLE_REDIS_CACHE=false`. `cargo xtask test` sets them.

mod accounting;
mod child;
mod counters;
mod gate;
mod postgres;
mod proxy;
mod redis;
mod redis_cluster;

use std::sync::{
    LazyLock,
    atomic::{AtomicU32, Ordering},
};

use sqlx::{Connection, PgConnection};

use crate::{
    access::OrgAccess,
    accounts::hash_password,
    config::Config,
    db::{self, Db},
    domain::{CurrentUser, Email, MemberId, OrgId, OrgName, OrgSlug, Role, UserId},
    services::Services,
};

pub use self::{
    child::{ChildProcess, is_child, kill_myself, serve_parent},
    counters::Counters,
    gate::Gate,
    postgres::PrivatePostgres,
    proxy::FaultProxy,
    redis::PrivateRedis,
    redis_cluster::PrivateCluster,
};

/// The password of everybody whom [`TestApp::person`] makes.
pub const PASSWORD: &str = "correct horse battery";

/// One node of the program with a database of its own, dropped with the test.
pub struct TestApp {
    /// The node's services.
    pub services: Services,
    database: TestDatabase,
}

/// A migrated, empty database; removed when the next test run begins.
#[derive(Clone, Debug)]
pub struct TestDatabase {
    /// Its address.
    pub url: String,
}

impl TestDatabase {
    /// A new database, copied from a template that is migrated once a run.
    pub async fn create() -> Self {
        let cluster = std::env::var("DATABASE_URL")
            .expect("tests need DATABASE_URL: run them with `cargo xtask test`, or after `cargo xtask services up`");
        Self::create_in(&cluster).await
    }

    /// A new database in the cluster that `admin_url` leads to.
    pub async fn create_in(admin_url: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let template = template(admin_url).await;
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
            url: with_database(admin_url, &name),
        }
    }
}

/// Makes the template database of this schema, unless it is there.
async fn template(admin_url: &str) -> String {
    let name = format!("orghub_template_{:016x}", db::schema_fingerprint());
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
        db::migrate(db.pool())
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

/// A configuration for `database`; everything else as the environment says.
pub fn config(database: &TestDatabase) -> Config {
    let from_env = |name: &str| std::env::var(name).ok();
    Config::read(|name| match name {
        "DATABASE_URL" => Some(database.url.clone()),
        "DATABASE_MAX_CONNECTIONS" => Some("6".to_owned()),
        other => from_env(other),
    })
    .expect("the test environment is complete")
}

impl TestApp {
    /// A node over a new database.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A node over a new database, configured by `configure`.
    pub async fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        Self::start_over(TestDatabase::create().await, configure).await
    }

    /// A node over `database`, configured by `configure`.
    pub async fn start_over(database: TestDatabase, configure: impl FnOnce(&mut Config)) -> Self {
        let mut settings = config(&database);
        configure(&mut settings);
        let services = start(settings).await;
        Self { services, database }
    }

    /// Another node over the same database.
    pub async fn another_node(&self) -> Services {
        self.another_node_with(|_| {}).await
    }

    /// Another node over the same database, configured as this one but for what
    /// `configure` changes.
    pub async fn another_node_with(&self, configure: impl FnOnce(&mut Config)) -> Services {
        let mut settings = (*self.services.config).clone();
        configure(&mut settings);
        start(settings).await
    }

    /// The address of the node's database.
    pub fn database_url(&self) -> &str {
        &self.database.url
    }

    /// A person named `name` with the address `{name}@people.test` in lower case.
    pub async fn person(&self, name: &str) -> CurrentUser {
        let email = Email::parse(&format!(
            "{}@people.test",
            name.to_lowercase().replace(' ', ".")
        ))
        .expect("an address");
        let id = UserId::new();
        static PASSWORD_HASH: LazyLock<String> = LazyLock::new(|| hash_password(PASSWORD));
        self.execute(
            sqlx::query(
                "insert into users (id, email, name, password_hash, email_verified_at) values ($1, $2, $3, $4, now())",
            )
            .bind(id.0)
            .bind(email.as_str())
            .bind(name)
            .bind(PASSWORD_HASH.as_str()),
        )
        .await;
        CurrentUser {
            id,
            name: name.to_owned(),
            email,
            email_verified: true,
            platform_admin: false,
        }
    }

    /// An organization at `slug` owned by `owner`.
    pub async fn org(&self, slug: &str, owner: &CurrentUser) -> OrgSlug {
        let name = OrgName::parse(&format!("Organization {slug}")).expect("a name");
        let slug = OrgSlug::parse(slug).expect("a slug");
        self.services
            .orgs
            .create(owner, &name, &slug)
            .await
            .expect("the organization is made")
    }

    /// Makes `user` a member, as an accepted invitation would.
    pub async fn add_member(&self, org: OrgId, user: &CurrentUser, role: Role) -> MemberId {
        let mut tx = self
            .services
            .db
            .begin()
            .await
            .expect("a transaction begins");
        let member = db::members::insert(&mut tx, org, user.id, role)
            .await
            .expect("the member is added");
        let commit = tx.commit().await.expect("it commits");
        self.services.cache.wait_until_applied(commit).await;
        member
    }

    /// The proof that `user` may open `slug`.
    pub async fn access(&self, user: &CurrentUser, slug: &OrgSlug) -> OrgAccess {
        self.services
            .access
            .require(user, slug)
            .await
            .expect("a member")
    }

    /// Runs a statement as somebody at a database prompt would.
    pub async fn sql(&self, statement: &'static str) {
        self.execute(sqlx::query(statement)).await;
    }

    async fn execute<'q>(
        &self,
        query: sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>,
    ) {
        query
            .execute(self.services.db.pool())
            .await
            .expect("the statement runs");
    }
}

async fn start(config: Config) -> Services {
    let services = Services::start(config).await.expect("the services start");
    assert!(
        services
            .cache
            .wait_until_ready(std::time::Duration::from_secs(10))
            .await,
        "the cache becomes ready"
    );
    services
}
