//! Which cached values are still right: what this node knows of the changes in
//! PostgreSQL, and how a value's stamp is compared with it.

use std::{
    hash::{DefaultHasher, Hasher},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

/// Slots of the table. Scopes that share one can only end each other's values too
/// early: with 65,536 slots, one in 65,000.
const SLOTS: usize = 1 << 16;

/// The scope that everything depends on.
pub(super) const EVERYTHING: &str = "*";

/// A scope's place in the table.
pub(super) type Slot = u16;

pub(super) fn slot_of(scope: &str) -> Slot {
    let mut hasher = DefaultHasher::new();
    hasher.write(scope.as_bytes());
    (hasher.finish() % SLOTS as u64) as Slot
}

/// Where in the database's order a value was read: the stamp of every copy outside of this
/// process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// The database, as one that was never restored or failed over.
    pub(super) incarnation: u64,
    /// The oldest transaction that was still running.
    pub(super) as_of: u64,
}

/// Why a cached value that was found is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rejection {
    /// Something it depends on has changed.
    Changed,
    /// Everything was ended by hand.
    Flushed,
    /// It is older than what the change log can vouch for.
    BelowFloor,
    /// Its time in this process is over.
    Aged,
    /// It is not whole, of another format, or of another incarnation of the database.
    Undecodable,
    /// No node stored it under this key, or one whose key is not in `CACHE_KEYS` here.
    Forged,
}

impl Rejection {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Flushed => "flushed",
            Self::BelowFloor => "below_floor",
            Self::Aged => "aged",
            Self::Undecodable => "undecodable",
            Self::Forged => "forged",
        }
    }
}

/// The last change of a scope's slot.
#[derive(Default)]
struct LastChange {
    /// Highest transaction id that changed it.
    xid: AtomicU64,
    /// Number of the poll that read of it.
    batch: AtomicU64,
}

/// What this node knows of changes: raised by the log follower, read by every request.
/// No locks: readers see slots raised before they see the batch that raised them.
pub(super) struct Coherence {
    slots: Box<[LastChange]>,
    everything: LastChange,
    /// Number of the last poll whose changes are all in the slots.
    applied: AtomicU64,
    /// From this transaction id on the slots are complete.
    floor: AtomicU64,
    /// Until when cached values may be used, in nanoseconds of the boot clock; 0: not
    /// at all.
    lease_until: AtomicU64,
    /// How often a lease began that did not continue one.
    #[cfg(feature = "test-hooks")]
    lease_starts: AtomicU64,
}

impl Coherence {
    pub(super) fn new() -> Self {
        Self {
            slots: std::iter::repeat_with(LastChange::default)
                .take(SLOTS)
                .collect(),
            everything: LastChange::default(),
            applied: AtomicU64::new(0),
            floor: AtomicU64::new(u64::MAX),
            lease_until: AtomicU64::new(0),
            #[cfg(feature = "test-hooks")]
            lease_starts: AtomicU64::new(0),
        }
    }

    /// The stamp of a value whose loading or validation begins now; `None` while cached
    /// values may not be used.
    pub(super) fn begin(&self) -> Option<u64> {
        let batch = self.applied.load(Ordering::Acquire);
        self.lease_is_running().then_some(batch)
    }

    /// Whether nothing that a value in this process depends on has changed since its
    /// stamp.
    pub(super) fn is_current(&self, slots: &[Slot], batch: u64) -> bool {
        let unchanged = |last: &LastChange| last.batch.load(Ordering::Acquire) <= batch;
        unchanged(&self.everything)
            && slots
                .iter()
                .all(|slot| unchanged(&self.slots[usize::from(*slot)]))
    }

    /// Whether a value from outside, read at position `as_of`, is still right. It errs
    /// on the safe side: a transaction that was open at `as_of` counts as not seen.
    pub(super) fn validate(&self, slots: &[Slot], as_of: u64) -> Result<(), Rejection> {
        let seen = |last: &LastChange| last.xid.load(Ordering::Acquire) < as_of;
        if as_of < self.floor.load(Ordering::Acquire) {
            Err(Rejection::BelowFloor)
        } else if !seen(&self.everything) {
            Err(Rejection::Flushed)
        } else if !slots
            .iter()
            .all(|slot| seen(&self.slots[usize::from(*slot)]))
        {
            Err(Rejection::Changed)
        } else {
            Ok(())
        }
    }

