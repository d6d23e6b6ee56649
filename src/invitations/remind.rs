use time::Duration;

use super::{Invitations, letters};
use crate::{auth::LinkToken, db, error::Result};

/// When somebody is reminded who has not decided: once, while the invitation lives.
const AFTER: Duration = Duration::days(2);

/// Reminders written in one transaction.
const BATCH: i64 = 50;

impl Invitations {
    /// Reminds everybody whose invitation was sent two days ago and is still open, each once,
    /// and says how many. What was written is noted in the transaction that puts the message
    /// into the outbox, so no reminder is lost, and none comes twice.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer.
    pub async fn remind(&self) -> Result<u64> {
        let mut total = 0;
        loop {
            let now = self.clock.now();
            let mut tx = self.db.begin().await?;
            let due = db::invitations::list_due(&mut tx, now - AFTER, now, BATCH).await?;
            for reminder in &due {
                let (id, about) = (reminder.id, &reminder.details);
                let token = LinkToken::random();
                db::invitations::insert_token(&mut tx, id, &token.hash(), now).await?;
                db::invitations::note_reminded(&mut tx, id, now).await?;
                let letter = letters::reminder(about, &token);
                self.mail
                    .post_until(&mut tx, &about.email, &letter, about.expires_at)
                    .await?;
            }
            // No page shows who was reminded.
            tx.commit_unannounced().await?;
            let reminded = due.len() as u64;
            total += reminded;
            if reminded < BATCH.unsigned_abs() {
                return Ok(total);
            }
        }
    }
}
