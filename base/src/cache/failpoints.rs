//! Failpoints: places where a test may hold the cache up, between two steps whose
//! order the guarantee rests on. Without the feature `test-hooks` they compile to
//! nothing.

/// Where the cache can be held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failpoint {
    /// Redis has answered a look-up, and the answer is not validated yet.
    Found,
    /// PostgreSQL has answered a look-up, and the answer is not kept yet.
    Loaded,
    /// A mutation has committed, and nobody was told.
    Committed,
    /// A heartbeat is about to be sent.
    HeartbeatDue,
    /// A heartbeat has committed, and the poll after it is not sent yet.
    Heartbeat,
    /// A poll was answered, and its changes are not applied.
    Polled,
    /// Changes are applied, and the registry does not say so yet.
    Applied,
    /// Heartbeat and poll are done, and the lease is not granted yet.
    LeaseDue,
}

#[cfg(not(feature = "test-hooks"))]
#[derive(Default)]
pub(super) struct Failpoints {}

#[cfg(not(feature = "test-hooks"))]
impl Failpoints {
    #[inline]
    pub(super) async fn reach(&self, _failpoint: Failpoint) {}
}

#[cfg(feature = "test-hooks")]
pub use armed::Failpoints;

#[cfg(feature = "test-hooks")]
mod armed {
    use std::{collections::HashMap, sync::Arc};

    use futures::future::BoxFuture;
    use parking_lot::RwLock;

    use super::Failpoint;
    use crate::cache::Cache;

    type Action = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

    /// What a test does at the failpoints of one node.
    #[derive(Default)]
    pub struct Failpoints {
        actions: RwLock<HashMap<Failpoint, Action>>,
    }

    impl Failpoints {
        /// From now on, whoever reaches `failpoint` waits for what `action` returns.
        pub fn set(
            &self,
            failpoint: Failpoint,
            action: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static,
        ) {
            self.actions.write().insert(failpoint, Arc::new(action));
        }

        /// Nobody is held up at `failpoint` any more. Whoever waits there goes on waiting.
        pub fn clear(&self, failpoint: Failpoint) {
            self.actions.write().remove(&failpoint);
        }

        pub(in crate::cache) async fn reach(&self, failpoint: Failpoint) {
            let action = self.actions.read().get(&failpoint).cloned();
            if let Some(action) = action {
                action().await;
            }
        }
    }

    impl Cache {
        /// The failpoints of this node.
        pub fn failpoints(&self) -> &Failpoints {
            &self.inner.failpoints
        }

        /// How often this node's lease has ended without being renewed in time: what a
        /// test that counts loads must allow for on a busy machine.
        pub fn lease_lapses(&self) -> u64 {
            self.inner.coherence.lease_lapses()
        }
    }
}
