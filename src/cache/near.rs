//! Copies in this process: decoded, bounded in bytes, checked against their
//! stamp on every use.

use std::{
    any::Any,
    sync::Arc,
    time::{Duration, Instant},
};

use quick_cache::{Weighter, sync::Cache};

use super::stamp::{Coherence, Slot};

/// Longest life of a copy here, whatever its TTL: long enough to matter, short
/// enough that what depends on the time of day (an expired invitation) is noticed.
const LONGEST_LIFE: Duration = Duration::from_secs(15 * 60);

/// Share of the bytes set aside for "no such thing": one in so many.
const NEGATIVE_SHARE: u64 = 8;

/// Rough weight of a copy beside its text and its encoded value.
const OVERHEAD_BYTES: usize = 160;

/// A copy, whatever its type.
#[derive(Clone)]
pub(super) struct Copy {
    /// The answer; `None`: there is no such thing.
    pub(super) value: Option<Arc<dyn Any + Send + Sync>>,
    /// What it depends on.
    pub(super) slots: Arc<[Slot]>,
    /// The batch before its reading or checking began.
    pub(super) batch: u64,
    /// Bytes of its encoded value, for the weight.
    pub(super) encoded_bytes: usize,
    /// When it was made.
    pub(super) made: Instant,
}

impl Copy {
    fn judge(&self, coherence: &Coherence) -> Result<(), &'static str> {
        if self.made.elapsed() >= LONGEST_LIFE {
            return Err("aged");
        }
        if coherence.is_current(&self.slots, self.batch) {
            Ok(())
        } else {
            Err("changed")
        }
    }
}

#[derive(Clone)]
struct Bytes;

impl Weighter<String, Copy> for Bytes {
    fn weight(&self, key: &String, copy: &Copy) -> u64 {
        // Decoded values are larger than encoded ones; twice is the rule of thumb.
        (key.len() + 2 * copy.encoded_bytes + 2 * copy.slots.len() + OVERHEAD_BYTES) as u64
    }
}

type Segment = Cache<String, Copy, Bytes>;

/// The copies: one segment for answers, a small one for "no".
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

    /// The copy under `key`, if there is one.
    ///
    /// # Errors
    /// Why it is not right any more, in a word.
    pub(super) fn get(
        &self,
        key: &str,
        coherence: &Coherence,
    ) -> Result<Option<Copy>, &'static str> {
        for segment in [&self.positive, &self.negative] {
            if let Some(copy) = segment.get(key) {
                if let Err(reason) = copy.judge(coherence) {
                    segment.remove(key);
                    return Err(reason);
                }
                return Ok(Some(copy));
            }
        }
        Ok(None)
    }

    /// Whether the copy under `key`, if there is one, is still right.
    pub(super) fn holds(&self, key: &str, coherence: &Coherence) -> bool {
        let copy = self.positive.peek(key).or_else(|| self.negative.peek(key));
        copy.is_some_and(|copy| copy.judge(coherence).is_ok())
    }

    /// Keeps `copy`; a late, older one does no harm, its stamp is as old.
    pub(super) fn put(&self, key: String, copy: Copy, is_negative: bool) {
        let (segment, other) = if is_negative {
            (&self.negative, &self.positive)
        } else {
            (&self.positive, &self.negative)
        };
        other.remove(&key);
        segment.insert(key, copy);
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
