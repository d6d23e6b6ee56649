//! A bulkhead for reads that cost the database much and that no cache answers.
//!
//! They share the pool with everything else. Without a bound, one member who searches a
//! large organization a hundred times at once holds every connection, and nobody can sign
//! in. So heavy reads get a third of the pool together, and each user a few places of that
//! third. Whoever finds none waits for a moment, which evens out a burst, and is refused
//! then: that user, and no other.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};
use tracing::Instrument as _;

use super::{Db, Reader};
use crate::{
    domain::UserId,
    error::{Error, Result},
    telemetry::{current_request_cost, names, with_request_cost},
};

/// The share of the pool that heavy reads may hold: one connection in this many. What is
/// left answers look-ups and sign-ins, which take a millisecond each.
const SHARE: u32 = 3;

/// Heavy reads of one user at a time: as many as somebody with a few tabs open starts.
const PER_USER: usize = 3;

/// How long to wait for a place. A search takes some ten milliseconds, so whoever waited
/// this long is behind many.
const WAIT: Duration = Duration::from_millis(200);

impl Db {
    /// Runs `read`, a heavy read on behalf of `user`, when there is a place for it.
    ///
    /// It runs to its end even if nobody waits for it any more. The database would not
    /// stop for somebody who hangs up, so the place must stay taken.
    ///
    /// # Errors
    /// [`Error::TooManyAtOnce`] if the user has too many under way; [`Error::Busy`] if
    /// others have; those of `read`.
    pub async fn heavy_read<T, R>(&self, user: UserId, read: impl FnOnce(Reader) -> R) -> Result<T>
    where
        T: Send + 'static,
        R: Future<Output = Result<T>> + Send + 'static,
    {
        let place = self.bulkhead.enter(user).await?;
        let read = read(self.reader());
        let work = async move {
            let _until_it_is_done = place;
            read.await
        };
        let cost = current_request_cost().unwrap_or_default();
        let work = with_request_cost(cost, work).in_current_span();
        tokio::spawn(work).await.map_err(Error::internal)?
    }
}

/// The places for heavy reads of one node.
pub(super) struct Bulkhead {
    shared: Arc<Semaphore>,
    per_user: usize,
    visitors: Arc<Visitors>,
}

/// Who waits for a place or has one. An entry goes with the last of them, so there are
/// never more entries than requests under way.
#[derive(Default)]
struct Visitors(Mutex<HashMap<UserId, Visitor>>);

struct Visitor {
    places: Arc<Semaphore>,
    visits: usize,
}

/// One who waits for a place of `user` or has one.
struct Visit {
    visitors: Arc<Visitors>,
    user: UserId,
}

/// A place, given back when it is dropped.
struct Place {
    _own: OwnedSemaphorePermit,
    _shared: OwnedSemaphorePermit,
    _visit: Visit,
}

impl Bulkhead {
    /// Beside a pool of this many connections.
    pub(super) fn new(connections: u32) -> Self {
        let shared = usize::try_from(connections / SHARE)
            .unwrap_or(usize::MAX)
            .max(1);
        Self {
            shared: Arc::new(Semaphore::new(shared)),
            // Nobody alone takes all of them, unless there is only one.
            per_user: PER_USER.min(shared - 1).max(1),
            visitors: Arc::default(),
        }
    }

    async fn enter(&self, user: UserId) -> Result<Place> {
        let deadline = Instant::now() + WAIT;
        let (places, visit) = self.visit(user);
        let own = timeout_at(deadline, places.acquire_owned())
            .await
            .map_err(|_elapsed| refuse("user", Error::TooManyAtOnce))?
            .map_err(Error::internal)?;
        let shared = timeout_at(deadline, Arc::clone(&self.shared).acquire_owned())
            .await
            .map_err(|_elapsed| refuse("node", Error::Busy))?
            .map_err(Error::internal)?;
        Ok(Place {
            _own: own,
            _shared: shared,
            _visit: visit,
        })
    }

    fn visit(&self, user: UserId) -> (Arc<Semaphore>, Visit) {
        let mut visitors = self.visitors.0.lock();
        let visitor = visitors.entry(user).or_insert_with(|| Visitor {
            places: Arc::new(Semaphore::new(self.per_user)),
            visits: 0,
        });
        visitor.visits += 1;
        let visit = Visit {
            visitors: Arc::clone(&self.visitors),
            user,
        };
        (Arc::clone(&visitor.places), visit)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Entry::Occupied(mut visitor) = self.visitors.0.lock().entry(self.user) {
            visitor.get_mut().visits -= 1;
            if visitor.get().visits == 0 {
                visitor.remove();
            }
        }
    }
}

fn refuse(reason: &'static str, error: Error) -> Error {
    metrics::counter!(names::HEAVY_READS_REFUSED, "reason" => reason).increment(1);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_user_has_some_of_the_places_and_never_all() {
        let bulkhead = Bulkhead::new(12);
        let (ada, grace, linus) = (UserId::new(), UserId::new(), UserId::new());
        let mut places = Vec::new();
        for _ in 0..PER_USER {
            places.push(bulkhead.enter(ada).await.expect("one of her own"));
        }
        let refused = bulkhead.enter(ada).await.err();
        assert!(matches!(refused, Some(Error::TooManyAtOnce)), "{refused:?}");
        let grace = bulkhead.enter(grace).await.expect("the last of the node's");
        let refused = bulkhead.enter(linus).await.err();
        assert!(matches!(refused, Some(Error::Busy)), "{refused:?}");
        drop(grace);
        assert!(bulkhead.enter(linus).await.is_ok());
    }

    #[tokio::test]
    async fn the_smallest_pool_still_answers_one_after_the_other() {
        for connections in [1, 2, 3, 6] {
            let bulkhead = Bulkhead::new(connections);
            for _ in 0..3 {
                let place = bulkhead.enter(UserId::new()).await;
                assert!(place.is_ok(), "{connections}");
            }
        }
    }

    #[tokio::test]
    async fn nothing_is_kept_of_those_who_left_or_gave_up() {
        let bulkhead = Bulkhead::new(3);
        let (ada, grace) = (UserId::new(), UserId::new());
        let place = bulkhead.enter(ada).await.expect("the only one");
        assert!(bulkhead.enter(grace).await.is_err());
        assert_eq!(bulkhead.visitors.0.lock().len(), 1);
        drop(place);
        assert_eq!(bulkhead.visitors.0.lock().len(), 0);
    }
}
