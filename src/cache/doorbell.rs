//! The doorbell: an empty message on a Redis channel after each commit, which has the
//! log followers poll at once. It carries nothing, so losing, forging or repeating it is
//! harmless; without Redis they poll every 50 ms.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
};

use tokio::time::sleep;

use super::{Inner, background::PAUSE, log_follower::HEARTBEAT_EVERY};
use crate::error::chain;

pub(super) async fn listen_forever(inner: Arc<Inner>) -> Infallible {
    let Some(redis) = &inner.redis else {
        return std::future::pending().await;
    };
    loop {
        let incarnation = inner.incarnation.load(Ordering::Acquire);
        // Known once the log was read.
        if incarnation != 0 {
            let channel = inner.channel();
            let listening = redis.listen(&channel, || inner.doorbell.notify_one());
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
