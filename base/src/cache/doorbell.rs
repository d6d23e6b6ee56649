//! The doorbell: a message on a Redis channel after each commit, which has the log followers
//! poll at once, and another one from each that has applied what it read, which has whoever
//! waits for that look at once. It carries nothing that anybody believes, so losing, forging or
//! repeating it is harmless; without Redis they poll every 50 ms, and look again and again.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
};

use tokio::time::sleep;

use super::{Inner, background::PAUSE, log_follower::HEARTBEAT_EVERY};
use crate::error::chain;

/// What is there to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// The change log.
    Changed,
    /// The registry of nodes.
    Applied,
}

impl Message {
    fn text(self) -> &'static str {
        match self {
            Self::Changed => "",
            Self::Applied => "applied",
        }
    }
}

/// Rings at all nodes, without waiting for Redis.
pub(super) fn ring(inner: &Arc<Inner>, message: Message) {
    let inner = inner.clone();
    tokio::spawn(async move {
        if let Some(redis) = &inner.redis
            && let Err(error) = redis.publish(&inner.channel(), message.text()).await
        {
            tracing::debug!(%error, "the doorbell did not ring; other nodes poll");
        }
    });
}

pub(super) async fn listen_forever(inner: Arc<Inner>) -> Infallible {
    let Some(redis) = &inner.redis else {
        return std::future::pending().await;
    };
    loop {
        let incarnation = inner.incarnation.load(Ordering::Acquire);
        // Known once the log was read.
        if incarnation != 0 {
            let channel = inner.channel();
            let listening = redis.listen(&channel, |text| {
                if text == Message::Applied.text().as_bytes() {
                    inner.applied.notify_waiters();
                } else {
                    inner.doorbell.notify_one();
                }
            });
            let incarnation_ends = async {
                while inner.incarnation.load(Ordering::Acquire) == incarnation {
                    sleep(HEARTBEAT_EVERY).await;
                }
            };
            tokio::select! {
                outcome = listening => {
                    if let Err(error) = outcome {
                        tracing::debug!(error = %chain(&error), "no doorbell; polling");
                    }
                    sleep(HEARTBEAT_EVERY).await;
                }
                // Others ring on another channel now.
                () = incarnation_ends => {}
            }
        }
        sleep(PAUSE).await;
    }
}
