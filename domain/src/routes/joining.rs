//! Ways to join: the page that an organization has, and the one that a link leads to.

use super::{OrgPage, with_query};
use crate::{OrgSlug, PageNumber};

/// The page of a join link, as routers write it.
pub const JOIN: &str = "/join/{token}";

/// All of them are below it.
const PREFIX: &str = "/join/";

/// Digits of a secret: 256 bits in hexadecimal.
const TOKEN_LENGTH: usize = 64;

/// The page of the link with this secret. It is a part of the path, which the access log names
/// by its pattern only.
pub fn join(token: &str) -> String {
    format!("{PREFIX}{token}")
}

/// The ways to join an organization, with this page of those who ask.
pub fn ways_to_join(slug: &OrgSlug, page: PageNumber) -> String {
    let path = OrgPage::Joining.path(slug);
    match page {
        PageNumber::FIRST => path,
        page => with_query(path, &[("page", page.to_string())]),
    }
}

/// Whether `path` can be the page of a link.
pub(super) fn is_join(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|token| {
        token.len() == TOKEN_LENGTH
            && token
                .bytes()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}
