use time::Duration;

use super::Orgs;
use crate::{boxed, db, error::Result, telemetry::SPANS};

/// Entries removed by one statement. Each may be of another organization, whose cached values
/// end then; 256 of them in one statement would end everybody's (`cache_log_write`).
const BATCH: i32 = 250;

impl Orgs {
    /// Removes what is older than `kept` from the audit logs of all organizations, and says how
    /// many entries that were.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.delete_old_activity", skip_all)]
    #[boxed]
    pub async fn delete_old_activity(&self, kept: Duration) -> Result<u64> {
        let mut total = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let before = self.clock.now() - kept;
            let deleted = db::activity::delete_old(&mut tx, before, BATCH).await?;
            // Nobody waits for it: what was shown a moment longer was shown for years.
            tx.commit_unannounced().await?;
            total += deleted;
            if deleted < u64::from(BATCH.unsigned_abs()) {
                return Ok(total);
            }
        }
    }
}
