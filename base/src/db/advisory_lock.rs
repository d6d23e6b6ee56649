//! Locks that span more than a transaction, held by a database session of their own.
//!
//! A lock that is held while Stripe is asked must not be a transaction: one that
//! stays open for seconds holds back the cache's stamps (docs/caching.md). And its
//! session must belong to nothing else, so that the lock ends when its guard does,
//! whatever became of the task that held it, and never follows a connection back
//! into the pool.

use std::time::Duration;

use sqlx::{
    Connection as _, Either, PgConnection, PgPool,
    postgres::{PgAdvisoryLock, PgAdvisoryLockGuard},
};

use crate::error::{Error, Result};

/// How long a lock's own connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A named lock and the session that will hold it.
pub struct AdvisoryLock {
    lock: PgAdvisoryLock,
    session: PgConnection,
}

impl AdvisoryLock {
    /// Opens the session; holds nothing yet.
    pub async fn open(pool: &PgPool, name: &str) -> Result<Self> {
        let options = pool.connect_options();
        let connecting = PgConnection::connect_with(&options);
        let session = tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .map_err(|elapsed| Error::unavailable("the database", elapsed))??;
        Ok(Self {
            lock: PgAdvisoryLock::new(name),
            session,
        })
    }

    /// Takes the lock, or says that somebody else has it. Never waits inside the
    /// database: a waiting statement is an open transaction.
    pub async fn try_acquire(self) -> Result<Result<LockGuard, Self>> {
        let Self { lock, session } = self;
        Ok(match lock.try_acquire(session).await? {
            Either::Left(guard) => Ok(LockGuard { guard }),
            Either::Right(session) => Err(Self { lock, session }),
        })
    }

    /// Takes the lock, trying every `interval`, for as long as it takes.
    pub async fn acquire(self, interval: Duration) -> Result<LockGuard> {
        let mut lock = self;
        loop {
            match lock.try_acquire().await? {
                Ok(guard) => return Ok(guard),
                Err(taken) => lock = taken,
            }
            tokio::time::sleep(interval).await;
        }
    }
}

/// The lock is held until this is released or dropped.
#[must_use = "the lock ends when its guard is dropped"]
pub struct LockGuard {
    guard: PgAdvisoryLockGuard<PgConnection>,
}

impl LockGuard {
    /// Makes sure that the session, and so the lock, is still there.
    pub async fn confirm(&mut self) -> Result<()> {
        Ok(self.guard.as_mut().ping().await?)
    }

    /// Releases the lock by ending its session. Dropping the guard does so too, as
    /// soon as the server notices.
    pub async fn release(self) {
        if let Err(error) = self.guard.leak().close().await {
            tracing::debug!(%error, "the session of an advisory lock did not close in good order");
        }
    }
}
