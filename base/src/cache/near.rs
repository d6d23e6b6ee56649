//! The near cache: decoded values in this process, bounded in bytes, compared with
//! their stamp on every use.

use std::{
    any::Any,
    sync::Arc,
    time::{Duration, Instant},
};

use quick_cache::{Weighter, sync::Cache};

use super::stamp::{Coherence, Position, Rejection, Slot};
use crate::recording::Part;

/// Longest life of a value here, whatever its TTL: long enough to matter, short enough
/// that what depends on the time of day (an expired invitation) is noticed.
pub(super) const LONGEST_LIFE: Duration = Duration::from_secs(15 * 60);

/// Share of the bytes set aside for negative answers: one in so many.
const NEGATIVE_SHARE: u64 = 8;

/// Rough weight of an entry beside its key and its encoded value.
const OVERHEAD_BYTES: usize = 160;

/// A cached answer of any type.
#[derive(Clone)]
pub(super) struct Entry {
    /// `None`: there is no such thing.
    pub(super) answer: Option<Arc<dyn Any + Send + Sync>>,
    pub(super) is_negative: bool,
    /// What it depends on.
    pub(super) slots: Arc<[Slot]>,
    /// Its stamp: the batch before its loading or validation began.
    pub(super) batch: u64,
    /// The stamp of a copy that leaves this process.
    pub(super) position: Position,
    /// Size of the encoded value, for the weight.
    pub(super) encoded_bytes: usize,
    pub(super) made: Instant,
}

impl Entry {
    /// As a part of what a recording is made of.
    pub(super) fn as_part(&self) -> Part {
        Part {
            slots: Arc::clone(&self.slots),
            batch: self.batch,
            until: self.made + LONGEST_LIFE,
        }
    }

    fn validate(&self, coherence: &Coherence) -> Result<(), Rejection> {
        if self.made.elapsed() >= LONGEST_LIFE {
            return Err(Rejection::Aged);
        }
        let is_current = coherence.is_current(&self.slots, self.batch);
        if is_current {
            Ok(())
        } else {
            Err(Rejection::Changed)
        }
    }
}

#[derive(Clone)]
struct Bytes;

impl Weighter<String, Entry> for Bytes {
    fn weight(&self, key: &String, entry: &Entry) -> u64 {
        // Decoded values are larger than encoded ones; twice is the rule of thumb.
        let value = 2 * entry.encoded_bytes + 2 * entry.slots.len();
        (key.len() + value + OVERHEAD_BYTES) as u64
    }
}

type Segment = Cache<String, Entry, Bytes>;

/// One segment for answers, a small one for negative answers.
pub(super) struct Near {
    positive: Segment,
    negative: Segment,
}

impl Near {
    /// `None` for 0 bytes.
    pub(super) fn new(bytes: u64) -> Option<Self> {
        let segment = |bytes: u64| {
            Segment::with_weighter((bytes / 512).max(16) as usize, bytes.max(1), Bytes)
        };
        (bytes > 0).then(|| Self {
            positive: segment(bytes - bytes / NEGATIVE_SHARE),
            negative: segment(bytes / NEGATIVE_SHARE),
        })
    }

    /// The entry under `key`, if there is one; `Err`: there was one, which is not right
    /// any more.
    pub(super) fn get(&self, key: &str, coherence: &Coherence) -> Result<Option<Entry>, Rejection> {
        for segment in [&self.positive, &self.negative] {
            if let Some(entry) = segment.get(key) {
                if let Err(reason) = entry.validate(coherence) {
                    segment.remove(key);
                    return Err(reason);
                }
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Whether there is a valid entry under `key`.
    pub(super) fn holds(&self, key: &str, coherence: &Coherence) -> bool {
        let entry = self.positive.peek(key).or_else(|| self.negative.peek(key));
        entry.is_some_and(|entry| entry.validate(coherence).is_ok())
    }

    /// Keeps `entry`. A late, older one does no harm: its stamp is as old.
    pub(super) fn put(&self, key: String, entry: Entry) {
        let (segment, other) = if entry.is_negative {
            (&self.negative, &self.positive)
        } else {
            (&self.positive, &self.negative)
        };
        other.remove(&key);
        segment.insert(key, entry);
    }

    pub(super) fn remove(&self, key: &str) {
        self.positive.remove(key);
        self.negative.remove(key);
    }

    pub(super) fn clear(&self) {
        self.positive.clear();
        self.negative.clear();
    }

    /// Bytes held, by the weights above.
    pub(super) fn bytes(&self) -> u64 {
        self.positive.weight() + self.negative.weight()
    }
}
