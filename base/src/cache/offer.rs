//! Copies of cached values that leave the nodes and come back with a request: the session in
//! its browser's cookie.
//!
//! A copy is one more source of a value, asked before Redis, and it is believed under the same
//! rule and by the same code: a node signed it for this very key, it is of this incarnation
//! and format, and none of its scopes changed after its position. What a revocation ends, it
//! ends in every copy, wherever it is kept. A copy says what is so, never that there is no such
//! thing.

use std::{any::Any, sync::Arc};

use super::{
    Cache, Inner, codec,
    near::Entry,
    query::CachedQuery,
    single_flight,
    stamp::{Position, Rejection},
};
use crate::error::Result;

/// A copy as somebody brings it.
pub struct Offer {
    /// What was said beside the copy when it was made. It is signed with it.
    pub label: String,
    /// What [`Cache::copy_of`] made.
    pub copy: Vec<u8>,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// This process remembered it. Nobody looked at the offer.
    Memory,
    /// The offer was believed.
    Offer,
    /// Redis or PostgreSQL, because there was no offer, or none to believe.
    Elsewhere,
}

/// An answer, with what it takes to make a copy of it.
pub struct Found<A> {
    /// `None`: there is no such thing.
    pub answer: Option<Arc<A>>,
    /// Who had it.
    pub source: Source,
    /// `None`: it was read while nothing may be kept.
    position: Option<Position>,
}

impl<A: Any + Send + Sync> Found<A> {
    pub(super) fn new(entry: &Entry, source: Source) -> Self {
        Self {
            answer: single_flight::typed(entry),
            source,
            position: Some(entry.position),
        }
    }

    pub(super) fn without_stamp(answer: Option<A>) -> Self {
        Self {
            answer: answer.map(Arc::new),
            source: Source::Elsewhere,
            position: None,
        }
    }
}

impl Cache {
    /// As [`Self::get`]. If this process does not have the answer at hand, it takes the copy
    /// that `offer` brings, if that is certainly still right, and asks nobody else.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_offered<Q: CachedQuery>(
        &self,
        query: &Q,
        offer: impl FnOnce() -> Option<Offer>,
    ) -> Result<Found<Q::Answer>> {
        let offer = || self.inner.offers.as_ref().and_then(|_keys| offer());
        self.look_up(query, Default::default, offer).await
    }

    /// A copy of the answer for somebody to bring along, good for this very query and with
    /// this label. `None`: there is no answer, none with a stamp, or no key to sign it with
    /// (`SESSION_COOKIE_CACHE=false`). It is signed, not encrypted: whoever keeps it can read
    /// it.
    pub fn copy_of<Q: CachedQuery>(
        &self,
        query: &Q,
        found: &Found<Q::Answer>,
        label: &str,
    ) -> Option<Vec<u8>> {
        let signer = self.inner.offers.as_ref()?;
        let (answer, position) = (found.answer.as_deref()?, found.position?);
        let key = query.key();
        let format = self.inner.format_of(key.family());
        let mut copy = codec::encode(Some(answer), format, position)?;
        signer.sign(&place(&self.inner.full_text(&key), label), &mut copy);
        Some(copy)
    }
}

impl Inner {
    pub(super) fn validate_offer<Q: CachedQuery>(
        &self,
        query: &Q,
        text: &str,
        offer: &Offer,
        batch: u64,
    ) -> Result<Entry, Rejection> {
        let signer = self.offers.as_ref().ok_or(Rejection::Forged)?;
        let place = place(text, &offer.label);
        let entry = self.validate(query, signer, &place, &offer.copy, batch)?;
        match entry.answer {
            Some(_) => Ok(entry),
            None => Err(Rejection::Undecodable),
        }
    }
}

/// What a copy is signed for. No key has a space, so a copy is never a value of Redis, even if
/// both are signed with one key.
fn place(text: &str, label: &str) -> String {
    format!("{text} {label}")
}
