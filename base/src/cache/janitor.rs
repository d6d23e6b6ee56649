//! Keeps the change log as short as it may be.

use std::{convert::Infallible, sync::Arc, time::Duration};

use tokio::time::sleep;

use super::Inner;
use crate::{db::cache_log, error::chain};

const CLEAN_UP_EVERY: Duration = Duration::from_secs(60);

/// How long the log is kept: twice the longest TTL, so that every value in Redis can be
/// validated.
const KEEP_LOG_SECONDS: i32 = 2 * 60 * 60;

pub(super) async fn clean_up_forever(inner: Arc<Inner>) -> Infallible {
    loop {
        sleep(CLEAN_UP_EVERY).await;
        match cache_log::clean_up(inner.db.pool(), KEEP_LOG_SECONDS).await {
            Ok(removed) => tracing::debug!(?removed, "the change log was cleaned up"),
            Err(error) => tracing::warn!(
                error = %chain(&error),
                "the change log could not be cleaned up; trying again in a minute"
            ),
        }
    }
}
