//! The database: pools, transactions, and every SQL statement of the program.
//!
//! One file per table or question; functions are named after the questions they
//! answer. A read takes a [`Reader`], which cannot write; a write takes a [`Tx`].
//! What fills the cache comes back [`Stamped`]. The module is private to the core:
//! the rest of the program asks use cases.
//!
//! Every function fails with [`Error::Unavailable`] when the database cannot be
//! reached; only other errors are documented where they can happen.

use std::{fmt, future::Future, net::IpAddr, sync::Arc, time::Duration};

use sqlx::{
    PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    boxed,
    config::Config,
    error::{Error, Result},
    telemetry::count_sql,
};

pub mod account_tokens;
pub mod activity;
pub mod advisory_lock;
pub mod bulk_changes;
mod bulkhead;
pub mod cache_log;
mod constraints;
pub mod credentials;
mod deadline;
pub mod deleted_orgs;
pub mod identities;
pub mod invitations;
pub mod jobs;
pub mod join_links;
pub mod join_requests;
pub mod mail;
mod member_filter;
mod member_place;
pub mod members;
pub mod migrate;
pub mod org_domains;
pub mod orgs;
pub mod ownership;
pub mod passkey_ceremonies;
pub mod passkeys;
pub mod pending_sign_ins;
pub mod pictures;
pub mod platform;
pub mod recovery_codes;
pub mod roles;
pub mod sessions;
pub mod submissions;
pub mod subscriptions;
pub mod totp;
pub mod users;
pub mod webhook_events;

use bulkhead::Bulkhead;
pub use deadline::WithDeadline;
use deadline::{ANSWER_TIMEOUT, ping, with_deadline};

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection that was idle for longer than this is pinged before it is used:
/// the database may have restarted meanwhile. Pinging a busy one as well would cost
/// a round trip per statement (docs/architecture.md).
const TRUSTED_IDLE_TIME: Duration = Duration::from_millis(250);

const MAINTENANCE_CONNECTIONS: u32 = 4;

/// The connection pools of one node.
#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    log_pool: PgPool,
    health_pool: PgPool,
    bulkhead: Arc<Bulkhead>,
    /// How long to wait for a statement's answer; `None`: for maintenance.
    limit: Option<Duration>,
}

impl Db {
    /// Opens the pools; connections are made when they are needed.
    ///
    /// # Errors
    /// [`Error::Internal`] if the address cannot be parsed.
    pub fn open(config: &Config) -> Result<Self> {
        let options: PgConnectOptions = config.database_url.parse().map_err(Error::internal)?;
        let options = options.application_name("orghub").options([
            // Nobody waits longer than this for a page.
            ("statement_timeout", "2s"),
            // An abandoned transaction would hold back the cache's stamps (docs/caching.md).
            ("idle_in_transaction_session_timeout", "5s"),
            // Of a large organization PostgreSQL expects so much work that it compiles the
            // statement first: a second, for a search that takes a millisecond.
            ("jit", "off"),
            // What is asked often lies in memory, where one page is as near as the next. By the
            // default, of spinning disks, tables are read whole where an index knows the rows.
            ("random_page_cost", "1.1"),
        ]);
        Ok(Self {
            pool: pool(config.database_max_connections).connect_lazy_with(options.clone()),
            // A separate pool: request load must not starve the cache's log follower.
            log_pool: pool(2)
                .connect_lazy_with(options.clone().application_name("orghub-log-follower")),
            // And the load must not make a node look dead that only has much to do.
            health_pool: pool(1).connect_lazy_with(options.application_name("orghub-health")),
            bulkhead: Arc::new(Bulkhead::new(config.database_max_connections)),
            limit: Some(ANSWER_TIMEOUT),
        })
    }

    /// A pool without time limits, for migrations and other long work.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn open_for_maintenance(database_url: &str) -> Result<Self> {
        let options: PgConnectOptions = database_url.parse().map_err(Error::internal)?;
        let pool = pool(MAINTENANCE_CONNECTIONS)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.application_name("orghub-maintenance"))
            .await?;
        Ok(Self {
            log_pool: pool.clone(),
            health_pool: pool.clone(),
            bulkhead: Arc::new(Bulkhead::new(MAINTENANCE_CONNECTIONS)),
            pool,
            limit: None,
        })
    }

    pub fn reader(&self) -> Reader {
        Reader {
            pool: self.pool.clone(),
            limit: self.limit,
        }
    }

    /// The pool that belongs to the cache's log follower alone.
    pub fn log_pool(&self) -> &PgPool {
        &self.log_pool
    }

    /// The connection over which operators ask how the node is.
    pub fn health_pool(&self) -> &PgPool {
        &self.health_pool
    }

    /// The pool itself: for the cache's registry, migrations, and locks.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    #[boxed]
    pub async fn begin(&self) -> Result<Tx> {
        count_sql();
        // A connection that was in use a moment before the database ended looks alive until it
        // is used. Nothing was begun on it, so another one will do; each that fails is closed.
        let mut spare = self.pool.num_idle();
        let inner = loop {
            match with_deadline(self.limit, self.pool.begin()).await {
                Err(error) if spare > 0 && deadline::is_lost(&error) => spare -= 1,
                begun => break begun?,
            }
        };
        Ok(Tx {
            inner,
            limit: self.limit,
            address: None,
        })
    }

    /// Closes all connections, once those in use are done.
    pub async fn close(&self) {
        self.pool.close().await;
        self.log_pool.close().await;
        self.health_pool.close().await;
    }
}

fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                Ok(meta.idle_for < TRUSTED_IDLE_TIME || ping(connection).await.is_ok())
            })
        })
        .after_release(|connection, _meta| Box::pin(ping(connection)))
}

/// A value and the database position it was read at: `as_of` is the smallest
/// transaction id that was still running then. Every change by a smaller one is in
/// the value; docs/caching.md has the argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped<T> {
    pub value: T,
    /// `pg_snapshot_xmin(pg_current_snapshot())` of the same statement.
    pub as_of: u64,
}

impl<T> Stamped<T> {
    /// `value`, read at the position that came back as `as_of`.
    pub fn new(value: T, as_of: i64) -> Self {
        Self {
            value,
            as_of: as_of.cast_unsigned(),
        }
    }

    /// Rows of a statement that returns at least one, because it begins with
    /// `from (select 1) as one left join …`: without a row there would be no stamp.
    pub fn rows(
        rows: Vec<T>,
        as_of: impl FnOnce(&T) -> i64,
    ) -> Result<Stamped<std::iter::Peekable<std::vec::IntoIter<T>>>> {
        let Some(first) = rows.first() else {
            return Err(Error::internal("a stamped statement returned no row"));
        };
        let as_of = as_of(first);
        Ok(Stamped::new(rows.into_iter().peekable(), as_of))
    }

    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Stamped<U> {
        Stamped {
            value: map(self.value),
            as_of: self.as_of,
        }
    }
}

/// A handle for reading. What fills the cache gets this and nothing else: with a
/// transaction in hand, an uncommitted value could be published.
#[derive(Clone)]
pub struct Reader {
    pool: PgPool,
    limit: Option<Duration>,
}

impl Reader {
    /// A connection of the pool, for one statement.
    pub fn conn(&self) -> WithDeadline<&PgPool> {
        WithDeadline {
            executor: &self.pool,
            limit: self.limit,
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

/// Where in the database's order a transaction committed: what the cache's barrier
/// waits for. Only an [`Announce`] ever sees one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitPosition(u64);

impl CommitPosition {
    pub(super) fn new(xid: i64) -> Self {
        Self(xid.cast_unsigned())
    }

    pub(super) fn xid(self) -> u64 {
        self.0
    }
}

/// Tells all nodes of a commit. The cache has the one implementation
/// (`cache::commit`), which returns when they have all applied it.
pub trait Announce {
    fn announce(self, position: CommitPosition) -> impl Future<Output = ()> + Send;
}

/// A transaction; rolled back when it is dropped.
///
/// There is no plain `commit`. A change of anything that is cached ends with
/// `cache.commit(tx, &keys)`, which answers when every node has applied it; what
/// nothing cached depends on says so.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    limit: Option<Duration>,
    /// Where the request came from that asks for the change.
    address: Option<IpAddr>,
}

impl Tx {
    /// Notes where the request came from that asks for the change. Holding a session does it
    /// (`auth::SignedIn`), so what a user does has an address in the audit log, and what Stripe
    /// or a job does has none.
    pub fn asked_from(&mut self, address: Option<IpAddr>) {
        self.address = address;
    }

    fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The connection, for one statement.
    pub fn conn(&mut self) -> WithDeadline<&mut PgConnection> {
        WithDeadline {
            executor: &mut self.inner,
            limit: self.limit,
        }
    }

    /// Commits and announces.
    ///
    /// # Errors
    /// As for the statements before: nothing has changed then, unless the connection
    /// broke at this very moment.
    pub async fn commit(mut self, announcement: impl Announce) -> Result<()> {
        let position = self.position().await?;
        self.commit_unannounced().await?;
        announcement.announce(position).await;
        Ok(())
    }

    /// Commits what nothing cached depends on. Changes of watched tables still reach
    /// all nodes within a poll, but nobody waits for them.
    ///
    /// # Errors
    /// As [`Self::commit`].
    #[boxed]
    pub async fn commit_unannounced(self) -> Result<()> {
        count_sql();
        Ok(with_deadline(self.limit, self.inner.commit()).await?)
    }

    /// Commits unannounced, and tells a test where.
    #[cfg(feature = "test-hooks")]
    pub async fn commit_at(mut self) -> Result<CommitPosition> {
        let position = self.position().await?;
        self.commit_unannounced().await?;
        Ok(position)
    }

    async fn position(&mut self) -> Result<CommitPosition> {
        let xid = sqlx::query_scalar!(r#"select pg_current_xact_id()::text::bigint as "xid!""#)
            .fetch_one(self.conn())
            .await?;
        Ok(CommitPosition::new(xid))
    }
}

/// The code of an error that a `grant` would have prevented.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// The role lacks a right.
#[derive(Debug, thiserror::Error)]
#[error(
    "the database refuses the role; `orghub-server migrate`, with DATABASE_OWNER_URL, grants the \
     server's role what it needs"
)]
struct NotGranted(#[source] sqlx::Error);

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(ref database) => {
                if let Some(conflict) = database.constraint().and_then(constraints::conflict) {
                    return conflict;
                }
                // Classes 53 (resources), 57 (operator intervention: shutdown, statement
                // timeout), 08 (connection).
                let code = database.code().unwrap_or_default();
                if code == INSUFFICIENT_PRIVILEGE {
                    return Self::internal(NotGranted(error));
                }
                if ["53", "57", "08"]
                    .iter()
                    .any(|class| code.starts_with(class))
                {
                    return Self::unavailable("the database", error);
                }
                Self::internal(error)
            }
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_) => Self::unavailable("the database", error),
            other => Self::Internal(Arc::new(other)),
        }
    }
}
