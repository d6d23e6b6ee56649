//! When things were last used, to the hour, without a write per request.
//!
//! A request looks at one number: whether its thing was noted in this hour. Only the first
//! one of an hour takes a lock and puts the thing on a list, which a background task writes
//! once a minute. So each costs one row an hour on each node, nothing else. What is on the
//! list when a process is killed is lost: it is noted again in the next hour.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;
use time::OffsetDateTime;

use crate::domain::MemberId;

/// Places to remember something in. Two things that share one are noted more often than
/// needed, no more: with 65,536 places, that is half a megabyte.
const PLACES: usize = 1 << 16;

/// Most things on the list. Beyond that they are noted when there is room again.
const MOST_WAITING: usize = 100_000;

/// Things written by one statement.
pub const BATCH: usize = 1_000;

const SECONDS_PER_HOUR: i64 = 3_600;

/// Names a thing that is used.
pub trait Used: Copy + Eq + Hash {
    /// 64 bits of the name that differ from thing to thing.
    fn bits(&self) -> [u8; 8];
}

/// A hash, as sessions have one.
impl Used for [u8; 32] {
    fn bits(&self) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = *self;
        [a, b, c, d, e, f, g, h]
    }
}

/// A member's id begins with the time, and ends with what is random in it.
impl Used for MemberId {
    fn bits(&self) -> [u8; 8] {
        let [.., a, b, c, d, e, f, g, h] = *self.0.as_bytes();
        [h, g, f, e, d, c, b, a]
    }
}

/// What was last used when.
pub struct LastUse<Id> {
    /// What was last noted at a place, and in which hour; 0: nothing.
    noted: Box<[AtomicU64]>,
    /// Things and the hour they were used in, not written yet.
    waiting: Mutex<HashMap<Id, i64>>,
}

impl<Id> Default for LastUse<Id> {
    fn default() -> Self {
        Self {
            noted: std::iter::repeat_with(AtomicU64::default)
                .take(PLACES)
                .collect(),
            waiting: Mutex::default(),
        }
    }
}

impl<Id: Used> LastUse<Id> {
    /// Notes that `id` is being used.
    pub fn note(&self, id: Id, now: OffsetDateTime) {
        let hour = hour_of(now);
        let (place, mark) = place_and_mark(id, hour);
        let noted = &self.noted[place];
        if noted.load(Ordering::Relaxed) == mark {
            return;
        }
        let mut waiting = self.waiting.lock();
        if waiting.len() < MOST_WAITING {
            waiting.insert(id, hour);
            noted.store(mark, Ordering::Relaxed);
        }
    }

    /// Takes everything off the list: what was used, and when the hour began.
    pub fn take(&self) -> Vec<(Id, OffsetDateTime)> {
        let taken = std::mem::take(&mut *self.waiting.lock());
        taken
            .into_iter()
            .map(|(id, hour)| (id, begin_of(hour)))
            .collect()
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, taken: impl IntoIterator<Item = (Id, OffsetDateTime)>) {
        let mut waiting = self.waiting.lock();
        for (id, at) in taken {
            if waiting.len() < MOST_WAITING {
                let hour = hour_of(at);
                let noted = waiting.entry(id).or_insert(hour);
                *noted = hour.max(*noted);
            }
        }
    }
}

/// The begin of the hour that `at` is in.
pub fn to_the_hour(at: OffsetDateTime) -> OffsetDateTime {
    begin_of(hour_of(at))
}

/// Hours since 1970.
fn hour_of(at: OffsetDateTime) -> i64 {
    at.unix_timestamp().div_euclid(SECONDS_PER_HOUR)
}

fn begin_of(hour: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(hour * SECONDS_PER_HOUR)
        .expect("an hour that a clock showed is in range")
}

/// Where something is remembered, and as what: 48 more of its bits, and the hour.
fn place_and_mark(id: impl Used, hour: i64) -> (usize, u64) {
    let [a, b, rest @ ..] = id.bits();
    let mut mark = [0; 8];
    mark[..6].copy_from_slice(&rest);
    mark[6..].copy_from_slice(&hour.to_be_bytes()[6..]);
    let place = usize::from(u16::from_be_bytes([a, b]));
    (place % PLACES, u64::from_be_bytes(mark))
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    fn at(hours: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::hours(hours) + Duration::minutes(59)
    }

    #[test]
    fn a_thing_is_noted_once_an_hour() {
        let last_use = LastUse::default();
        let thing = [7; 32];
        for (hour, is_noted) in [(500_000, true), (500_000, false), (500_001, true)] {
            last_use.note(thing, at(hour));
            let noted = is_noted.then(|| (thing, to_the_hour(at(hour))));
            assert_eq!(last_use.take(), Vec::from_iter(noted), "{hour}");
        }
    }

    #[test]
    fn things_that_share_a_place_are_both_noted() {
        let last_use = LastUse::default();
        let (mut one, mut other) = ([7; 32], [7; 32]);
        (one[5], other[5]) = (1, 2);
        for thing in [one, other, one] {
            last_use.note(thing, at(1));
        }
        assert_eq!(last_use.take().len(), 2);
    }

    #[test]
    fn what_is_put_back_does_not_undo_what_came_since() {
        let last_use = LastUse::default();
        last_use.note([7; 32], at(1));
        let taken = last_use.take();
        last_use.note([7; 32], at(2));
        last_use.put_back(taken);
        assert_eq!(last_use.take(), [([7; 32], to_the_hour(at(2)))]);
    }
}
