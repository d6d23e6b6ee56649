//! What is cached: per family its key, its value, its TTL, and the scopes whose
//! change ends a copy. Nobody outside builds a key.
//!
//! All keys of an organization begin with its slug, which stands in the address:
//! what a page needs can be asked for at once, before anybody knows which
//! organization it is (`prefetch`), and a cluster keeps it in one place. A copy
//! ends when the slug comes to mean another organization.
//!
//! To add a cached value, add a key type here, the trigger that writes its scopes
//! (`migrations/`), and its row in `docs/caching.md`.

use std::{fmt, time::Duration};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};

use crate::domain::{
    MemberListQuery, MemberRow, MembershipLookup, OrgId, OrgOverview, OrgSlug, OrgSummary, Page,
    SessionSnapshot, SubscriptionView, UserId,
};

/// What all values of a kind have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Name, as metrics show it.
    pub name: &'static str,
    /// Longest life of a copy in Redis. It bounds memory; that copies are right
    /// is the scopes' business.
    pub ttl: Duration,
    /// Raised when the value's type changes, so that an old and a new program
    /// can share one Redis.
    pub format: u8,
}

/// Something whose change must be noticed. Its text is what the triggers write
/// into `cache_log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The organization's row.
    Org(OrgId),
    /// What a slug leads to.
    Slug(OrgSlug),
    /// One membership, also one that is not there.
    Membership(OrgId, UserId),
    /// Which organizations a person belongs to.
    UserOrgs(UserId),
    /// An organization's memberships, and the names and addresses of its members.
    MemberList(OrgId),
    /// A person's profile, ban, verified address.
    Profile(UserId),
    /// One session, by the hash of its id.
    Session([u8; 32]),
    /// All sessions of a person.
    UserSessions(UserId),
    /// What the subscription view shows.
    Subscription(OrgId),
    /// An organization's audit log.
    Activity(OrgId),
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
        }
    }
}

/// Names one cached value.
pub trait CacheKey: Sync {
    /// What is cached under it.
    type Value: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The kind of value.
    const FAMILY: Family;

    /// The key's text, behind the prefix that all keys share. What people can
    /// choose is percent-encoded, so that no input can look like another key.
    fn text(&self) -> String;

    /// What the answer `value` (`None`: there is no such thing) depends on.
    fn scopes(&self, value: Option<&Self::Value>) -> Vec<Scope>;

    /// Whether `value` says "no": such answers are kept apart, so that somebody
    /// who tries a million slugs cannot push out the answers that matter.
    fn is_negative(value: Option<&Self::Value>) -> bool {
        value.is_none()
    }
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

/// The organizations of a person.
#[derive(Clone, Copy, Debug)]
pub struct UserOrgsKey {
    /// The person.
    pub user: UserId,
}

impl CacheKey for UserOrgsKey {
    type Value = Vec<OrgSummary>;

    const FAMILY: Family = Family {
        name: "user_orgs",
        ttl: minutes(10),
        format: 1,
    };

    fn text(&self) -> String {
        format!("user:{{{}}}:orgs", self.user)
    }

    fn scopes(&self, value: Option<&Self::Value>) -> Vec<Scope> {
        let orgs = value.into_iter().flatten().map(|org| Scope::Org(org.id));
        std::iter::once(Scope::UserOrgs(self.user))
            .chain(orgs)
            .collect()
    }
}

/// What a slug and a person come to: the membership check of every request.
#[derive(Clone, Debug)]
pub struct MembershipKey {
    /// The slug in the address.
    pub slug: OrgSlug,
    /// The person.
    pub user: UserId,
}

impl CacheKey for MembershipKey {
    type Value = MembershipLookup;

    const FAMILY: Family = Family {
        name: "membership",
        ttl: minutes(5),
        format: 1,
    };

    fn text(&self) -> String {
        format!("org:{{{}}}:member:{}", self.slug, self.user)
    }

    fn scopes(&self, value: Option<&Self::Value>) -> Vec<Scope> {
        let mut scopes = vec![Scope::Slug(self.slug.clone())];
        if let Some(lookup) = value {
            scopes.extend([
                Scope::Org(lookup.org_id),
                Scope::Membership(lookup.org_id, self.user),
            ]);
        }
        scopes
    }

    fn is_negative(value: Option<&Self::Value>) -> bool {
        value.is_none_or(|lookup| lookup.membership.is_none())
    }
}

/// What an organization's overview shows.
#[derive(Clone, Debug)]
pub struct OrgSlugKey {
    /// The organization's current slug.
    pub slug: OrgSlug,
    /// The organization.
    pub org: OrgId,
}

impl OrgSlugKey {
    /// The key's text, which the slug alone decides.
    pub(super) fn text_of(slug: &OrgSlug) -> String {
        format!("org:{{{slug}}}")
    }
}

impl CacheKey for OrgSlugKey {
    type Value = OrgOverview;

