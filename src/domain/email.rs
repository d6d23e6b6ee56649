//! E-mail addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Invalid;

/// An address in lower case with exactly one `@` that has text on both sides, no
/// white space and at most 254 characters. Only mail can show whether it exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Parses what a user typed, ignoring case and surrounding white space.
    ///
    /// # Errors
    /// [`Invalid`] for the field `email`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let address = text.trim().to_lowercase();
        let is_well_formed = address.len() <= 254
            && !address.chars().any(|c| c.is_whitespace() || c.is_control())
            && address.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && !domain.is_empty() && !domain.contains('@')
            });
        if is_well_formed {
            Ok(Self(address))
        } else {
            Err(Invalid::new(
                "email",
                "Enter an e-mail address, like name@example.com.",
            ))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_and_lowered() {
        let email = Email::parse(" Owner@Acme.TEST ").expect("an address");
        assert_eq!(email.as_str(), "owner@acme.test");
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for text in ["", "owner", "@acme.test", "owner@", "a@b@c", "a b@c"] {
            assert!(Email::parse(text).is_err(), "{text:?} was accepted");
        }
    }
}
