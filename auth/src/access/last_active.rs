use time::OffsetDateTime;

use super::Access;
use crate::{db, domain::MemberId, error::Result, last_use};

impl Access {
    /// Writes when members were last active, and says of how many.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer: the rest is
    /// written the next time.
    pub async fn write_last_active(&self) -> Result<usize> {
        let Some(last_active) = &self.last_active else {
            return Ok(0);
        };
        let mut members = last_active.take();
        let total = members.len();
        while !members.is_empty() {
            let rest = members.split_off(members.len().min(last_use::BATCH));
            if let Err(error) = self.write_batch(&members).await {
                last_active.put_back(members.into_iter().chain(rest));
                return Err(error);
            }
            members = rest;
        }
        Ok(total)
    }

    async fn write_batch(&self, members: &[(MemberId, OffsetDateTime)]) -> Result<()> {
        let (ids, active_at): (Vec<_>, Vec<_>) = members.iter().copied().unzip();
        let mut tx = self.db.begin().await?;
        db::members::note_use(&mut tx, &ids, &active_at).await?;
        // A list that shows it is as old as a cached page may be.
        tx.commit_unannounced().await
    }
}
