//! The triggers the cache relies on, checked before anything is served, and ever
//! after: somebody may disable one while nodes run.

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

/// Time between two looks: how long a trigger can be disabled before copies are
/// not used any more.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Tables whose rows are cached, and whether a new row ends copies too.
const TABLES: &[(&str, bool)] = &[
    ("users", false),
    ("session", true),
    ("organization", false),
    ("organization_slug", true),
    ("member", true),
    ("subscription", true),
    ("limit_override", true),
    ("invitation", true),
    ("activity", true),
];

/// The expected triggers as `table.trigger`.
fn expected() -> Vec<String> {
    TABLES
        .iter()
        .flat_map(|(table, on_insert)| {
            let events = ["update", "delete", "truncate"]
                .into_iter()
                .chain(on_insert.then_some("insert"));
            events.map(move |event| format!("{table}.{table}_cache_{event}"))
        })
        .collect()
}

/// A trigger is missing or disabled: changes would go unnoticed.
#[derive(Debug, thiserror::Error)]
#[error("these triggers are missing or disabled in the database: {}; enable what was disabled (`alter table … enable trigger …`), create what was dropped anew from migrations/0011_cache_triggers.sql", .0.join(", "))]
struct MissingTriggers(Vec<String>);

impl Cache {
    /// Refuses if a change of cached data could go unnoticed.
    ///
    /// # Errors
    /// [`Error::Internal`] that names the triggers; [`Error::Unavailable`] without a database.
    pub async fn check_triggers(&self) -> Result<()> {
        let missing = cache_log::missing_triggers(self.inner.db.pool(), &expected()).await?;
        if missing.is_empty() {
            Ok(())
        } else {
            Err(Error::internal(MissingTriggers(missing)))
        }
    }
}

/// Looks whether all changes are still logged. While they are not there is no lease;
/// when they are again, every copy from before is ended, here and in Redis.
pub(super) async fn watch_forever(inner: Arc<Inner>) -> Infallible {
    loop {
        sleep(LOOK_EVERY).await;
        // Without a database there is no lease either.
        if let Err(error) = look(&inner).await {
            tracing::debug!(error = %chain(&error), "the triggers could not be looked at");
        }
    }
}

async fn look(inner: &Inner) -> Result<()> {
    let missing = cache_log::missing_triggers(inner.db.pool(), &expected()).await?;
    let was_deaf = inner.is_deaf.load(Ordering::Acquire);
    match (was_deaf, missing.is_empty()) {
        (false, false) => {
            inner.is_deaf.store(true, Ordering::Release);
            inner.coherence.end_lease();
            tracing::error!(error = %MissingTriggers(missing), "copies are not used until all changes are logged again");
        }
        (true, true) => {
            // Logged before the relay may renew the lease, which polls first.
            cache_log::write(inner.db.pool(), &[EVERYTHING.to_owned()]).await?;
            inner.is_deaf.store(false, Ordering::Release);
            tracing::info!(
                "all changes are logged again; copies are used, those from before are not"
            );
        }
        (true, false) | (false, true) => {}
    }
    Ok(())
}
