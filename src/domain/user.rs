//! Users.

use serde::{Deserialize, Serialize};

use super::{Email, Invalid, UserId};

/// The user behind a live session, with what nearly every page shows or checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentUser {
    pub id: UserId,
    pub name: String,
    pub email: Email,
    pub email_verified: bool,
    /// Whether the user may use `/admin`.
    pub platform_admin: bool,
}

/// The rule for names of users and organizations: 1 to 100 characters.
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
