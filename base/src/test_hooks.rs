//! Internals that tests outside of the crate drive: failpoints, and the database's
//! functions below the use cases. Never part of a deployed program.
//!
//! A change of cached data cannot be committed without saying whether it is announced:
//!
//! ```no_run
//! # async fn change(cache: orghub_base::cache::Cache, tx: orghub_base::test_hooks::Tx) {
//! cache.commit(tx, &[]).await.expect("it commits");
//! # }
//! ```
//!
//! ```compile_fail
//! # async fn change(cache: orghub_base::cache::Cache, tx: orghub_base::test_hooks::Tx) {
//! tx.commit().await.expect("it commits");
//! # }
//! ```

pub use crate::{
    cache::failpoints::{Failpoint, Failpoints},
    db::{
        CommitPosition, Reader, Stamped, Tx, cache_log, members, migrate::schema_fingerprint, orgs,
    },
};
