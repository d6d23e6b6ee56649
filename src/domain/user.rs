//! People.

use serde::{Deserialize, Serialize};

use super::{Email, Invalid, UserId};

/// Who is asking: the person behind a live session, with what nearly every page
/// shows or checks of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentUser {
    /// The person's id.
    pub id: UserId,
    /// Display name.
    pub name: String,
    /// Sign-in address.
    pub email: Email,
    /// Whether the address was confirmed.
    pub email_verified: bool,
    /// Whether the person may use `/admin`.
    pub platform_admin: bool,
}

/// A person's or an organization's name has 1 to 100 characters.
pub(super) fn parse_name(text: &str) -> Result<String, Invalid> {
    let name = text.trim();
    match name.chars().count() {
        0 => Err(Invalid::new("name", "Enter a name.")),
        1..=100 if !name.chars().any(char::is_control) => Ok(name.to_owned()),
        1..=100 => Err(Invalid::new(
            "name",
            "Use letters, digits, spaces and punctuation only.",
        )),
        _ => Err(Invalid::new("name", "Use at most 100 characters.")),
    }
}

/// A person's name, 1 to 100 characters without surrounding white space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// Parses what a person typed.
    ///
    /// # Errors
    /// [`Invalid`] for the field `name`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        parse_name(text).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
