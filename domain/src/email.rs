//! E-mail addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Invalid, text};

/// An address in its one form ([`text::folded`]) with exactly one `@` that has text on both
/// sides, nothing that cannot be seen, and at most 254 bytes. Only mail can show whether it
/// exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Parses what a user typed or pasted, ignoring case and what surrounds it: white space
    /// and invisible characters, which come along when an address is copied.
    ///
    /// # Errors
    /// [`Invalid`] for the field `email`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let address = text::folded(text::trimmed(text));
        let is_well_formed = address.len() <= 254
            && text::is_visible(&address)
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
    fn addresses_have_one_form() {
        for (typed, address) in [
            (" Owner@Acme.TEST ", "owner@acme.test"),
            ("owner@acme.test\u{a0}", "owner@acme.test"),
            ("\u{200b}owner@acme.test\u{200b}", "owner@acme.test"),
            ("\u{feff}owner@acme.test\r\n", "owner@acme.test"),
            ("\u{202a}owner@acme.test\u{202c}", "owner@acme.test"),
            ("\u{2068}owner@acme.test\u{2069}", "owner@acme.test"),
            ("\u{141}ucja@acme.test", "\u{142}ucja@acme.test"),
            ("JOSE\u{301}@acme.test", "jos\u{e9}@acme.test"),
            (
                "\u{39f}\u{394}\u{3a5}\u{3a3}\u{3a3}\u{395}\u{3a5}\u{3a3}@acme.test",
                "οδυσσευσ@acme.test",
            ),
            ("οδυσσευς@acme.test", "οδυσσευσ@acme.test"),
            ("\u{212a}ara@acme.test", "kara@acme.test"),
        ] {
            let email = Email::parse(typed).expect(typed);
            assert_eq!(email.as_str(), address, "{typed:?}");
            let again = Email::parse(address).expect(address);
            assert_eq!(again, email, "{typed:?}");
        }
    }

    #[test]
    fn malformed_addresses_are_refused() {
        let long = format!("{}@acme.test", "a".repeat(254));
        for text in [
            "",
            "owner",
            "@acme.test",
            "owner@",
            "a@b@c",
            "a b@c",
            "ow\u{a0}ner@acme.test",
            "ow\u{200b}ner@acme.test",
            "ow\u{ad}ner@acme.test",
            "ow\u{202e}ner@acme.test",
            "owner@\u{2060}acme.test",
            "owner\0@acme.test",
            "own\u{fffd}r@acme.test",
            "\u{3164}@acme.test",
            "\u{200b}@acme.test",
            "\u{fe0f}@acme.test",
            "own\u{200d}er@acme.test",
            &long,
        ] {
            assert!(Email::parse(text).is_err(), "{text:?} was accepted");
        }
    }
}
