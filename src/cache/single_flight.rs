//! One load for all who ask at the same time.

use std::{
    any::Any,
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};

use super::near::Copy;
use crate::error::Result;

/// What a flight brings home; the value's type is the key's business.
pub(super) type Landed = Result<Copy>;

type Flight = Shared<BoxFuture<'static, Landed>>;
type WeakFlight = WeakShared<BoxFuture<'static, Landed>>;

/// The loads under way, by key.
///
/// A flight is driven by whoever waits for it, so its statements count for a
/// request that asked, and it ends when nobody waits any more.
#[derive(Default)]
pub(super) struct Flights {
    under_way: Mutex<HashMap<String, WeakFlight>>,
}

impl Flights {
    /// Joins the load under way for `key`, or begins `load`; `true`: it was begun.
    pub(super) async fn fly(
        &self,
        key: &str,
        load: impl FnOnce() -> BoxFuture<'static, Landed>,
    ) -> (Landed, bool) {
        let (flight, begun) = {
            let mut under_way = self
                .under_way
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            match under_way
                .get(key)
                .and_then(WeakShared::upgrade)
                .filter(|flight| flight.peek().is_none())
            {
                Some(flight) => (flight, false),
                None => {
                    let flight = load().shared();
                    if let Some(weak) = flight.downgrade() {
                        under_way.insert(key.to_owned(), weak);
                    }
                    (flight, true)
                }
            }
        };
        // Dropped on cancellation as well: a flight ends with the last who waits for it.
        let mut seat = Seat {
            flights: self,
            key,
            flight: Some(flight.clone()),
        };
        let landed = flight.await;
        seat.leave();
        (landed, begun)
    }
}

/// A waiter's place on a flight.
struct Seat<'a> {
    flights: &'a Flights,
    key: &'a str,
    flight: Option<Flight>,
}

impl Seat<'_> {
    /// Gives up the place, and strikes the flight off the list if it landed or
    /// nobody is left on it.
    fn leave(&mut self) {
        if self.flight.take().is_none() {
            return;
        }
        let mut under_way = self
            .flights
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_over = |flight: &WeakFlight| {
            flight
                .upgrade()
                .is_none_or(|flight| flight.peek().is_some())
        };
        if under_way.get(self.key).is_some_and(is_over) {
            under_way.remove(self.key);
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The answer in `copy` as the type its key stands for.
pub(super) fn typed<V: Any + Send + Sync>(copy: &Copy) -> Option<std::sync::Arc<V>> {
    copy.value.clone().map(|value| {
        value
            .downcast()
            .expect("a key's text names one type of value")
    })
}
