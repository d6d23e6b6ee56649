//! What a mailed link is for.

use strum::IntoStaticStr;
use time::Duration;

/// What a mailed link does once its page's button is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum TokenKind {
    /// Shows that the address of an account is its owner's.
    VerifyEmail,
    /// Sets a password without knowing the old one.
    ResetPassword,
    /// Gives the account the address that the link was sent to.
    ChangeEmail,
    /// Gives the account the address back that it had.
    UndoEmailChange,
    DeleteAccount,
}

impl TokenKind {
    /// How long the link works. What gives access is short; undoing has to wait for somebody
    /// to read their mail after a weekend.
    pub fn lifetime(self) -> Duration {
        match self {
            Self::ResetPassword | Self::DeleteAccount => Duration::HOUR,
            Self::VerifyEmail | Self::ChangeEmail => Duration::DAY,
            Self::UndoEmailChange => Duration::days(7),
        }
    }
}