    const FAMILY: Family = Family {
        name: "org",
        ttl: minutes(30),
        format: 1,
    };

    fn text(&self) -> String {
        Self::text_of(&self.slug)
    }

    fn scopes(&self, _value: Option<&Self::Value>) -> Vec<Scope> {
        vec![
            Scope::Slug(self.slug.clone()),
            Scope::Org(self.org),
            Scope::MemberList(self.org),
            Scope::Activity(self.org),
        ]
    }
}

/// A session and the person behind it.
#[derive(Clone, Copy, Debug)]
pub struct SessionKey {
    /// SHA-256 of the session's id.
    pub hash: [u8; 32],
}

impl CacheKey for SessionKey {
    type Value = SessionSnapshot;

    const FAMILY: Family = Family {
        name: "session",
        ttl: minutes(15),
        format: 1,
    };

    fn text(&self) -> String {
        format!("session:{{{}}}", Hex(&self.hash))
    }

    fn scopes(&self, value: Option<&Self::Value>) -> Vec<Scope> {
        let mut scopes = vec![Scope::Session(self.hash)];
        if let Some(user) = value.and_then(|session| session.user.as_ref()) {
            scopes.extend([Scope::UserSessions(user.id), Scope::Profile(user.id)]);
        }
        scopes
    }
}

/// What an organization's subscription view shows.
#[derive(Clone, Debug)]
pub struct SubscriptionKey {
    /// The organization's current slug.
    pub slug: OrgSlug,
    /// The organization.
    pub org: OrgId,
}

impl SubscriptionKey {
    /// The key's text, which the slug alone decides.
    pub(super) fn text_of(slug: &OrgSlug) -> String {
        format!("org:{{{slug}}}:subscription")
    }
}

impl CacheKey for SubscriptionKey {
    type Value = SubscriptionView;

    const FAMILY: Family = Family {
        name: "subscription",
        ttl: minutes(60),
        format: 1,
    };

    fn text(&self) -> String {
        Self::text_of(&self.slug)
    }

    fn scopes(&self, _value: Option<&Self::Value>) -> Vec<Scope> {
        // The member list, because members take seats.
        vec![
            Scope::Slug(self.slug.clone()),
            Scope::Subscription(self.org),
            Scope::MemberList(self.org),
        ]
    }
}

/// One page of an organization's member list. Searches are not cached: nearly
/// every one is new.
#[derive(Clone, Debug)]
pub struct MemberPageKey {
    /// The organization's current slug.
    pub slug: OrgSlug,
    /// The organization.
    pub org: OrgId,
    /// Which page of which list.
    pub query: MemberListQuery,
}

impl MemberPageKey {
    /// The key's text, which slug and query alone decide.
    pub(super) fn text_of(slug: &OrgSlug, query: &MemberListQuery) -> String {
        let MemberListQuery {
            page,
            search,
            role,
            sort,
        } = query;
        let role = role.map_or("all", |role| role.as_str());
        format!(
            "org:{{{slug}}}:members:{role}:{}:{page}:{}",
            sort.as_str(),
            encoded(search)
        )
    }
}

impl CacheKey for MemberPageKey {
    type Value = Page<MemberRow>;

    const FAMILY: Family = Family {
        name: "member_page",
        ttl: minutes(5),
        format: 1,
    };

    fn text(&self) -> String {
        Self::text_of(&self.slug, &self.query)
    }

    fn scopes(&self, _value: Option<&Self::Value>) -> Vec<Scope> {
        vec![Scope::Slug(self.slug.clone()), Scope::MemberList(self.org)]
    }
}

/// All that means something in a key stays out of what people type, braces and
/// colons included.
const IN_KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

fn encoded(text: &str) -> impl fmt::Display {
    utf8_percent_encode(text, IN_KEY)
}

/// Bytes as lower-case hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PageNumber;

    #[test]
    fn typed_text_cannot_pose_as_another_key() {
        let key = |search: &str| {
            let query = MemberListQuery {
                page: PageNumber::FIRST,
                search: search.into(),
                ..Default::default()
            };
            MemberPageKey::text_of(&OrgSlug::parse("acme").expect("a slug"), &query)
        };
        assert!(key("a}:b").ends_with(":members:all:joined:1:a%7D%3Ab"));
        assert_ne!(key("a%3Ab"), key("a:b"));
    }

    #[test]
    fn a_non_member_is_a_negative_answer() {
        let stranger = MembershipLookup {
            org_id: OrgId(uuid::Uuid::nil()),
            membership: None,
        };
        assert!(MembershipKey::is_negative(Some(&stranger)));
        assert!(MembershipKey::is_negative(None));
    }
}
