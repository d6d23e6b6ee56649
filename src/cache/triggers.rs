//! The triggers the cache relies on, checked before anything is served.

use super::Cache;
use crate::{
    db::cache_log,
    error::{Error, Result},
};

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
            let events = ["update", "delete", "truncate"].into_iter().chain(on_insert.then_some("insert"));
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
        if missing.is_empty() { Ok(()) } else { Err(Error::internal(MissingTriggers(missing))) }
    }
}
