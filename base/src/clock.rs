//! The time of day as a handle, so that a test can move it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use time::{Duration, OffsetDateTime};

use crate::recording;

/// Tells the time in UTC: the system's, moved by what a test asked for.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_seconds: Arc<AtomicI64>,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system"
    )]
    pub fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + Duration::seconds(self.offset_seconds.load(Ordering::Relaxed))
    }

    /// The same for something that is shown, and that looks different from what `ends` says of
    /// it: no copy of what it is shown on outlives that.
    pub fn now_until(
        &self,
        ends: impl FnOnce(OffsetDateTime) -> Option<OffsetDateTime>,
    ) -> OffsetDateTime {
        let now = self.now();
        if let Some(ends) = ends(now) {
            recording::ends_at(ends);
        }
        now
    }

    /// Moves this clock, and all clones of it, forward.
    #[cfg(feature = "test-hooks")]
    pub fn advance(&self, by: Duration) {
        self.offset_seconds
            .fetch_add(by.whole_seconds(), Ordering::Relaxed);
    }
}