    /// Applies the changes one poll read: first the slots, then the batch number.
    pub(super) fn apply<'a>(&self, changes: impl Iterator<Item = (u64, &'a [String])>) {
        let batch = self.applied.load(Ordering::Relaxed) + 1;
        for (xid, scopes) in changes {
            for scope in scopes {
                let last = if scope == EVERYTHING {
                    &self.everything
                } else {
                    &self.slots[usize::from(slot_of(scope))]
                };
                last.xid.fetch_max(xid, Ordering::Release);
                last.batch.store(batch, Ordering::Release);
            }
        }
        self.applied.store(batch, Ordering::Release);
    }

    /// Ends every value in this process: what changed meanwhile is unknown.
    pub(super) fn end_near_values(&self) {
        let batch = self.applied.load(Ordering::Relaxed) + 1;
        self.everything.batch.store(batch, Ordering::Release);
        self.applied.store(batch, Ordering::Release);
    }

    /// Starts over: in another incarnation transaction ids mean something else.
    pub(super) fn reset_positions(&self) {
        self.floor.store(u64::MAX, Ordering::Release);
        for last in self.slots.iter().chain([&self.everything]) {
            last.xid.store(0, Ordering::Release);
        }
        self.end_near_values();
    }

    /// The log was complete from `floor` on when this node read it.
    pub(super) fn set_floor(&self, floor: u64) {
        self.floor.store(floor, Ordering::Release);
    }

    pub(super) fn grant_lease(&self, until: BootTime) {
        #[cfg(feature = "test-hooks")]
        if !self.lease_is_running() {
            self.lease_starts.fetch_add(1, Ordering::Relaxed);
        }
        self.lease_until.store(until.0, Ordering::Release);
    }

    pub(super) fn end_lease(&self) {
        self.lease_until.store(0, Ordering::Release);
    }

    /// How often the lease has ended before it was renewed.
    #[cfg(feature = "test-hooks")]
    pub(super) fn lease_lapses(&self) -> u64 {
        let ended = u64::from(!self.lease_is_running());
        (self.lease_starts.load(Ordering::Relaxed) + ended).saturating_sub(1)
    }

    pub(super) fn lease_is_running(&self) -> bool {
        BootTime::now().0 < self.lease_until.load(Ordering::Acquire)
    }
}

/// Time since boot, suspended time included: `Instant` stands still while a laptop
/// sleeps, and a lease must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BootTime(u64);

impl BootTime {
    pub(super) fn now() -> Self {
        #[cfg(target_os = "linux")]
        let clock = ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let clock = ClockId::Monotonic;
        let now = clock_gettime(clock);
        Self(now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned())
    }

    /// A moment that was kept as a number; 0 stands for none.
    pub(super) fn from_nanos(nanos: u64) -> Option<Self> {
        (nanos != 0).then_some(Self(nanos))
    }

    pub(super) fn as_nanos(self) -> u64 {
        self.0
    }

    pub(super) fn elapsed(self) -> Duration {
        Duration::from_nanos(Self::now().0.saturating_sub(self.0))
    }

    pub(super) fn plus(self, time: Duration) -> Self {
        Self(self.0 + u64::try_from(time.as_nanos()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(xid: u64, scope: &str) -> (u64, Vec<String>) {
        (xid, vec![scope.to_owned()])
    }

    fn apply(coherence: &Coherence, changes: &[(u64, Vec<String>)]) {
        coherence.apply(
            changes
                .iter()
                .map(|(xid, scopes)| (*xid, scopes.as_slice())),
        );
    }

    #[test]
    fn a_change_ends_what_was_stamped_before_it_and_nothing_else() {
        let coherence = Coherence::new();
        coherence.grant_lease(BootTime::now().plus(Duration::from_secs(60)));
        let before = coherence.begin().expect("the lease runs");
        apply(&coherence, &[change(7, "o:1")]);
        let after = coherence.begin().expect("the lease runs");
        assert!(!coherence.is_current(&[slot_of("o:1")], before));
        assert!(coherence.is_current(&[slot_of("o:1")], after));
        assert!(coherence.is_current(&[slot_of("o:2")], before));
    }

    #[test]
    fn a_value_read_before_a_change_was_visible_is_rejected_for_good() {
        let coherence = Coherence::new();
        coherence.set_floor(5);
        apply(&coherence, &[change(9, "o:1"), change(7, "o:1")]);
        assert!(
            coherence.validate(&[slot_of("o:1")], 9).is_err(),
            "xid 9 was not visible at position 9"
        );
        assert!(coherence.validate(&[slot_of("o:1")], 10).is_ok());
        assert!(
            coherence.validate(&[slot_of("o:2")], 4).is_err(),
            "below the floor nothing is known"
        );
    }

    #[test]
    fn everything_means_everything() {
        let coherence = Coherence::new();
        coherence.set_floor(1);
        apply(&coherence, &[change(7, "*")]);
        assert!(!coherence.is_current(&[slot_of("whatever")], 0));
        assert!(coherence.validate(&[], 7).is_err());
        assert!(coherence.validate(&[], 8).is_ok());
    }

    #[test]
    fn scopes_that_share_a_slot_end_each_others_values_too_early_and_never_too_late() {
        let ours = "o:1";
        let neighbor = (2..)
            .map(|number| format!("o:{number}"))
            .find(|scope| slot_of(scope) == slot_of(ours));
        let neighbor = neighbor.expect("with 65,536 slots there is one");
        let coherence = Coherence::new();
        coherence.set_floor(1);
        coherence.grant_lease(BootTime::now().plus(Duration::from_secs(60)));
        let before = coherence.begin().expect("the lease runs");
        apply(&coherence, &[change(7, &neighbor)]);
        assert!(
            !coherence.is_current(&[slot_of(ours)], before),
            "too early, for nothing"
        );
        assert!(
            coherence.validate(&[slot_of(ours)], 7).is_err(),
            "too early, for nothing"
        );
        // A smaller change that comes later does not make the slot forget.
        apply(&coherence, &[change(5, ours)]);
        assert!(coherence.validate(&[slot_of(&neighbor)], 6).is_err());
        assert!(coherence.validate(&[slot_of(ours)], 8).is_ok());
    }

    #[test]
    fn without_a_lease_there_is_no_stamp() {
        let coherence = Coherence::new();
        assert_eq!(coherence.begin(), None);
        coherence.grant_lease(BootTime::now().plus(Duration::from_secs(60)));
        assert!(coherence.begin().is_some());
        coherence.end_lease();
        assert_eq!(coherence.begin(), None);
    }
}
