//! The database: pools, transactions, and every SQL statement of the program.
//!
//! The files below are named after their nouns, their functions after the
//! questions they answer. A read takes a [`Reader`], which cannot write; a
//! write takes a [`Tx`]. What fills the cache comes back [`Stamped`].

use std::{fmt, sync::Arc, time::Duration};

use sqlx::{
    PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    config::Config,
    error::{Error, Result},
    metrics::count_sql,
};

pub mod activity;
pub mod cache_log;
mod constraints;
mod in_time;
pub mod members;
mod migrate;
pub mod orgs;
pub mod seed;
pub mod sessions;
pub mod subscriptions;
pub mod users;
pub mod webhook_events;

pub use cache_log::HeldLock;
pub use in_time::InTime;
use in_time::{ANSWER_TIMEOUT, answers, in_time};
#[cfg(feature = "testing")]
pub use migrate::schema_fingerprint;
pub use migrate::{migrate, pending_migrations};

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection that lay idle for longer than this is tried before it is used:
/// the database may have restarted meanwhile. A busy one is not, which saves a
/// round trip a statement (docs/architecture.md).
const TRUSTED_IDLE_TIME: Duration = Duration::from_millis(250);

/// The pools of one node.
#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    relay: PgPool,
    /// How long to wait for a statement's answer; `None`: for maintenance.
    limit: Option<Duration>,
}

impl Db {
    /// Opens the pools; connections are made when they are needed.
    ///
    /// # Errors
    /// [`Error::Internal`] if the address cannot be understood.
    pub fn open(config: &Config) -> Result<Self> {
        let options: PgConnectOptions = config.database_url.parse().map_err(Error::internal)?;
        let options = options.application_name("orghub").options([
            // A page that takes longer than this is of no use to anybody.
            ("statement_timeout", "2s"),
            // An abandoned transaction would hold back the cache's position (docs/caching.md).
            ("idle_in_transaction_session_timeout", "5s"),
        ]);
        Ok(Self {
            pool: pool(config.database_max_connections).connect_lazy_with(options.clone()),
            // Of its own, so that slow requests cannot keep the cache from hearing of changes.
            relay: pool(2).connect_lazy_with(options.application_name("orghub-relay")),
            limit: Some(ANSWER_TIMEOUT),
        })
    }

    /// A pool without time limits, for migrations, seeding and other long work.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn open_for_maintenance(database_url: &str) -> Result<Self> {
        let options: PgConnectOptions = database_url.parse().map_err(Error::internal)?;
        let pool = pool(4)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.application_name("orghub-maintenance"))
            .await?;
        Ok(Self {
            relay: pool.clone(),
            pool,
            limit: None,
        })
    }

    /// A handle that can only read.
    pub fn reader(&self) -> Reader {
        Reader {
            pool: self.pool.clone(),
            limit: self.limit,
        }
    }

    /// The reader whose connections belong to the cache's relay alone.
    pub(crate) fn relay_pool(&self) -> &PgPool {
        &self.relay
    }

    /// The pool itself, for migrations.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if no connection is free in time.
    pub async fn begin(&self) -> Result<Tx> {
        count_sql();
        Ok(Tx {
            inner: in_time(self.limit, self.pool.begin()).await?,
            limit: self.limit,
        })
    }

    /// Closes all connections, after those in use are done.
    pub async fn close(&self) {
        self.pool.close().await;
        self.relay.close().await;
    }
}

fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                Ok(meta.idle_for < TRUSTED_IDLE_TIME || answers(connection).await.is_ok())
            })
        })
        .after_release(|connection, _meta| Box::pin(answers(connection)))
}

/// A value and the database position it was read at: `as_of` is the smallest
/// transaction id that was still running then. Everything below it is in the
/// value, whatever the value depends on; docs/caching.md has the argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped<T> {
    /// What was read.
    pub value: T,
    /// `pg_snapshot_xmin(pg_current_snapshot())` of the same statement.
    pub as_of: u64,
}

impl<T> Stamped<T> {
    /// `value` as read at the position that came back as `as_of`.
    pub fn new(value: T, as_of: i64) -> Self {
        Self {
            value,
            as_of: as_of.cast_unsigned(),
        }
    }
}

/// A pool handle for reading. What fills the cache gets this and nothing else:
/// with a transaction in hand, an uncommitted value could be published.
#[derive(Clone)]
pub struct Reader {
    pool: PgPool,
    limit: Option<Duration>,
}

impl Reader {
    /// A connection of the pool, for one statement.
    pub fn conn(&self) -> InTime<&PgPool> {
        InTime {
            way: &self.pool,
            limit: self.limit,
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

/// A transaction's number: what the cache's barrier waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitId(pub(crate) u64);

/// A transaction; rolled back when it is dropped.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    limit: Option<Duration>,
}

impl Tx {
    /// The connection, for one statement.
    pub fn conn(&mut self) -> InTime<&mut PgConnection> {
        InTime {
            way: &mut self.inner,
            limit: self.limit,
        }
    }

    /// Commits; the number tells the cache what to wait for.
    ///
    /// # Errors
    /// As the statements before: nothing is changed then, unless the connection
    /// broke at this very moment.
    pub async fn commit(mut self) -> Result<CommitId> {
        let xid = sqlx::query_scalar!(r#"select pg_current_xact_id()::text::bigint as "xid!""#)
            .fetch_one(self.conn())
            .await?;
        count_sql();
        in_time(self.limit, self.inner.commit()).await?;
        Ok(CommitId(xid.cast_unsigned()))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(ref database) => {
                if let Some(conflict) = database.constraint().and_then(constraints::conflict) {
                    return conflict;
                }
                // Classes 53 (resources), 57 (operator intervention: shutdown, statement timeout), 08 (connection).
                let code = database.code().unwrap_or_default();
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
