//! Every address of the product: the patterns the routers use and the builders
//! that links, redirects and tests use, so that the two cannot drift apart.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::{MemberListQuery, OrgSlug};

/// The landing page.
pub const HOME: &str = "/";
/// Sign in.
pub const SIGN_IN: &str = "/sign-in";
/// Sign out (POST).
pub const SIGN_OUT: &str = "/sign-out";
/// My organizations.
pub const ORGS: &str = "/orgs";
/// Create an organization.
pub const NEW_ORG: &str = "/orgs/new";
/// Everything of one organization is below this and guarded by its membership.
pub const ORG_PREFIX: &str = "/orgs/";
/// Stripe's webhooks (POST).
pub const STRIPE_WEBHOOK: &str = "/webhooks/stripe";
/// Where server functions answer.
pub const API_PREFIX: &str = "/api";

/// Characters that stand for themselves in a query value (RFC 3986's unreserved ones).
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An organization's overview.
pub fn org(slug: &OrgSlug) -> String {
    format!("{ORG_PREFIX}{slug}")
}

/// An organization's members.
pub fn members(slug: &OrgSlug) -> String {
    format!("{ORG_PREFIX}{slug}/members")
}

/// A member list as `query` asks for it.
pub fn member_list(slug: &OrgSlug, query: &MemberListQuery) -> String {
    with_query(members(slug), &query.to_params())
}

/// An organization's subscription.
pub fn subscription(slug: &OrgSlug) -> String {
    format!("{ORG_PREFIX}{slug}/subscription")
}

/// An organization's settings.
pub fn settings(slug: &OrgSlug) -> String {
    format!("{ORG_PREFIX}{slug}/settings")
}

/// Where among the organizations' pages an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrgPlace<'a> {
    /// What stands for the organization.
    pub segment: &'a str,
    /// What follows it, query included: `/members?page=2`, or nothing.
    pub rest: &'a str,
}

impl<'a> OrgPlace<'a> {
    /// Reads path and query; `None`: the address is not one of an organization's pages.
    pub fn of(path_and_query: &'a str) -> Option<Self> {
        let place = path_and_query.strip_prefix(ORG_PREFIX)?;
        let end = place.find(['/', '?']).unwrap_or(place.len());
        let (segment, rest) = place.split_at(end);
        // The form for a new one lies below the same prefix.
        let is_new = NEW_ORG.strip_prefix(ORG_PREFIX) == Some(segment) && !rest.starts_with('/');
        (!segment.is_empty() && !is_new).then_some(Self { segment, rest })
    }
}

/// The sign-in page that leads back to `next`, a path of ours with its query.
pub fn sign_in_then(next: &str) -> String {
    with_query(SIGN_IN.to_owned(), &[("next", next.to_owned())])
}

/// `path` with `params` as its query, encoded.
pub fn with_query(mut path: String, params: &[(&str, String)]) -> String {
    for (index, (name, value)) in params.iter().enumerate() {
        let mark = if index == 0 { '?' } else { '&' };
        write!(
            path,
            "{mark}{name}={}",
            utf8_percent_encode(value, QUERY_VALUE)
        )
        .expect("a string takes all text");
    }
    path
}

/// `next` if it is a path on this very site, else [`ORGS`]: `//evil.test`,
/// `/\evil.test` and absolute addresses lead to other sites.
pub fn safe_next(next: &str) -> &str {
    let elsewhere = !next.starts_with('/')
        || next.starts_with("//")
        || next.contains('\\')
        || next.chars().any(char::is_control);
    if elsewhere { ORGS } else { next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{PageNumber, Role};

    #[test]
    fn addresses_encode_what_people_type() {
        let slug = OrgSlug::parse("acme").expect("a slug");
        let query = MemberListQuery {
            page: PageNumber::new(3),
            search: "a&b=ü %".into(),
            role: Some(Role::Admin),
            ..Default::default()
        };
        assert_eq!(
            member_list(&slug, &query),
            "/orgs/acme/members?q=a%26b%3D%C3%BC%20%25&role=admin&page=3"
        );
        assert_eq!(
            sign_in_then("/orgs/acme?x=1"),
            "/sign-in?next=%2Forgs%2Facme%3Fx%3D1"
        );
    }

    fn place(address: &str) -> Option<(&str, &str)> {
        OrgPlace::of(address).map(|place| (place.segment, place.rest))
    }

    #[test]
    fn everything_below_a_slug_is_an_organizations() {
        assert_eq!(place("/orgs/acme"), Some(("acme", "")));
        assert_eq!(place("/orgs/acme/"), Some(("acme", "/")));
        assert_eq!(place("/orgs/acme?tab=1"), Some(("acme", "?tab=1")));
        assert_eq!(
            place("/orgs/acme/members?page=2&q=a/b"),
            Some(("acme", "/members?page=2&q=a/b"))
        );
        assert_eq!(
            place("/orgs/acme/no/such/page"),
            Some(("acme", "/no/such/page"))
        );
    }

    #[test]
    fn what_only_looks_like_the_form_for_a_new_one_is_an_organizations_too() {
        assert_eq!(place("/orgs/new"), None);
        assert_eq!(place("/orgs/new?name=x"), None);
        assert_eq!(place("/orgs/new/members"), Some(("new", "/members")));
        assert_eq!(place("/orgs/newer"), Some(("newer", "")));
    }

    #[test]
    fn other_pages_are_no_organizations() {
        for address in [
            "/",
            "/orgs",
            "/orgs/",
            "/orgs?x=/orgs/acme",
            "/sign-in",
            "/organizations/acme",
        ] {
            assert_eq!(place(address), None, "{address}");
        }
    }

    #[test]
    fn next_never_leaves_the_site() {
        for away in [
            "https://evil.test",
            "//evil.test",
            "/\\evil.test",
            "evil",
            "",
            "/a\nb",
        ] {
            assert_eq!(safe_next(away), ORGS, "{away:?}");
        }
        assert_eq!(
            safe_next("/orgs/acme/members?page=2"),
            "/orgs/acme/members?page=2"
        );
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrgPage {
    Overview,
    Members,
    Subscription,
    Settings,
}
