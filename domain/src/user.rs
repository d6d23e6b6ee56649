//! Users.

use serde::{Deserialize, Serialize};

use super::{Email, Invalid, PictureHash, UserId, text::parse_name};

/// A user's name: 1 to 100 characters that can be seen; [`super::text`] has the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName(String);

impl UserName {
    /// # Errors
    /// [`Invalid`] for the field `name`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        parse_name(text).map(Self)
    }

    /// What to call somebody new: what their provider of sign-in does, if that is a name, or
    /// what stands before the `@` of their address.
    pub fn by_provider(claimed: &str, email: &Email) -> Self {
        let local = email.as_str().split('@').next().unwrap_or_default();
        [claimed, local, "New user"]
            .into_iter()
            .find_map(|text| Self::parse(text).ok())
            .expect("the last of them is a name")
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for UserName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// The user behind a live session, with what nearly every page shows or checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentUser {
    pub id: UserId,
    pub name: String,
    pub email: Email,
    pub email_verified: bool,
    pub picture: Option<PictureHash>,
    /// Whether the user may use `/admin`.
    pub platform_admin: bool,
    /// Whether signing in takes a second factor.
    pub has_second_factor: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_user_has_a_name_whatever_the_provider_says() {
        let email = Email::parse("ada.lovelace@users.test").expect("an address");
        for (claimed, name) in [
            (" Ada  Lovelace ", "Ada Lovelace"),
            ("", "ada.lovelace"),
            ("A\u{202e}da", "ada.lovelace"),
            ("Ada\nLovelace", "ada.lovelace"),
            (&"a".repeat(101), "ada.lovelace"),
        ] {
            let named = UserName::by_provider(claimed, &email);
            assert_eq!(named.as_str(), name, "{claimed:?}");
        }
        let long = Email::parse(&format!("{}@users.test", "a".repeat(101)));
        let named = UserName::by_provider("", &long.expect("an address"));
        assert_eq!(named.as_str(), "New user");
    }
}
