//! Slugs: organizations' names in addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Invalid, OrgId, text};

/// Fewest characters of a slug.
pub const MIN_LENGTH: usize = 2;
/// Most characters of a slug.
pub const MAX_LENGTH: usize = 48;

/// Our own addresses under `/orgs`, present and future.
const RESERVED: &[&str] = &["default", "new"];

/// A well-formed slug: `a-z 0-9 -`, 2 to 48 characters, no dash at either end or
/// twice in a row, not a UUID, not reserved. Whether an organization has it is a
/// question for the database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrgSlug(String);

impl OrgSlug {
    /// Parses what a user typed or an address holds.
    ///
    /// # Errors
    /// [`Invalid`] for the field `slug`, naming the broken rule.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |message: &str| Err(Invalid::new("slug", message));
        if text.len() < MIN_LENGTH || text.len() > MAX_LENGTH {
            return invalid("Use 2 to 48 characters.");
        }
        if !text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        {
            return invalid("Use lower-case letters a–z, digits and dashes only.");
        }
        if text.starts_with('-') || text.ends_with('-') || text.contains("--") {
            return invalid("Dashes can't be first, last or doubled.");
        }
        if RESERVED.contains(&text) || text.parse::<uuid::Uuid>().is_ok() {
            return invalid("This slug is reserved. Choose another one.");
        }
        Ok(Self(text.to_owned()))
    }

    /// The slug a name suggests: `"Acme & Söhne"` gives `acme-sohne`. `None` if too few
    /// characters are left.
    ///
    /// `decomposed` is in lower case, and each accent in it is a character of its own
    /// ([`text::decomposed`]): how to do that is known to browsers, and its tables would be
    /// most of what they download.
    pub fn suggest(decomposed: &str) -> Option<Self> {
        let mut slug = String::new();
        for c in decomposed.chars().filter(|c| !text::is_accent(*c)) {
            if c.is_ascii_alphanumeric() {
                slug.push(c);
            } else if let Some(plain) = text::plain_letters(c) {
                slug.push_str(plain);
            } else if !(slug.is_empty() || slug.ends_with('-')) {
                slug.push('-');
            }
        }
        slug.truncate(MAX_LENGTH);
        Self::parse(slug.trim_end_matches('-')).ok()
    }

    /// The slug with a number behind it, cut where it would be too long.
    pub fn numbered(&self, number: u32) -> Self {
        let end = format!("-{number}");
        let kept = self.0.len().min(MAX_LENGTH - end.len());
        Self(format!("{}{end}", self.0[..kept].trim_end_matches('-')))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for OrgSlug {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrgSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for OrgSlug {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<OrgSlug> for String {
    fn from(slug: OrgSlug) -> Self {
        slug.0
    }
}

/// What an address has in the place of `{slug}` in `/orgs/{slug}/…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrgSegment {
    /// `/orgs/default/…`: the organization the user joined first.
    Default,
    /// An id, which redirects to the slug.
    Id(OrgId),
    /// A slug, current or former.
    Slug(OrgSlug),
}

impl OrgSegment {
    /// `None`: no organization can have this address.
    pub fn parse(segment: &str) -> Option<Self> {
        if segment == "default" {
            return Some(Self::Default);
        }
        if let Ok(id) = segment.parse() {
            return Some(Self::Id(id));
        }
        OrgSlug::parse(segment).ok().map(Self::Slug)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_slugs_are_accepted() {
        for text in ["ab", "acme", "acme-2", "2-go", &"a".repeat(48)] {
            assert_eq!(OrgSlug::parse(text).expect(text).as_str(), text);
        }
    }

    #[test]
    fn malformed_and_reserved_slugs_are_refused() {
        let long = "a".repeat(49);
        for text in [
            "",
            "a",
            &long,
            "Acme",
            "ac me",
            "-acme",
            "acme-",
            "ac--me",
            "äcme",
            "default",
            "new",
            "a/b",
            "0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        ] {
            assert!(OrgSlug::parse(text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn a_name_suggests_a_slug() {
        let suggest = |name: &str| OrgSlug::suggest(&text::decomposed(name));
        for (name, slug) in [
            ("Acme & Söhne GmbH", "acme-sohne-gmbh"),
            ("So\u{308}hne", "sohne"),
            ("Straße", "strasse"),
            ("STRAẞE", "strasse"),
            ("Łódź", "lodz"),
            ("Nguyễn Đức", "nguyen-duc"),
            ("Škoda Čížek", "skoda-cizek"),
            ("Ærø Færge", "aero-faerge"),
            ("Œuvre", "oeuvre"),
            ("Þór Guðmundsson", "thor-gudmundsson"),
            ("Ħal Għaxaq", "hal-ghaxaq"),
            ("İstanbul Iğdır", "istanbul-igdir"),
            ("Ａｃｍｅ ２", "acme-2"),
            ("Acme 株式会社", "acme"),
            ("ﬁne", "fine"),
            (
                &"longer name ".repeat(20),
                "longer-name-longer-name-longer-name-longer-name",
            ),
        ] {
            let suggested = suggest(name).map(String::from);
            assert_eq!(suggested.as_deref(), Some(slug), "{name:?}");
        }
        for name in ["", "  !!  ", "株式会社", "\u{301}", "x"] {
            assert_eq!(suggest(name), None, "{name:?}");
        }
    }
}
