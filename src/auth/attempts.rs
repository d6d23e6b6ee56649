//! Limits on failed attempts.

use std::{
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

/// Counts failed attempts per fixed time window, in this process: it works without
/// Redis, and N nodes let through at most N times the limit.
///
/// An attempt counts from its beginning, so that a hundred at once are not all let
/// through; one that did not fail is subtracted again.
pub(super) struct Attempts {
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
    pub(super) fn new(limit: u32, window: Duration) -> Self {
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
    pub(super) fn begin(&self, what: impl Hash, now: OffsetDateTime) -> Result<Attempt> {
        let fresh = || {
            Ok(Arc::new(Mutex::new(Counter {
                window_began: now,
                attempts: 0,
            })))
        };
        let counter = self
            .counters
            .get_or_insert_with(&self.hasher.hash_one(what), fresh);
        let counter = counter.unwrap_or_else(|never: std::convert::Infallible| match never {});
        {
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
        }
        Ok(Attempt {
            counter: Some(counter),
        })
    }
}

/// An attempt under way. Dropped, it does not count.
#[must_use = "an attempt that is dropped at once counts for nothing"]
pub(super) struct Attempt {
    counter: Option<Arc<Mutex<Counter>>>,
}

impl Attempt {
    /// Counts it until its window ends.
    pub(super) fn fail(mut self) {
        self.counter = None;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Some(counter) = &self.counter {
            // The window may have begun anew meanwhile, hence no plain subtraction.
            let mut counter = counter.lock();
            counter.attempts = counter.attempts.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: OffsetDateTime = time::macros::datetime!(2026-06-01 12:00 UTC);

    #[test]
    fn failures_count_until_their_window_ends() {
        let attempts = Attempts::new(2, Duration::from_secs(60));
        attempts.begin("ada", NOON).expect("the first").fail();
        attempts.begin("ada", NOON).expect("the second").fail();
        let refused = attempts.begin("ada", NOON + Duration::from_secs(15));
        assert!(matches!(
            refused,
            Err(Error::RateLimited {
                retry_after_seconds: 45
            })
        ));
        assert!(
            attempts.begin("grace", NOON).is_ok(),
            "others are not affected"
        );
        assert!(
            attempts
                .begin("ada", NOON + Duration::from_secs(60))
                .is_ok()
        );
    }

    #[test]
    fn success_does_not_count_but_attempts_under_way_do() {
        let attempts = Attempts::new(1, Duration::from_secs(60));
        for _ in 0..5 {
            drop(attempts.begin("ada", NOON).expect("those before succeeded"));
        }
        let _under_way = attempts.begin("ada", NOON).expect("the only one");
        assert!(attempts.begin("ada", NOON).is_err());
    }
}
