//! Internals that tests outside of the crate drive: failpoints, and the database's
//! functions below the use cases. Never part of a deployed program.
//!
//! A change of cached data cannot be committed without saying whether it is announced:
//!
//! ```no_run
//! # async fn change(cache: orghub::cache::Cache, tx: orghub::test_hooks::Tx) {
//! cache.commit(tx, &[]).await.expect("it commits");
//! # }
//! ```
//!
//! ```compile_fail
//! # async fn change(cache: orghub::cache::Cache, tx: orghub::test_hooks::Tx) {
//! tx.commit().await.expect("it commits");
//! # }
//! ```

use std::future::Future;

use sqlx::PgPool;

pub use crate::{
    cache::failpoints::{Failpoint, Failpoints},
    db::{
        CommitPosition, Reader, Stamped, Tx, cache_log, members, migrate::schema_fingerprint, orgs,
    },
};
use crate::{db::Db, error::Result};

/// The database's handles, which the program keeps to itself.
pub trait DbInternals {
    fn pool(&self) -> &PgPool;
    fn reader(&self) -> Reader;
    fn begin(&self) -> impl Future<Output = Result<Tx>> + Send;
}

impl DbInternals for Db {
    fn pool(&self) -> &PgPool {
        Self::pool(self)
    }

    fn reader(&self) -> Reader {
        Self::reader(self)
    }

    async fn begin(&self) -> Result<Tx> {
        Self::begin(self).await
    }
}
