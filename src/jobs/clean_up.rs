use std::time::Duration;

use crate::{auth::Sessions, error::chain};

/// Expired sessions are accepted by nobody meanwhile.
const CLEAN_UP_EVERY: Duration = Duration::from_secs(60 * 60);

pub(crate) async fn remove_expired_sessions_forever(sessions: Sessions) {
    loop {
        tokio::time::sleep(CLEAN_UP_EVERY).await;
        match sessions.delete_expired().await {
            Ok(sessions) => tracing::info!(sessions, "expired sessions were removed"),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "expired sessions could not be removed");
            }
        }
    }
}
