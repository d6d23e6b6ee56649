//! One load for all who ask at the same time.

use std::{any::Any, collections::HashMap, sync::Arc};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use parking_lot::Mutex;

use super::near::Entry;
use crate::error::Result;

/// What a load returns; the key decides the type of the answer.
pub(super) type Loaded = Result<Entry>;

type Load = Shared<BoxFuture<'static, Loaded>>;
type WeakLoad = WeakShared<BoxFuture<'static, Loaded>>;

/// The loads under way, by key.
///
/// A load is driven by whoever waits for it, so its statements count for a request that
/// asked, and it ends when nobody waits any more.
#[derive(Default)]
pub(super) struct SingleFlight {
    under_way: Mutex<HashMap<String, WeakLoad>>,
}

impl SingleFlight {
    /// Joins the load under way for `key`, or starts `load`; `true`: it was started.
    pub(super) async fn join_or_start(
        &self,
        key: &str,
        load: impl FnOnce() -> BoxFuture<'static, Loaded>,
    ) -> (Loaded, bool) {
        let (load, started) = {
            let mut under_way = self.under_way.lock();
            let running = under_way.get(key).and_then(WeakShared::upgrade);
            match running.filter(|load| load.peek().is_none()) {
                Some(load) => (load, false),
                None => {
                    let load = load().shared();
                    if let Some(weak) = load.downgrade() {
                        under_way.insert(key.to_owned(), weak);
                    }
                    (load, true)
                }
            }
        };
        // Dropped on cancellation as well: a load ends with the last who waits for it.
        let mut waiter = Waiter {
            loads: self,
            key,
            load: Some(load.clone()),
        };
        let loaded = load.await;
        waiter.leave();
        (loaded, started)
    }
}

/// One of those who wait for a load.
struct Waiter<'a> {
    loads: &'a SingleFlight,
    key: &'a str,
    load: Option<Load>,
}

impl Waiter<'_> {
    /// Stops waiting, and takes the load off the list if it is done or nobody waits.
    fn leave(&mut self) {
        if self.load.take().is_none() {
            return;
        }
        let mut under_way = self.loads.under_way.lock();
        let is_over = |load: &WeakLoad| load.upgrade().is_none_or(|load| load.peek().is_some());
        if under_way.get(self.key).is_some_and(is_over) {
            under_way.remove(self.key);
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The answer as the type its key stands for.
pub(super) fn typed<V: Any + Send + Sync>(entry: &Entry) -> Option<Arc<V>> {
    let answer = entry.answer.clone()?;
    Some(answer.downcast().expect("one key has one type of answer"))
}
