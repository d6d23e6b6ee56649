//! Domains of e-mail addresses.

use std::fmt;
#[cfg(feature = "server")]
use std::{collections::HashSet, sync::LazyLock};

use serde::{Deserialize, Serialize};

#[cfg(feature = "server")]
use super::{Email, Invalid, text};

/// Domains where anybody can get an address: of mail providers, and of those that hand out
/// addresses for ten minutes. One a line, in the ASCII form.
#[cfg(feature = "server")]
const PUBLIC: &str = include_str!("public_mail_providers.txt");

/// The part of an address behind the `@`, in the form that mail servers use: lower case,
/// letters of other alphabets as `xn--…`. Two are the same if all of it is: what holds for
/// `acme.test` does not hold for `mail.acme.test`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailDomain(String);

impl MailDomain {
    /// Parses what a user typed, with or without the `@`.
    ///
    /// # Errors
    /// [`Invalid`] for the field `domain`.
    #[cfg(feature = "server")]
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let typed = text::trimmed(text);
        let typed = typed.strip_prefix('@').unwrap_or(typed);
        ascii(typed)
            .map(Self)
            .ok_or_else(|| Invalid::new("domain", "Enter a domain, like example.com."))
    }

    /// The domain of an address; `None`: it has none that a name of the DNS could be, such as
    /// a literal IP address.
    #[cfg(feature = "server")]
    pub fn of(email: &Email) -> Option<Self> {
        let (_, domain) = email.as_str().rsplit_once('@')?;
        ascii(domain).map(Self)
    }

    /// Whether anybody can get an address there: having one proves nothing about whose the
    /// domain is.
    #[cfg(feature = "server")]
    pub fn is_public(&self) -> bool {
        static LIST: LazyLock<HashSet<&str>> = LazyLock::new(|| PUBLIC.lines().collect());
        LIST.contains(self.as_str())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MailDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The ASCII form; `None`: it is no name of at least two labels.
#[cfg(feature = "server")]
fn ascii(domain: &str) -> Option<String> {
    // What URLs may encode, mail may not.
    if domain.contains('%') {
        return None;
    }
    let Ok(url::Host::Domain(domain)) = url::Host::parse(domain) else {
        return None;
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let is_name = domain.len() <= 253 && domain.contains('.') && domain.split('.').all(is_label);
    is_name.then_some(domain)
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn a_domain_has_one_form() {
        for (typed, domain) in [
            (" Acme.TEST ", "acme.test"),
            ("@acme.test", "acme.test"),
            ("b\u{fc}cher.test", "xn--bcher-kva.test"),
            ("BU\u{308}CHER.test", "xn--bcher-kva.test"),
            ("xn--bcher-kva.test", "xn--bcher-kva.test"),
            ("mail.acme.test", "mail.acme.test"),
            // A full-width letter and an ideographic full stop.
            ("\u{ff41}cme\u{3002}test", "acme.test"),
        ] {
            let parsed = MailDomain::parse(typed).expect(typed);
            assert_eq!(parsed.as_str(), domain, "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        let long = format!("{}.test", "a".repeat(64));
        for typed in [
            "",
            "@",
            "acme",
            "localhost",
            "acme.test.",
            ".acme.test",
            "acme..test",
            "-acme.test",
            "acme_1.test",
            "192.0.2.1",
            "[::1]",
            "a%63me.test",
            "acme.test/x",
            "acme.test:25",
            "owner@acme.test",
            "acme test",
            "acme.test\u{0}",
            &long,
        ] {
            assert!(MailDomain::parse(typed).is_err(), "{typed:?} was accepted");
        }
    }

    #[test]
    fn the_domain_of_an_address_is_all_that_follows_the_at() {
        let of = |address: &str| {
            let email = Email::parse(address).expect(address);
            MailDomain::of(&email).map(|domain| domain.to_string())
        };
        assert_eq!(of("Ada@ACME.test").as_deref(), Some("acme.test"));
        assert_eq!(
            of("ada@b\u{fc}cher.test").as_deref(),
            Some("xn--bcher-kva.test")
        );
        assert_eq!(of("ada@x.acme.test").as_deref(), Some("x.acme.test"));
        assert_eq!(of("ada@[192.0.2.1]"), None);
        assert_eq!(of("ada@acme.test(evil.test)"), None);
    }

    #[test]
    fn providers_are_known_in_every_spelling() {
        for public in [
            "gmail.com",
            "GMail.com",
            "yahoo.co.uk",
            "mailinator.com",
            "qq.com",
        ] {
            assert!(
                MailDomain::parse(public).expect(public).is_public(),
                "{public}"
            );
        }
        for own in ["acme.test", "mail.acme.test", "gmail.com.acme.test"] {
            assert!(!MailDomain::parse(own).expect(own).is_public(), "{own}");
        }
    }

    #[test]
    fn the_list_is_in_the_form_it_is_searched_by() {
        let mut before = "";
        for line in PUBLIC.lines() {
            let parsed = MailDomain::parse(line).expect(line);
            assert_eq!(parsed.as_str(), line);
            assert!(before < line, "{line} is not in order");
            before = line;
        }
    }
}
