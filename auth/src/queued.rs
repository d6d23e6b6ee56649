//! What is done for accounts later.

use time::Duration;

use super::Auth;
use crate::{
    db,
    domain::Email,
    error::Result,
    queue::{Job, Kind, Outcome},
};

/// The kind of the job that mails a link for a new password.
pub(super) const SEND_RESET_LINK: &str = "auth.send_reset_link";

/// How long an account waits for its address to be verified: longer than anybody looks for a
/// mail, and short enough that a mistyped address is not taken from its owner.
const UNVERIFIED: Duration = Duration::days(7);

const DELETE_BATCH: i64 = 1_000;

impl Auth {
    pub fn kinds_of_jobs(&self) -> [Kind; 1] {
        let auth = self.clone();
        let send = move |job: Job| {
            let auth = auth.clone();
            async move { auth.send_queued_reset_link(&job).await }
        };
        [Kind::new(SEND_RESET_LINK, send)]
    }

    /// The message and the end of the job go together: nobody gets two links of which one is
    /// dead.
    async fn send_queued_reset_link(&self, job: &Job) -> Outcome {
        let email: Email = job.payload()?;
        let mut tx = self.db.begin().await?;
        self.mail_reset_link(&mut tx, &email).await?;
        if job.finish(&mut tx).await? {
            tx.commit_unannounced().await?;
        }
        Ok(())
    }

    /// Removes links that have expired, and says how many.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer.
    pub async fn delete_expired_links(&self) -> Result<u64> {
        let mut total = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let now = self.clock.now();
            let deleted = db::account_tokens::delete_expired(&mut tx, now, DELETE_BATCH).await?;
            tx.commit_unannounced().await?;
            total += deleted;
            if deleted < DELETE_BATCH.unsigned_abs() {
                return Ok(total);
            }
        }
    }

    /// Removes accounts whose address nobody verified, and says how many.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer.
    pub async fn delete_unverified(&self) -> Result<u64> {
        let mut total = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let made_before = self.clock.now() - UNVERIFIED;
            let deleted = db::users::delete_unverified(&mut tx, made_before, DELETE_BATCH).await?;
            // Their sessions end with them.
            self.cache.commit(tx, &[]).await?;
            total += deleted;
            if deleted < DELETE_BATCH.unsigned_abs() {
                return Ok(total);
            }
        }
    }
}
