//! What a cached value is, seen from its use: [`CachedQuery`] beside each use case.

use std::{
    fmt::{self, Write as _},
    future::Future,
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    db::{Reader, Stamped},
    domain::{MailDomain, OrgId, OrgSlug, UserId},
    error::Result,
};

/// A question whose answer is cached. One `impl` is all there is to know about it.
///
/// A query is made of what its key is made of and nothing else that could change the
/// answer, so two queries with one key cannot have two answers. The time is the one
/// exception: what it changes is right again only when the value's life ends.
pub trait CachedQuery: Clone + Send + Sync + 'static {
    /// What is cached: decoded in process memory, encoded in Redis.
    type Answer: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Its key, from the screen of all keys ([`super::keys`]).
    fn key(&self) -> Key;

    /// What the answer depends on. `None`, "there is no such thing", is an answer, too.
    fn scopes(&self, answer: Option<&Self::Answer>) -> Vec<Scope>;

    /// Reads the answer and, in the same statement, the position it is read at. May be
    /// called twice, when a connection broke.
    fn load(
        &self,
        db: &Reader,
    ) -> impl Future<Output = Result<Stamped<Option<Self::Answer>>>> + Send;

    /// Whether the answer says "no". Such answers are kept apart, so that somebody who
    /// tries a million slugs cannot push out the answers that matter.
    fn is_negative(answer: Option<&Self::Answer>) -> bool {
        answer.is_none()
    }
}

/// What all values of one kind have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Family {
    /// The name that metrics show.
    pub name: &'static str,
    /// Longest life of a value in Redis. It bounds memory; scopes decide whether a
    /// value is right.
    pub ttl: Duration,
    /// Raised when the value's type changes, so that an old and a new program can share
    /// one Redis.
    pub format: u8,
}

/// Names one cached value: all that prefetching and dropping it need.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    family: Family,
    text: String,
}

impl Key {
    pub(super) fn new(family: Family, text: String) -> Self {
        Self { family, text }
    }

    /// The family the key belongs to.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The key's text, behind the prefix that all keys share.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Something whose change must be noticed. Its text is what the triggers write into
/// `cache_log` (migrations/0011_cache_watch.sql).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The organization's row.
    Org(OrgId),
    /// Which organization a slug names.
    Slug(OrgSlug),
    /// One membership, also one that does not exist.
    Membership(OrgId, UserId),
    /// Which organizations a user belongs to, or asks to join.
    UserOrgs(UserId),
    /// An organization's memberships, and the names and addresses of its members.
    MemberList(OrgId),
    /// A user's profile, ban, verified address.
    Profile(UserId),
    /// One session, by the hash of its id.
    Session([u8; 32]),
    /// All sessions of a user.
    UserSessions(UserId),
    /// What the subscription page shows.
    Subscription(OrgId),
    /// An organization's audit log.
    Activity(OrgId),
    /// Which organizations the people of a domain can join.
    MailDomain(MailDomain),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Org(org) => write!(f, "o:{org}"),
            Self::Slug(slug) => write!(f, "s:{slug}"),
            Self::Membership(org, user) => write!(f, "m:{org}:{user}"),
            Self::UserOrgs(user) => write!(f, "u:{user}"),
            Self::MemberList(org) => write!(f, "ml:{org}"),
            Self::Profile(user) => write!(f, "p:{user}"),
            Self::Session(hash) => write!(f, "ses:{}", Hex(hash)),
            Self::UserSessions(user) => write!(f, "su:{user}"),
            Self::Subscription(org) => write!(f, "sub:{org}"),
            Self::Activity(org) => write!(f, "a:{org}"),
            Self::MailDomain(domain) => write!(f, "md:{domain}"),
        }
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
        self.0.iter().try_for_each(|byte| {
            f.write_char(digit(byte >> 4))?;
            f.write_char(digit(byte & 15))
        })
    }
}
