//! How often something may be tried: a sign-in that fails, a question about a slug.

use std::{
    convert::Infallible,
    hash::{BuildHasher, Hash, RandomState},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use quick_cache::sync::Cache;
use time::OffsetDateTime;

use crate::error::{Error, Result};

/// Most counters kept, at about 100 bytes each. Whoever makes up more names than this
/// pushes out the counters that were used least.
const CAPACITY: usize = 65_536;

/// Counts attempts per fixed time window, in this process: it works without Redis, and N
/// nodes let through at most N times the limit.
///
/// An attempt counts from its beginning, so that a hundred at once are not all let through,
/// and whoever hangs up before the outcome has made it all the same. Only
/// [`Attempt::forgive`] takes it off again.
pub struct Attempts {
    limit: u32,
    window: Duration,
    counters: Cache<u64, Arc<Mutex<Counter>>>,
    /// Keyed with a secret of this process: no addresses in memory, no collisions on
    /// purpose.
    hasher: RandomState,
}

struct Counter {
    window_began: OffsetDateTime,
    attempts: u32,
}

impl Attempts {
    pub fn new(limit: u32, window: Duration) -> Self {
        Self {
            limit,
            window,
            counters: Cache::new(CAPACITY),
            hasher: RandomState::new(),
        }
    }

    /// Begins an attempt on `what`, such as an account.
    ///
    /// # Errors
    /// [`Error::RateLimited`] until the window ends when the limit is reached.
    pub fn begin(&self, what: impl Hash, now: OffsetDateTime) -> Result<Attempt> {
        let fresh = || {
            Ok(Arc::new(Mutex::new(Counter {
                window_began: now,
                attempts: 0,
            })))
        };
        let counter = self
            .counters
            .get_or_insert_with(&self.hasher.hash_one(what), fresh);
        let counter = counter.unwrap_or_else(|never: Infallible| match never {});
        let window_began = {
            let mut counter = counter.lock();
            let window_ends = counter.window_began + self.window;
            if now >= window_ends {
                *counter = Counter {
                    window_began: now,
                    attempts: 0,
                };
            } else if counter.attempts >= self.limit {
                let retry_after_seconds = (window_ends - now).whole_seconds().unsigned_abs().max(1);
                return Err(Error::RateLimited {
                    retry_after_seconds,
                });
            }
            counter.attempts += 1;
            counter.window_began
        };
        Ok(Attempt {
            counter,
            window_began,
        })
    }
}

/// An attempt that was counted.
pub struct Attempt {
    counter: Arc<Mutex<Counter>>,
    window_began: OffsetDateTime,
}

impl Attempt {
    /// Takes it off the counter: it did not fail, or was not made.
    pub fn forgive(self) {
        let mut counter = self.counter.lock();
        // A window that began later never counted it.
        if counter.window_began == self.window_began {
            counter.attempts -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: OffsetDateTime = time::macros::datetime!(2026-06-01 12:00 UTC);

    #[test]
    fn attempts_count_until_their_window_ends() {
        let attempts = Attempts::new(2, Duration::from_secs(60));
        for _ in 0..2 {
            drop(attempts.begin("ada", NOON).expect("within the limit"));
        }
        let refused = attempts.begin("ada", NOON + Duration::from_secs(15));
        assert!(matches!(
            refused.err(),
            Some(Error::RateLimited {
                retry_after_seconds: 45
            })
        ));
        assert!(
            attempts.begin("grace", NOON).is_ok(),
            "others are not affected"
        );
        let window_ends = NOON + Duration::from_secs(60);
        assert!(attempts.begin("ada", window_ends).is_ok());
    }

    #[test]
    fn what_is_forgiven_does_not_count_but_what_is_under_way_does() {
        let attempts = Attempts::new(1, Duration::from_secs(60));
        for _ in 0..5 {
            let attempt = attempts.begin("ada", NOON);
            attempt.expect("those before were forgiven").forgive();
        }
        let _under_way = attempts.begin("ada", NOON).expect("the only one");
        assert!(attempts.begin("ada", NOON).is_err());
    }

    #[test]
    fn forgiving_an_attempt_leaves_those_of_a_later_window() {
        let attempts = Attempts::new(1, Duration::from_secs(60));
        let early = attempts.begin("ada", NOON).expect("the first");
        let later = NOON + Duration::from_secs(60);
        drop(attempts.begin("ada", later).expect("a new window"));
        early.forgive();
        assert!(attempts.begin("ada", later).is_err());
    }
}
