//! What a page was made of, written down while it is made, so that a copy of it can be kept
//! under the rule of the values in it.
//!
//! The look-ups write themselves down ([`crate::cache`]), and so does whoever tells the time:
//! what makes a page cannot forget either. The notes travel with the task, like a request's
//! cost; outside of a recording they go nowhere.

use std::{cell::RefCell, future::Future, mem, sync::Arc, time::Instant};

use time::OffsetDateTime;

tokio::task_local! {
    static NOTES: RefCell<Notes>;
}

/// A cached value that was read from this process's memory.
#[derive(Clone, Debug)]
pub struct Part {
    /// Places of what it depends on.
    pub slots: Arc<[u16]>,
    /// Its stamp.
    pub batch: u64,
    /// Nothing made of it is kept for longer.
    pub until: Instant,
}

/// What was written down.
#[derive(Debug, Default)]
pub struct Notes {
    pub parts: Vec<Part>,
    /// From when on it would look different although nothing has changed.
    pub ends: Option<OffsetDateTime>,
    /// Whether it is made of something else as well, which nobody vouches for.
    pub is_for_once: bool,
}

/// Runs `work`, and says what it was made of.
pub async fn record<F: Future>(work: F) -> (F::Output, Notes) {
    let recorded = NOTES.scope(RefCell::default(), async {
        let output = work.await;
        (
            output,
            NOTES.with(|notes| mem::take(&mut *notes.borrow_mut())),
        )
    });
    recorded.await
}

/// Makes the list of parts only where somebody records.
pub fn note_part(part: impl FnOnce() -> Part) {
    note(|notes| notes.parts.push(part()));
}

/// What is made now would look different from `moment` on.
pub fn ends_at(moment: OffsetDateTime) {
    note(|notes| notes.ends = Some(notes.ends.map_or(moment, |ends| ends.min(moment))));
}

/// What is made now is made of something that nobody would hear the change of.
pub fn is_for_once() {
    note(|notes| notes.is_for_once = true);
}

fn note(write: impl FnOnce(&mut Notes)) {
    let _nobody_records = NOTES.try_with(|notes| write(&mut notes.borrow_mut()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_noted_belongs_to_the_recording_it_was_noted_in() {
        is_for_once();
        let moment = OffsetDateTime::UNIX_EPOCH;
        let later = moment + time::Duration::HOUR;
        let inner = async {
            ends_at(later);
            ends_at(moment);
            ends_at(later);
            let ((), inner) = record(async { is_for_once() }).await;
            assert!(inner.is_for_once && inner.ends.is_none());
        };
        let ((), notes) = record(inner).await;
        assert!(!notes.is_for_once);
        assert_eq!(notes.ends, Some(moment), "the earliest");
    }
}
