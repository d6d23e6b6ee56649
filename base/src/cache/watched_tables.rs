//! The triggers the cache relies on, checked before anything is served and ever after:
//! somebody may disable one while nodes run. Which there must be, the migrations have
//! declared in the database itself (`cache_watch`, migrations/0010_change_log.sql).

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::sleep;

use super::{Cache, Inner, stamp::EVERYTHING};
use crate::{
    db::cache_log,
    error::{Error, Result, chain},
};

/// How long a trigger can be disabled before this node stops using cached values.
const CHECK_EVERY: Duration = Duration::from_secs(10);

/// Changes could go unnoticed.
#[derive(Debug, thiserror::Error)]
#[error(
    "these triggers are missing or disabled in the database: {}; enable what was disabled \
     (`alter table … enable trigger …`), recreate what was dropped with `select cache_watch(…)` \
     from migrations/0011_cache_watch.sql", .0.join(", ")
)]
struct MissingTriggers(Vec<String>);

impl Cache {
    /// Refuses if a change of cached data could go unnoticed.
    ///
    /// # Errors
    /// [`Error::Internal`], naming the triggers; [`Error::Unavailable`] without a
    /// database.
    pub async fn check_triggers(&self) -> Result<()> {
        let missing = cache_log::missing_triggers(self.inner.db.pool()).await?;
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Error::internal(MissingTriggers(missing)))
        }
    }
}

/// While changes may be lost there is no lease. When they are logged again, every value
/// from before is ended, here and in Redis.
pub(super) async fn watch_forever(inner: Arc<Inner>) -> Infallible {
    loop {
        sleep(CHECK_EVERY).await;
        // Without a database there is no lease either.
        if let Err(error) = check(&inner).await {
            tracing::debug!(error = %chain(&error), "the triggers could not be checked");
        }
    }
}

async fn check(inner: &Inner) -> Result<()> {
    let missing = cache_log::missing_triggers(inner.db.pool()).await?;
    let were_missing = inner.changes_may_be_lost.load(Ordering::Acquire);
    match (were_missing, missing.is_empty()) {
        (false, false) => {
            inner.changes_may_be_lost.store(true, Ordering::Release);
            inner.coherence.end_lease();
            tracing::error!(
                error = %MissingTriggers(missing),
                "no cached values are used until all changes are logged again"
            );
        }
        (true, true) => {
            // Logged before the follower may renew the lease, which polls first.
            cache_log::write(inner.db.pool(), &[EVERYTHING.to_owned()]).await?;
            inner.changes_may_be_lost.store(false, Ordering::Release);
            tracing::info!("all changes are logged again; values cached before are not used");
        }
        (true, false) | (false, true) => {}
    }
    Ok(())
}
