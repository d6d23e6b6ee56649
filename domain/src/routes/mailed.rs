//! Links in what is mailed.

use super::{param_in, with_query};
use crate::TokenKind;

/// The parameter that has the link's secret.
const TOKEN: &str = "token";

/// The page that asks before a mailed link of this kind does what it is for.
pub const fn mailed_link_page(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::VerifyEmail => "/verify-email",
        TokenKind::ResetPassword => "/reset-password",
        TokenKind::ChangeEmail => "/change-email",
        TokenKind::UndoEmailChange => "/undo-email-change",
        TokenKind::DeleteAccount => "/delete-account",
    }
}

/// The same with the secret that the mail has.
pub fn mailed_link(kind: TokenKind, token: &str) -> String {
    with_query(
        mailed_link_page(kind).to_owned(),
        &[(TOKEN, token.to_owned())],
    )
}

/// The secret of the link with this query; empty: it has none.
pub fn token_in(query: &str) -> String {
    param_in(query, TOKEN)
}
