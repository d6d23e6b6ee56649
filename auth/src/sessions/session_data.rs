//! The session's second cookie: a signed copy of what the cache holds of the session.
//!
//! A node that does not remember a session has to ask Redis for it before it can ask for
//! anything else, because only then does it know who the user is. The copy answers that
//! without a round trip, also while Redis is away. It is believed
//!
//! * for five minutes, by the time that is signed with it;
//! * with the session whose id it was signed for, and no other;
//! * if nothing that the session depends on has changed since it was read: the cache decides
//!   that, as it does for values from Redis ([`Cache::get_offered`]), so ending a session ends
//!   its copies on the next request, wherever they are;
//! * to show pages. A request that changes something is not asked for it, and every write asks
//!   the database for the session in its own transaction.
//!
//! A node that remembers the session does not look at the copy. Pages bring a new one when
//! there is none, when half of its life is over, and when it was not believed. It is signed,
//! not encrypted, and holds what its own user may read.
//!
//! [`Cache::get_offered`]: crate::cache::Cache::get_offered

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use time::{Duration, OffsetDateTime};

use super::{SessionOf, Sessions, SignedIn};
use crate::{
    cache::{Found, Offer, Source},
    domain::SessionSnapshot,
};

/// How long a copy is believed. It bounds what a browser keeps, as times do in Redis: changes
/// end it at once.
pub const LIFE: Duration = Duration::minutes(5);

/// When pages bring a new one: after half of its life.
const RENEWED_AFTER: Duration = Duration::seconds(150);

/// How far the clocks of two nodes may be apart.
const SKEW: Duration = Duration::seconds(5);

/// Longest value, in characters. Longer ones are not sent: with the longest name and address
/// there are, the next node asks Redis.
const MAX_LENGTH: usize = 900;

/// What a browser carries: `<seconds since 1970>.<copy in base64>`, not believed yet.
#[derive(Clone, Copy)]
pub(super) struct Carried<'a> {
    /// When it says it was made.
    made_at: OffsetDateTime,
    label: &'a str,
    copy: &'a str,
}

impl<'a> Carried<'a> {
    /// Takes the cookie's value apart, and decodes nothing.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (label, copy) = text.split_once('.')?;
        let made_at = OffsetDateTime::from_unix_timestamp(label.parse().ok()?).ok()?;
        Some(Self {
            made_at,
            label,
            copy,
        })
    }

    pub(super) fn is_fresh(&self, now: OffsetDateTime) -> bool {
        (-SKEW..LIFE).contains(&(now - self.made_at))
    }

    fn is_young(&self, now: OffsetDateTime) -> bool {
        (-SKEW..RENEWED_AFTER).contains(&(now - self.made_at))
    }

    pub(super) fn decode(&self) -> Option<Offer> {
        Some(Offer {
            label: self.label.to_owned(),
            copy: BASE64_URL_SAFE_NO_PAD.decode(self.copy).ok()?,
        })
    }
}

/// What a request's session came to.
pub struct Visit {
    /// Who is signed in.
    pub user: Option<SignedIn>,
    /// What a new copy is made of, if the browser should have one.
    to_copy: Option<(SessionOf, Found<SessionSnapshot>)>,
}

impl Visit {
    /// Nobody's.
    pub fn nobodys() -> Self {
        Self {
            user: None,
            to_copy: None,
        }
    }

    pub(super) fn of(
        user: Option<SignedIn>,
        query: SessionOf,
        found: Found<SessionSnapshot>,
        carried: Option<Carried<'_>>,
        now: OffsetDateTime,
    ) -> Self {
        let is_young = carried.is_some_and(|carried| carried.is_young(now));
        let will_do = is_young && found.source != Source::Elsewhere;
        let is_due = user.is_some() && !will_do;
        Self {
            user,
            to_copy: is_due.then_some((query, found)),
        }
    }
}

impl Sessions {
    /// What the browser should carry from now on. `None`: what it has will do, or there is
    /// nothing to carry.
    pub fn session_data(&self, visit: &Visit) -> Option<String> {
        let (query, found) = visit.to_copy.as_ref()?;
        let label = self.clock.now().unix_timestamp().to_string();
        let copy = self.cache.copy_of(query, found, &label)?;
        let value = format!("{label}.{}", BASE64_URL_SAFE_NO_PAD.encode(copy));
        (value.len() <= MAX_LENGTH).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_fresh_for_five_minutes() {
        let carried = Carried::parse("1000000000.AAAA").expect("a number and a copy");
        let after = |seconds: i64| carried.made_at + Duration::seconds(seconds);
        for (seconds, is_fresh, is_young) in [
            (-6, false, false),
            (-5, true, true),
            (0, true, true),
            (149, true, true),
            (150, true, false),
            (299, true, false),
            (300, false, false),
        ] {
            assert_eq!(carried.is_fresh(after(seconds)), is_fresh, "{seconds}");
            assert_eq!(carried.is_young(after(seconds)), is_young, "{seconds}");
        }
    }

    #[test]
    fn what_is_no_copy_is_none() {
        for text in ["", ".", "AAAA", "x.AAAA", "99999999999999999999.AAAA"] {
            assert!(Carried::parse(text).is_none(), "{text}");
        }
        let broken = Carried::parse("1000000000.!").expect("two parts");
        assert!(broken.decode().is_none());
    }
}
