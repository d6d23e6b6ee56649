//! One node of the program, and users and organizations in it.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use orghub::{
    access::OrgAccess,
    auth::{ClientInfo, hash_password, sessions::EXPIRY},
    config::Config,
    domain::{CurrentUser, Email, MemberId, OrgId, OrgName, OrgSlug, Role, UserId},
    services::Services,
    test_hooks::{DbInternals as _, Tx, members},
};
use tower_sessions::{Session, session::Id};
use uuid::Uuid;

use crate::TestDatabase;

/// The password of everybody whom [`TestApp::user`] makes.
pub const PASSWORD: &str = "correct horse battery";

/// One node of the program with a database of its own, dropped with the test.
pub struct TestApp {
    /// The node's services.
    pub services: Services,
    database: TestDatabase,
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

    /// A user named `name` with the address `{name}@users.test` in lower case.
    pub async fn user(&self, name: &str) -> CurrentUser {
        let email = Email::parse(&format!(
            "{}@users.test",
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
        let mut tx = self.begin().await;
        let member = members::insert(&mut tx, org, user.id, role)
            .await
            .expect("the member is added");
        self.commit(tx).await;
        member
    }

    async fn begin(&self) -> Tx {
        let tx = self.services.db.begin().await;
        tx.expect("a transaction begins")
    }

    /// Commits and waits as every mutation of the product does.
    async fn commit(&self, tx: Tx) {
        let committed = self.services.cache.commit(tx, &[]).await;
        committed.expect("it commits");
    }

    /// Makes `count` new users members of `org`, all joined at the same moment, by one
    /// statement. They are named "User 00001" and so on, and come in that order.
    pub async fn add_members(&self, org: OrgId, count: u32) -> Vec<(MemberId, UserId)> {
        let mut tx = self.begin().await;
        let ids: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "with new_users as (
                 insert into users (id, email, name, password_hash)
                 select gen_random_uuid(), 'user-' || number || '@crowd.test',
                        'User ' || lpad(number::text, 5, '0'), ''
                 from generate_series(1, $2) as number
                 returning id, name
             ), joined as (
                 insert into member (id, organization_id, user_id, role, created_at)
                 select gen_random_uuid(), $1, id, 'member', '2026-01-01' from new_users
                 returning id, user_id
             )
             select joined.id, joined.user_id
             from joined join new_users on new_users.id = joined.user_id
             order by new_users.name",
        )
        .bind(org.0)
        .bind(i64::from(count))
        .fetch_all(tx.conn())
        .await
        .expect("a crowd");
        self.commit(tx).await;
        let typed = |(member, user)| (MemberId(member), UserId(user));
        ids.into_iter().map(typed).collect()
    }

    /// Signs `user` in on this node; see [`sign_in`].
    pub async fn sign_in(&self, user: &CurrentUser) -> Id {
        sign_in(&self.services, user).await
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

/// A browser that sent the cookie of this session to `node`, or none.
pub fn browser(node: &Services, session: Option<Id>) -> Session {
    let store = Arc::new(node.sessions.clone());
    Session::new(session, store, Some(EXPIRY))
}

/// Signs in a user whom [`TestApp::user`] made, as the session layer does: the session is
/// stored with the answer.
pub async fn sign_in(node: &Services, user: &CurrentUser) -> Id {
    let browser = browser(node, None);
    let email = user.email.as_str();
    node.auth
        .sign_in(&browser, email, PASSWORD, &ClientInfo::default())
        .await
        .expect("the password is right");
    browser.save().await.expect("the session is stored");
    browser.id().expect("a stored session has an id")
}

async fn start(config: Config) -> Services {
    let services = Services::start(config).await.expect("the services start");
    assert!(
        services
            .cache
            .wait_until_ready(Duration::from_secs(10))
            .await,
        "the cache becomes ready"
    );
    services
}
