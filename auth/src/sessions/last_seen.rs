//! Writing when sessions were last seen, which [`crate::last_use`] keeps in mind. No cached
//! value depends on it.

use time::OffsetDateTime;

use super::Sessions;
use crate::{db, error::Result, last_use};

impl Sessions {
    /// Writes when sessions were last seen, and says of how many.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer: the rest is
    /// written the next time.
    pub async fn write_last_seen(&self) -> Result<usize> {
        let mut sessions = self.last_seen.take();
        let total = sessions.len();
        while !sessions.is_empty() {
            let rest = sessions.split_off(sessions.len().min(last_use::BATCH));
            if let Err(error) = self.write_batch(&sessions).await {
                self.last_seen.put_back(sessions.into_iter().chain(rest));
                return Err(error);
            }
            sessions = rest;
        }
        Ok(total)
    }

    async fn write_batch(&self, sessions: &[([u8; 32], OffsetDateTime)]) -> Result<()> {
        let id_hashes: Vec<_> = sessions.iter().map(|(hash, _)| hash.to_vec()).collect();
        let seen_at: Vec<_> = sessions.iter().map(|(_, at)| *at).collect();
        let mut tx = self.db.begin().await?;
        db::sessions::note_use(&mut tx, &id_hashes, &seen_at).await?;
        // Nothing cached depends on it.
        tx.commit_unannounced().await
    }
}
