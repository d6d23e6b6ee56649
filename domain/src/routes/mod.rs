//! Every address of the product, once: for routers, links, redirects, forms and tests.
//!
//! An organization's pages are [`OrgPage`], and [`OrgPath`] is the one parser of their
//! addresses; [`ProviderPage`] are those of signing in with others, [`AdminPage`] those of
//! platform admins. Where a macro takes nothing but a literal (routes of the application,
//! endpoints of server functions), `server/tests/it/endpoints/` compares it with what
//! is here.

mod account;
mod admin;
pub mod api;
mod bulk_change;
mod invitation;
mod joining;
mod mailed;
mod org;
mod provider;
mod spelling;

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use account::{
    ACCOUNT_EXPORT, AccountPage, CONFIRM, PICTURES, RECOVERY_CODES, TOTP, confirm_then, picture,
};
pub use admin::{
    AdminPage, admin_ledger, admin_list, admin_log, admin_org, admin_user, admin_webhook, ledger_in,
};
pub use bulk_change::{action_in, bulk_change, bulk_change_in, change_members};
use invitation::is_invitation;
pub use invitation::{INVITATION, draft_in, invitation, invitation_draft, invitation_list};
use joining::is_join;
pub use joining::{JOIN, join, ways_to_join};
pub use mailed::{mailed_link, mailed_link_page, token_in};
pub use org::{ACTIVITY_FILE, MEMBER_FILE, OrgPage, OrgPath};
pub use provider::ProviderPage;
pub use spelling::Spelling;

use crate::{ActivityListQuery, MemberListQuery, OrgListQuery, OrgSlug, TokenKind};

/// The landing page.
pub const HOME: &str = "/";
/// The sign-in form; see [`sign_in_then`].
pub const SIGN_IN: &str = "/sign-in";
/// The second step of signing in; see [`second_factor_then`].
pub const SECOND_FACTOR: &str = "/sign-in/second-factor";
/// The form that makes an account; it takes `next` like [`SIGN_IN`].
pub const SIGN_UP: &str = "/sign-up";
/// What to do after something was mailed.
pub const CHECK_MAIL: &str = "/check-mail";
/// Asks for the address whose password was forgotten.
pub const FORGOT_PASSWORD: &str = "/forgot-password";
/// The list of the user's organizations.
pub const ORGS: &str = "/orgs";
/// The form that creates an organization.
pub const NEW_ORG: &str = "/orgs/new";

/// The pages outside organizations.
pub const PAGES: &[&str] = &[
    HOME,
    SIGN_IN,
    SECOND_FACTOR,
    SIGN_UP,
    CHECK_MAIL,
    FORGOT_PASSWORD,
    mailed_link_page(TokenKind::VerifyEmail),
    mailed_link_page(TokenKind::ResetPassword),
    mailed_link_page(TokenKind::ChangeEmail),
    mailed_link_page(TokenKind::UndoEmailChange),
    mailed_link_page(TokenKind::DeleteAccount),
    ORGS,
    NEW_ORG,
    AccountPage::Profile.path(),
    AccountPage::Security.path(),
    CONFIRM,
    AdminPage::Overview.path(),
    AdminPage::Orgs.path(),
    AdminPage::Users.path(),
    AdminPage::Cache.path(),
    AdminPage::Jobs.path(),
    AdminPage::Webhooks.path(),
    AdminPage::Sessions.path(),
    TOTP,
    RECOVERY_CODES,
];

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
/// Messages that were not sent, in development; each at an address below it.
pub const MAILBOX: &str = "/dev/mailbox";
/// The same for programs.
pub const MAILBOX_JSON: &str = "/dev/mailbox.json";

/// The parameter of [`SIGN_IN`] that says where to go afterwards.
const NEXT: &str = "next";

/// And the one that says as whom.
const EMAIL: &str = "email";

/// Characters that need no encoding in a query value (RFC 3986's unreserved ones).
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// And of an address to write to, in which `?` would begin the message.
const MAIL_ADDRESS: &AsciiSet = &QUERY_VALUE.remove(b'@').remove(b'+');

/// The member list that `query` asks for.
pub fn member_list(slug: &OrgSlug, query: &MemberListQuery) -> String {
    with_query(OrgPage::Members.path(slug), &query.to_params())
}

/// Where how many members the list has is asked for.
pub fn member_total(slug: &OrgSlug, query: &MemberListQuery) -> String {
    let mut params = vec![("org", slug.to_string())];
    params.extend(query.at_page(Default::default()).to_params());
    with_query(api::COUNT_MEMBERS.to_owned(), &params)
}

/// The same as a file, from its first member on.
pub fn member_file(slug: &OrgSlug, query: &MemberListQuery) -> String {
    let path = MEMBER_FILE.replace("{slug}", slug.as_str());
    with_query(path, &query.at_page(Default::default()).to_params())
}

