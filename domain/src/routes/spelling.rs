//! One spelling of every address.
//!
//! Several parsers read an address: the router, the pages' router, the guard of
//! organizations, the prefetch, the access log. They agree on canonical paths and on
//! nothing else, so nothing else reaches them: the server redirects every other spelling,
//! or answers that there is nothing.

use std::fmt::Write as _;

use super::{OrgPath, PAGES, ProviderPage, is_invitation, is_join};
use crate::OrgSegment;

/// Longest path; the longest of ours has 77 characters.
const MAX_PATH: usize = 2_048;

/// Longest segment, as file systems count.
const MAX_SEGMENT: usize = 255;

/// How a path is spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// The only way to write it.
    Canonical,
    /// This is how it is written.
    Variant(String),
    /// No address can look like this: broken encoding, dot segments, an encoded slash,
    /// control characters, or too long.
    Nowhere,
}

impl Spelling {
    /// Of a path as it was sent, without its query.
    ///
    /// Canonical is: no empty segments and no slash at the end, percent-encoded where it has
    /// to be and nowhere else, with upper-case digits, and pages of ours in lower case.
    pub fn of(path: &str) -> Self {
        let Some(canonical) = canonical(path) else {
            return Self::Nowhere;
        };
        let lower_case = canonical.to_ascii_lowercase();
        let canonical = if is_page(&lower_case) {
            lower_case
        } else {
            canonical
        };
        if canonical == path {
            Self::Canonical
        } else {
            Self::Variant(canonical)
        }
    }
}

fn canonical(path: &str) -> Option<String> {
    if path.len() > MAX_PATH || !path.starts_with('/') {
        return None;
    }
    let mut canonical = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        canonical.push('/');
        let start = canonical.len();
        push_segment(&mut canonical, segment)?;
        if matches!(&canonical[start..], "." | "..") || segment.len() > MAX_SEGMENT {
            return None;
        }
    }
    if canonical.is_empty() {
        canonical.push('/');
    }
    Some(canonical)
}

/// Appends a segment in its canonical spelling; `None`: it has none.
fn push_segment(path: &mut String, segment: &str) -> Option<()> {
    // What servers before us and routers after us could take for a separator, or for the end.
    let never = |byte: u8| matches!(byte, b'/' | b'\\') || byte.is_ascii_control();
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(segment).collect();
    if decoded.iter().copied().any(never) || std::str::from_utf8(&decoded).is_err() {
        return None;
    }
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        let (byte, was_encoded) = match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                (u8::try_from(digit()? * 16 + digit()?).ok()?, true)
            }
            plain => (plain, false),
        };
        let is_unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let stays = is_unreserved || !was_encoded && b"!$&'()*+,;=:@".contains(&byte);
        if stays {
            path.push(char::from(byte));
        } else {
            write!(path, "%{byte:02X}").expect("writing to a string never fails");
        }
    }
    Some(())
}

/// Whether one of our pages can have the path.
fn is_page(path: &str) -> bool {
    PAGES.contains(&path)
        || ProviderPage::has(path)
        || is_invitation(path)
        || is_join(path)
        || OrgPath::parse(path)
            .is_some_and(|org| org.page.is_some() && OrgSegment::parse(org.segment).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_links_say_is_canonical() {
        for path in [
            "/",
            "/sign-in",
            "/sign-in/with/acme/callback",
            "/orgs",
            "/orgs/new",
            "/orgs/default",
            "/orgs/acme-2/members",
            "/orgs/0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
            "/pkg/orghub.css",
            "/No/Such/Page",
            "/a+b/c,d;e=f",
            "/caf%C3%A9",
            "/100%25",
        ] {
            assert_eq!(Spelling::of(path), Spelling::Canonical, "{path}");
        }
    }

    #[test]
    fn other_spellings_lead_to_the_canonical_one() {
        for (path, canonical) in [
            ("//", "/"),
            ("/orgs/", "/orgs"),
            ("/orgs//", "/orgs"),
            ("//orgs///acme//members/", "/orgs/acme/members"),
            ("//evil.test/orgs", "/evil.test/orgs"),
            ("/Sign-In", "/sign-in"),
            (
                "/Sign-In/With/Acme/Callback/",
                "/sign-in/with/acme/callback",
            ),
            ("/orgs/ACME/Members", "/orgs/acme/members"),
            ("/orgs/%61cme", "/orgs/acme"),
            ("/%6Frgs/%41cme/", "/orgs/acme"),
            ("/orgs/acme/%73ettings", "/orgs/acme/settings"),
            (
                "/orgs/0192F0C4-5B5E-7CC3-98C4-DC0C0C07398F",
                "/orgs/0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
            ),
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/%7Ea", "/~a"),
            ("/a\"b", "/a%22b"),
        ] {
            assert_eq!(
                Spelling::of(path),
                Spelling::Variant(canonical.to_owned()),
                "{path}"
            );
        }
    }

    #[test]
    fn what_no_address_can_be_is_nowhere() {
        let long_segment = format!("/{}", "a".repeat(256));
        let long_path = "/a".repeat(1_025);
        for path in [
            "",
            "*",
            "orgs",
            "/.",
            "/..",
            "/orgs/../orgs",
            "/orgs/%2e%2E/orgs",
            "/orgs/.%2e",
            "/orgs%2Facme",
            "/orgs/a%5Cb",
            "/orgs\\acme",
            "/orgs/a%00b",
            "/orgs/a%0d%0ab",
            "/orgs/%",
            "/orgs/%4",
            "/orgs/%zz",
            "/orgs/%E9",
            "/orgs/%C0%AF",
            &long_segment,
            &long_path,
        ] {
            assert_eq!(Spelling::of(path), Spelling::Nowhere, "{path}");
        }
    }

    #[test]
    fn the_canonical_spelling_is_its_own() {
        for path in ["//Orgs//%41cme/", "/%7e%2B+%c3%a9", "/a%20b\"{}|^`"] {
            let Spelling::Variant(canonical) = Spelling::of(path) else {
                panic!("{path} is a variant");
            };
            assert_eq!(Spelling::of(&canonical), Spelling::Canonical, "{path}");
        }
    }
}
