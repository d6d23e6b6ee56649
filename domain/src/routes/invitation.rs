//! Invitations: the list that an organization has, and the page that a link leads to.

use super::{OrgPage, param_in, with_query};
use crate::{DraftId, InvitationListQuery, OrgSlug};

/// The page of an invitation, as routers write it.
pub const INVITATION: &str = "/invitations/{token}";

/// All of them are below it.
const PREFIX: &str = "/invitations/";

/// Digits of a secret: 256 bits in hexadecimal.
const TOKEN_LENGTH: usize = 64;

/// The parameter of the list that has it show a list that is not sent yet.
const DRAFT: &str = "draft";

/// The page of the invitation with this secret. It is a part of the path, which the access
/// log names by its pattern only.
pub fn invitation(token: &str) -> String {
    format!("{PREFIX}{token}")
}

/// The list of invitations that `query` asks for.
pub fn invitation_list(slug: &OrgSlug, query: &InvitationListQuery) -> String {
    with_query(OrgPage::Invitations.path(slug), &query.to_params())
}

/// A list of people to invite, with what would become of each.
pub fn invitation_draft(slug: &OrgSlug, draft: DraftId) -> String {
    with_query(
        OrgPage::Invitations.path(slug),
        &[(DRAFT, draft.to_string())],
    )
}

/// The list that the address with this query is to show; `None`: it says nothing readable.
pub fn draft_in(query: &str) -> Option<DraftId> {
    param_in(query, DRAFT).parse().ok()
}

/// Whether `path` can be the page of an invitation.
pub(super) fn is_invitation(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|token| {
        token.len() == TOKEN_LENGTH
            && token
                .bytes()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}
