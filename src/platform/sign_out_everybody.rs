use super::{Platform, PlatformAdmin};
use crate::{
    boxed, db, domain::PlatformActKind, error::Result, security_log::SecurityEvent,
    telemetry::SPANS,
};

impl Platform {
    /// Ends all sessions of everybody, the one of whoever asks for it as well: when this
    /// returns, no node accepts any of them.
    ///
    /// # Errors
    /// As for every write; [`crate::error::Error::Unavailable`] if the database is too busy to
    /// do it now: nobody is signed out then.
    #[tracing::instrument(level = "debug", target = SPANS, name = "platform.sign_out_everybody", skip_all)]
    #[boxed]
    pub async fn sign_out_everybody(&self, admin: &PlatformAdmin) -> Result<()> {
        let mut tx = self.db.begin().await?;
        // Before the session is held: two that did this at once would wait for each other.
        db::sessions::lock_all(&mut tx).await?;
        let mut act = self.begin_in(tx, admin).await?;
        act.record(PlatformActKind::EverybodySignedOut, "", "")
            .await?;
        db::sessions::delete_all(&mut act.tx).await?;
        self.cache.commit(act.tx, &[]).await?;
        let by = Some(admin.signed_in().id);
        SecurityEvent::EverybodySignedOut { by }.record();
        Ok(())
    }
}
