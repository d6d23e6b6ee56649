//! Passkeys, as their owner sees them.

use time::OffsetDateTime;

use super::{Invalid, PasskeyId, text::parse_name};

/// What a user calls a passkey: 1 to 100 characters that can be seen; [`super::text`] has
/// the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyName(String);

impl PasskeyName {
    /// # Errors
    /// [`Invalid`] for the field `name`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        parse_name(text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One of a user's passkeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    pub id: PasskeyId,
    pub name: String,
    pub created_at: OffsetDateTime,
    /// `None`: never since it was added.
    pub last_used_at: Option<OffsetDateTime>,
}
