//! Holding a node up at a failpoint of its cache.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use futures::FutureExt;
use orghub::{cache::Cache, test_hooks::Failpoint};
use tokio::sync::{Semaphore, watch};

use crate::PATIENCE;

/// Whoever comes to the failpoint waits there until the gate is opened, or dropped.
pub struct Gate {
    cache: Cache,
    failpoint: Failpoint,
    arrived: Arc<Semaphore>,
    count: Arc<AtomicU64>,
    is_open: watch::Sender<bool>,
}

impl Gate {
    /// Closes `failpoint` of the node's cache.
    pub fn close(cache: &Cache, failpoint: Failpoint) -> Self {
        let arrived = Arc::new(Semaphore::new(0));
        let is_open = watch::Sender::new(false);
        let count = Arc::new(AtomicU64::new(0));
        let (arrivals, counted, opened) = (arrived.clone(), count.clone(), is_open.clone());
        cache.failpoints().set(failpoint, move || {
            counted.fetch_add(1, Ordering::Relaxed);
            let (arrivals, mut opened) = (arrivals.clone(), opened.subscribe());
            async move {
                arrivals.add_permits(1);
                let _open_or_dropped = opened.wait_for(|is_open| *is_open).await;
            }
            .boxed()
        });
        Self {
            cache: cache.clone(),
            failpoint,
            arrived,
            count,
            is_open,
        }
    }

    /// Returns when somebody has come to the gate whom nobody waited for yet.
    pub async fn arrival(&self) {
        tokio::time::timeout(PATIENCE, self.arrived.acquire())
            .await
            .unwrap_or_else(|_elapsed| panic!("nobody comes to {:?}", self.failpoint))
            .expect("never closed")
            .forget();
    }

    /// Lets everybody through, now and from now on, and goes on counting who comes.
    pub fn lift(&self) {
        self.is_open.send_replace(true);
    }

    /// How many have come since the gate was closed.
    pub fn arrivals(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Lets everybody through, now and from now on.
    pub fn open(self) {}
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.cache.failpoints().clear(self.failpoint);
        self.is_open.send_replace(true);
    }
}
