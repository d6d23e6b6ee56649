//! Copies of what was made of cached values, such as a page: kept elsewhere in this process,
//! and right for exactly as long as all of the values are.

use std::{future::Future, time::Instant};

use time::OffsetDateTime;

use super::{Cache, near::LONGEST_LIFE, stamp::Slot};
use crate::{
    recording::{self, Notes},
    telemetry::current_request_cost,
};

/// The stamp of a copy: of what it was made, and when that was found to be right.
#[derive(Debug)]
pub struct MadeOf {
    slots: Box<[Slot]>,
    batch: u64,
    until: Instant,
    ends: Option<OffsetDateTime>,
}

impl MadeOf {
    /// Bytes it takes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.slots)
    }
}

impl Cache {
    /// Runs `work` within a request. `None`: what it made cannot be kept, because it is made of
    /// something besides valid values that were at hand in this process. So whatever asks the
    /// database without the cache is never kept, and nothing is kept that was made for the
    /// first time.
    pub async fn record<F: Future>(&self, work: F) -> (F::Output, Option<MadeOf>) {
        let cost = current_request_cost();
        let asked = || cost.as_ref().map(|cost| (cost.sql(), cost.redis()));
        let before = asked();
        let (output, notes) = recording::record(work).await;
        let is_at_hand = before.is_some() && asked() == before && !notes.is_for_once;
        let made_of = is_at_hand.then(|| self.stamp(&notes)).flatten();
        (output, made_of)
    }

    /// Whether what was made of these values would be made the same at `now`.
    pub fn is_still_right(&self, made_of: &MadeOf, now: OffsetDateTime) -> bool {
        let coherence = &self.inner.coherence;
        coherence.begin().is_some()
            && coherence.is_current(&made_of.slots, made_of.batch)
            && Instant::now() < made_of.until
            && made_of.ends.is_none_or(|ends| now < ends)
    }

    /// One stamp for all parts. The batch is read before the parts are compared: what none of
    /// the changes up to it has touched is as good as read at it.
    fn stamp(&self, Notes { parts, ends, .. }: &Notes) -> Option<MadeOf> {
        let coherence = &self.inner.coherence;
        let batch = coherence.begin()?;
        let all_right = parts
            .iter()
            .all(|part| coherence.is_current(&part.slots, part.batch));
        let mut slots: Vec<Slot> = parts
            .iter()
            .flat_map(|part| &*part.slots)
            .copied()
            .collect();
        slots.sort_unstable();
        slots.dedup();
        let soonest = parts.iter().map(|part| part.until).min();
        all_right.then(|| MadeOf {
            slots: slots.into(),
            batch,
            until: soonest.unwrap_or_else(|| Instant::now() + LONGEST_LIFE),
            ends: *ends,
        })
    }
}
