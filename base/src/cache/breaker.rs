//! Keeps requests away from a Redis that does not answer: a circuit breaker.

use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// Failures in a row that open the breaker.
const FAILURES_IN_A_ROW: u32 = 5;
/// So does a failing half of at least so many operations …
const WINDOW_MINIMUM: u32 = 20;
/// … within this time.
const WINDOW: Duration = Duration::from_secs(5);
/// How long it stays open at first; doubles with every failed probe.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How long it stays open at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// What the breaker lets through at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Everything.
    Closed,
    /// Nothing, until the pause is over.
    Open,
    /// One operation, whose outcome decides.
    HalfOpen,
}

const CLOSED: u8 = 0;
const OPEN: u8 = 1;
const HALF_OPEN: u8 = 2;

/// Permission for one operation, whose outcome is reported back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    Ordinary,
    /// The one operation that finds out whether Redis is back.
    Probe,
}

#[derive(Debug)]
struct Record {
    failures_in_a_row: u32,
    window_began: Instant,
    window_operations: u32,
    window_failures: u32,
    pause: Duration,
    open_until: Instant,
}

/// While it is closed or open, asking for permission costs one atomic load.
#[derive(Debug)]
pub(super) struct Breaker {
    state: AtomicU8,
    record: Mutex<Record>,
}

impl Breaker {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let record = Record {
            failures_in_a_row: 0,
            window_began: now,
            window_operations: 0,
            window_failures: 0,
            pause: FIRST_PAUSE,
            open_until: now,
        };
        Self {
            state: AtomicU8::new(CLOSED),
            record: Mutex::new(record),
        }
    }

    pub(super) fn state(&self) -> BreakerState {
        match self.state.load(Ordering::Acquire) {
            CLOSED => BreakerState::Closed,
            OPEN => BreakerState::Open,
            _ => BreakerState::HalfOpen,
        }
    }

    /// Asks for permission at `now`.
    pub(super) fn permit(&self, now: Instant) -> Option<Pass> {
        match self.state() {
            BreakerState::Closed => Some(Pass::Ordinary),
            BreakerState::HalfOpen => None,
            BreakerState::Open => {
                let record = self.record.lock();
                // Only one caller turns open into half-open, and that one probes.
                (now >= record.open_until
                    && self
                        .state
                        .compare_exchange(OPEN, HALF_OPEN, Ordering::AcqRel, Ordering::Acquire)
                        .is_ok())
                .then_some(Pass::Probe)
            }
        }
    }

    /// Reports the outcome of an operation.
    pub(super) fn report(&self, pass: Pass, succeeded: bool, now: Instant) {
        let mut record = self.record.lock();
        if pass == Pass::Probe {
            if succeeded {
                record.pause = FIRST_PAUSE;
                record.failures_in_a_row = 0;
                record.window_operations = 0;
                record.window_failures = 0;
                self.state.store(CLOSED, Ordering::Release);
            } else {
                record.pause = (record.pause * 2).min(LONGEST_PAUSE);
                self.open(&mut record, now);
            }
            return;
        }
        if now.duration_since(record.window_began) > WINDOW {
            record.window_began = now;
            record.window_operations = 0;
            record.window_failures = 0;
        }
        record.window_operations += 1;
        if succeeded {
            record.failures_in_a_row = 0;
            return;
        }
        record.failures_in_a_row += 1;
        record.window_failures += 1;
        let mostly_failing = record.window_operations >= WINDOW_MINIMUM
            && record.window_failures * 2 >= record.window_operations;
        // Operations begun before it opened may still fail; they must not reopen it.
        if self.state() == BreakerState::Closed
            && (record.failures_in_a_row >= FAILURES_IN_A_ROW || mostly_failing)
        {
            self.open(&mut record, now);
        }
    }

    fn open(&self, record: &mut Record, now: Instant) {
        // A tenth of jitter, so that many nodes do not probe at once.
        record.open_until = now + record.pause.mul_f64(rand::random_range(0.9..1.1));
        self.state.store(OPEN, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(now: Instant) -> Breaker {
        let breaker = Breaker::new();
        for _ in 0..FAILURES_IN_A_ROW {
            let pass = breaker.permit(now).expect("closed");
            breaker.report(pass, false, now);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it() {
        let now = Instant::now();
        let breaker = opened(now);
        assert_eq!(breaker.state(), BreakerState::Open);
        assert_eq!(breaker.permit(now), None);
    }

    #[test]
    fn a_single_failure_does_not() {
        let now = Instant::now();
        let breaker = Breaker::new();
        for succeeded in [false, false, false, false, true, false] {
            breaker.report(Pass::Ordinary, succeeded, now);
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn half_of_many_failing_opens_it() {
        let now = Instant::now();
        let breaker = Breaker::new();
        for attempt in 0..WINDOW_MINIMUM {
            breaker.report(Pass::Ordinary, attempt % 2 == 0, now);
        }
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[test]
    fn after_the_pause_one_probe_decides() {
        let now = Instant::now();
        let breaker = opened(now);
        let later = now + FIRST_PAUSE * 2;
        assert_eq!(breaker.permit(later), Some(Pass::Probe));
        assert_eq!(breaker.permit(later), None, "one probe at a time");
        breaker.report(Pass::Probe, false, later);
        assert_eq!(
            breaker.permit(later + FIRST_PAUSE),
            None,
            "the pause doubled"
        );
        let much_later = later + LONGEST_PAUSE;
        assert_eq!(breaker.permit(much_later), Some(Pass::Probe));
        breaker.report(Pass::Probe, true, much_later);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
}
