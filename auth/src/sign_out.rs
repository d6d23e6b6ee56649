use tower_sessions::Session;

use super::{Auth, sessions::store_error};
use crate::{boxed, error::Result, security_log::SecurityEvent, telemetry::SPANS};

impl Auth {
    /// Ends the session for good: when this returns, no node accepts it any more. Without
    /// a session it does nothing.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer: the session
    /// is alive then.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.sign_out", skip_all)]
    #[boxed]
    pub async fn sign_out(&self, session: &Session) -> Result<()> {
        if session.id().is_none() {
            return Ok(());
        }
        session.flush().await.map_err(store_error)?;
        SecurityEvent::SignOut.record();
        Ok(())
    }
}
