use std::time::Duration;

use crate::{access::Access, auth::Sessions, error::chain};

/// What is shown is right to the hour; a minute less of it is lost with a process that is
/// killed.
const WRITE_EVERY: Duration = Duration::from_secs(60);

pub(crate) async fn write_last_seen_forever(sessions: Sessions, access: Access) {
    loop {
        tokio::time::sleep(WRITE_EVERY).await;
        write_last_seen(&sessions, &access).await;
    }
}

/// Writes when sessions were last seen, and members last active, as far as it is known.
pub(crate) async fn write_last_seen(sessions: &Sessions, access: &Access) {
    if let Err(error) = sessions.write_last_seen().await {
        tracing::warn!(
            error = %chain(&error),
            "when sessions were last seen could not be written; it is tried again"
        );
    }
    if let Err(error) = access.write_last_active().await {
        tracing::warn!(
            error = %chain(&error),
            "when members were last active could not be written; it is tried again"
        );
    }
}
