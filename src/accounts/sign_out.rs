use tower_sessions::Session;

use super::Accounts;
use crate::{error::Result, session::store_error};

impl Accounts {
    /// Ends the session for good: when this returns, no node knows it any more.
    /// Without a session there is nothing to do.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] when the database does not answer; the
    /// session is alive then.
    pub async fn sign_out(&self, session: &Session) -> Result<()> {
        if session.id().is_none() {
            return Ok(());
        }
        session.flush().await.map_err(store_error)
    }
}
