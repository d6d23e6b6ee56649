//! Places where a test may hold the cache up, between two steps whose order the
//! guarantee rests on. Without the feature `testing` there is nothing behind them.

/// A place between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Point {
    /// Redis answered a look-up, and the answer is not judged yet.
    Found,
    /// Postgres answered a look-up, and the answer is not kept yet.
    Loaded,
    /// A mutation has committed, and nobody was told.
    Committed,
    /// A heartbeat is about to be sent.
    HeartbeatDue,
    /// A heartbeat has committed, and the poll after it is not sent yet.
    Heartbeat,
    /// A poll was answered, and what it brought is not applied.
    Polled,
    /// Changes are applied, and the registry does not say so yet.
    Applied,
    /// Heartbeat and poll are done, and the lease is not granted yet.
    LeaseDue,
}

#[cfg(not(feature = "testing"))]
#[derive(Default)]
pub(super) struct Hooks;

#[cfg(not(feature = "testing"))]
impl Hooks {
    #[inline]
    pub(super) async fn pass(&self, _point: Point) {}
}

#[cfg(feature = "testing")]
pub use armed::Hooks;

#[cfg(feature = "testing")]
mod armed {
    use std::{
        collections::HashMap,
        fmt,
        sync::{Arc, PoisonError, RwLock},
    };

    use futures::future::BoxFuture;

    use super::Point;
    use crate::cache::Cache;

    type Action = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

    /// What a test does at the points of one node.
    #[derive(Default)]
    pub struct Hooks {
        actions: RwLock<HashMap<Point, Action>>,
    }

    impl fmt::Debug for Hooks {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Hooks")
        }
    }

    impl Hooks {
        /// From now on whoever passes `point` waits for what `action` returns.
        pub fn set(
            &self,
            point: Point,
            action: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static,
        ) {
            self.actions
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(point, Arc::new(action));
        }

        /// Nobody is held up at `point` any more; who waits there goes on waiting.
        pub fn clear(&self, point: Point) {
            self.actions
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&point);
        }

        pub(in crate::cache) async fn pass(&self, point: Point) {
            let action = self
                .actions
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&point)
                .cloned();
            if let Some(action) = action {
                action().await;
            }
        }
    }

    impl Cache {
        /// The points of this node.
        pub fn hooks(&self) -> &Hooks {
            &self.inner.hooks
        }
    }
}
