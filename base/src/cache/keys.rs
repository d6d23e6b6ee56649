//! Every key of the program, on one screen. Nobody else builds one.
//!
//! All keys of an organization begin with its slug, which is in the address: what a
//! page needs can be fetched before anybody has looked up which organization that is,
//! and a cluster keeps it in one slot. When the slug comes to name another
//! organization, the scope of the slug ends all of it.
//!
//! Braces are literal (Redis Cluster hashes what they enclose). What users type is
//! percent-encoded, so that no input can look like another key.

use std::{fmt, time::Duration};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::query::{Family, Hex, Key};
use crate::domain::{ListFrom, MailDomain, MemberListQuery, MemberSort, OrgSlug, UserId};

const USER_ORGS: Family = family("user_orgs", minutes(10), 2);
const JOINABLE_ORGS: Family = family("joinable_orgs", minutes(10), 1);
const MEMBERSHIP: Family = family("membership", minutes(5), 3);
const ORG_OVERVIEW: Family = family("org_overview", minutes(30), 3);
const SESSION: Family = family("session", minutes(15), 4);
const SUBSCRIPTION: Family = family("subscription", minutes(60), 3);
const MEMBER_PAGE: Family = family("member_page", minutes(5), 6);
const MEMBER_MARKS: Family = family("member_marks", minutes(5), 1);
const MEMBER_TOTAL: Family = family("member_total", minutes(5), 1);
const FORMER_SLUGS: Family = family("former_slugs", minutes(30), 1);
const DELETED_ORGS: Family = family("deleted_orgs", minutes(10), 1);
const ACTIVITY_PAGE: Family = family("activity_page", minutes(5), 1);

/// All families; docs/caching.md describes each.
pub const FAMILIES: [Family; 12] = [
    USER_ORGS,
    JOINABLE_ORGS,
    MEMBERSHIP,
    ORG_OVERVIEW,
    SESSION,
    SUBSCRIPTION,
    MEMBER_PAGE,
    MEMBER_MARKS,
    MEMBER_TOTAL,
    FORMER_SLUGS,
    DELETED_ORGS,
    ACTIVITY_PAGE,
];

/// The organizations of a user.
pub fn user_orgs(user: UserId) -> Key {
    Key::new(USER_ORGS, format!("user:{{{user}}}:orgs"))
}

/// The organizations that a user can join who has an address at a domain.
pub fn joinable_orgs(user: UserId, domain: &MailDomain) -> Key {
    Key::new(JOINABLE_ORGS, format!("user:{{{user}}}:joinable:{domain}"))
}

/// The organization a slug names, and the user's membership of it.
pub fn membership(slug: &OrgSlug, user: UserId) -> Key {
    Key::new(MEMBERSHIP, format!("org:{{{slug}}}:member:{user}"))
}

/// What an organization's overview shows.
pub fn org_overview(slug: &OrgSlug) -> Key {
    Key::new(ORG_OVERVIEW, format!("org:{{{slug}}}"))
}

/// A session and its user, by the SHA-256 of the session's id.
pub fn session(id_hash: &[u8; 32]) -> Key {
    Key::new(SESSION, format!("session:{{{}}}", Hex(id_hash)))
}

/// What an organization's subscription page shows.
pub fn subscription(slug: &OrgSlug) -> Key {
    Key::new(SUBSCRIPTION, format!("org:{{{slug}}}:subscription"))
}

/// The former slugs of an organization.
pub fn former_slugs(slug: &OrgSlug) -> Key {
    Key::new(FORMER_SLUGS, format!("org:{{{slug}}}:former_slugs"))
}

/// The deleted organizations that a user owns.
pub fn deleted_orgs(user: UserId) -> Key {
    Key::new(DELETED_ORGS, format!("user:{{{user}}}:deleted_orgs"))
}

/// One page of an organization's member list.
pub fn member_page(slug: &OrgSlug, query: &MemberListQuery) -> Key {
    let filter = member_filter(query);
    let MemberListQuery {
        page,
        size,
        from,
        search,
        sort,
        ..
    } = query;
    let (sort, search) = (sort.as_str(), encoded(search));
    let from = from.as_ref().map(ListFrom::to_param);
    let (side, place) = from.unwrap_or(("start", String::new()));
    let place = encoded(&place);
    Key::new(
        MEMBER_PAGE,
        format!("org:{{{slug}}}:members:{filter}:{sort}:{size}:{page}:{side}:{place}:{search}"),
    )
}

/// How many members of an organization a search finds, on all its pages and in every order.
pub fn member_total(slug: &OrgSlug, query: &MemberListQuery) -> Key {
    let filter = member_filter(query);
    let search = encoded(&query.search);
    Key::new(
        MEMBER_TOTAL,
        format!("org:{{{slug}}}:member_total:{filter}:{search}"),
    )
}

/// What a member list leaves out, but for its search.
fn member_filter(query: &MemberListQuery) -> String {
    let role = query.role.map_or("all", |role| role.as_str());
    let status = query.status.map_or("any", |status| status.as_str());
    let inactive = query.inactive.map_or("any", |inactive| inactive.as_str());
    let factor = if query.without_factor { "none" } else { "any" };
    format!("{role}:{status}:{inactive}:{factor}")
}

/// Places here and there in an organization's member list.
pub fn member_marks(slug: &OrgSlug, sort: MemberSort) -> Key {
    let sort = sort.as_str();
    Key::new(MEMBER_MARKS, format!("org:{{{slug}}}:member_marks:{sort}"))
}

/// The newest page of an organization's audit log.
pub fn activity_page(slug: &OrgSlug) -> Key {
    Key::new(ACTIVITY_PAGE, format!("org:{{{slug}}}:activity"))
}

/// A counter of attempts at something, by a keyed hash of what that is. No cached value, so
/// it is of no family; one slot for all of a database.
pub(super) fn attempts(incarnation: u64, what: &[u8]) -> String {
    format!("orghub:attempts:{{{incarnation:016x}}}:{}", Hex(what))
}

const fn family(name: &'static str, ttl: Duration, format: u8) -> Family {
    Family { name, ttl, format }
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

/// Encodes everything that means something in a key, braces and colons included.
fn encoded(text: &str) -> impl fmt::Display {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
    utf8_percent_encode(text, KEPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_text_cannot_pose_as_another_key() {
        let key = |search: &str| {
            let query = MemberListQuery {
                search: search.into(),
                ..Default::default()
            };
            let slug = OrgSlug::parse("acme").expect("a slug");
            member_page(&slug, &query).text().to_owned()
        };
        assert!(key("a}:b").ends_with(":members:all:any:any:any:joined:50:1:start::a%7D%3Ab"));
        assert_ne!(key("a%3Ab"), key("a:b"));
    }

    #[test]
    fn no_ttl_exceeds_what_the_log_can_vouch_for() {
        // The change log is kept for two hours (`cache::janitor`).
        assert!(FAMILIES.iter().all(|family| family.ttl <= minutes(60)));
    }
}
