//! One node of the program, and users and organizations in it.

use std::{
    ops::RangeInclusive,
    sync::{Arc, LazyLock},
    time::Duration,
};

use orghub::{
    Db,
    access::OrgAccess,
    auth::{Admitted, ClientInfo, SignedIn, hash_password},
    config::Config,
    domain::{
        CurrentUser, Email, MemberId, MemberListQuery, OrgId, OrgName, OrgSlug, Role, UserId,
    },
    mail::Letter,
    routes,
    services::Services,
    test_hooks::{Tx, members},
};
use tokio::sync::OnceCell;
use tower_sessions::{Session, session::Id};
use uuid::Uuid;

use crate::TestDatabase;

/// The password of everybody whom [`TestApp::user`] makes.
pub const PASSWORD: &str = "correct horse battery";

/// Most members that one statement adds: far from what the program's limit on a statement
/// allows, on however slow a machine.
const MOST_AT_ONCE: u32 = 2_500;

/// One node of the program with a database of its own, dropped with the test.
pub struct TestApp {
    /// The node's services.
    pub services: Services,
    database: TestDatabase,
    /// Connections of the owner of the tables, opened for the first that needs one.
    owner: OnceCell<Db>,
}

/// A configuration for `database`; everything else as the environment says.
pub fn config(database: &TestDatabase) -> Config {
    let from_env = |name: &str| std::env::var(name).ok();
    Config::read(|name| match name {
        "DATABASE_URL" => Some(database.url.clone()),
        "DATABASE_OWNER_URL" => Some(database.owner_url.clone()),
        "DATABASE_MAX_CONNECTIONS" => Some("6".to_owned()),
        // One owner of all the organizations a test needs.
        "ORGANIZATIONS_PER_OWNER" => Some("1000".to_owned()),
        // Most tests have no Stripe to compare with, and the job would try for long.
        "STRIPE_DAILY_RECONCILE" => Some("false".to_owned()),
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
        Self {
            services,
            database,
            owner: OnceCell::new(),
        }
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

    /// The address of the node's database, with the node's role.
    pub fn database_url(&self) -> &str {
        &self.database.url
    }

    /// The same, with the role that owns the tables.
    pub fn owner_url(&self) -> &str {
        &self.database.owner_url
    }

    /// The database, as whoever owns its tables.
    pub async fn owner(&self) -> &Db {
        let open = || Db::open_for_maintenance(&self.database.owner_url);
        let owner = self.owner.get_or_try_init(open).await;
        owner.expect("the owner is let in")
    }

    /// A user named `name` with the address `{name}@users.test` in lower case, signed in by a
    /// session of which no browser knows the id.
    pub async fn user(&self, name: &str) -> SignedIn {
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
        self.with_session(CurrentUser {
            id,
            name: name.to_owned(),
            email,
            email_verified: true,
            picture: None,
            platform_admin: false,
            has_second_factor: false,
        })
        .await
    }

    /// A user who is there already, signed in as [`Self::user`] does it.
    pub async fn with_session(&self, user: CurrentUser) -> SignedIn {
        self.execute(
            sqlx::query(
                "insert into session (id_hash, user_id, epoch, expires_at)
                 select $1, id, session_epoch, now() + interval '10 years'
                 from users where id = $2",
            )
            .bind(session_of(user.id).as_slice())
            .bind(user.id.0),
        )
        .await;
        let session = session_of(user.id);
        SignedIn::claimed(user, session)
    }

    /// An organization at `slug` owned by `owner`.
    pub async fn org(&self, slug: &str, owner: &SignedIn) -> OrgSlug {
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

    /// A transaction of somebody at a database prompt, who owns the tables.
    pub async fn begin_as_owner(&self) -> Tx {
        let tx = self.owner().await.begin().await;
        tx.expect("a transaction begins")
    }

    /// A transaction, for what a use case would do in it.
    pub async fn begin(&self) -> Tx {
        let tx = self.services.db.begin().await;
        tx.expect("a transaction begins")
    }

    /// Makes every search for members hang, until this is dropped or the database ends it.
    pub async fn hold_up_searches(&self) -> Tx {
        let mut tx = self.begin().await;
        sqlx::query("lock table member in access exclusive mode")
            .execute(tx.conn())
            .await
            .expect("nobody else locks it");
        tx
    }

    /// Commits and waits as every mutation of the product does.
    async fn commit(&self, tx: Tx) {
        let committed = self.services.cache.commit(tx, &[]).await;
        committed.expect("it commits");
    }

    /// Makes `count` new users members of `org`, all joined at the same moment, by one
    /// statement for up to 2,500. They are named "User 00001" and so on, and
    /// come in that order.
    pub async fn add_members(&self, org: OrgId, count: u32) -> Vec<(MemberId, UserId)> {
        self.add_numbered_members(org, 1..=count).await
    }

    /// The same for the members of these numbers: each number is one user of the site.
    pub async fn add_numbered_members(
        &self,
        org: OrgId,
        numbers: RangeInclusive<u32>,
    ) -> Vec<(MemberId, UserId)> {
        let mut tx = self.begin().await;
        let mut ids = Vec::new();
        for first in numbers.clone().step_by(MOST_AT_ONCE as usize) {
            let last = (first + MOST_AT_ONCE - 1).min(*numbers.end());
            let added = sqlx::query_as::<_, (Uuid, Uuid)>(
                "with new_users as (
                     insert into users (id, email, name, password_hash)
                     select gen_random_uuid(), 'user-' || number || '@crowd.test',
                            'User ' || lpad(number::text, greatest(5, length(number::text)), '0'), ''
                     from generate_series($2, $3) as number
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
            .bind(i64::from(first))
            .bind(i64::from(last))
            .fetch_all(tx.conn())
            .await;
            ids.extend(added.expect("a crowd"));
        }
        self.commit(tx).await;
        let typed = |(member, user)| (MemberId(member), UserId(user));
        ids.into_iter().map(typed).collect()
    }

    /// Has PostgreSQL look at what the tables hold, as it does by itself after a while.
    pub async fn analyze(&self) {
        let analyzed = sqlx::raw_sql("vacuum analyze")
            .execute(self.owner().await.pool())
            .await;
        analyzed.expect("it looks");
    }

    /// What was mailed to this address, oldest first.
    pub async fn mail_to(&self, email: &str) -> Vec<Letter> {
        let letters = sqlx::query_scalar::<_, serde_json::Value>(
            "select letter from mail where recipient = $1 and letter is not null order by id",
        )
        .bind(email)
        .fetch_all(self.services.db.pool())
        .await;
        let letters = letters.expect("the outbox can be read").into_iter();
        letters
            .map(|letter| serde_json::from_value(letter).expect("a letter"))
            .collect()
    }

    /// The secret of the link in what was mailed last to this address.
    pub async fn mailed_token(&self, email: &str) -> String {
        let letters = self.mail_to(email).await;
        let letter = letters.last().expect("something was mailed");
        let button = letter.button.as_ref().expect("it has a link");
        let (_, query) = button.path.split_once('?').expect("with a secret");
        routes::token_in(query)
    }

    /// Signs `user` in on this node; see [`sign_in`].
    pub async fn sign_in(&self, user: &CurrentUser) -> Id {
        sign_in(&self.services, user).await
    }

    /// The proof that `user` may open `slug`.
    pub async fn access(&self, user: &SignedIn, slug: &OrgSlug) -> OrgAccess {
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

    /// Runs a statement and waits, as every mutation does, until all nodes know of it.
    pub async fn sql_announced(&self, statement: &'static str) {
        let mut tx = self.begin().await;
        let done = sqlx::query(statement).execute(tx.conn()).await;
        done.expect("the statement runs");
        self.commit(tx).await;
    }

    /// Runs SQL with texts for its parameters, which it casts to what they are.
    pub async fn sql_with(&self, statement: &'static str, values: &[&str]) {
        let mut query = sqlx::query(statement);
        for value in values {
            query = query.bind((*value).to_owned());
        }
        self.execute(query).await;
    }

    async fn execute<'q>(
        &self,
        query: sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>,
    ) {
        query
            .execute(self.owner().await.pool())
            .await
            .expect("the statement runs");
    }
}

/// The hash of the id of the session that [`TestApp::user`] makes for a user.
pub fn session_of(user: UserId) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(user.0.as_bytes());
    hash[16..].copy_from_slice(user.0.as_bytes());
    hash
}

/// Looks up on `node` all that the pages of the organization show `user`, a member.
pub async fn look_everything_up(node: &Services, user: &SignedIn, slug: &OrgSlug) {
    let access = node.access.require(user, slug).await.expect("a member");
    node.orgs.list_mine(user).await.expect("a list");
    node.orgs.get_overview(&access).await.expect("an overview");
    let query = MemberListQuery::default();
    let members = node.orgs.list_members(&access, &query);
    members.await.expect("a page");
    let subscription = node.billing.get_org_subscription(&access);
    subscription.await.expect("a subscription");
}

/// A browser that sent the cookie of this session to `node`, or none.
pub fn browser(node: &Services, session: Option<Id>) -> Session {
    let store = Arc::new(node.sessions.clone());
    Session::new(session, store, Some(node.sessions.expiry()))
}

/// Signs in a user whom [`TestApp::user`] made, as the session layer does: the session is
/// stored with the answer.
///
/// The product lets nobody wait until the nodes have heard of a sign-in. Here it waits: a node
/// that hears of it later drops what a test has seen it keep.
pub async fn sign_in(node: &Services, user: &CurrentUser) -> Id {
    let browser = browser(node, None);
    let email = user.email.as_str();
    let admitted = node
        .auth
        .sign_in(&browser, email, PASSWORD, &ClientInfo::default())
        .await
        .expect("the password is right");
    assert_eq!(admitted, Admitted::SignedIn);
    browser.save().await.expect("the session is stored");
    let tx = node.db.begin().await.expect("a transaction begins");
    let position = tx.commit_at().await.expect("it commits");
    node.cache.wait_until_applied(position).await;
    browser.id().expect("a stored session has an id")
}

/// Whom `node` takes the browser with this session for.
pub async fn user_of(node: &Services, session: &Id) -> Option<CurrentUser> {
    let found = node.sessions.current_user(session).await;
    let found = found.expect("the store answers");
    found.map(|signed_in| signed_in.user().clone())
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
