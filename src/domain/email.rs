//! E-mail addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Invalid;

/// An address in lower case with one `@`, something on both sides of it, no
/// white space, at most 254 characters. Whether mail arrives is for mail to show.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Parses what a person typed; surrounding white space and case do not matter.
    ///
    /// # Errors
    /// [`Invalid`] for the field `email`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let address = text.trim().to_lowercase();
        let well_formed = address.len() <= 254
            && !address.chars().any(|c| c.is_whitespace() || c.is_control())
            && address.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && !domain.is_empty() && !domain.contains('@')
            });
        if well_formed {
            Ok(Self(address))
        } else {
            Err(Invalid::new(
                "email",
                "Enter an e-mail address, like name@example.com.",
            ))
        }
    }

    /// The address as text.
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
        assert_eq!(
            Email::parse(" Owner@Acme.TEST ")
                .expect("an address")
                .as_str(),
            "owner@acme.test"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "owner", "@acme.test", "owner@", "a@b@c", "a b@c"] {
            assert!(Email::parse(text).is_err(), "{text:?} was taken");
        }
    }
}