/// The part of the audit log that `query` asks for.
pub fn activity_list(slug: &OrgSlug, query: &ActivityListQuery) -> String {
    with_query(OrgPage::Activity.path(slug), &query.to_params())
}

/// The same as a file, from the newest entry on.
pub fn activity_file(slug: &OrgSlug, query: &ActivityListQuery) -> String {
    let path = ACTIVITY_FILE.replace("{slug}", slug.as_str());
    with_query(path, &query.before(None).to_params())
}

/// The list of organizations that `query` asks for.
pub fn org_list(query: &OrgListQuery) -> String {
    with_query(ORGS.to_owned(), &query.to_params())
}

/// The sign-in page that leads back to `next`, a path of ours with its query.
pub fn sign_in_then(next: &str) -> String {
    with_query(SIGN_IN.to_owned(), &[(NEXT, next.to_owned())])
}

/// The second step of signing in, on the way to `next`, a path of ours with its query.
pub fn second_factor_then(next: &str) -> String {
    with_query(SECOND_FACTOR.to_owned(), &[(NEXT, next.to_owned())])
}

/// The sign-up page that leads on to `next`, a path of ours with its query.
pub fn sign_up_then(next: &str) -> String {
    if next.is_empty() {
        return SIGN_UP.to_owned();
    }
    with_query(SIGN_UP.to_owned(), &[(NEXT, next.to_owned())])
}

/// The sign-up page for somebody whose address is known, on the way to `next`.
pub fn sign_up_as(email: &str, next: &str) -> String {
    with_query(
        SIGN_UP.to_owned(),
        &[(NEXT, next.to_owned()), (EMAIL, email.to_owned())],
    )
}

/// The sign-in page for somebody whose address is known, on the way to `next`.
pub fn sign_in_as(email: &str, next: &str) -> String {
    with_query(
        SIGN_IN.to_owned(),
        &[(NEXT, next.to_owned()), (EMAIL, email.to_owned())],
    )
}

/// The address that the sign-in or sign-up page with this query is filled in with; empty: it
/// does not say. What it says was written by anybody, and is only shown.
pub fn email_in(query: &str) -> String {
    param_in(query, EMAIL)
}

/// Where the sign-in page with this query leads afterwards; empty: it does not say. What
/// it says was written by anybody: see [`safe_next`].
pub fn next_in(query: &str) -> String {
    param_in(query, NEXT)
}

/// The first parameter of this name; empty: there is none.
pub fn param_in(query: &str, name: &str) -> String {
    form_urlencoded::parse(query.as_bytes())
        .find(|(found, _)| found == name)
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

/// Opens a reader's mail program with a message to `address`.
pub fn mail_to(address: &str) -> String {
    let address = utf8_percent_encode(address, MAIL_ADDRESS);
    format!("mailto:{address}")
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

/// `next` if it is the address of a page, else [`ORGS`]. What is no page is no place to
/// send somebody to: other sites, and endpoints such as [`SIGN_OUT`].
pub fn safe_next(next: &str) -> &str {
    let path = next.split_once('?').map_or(next, |(path, _query)| path);
    let is_page = PAGES.contains(&path)
        || OrgPath::parse(path).is_some()
        || admin::is_admin_record(path)
        || is_invitation(path)
        || is_join(path);
    let is_safe =
        is_page && Spelling::of(path) == Spelling::Canonical && !next.chars().any(char::is_control);
    if is_safe { next } else { ORGS }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PageNumber, Role};

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
        assert_eq!(
            member_total(&slug, &query),
            "/api/count_members?org=acme&q=a%26b%3D%C3%BC%20%25&role=admin"
        );
    }

    #[test]
    fn an_address_to_write_to_is_nothing_else() {
        assert_eq!(mail_to("a.b+c@acme.test"), "mailto:a.b+c@acme.test");
        assert_eq!(
            mail_to("ü?body=x&cc=y@acme.test"),
            "mailto:%C3%BC%3Fbody%3Dx%26cc%3Dy@acme.test"
        );
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
            "/orgs/acme?a\nb",
            "/orgs/acme/../../x",
            SIGN_OUT,
            "/healthz",
            "/api/my_orgs",
            "/no/such/page",
            "/orgs//evil.test",
            "/sign-in/with/acme/callback",
            "/invitations/x",
            "/invitations/",
            "/join/x",
            "/join/",
        ] {
            assert_eq!(safe_next(away), ORGS, "{away:?}");
        }
        let [invitation, join] = [invitation, join].map(|page| page(&"0f".repeat(32)));
        for page in [
            "/",
            "/orgs/new",
            "/orgs/acme/members?page=2&q=a%2Fb",
            &invitation,
            &join,
        ] {
            assert_eq!(safe_next(page), page);
        }
    }
}
