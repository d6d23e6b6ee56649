//! Every address of the product, once: for routers, links, redirects, forms and tests.
//!
//! An organization's pages are [`OrgPage`], and [`OrgPath`] is the one parser of their
//! addresses. Where a macro takes nothing but a literal (routes of the application,
//! endpoints of server functions), `server/tests/it/endpoints.rs` compares it with what
//! is here.

pub mod api;
mod org;

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use org::{OrgPage, OrgPath};

use crate::domain::{MemberListQuery, OrgSlug};

/// The landing page.
pub const HOME: &str = "/";
/// The sign-in form; see [`sign_in_then`].
pub const SIGN_IN: &str = "/sign-in";
/// The list of the user's organizations.
pub const ORGS: &str = "/orgs";
/// The form that creates an organization.
pub const NEW_ORG: &str = "/orgs/new";

/// The pages outside organizations.
pub const PAGES: [&str; 4] = [HOME, SIGN_IN, ORGS, NEW_ORG];

/// All addresses below it belong to organizations; [`NEW_ORG`] is the exception.
pub const ORG_PREFIX: &str = "/orgs/";

/// Ends the session (POST).
pub const SIGN_OUT: &str = "/sign-out";

/// Receives Stripe's events (POST).
pub const STRIPE_WEBHOOK: &str = "/webhooks/stripe";
/// Whether the process is up.
pub const HEALTHZ: &str = "/healthz";
/// Whether the process can serve requests.
pub const READYZ: &str = "/readyz";
/// What the process counts, for Prometheus.
pub const METRICS: &str = "/metrics";

/// The parameter of [`SIGN_IN`] that says where to go afterwards.
const NEXT: &str = "next";

/// Characters that need no encoding in a query value (RFC 3986's unreserved ones).
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The member list that `query` asks for.
pub fn member_list(slug: &OrgSlug, query: &MemberListQuery) -> String {
    with_query(OrgPage::Members.path(slug), &query.to_params())
}

/// The sign-in page that leads back to `next`, a path of ours with its query.
pub fn sign_in_then(next: &str) -> String {
    with_query(SIGN_IN.to_owned(), &[(NEXT, next.to_owned())])
}

/// Where the sign-in page with this query leads afterwards; empty: it does not say. What
/// it says was written by anybody: see [`safe_next`].
pub fn next_in(query: &str) -> String {
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == NEXT)
        .map_or_else(String::new, |(_, next)| next.into_owned())
}

/// `path` with `params` as its query, encoded.
pub fn with_query(mut path: String, params: &[(&str, String)]) -> String {
    for (index, (name, value)) in params.iter().enumerate() {
        let mark = if index == 0 { '?' } else { '&' };
        let value = utf8_percent_encode(value, QUERY_VALUE);
        write!(path, "{mark}{name}={value}").expect("writing to a string never fails");
    }
    path
}

/// `next` if it is a path on this very site, else [`ORGS`]: `//evil.test`,
/// `/\evil.test` and absolute addresses lead to other sites.
pub fn safe_next(next: &str) -> &str {
    let leads_away = !next.starts_with('/')
        || next.starts_with("//")
        || next.contains('\\')
        || next.chars().any(char::is_control);
    if leads_away { ORGS } else { next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{PageNumber, Role};

    #[test]
    fn addresses_encode_what_users_type() {
        let slug = OrgSlug::parse("acme").expect("a slug");
        let query = MemberListQuery {
            page: PageNumber::new(3),
            search: "a&b=ü %".into(),
            role: Some(Role::Admin),
            ..Default::default()
        };
        let address = member_list(&slug, &query);
        assert_eq!(
            address,
            "/orgs/acme/members?q=a%26b%3D%C3%BC%20%25&role=admin&page=3"
        );
        let path = OrgPath::parse(&address).expect("a page of an organization");
        assert_eq!(MemberListQuery::from_query(path.query), query);
    }

    #[test]
    fn the_way_back_survives_the_sign_in_page() {
        let next = "/orgs/acme?x=1&y=ü";
        let address = sign_in_then(next);
        assert_eq!(address, "/sign-in?next=%2Forgs%2Facme%3Fx%3D1%26y%3D%C3%BC");
        let (_, query) = address.split_once('?').expect("a query");
        assert_eq!(next_in(query), next);
        assert_eq!(next_in("x=1"), "");
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
        let page = "/orgs/acme/members?page=2";
        assert_eq!(safe_next(page), page);
    }
}
