//! What text from people is: one spelling, one folding, and what a name may hold.
//!
//! Unicode has several ways to write what looks the same, and characters that cannot be
//! seen at all. Every text that people send passes here once:
//!
//! * A [name](parse_name) is shown in sentences of ours, so it holds what can be seen.
//! * A [search](clean_search) is anything; what cannot match is dropped.
//! * An e-mail address ([`super::Email`]) is a name's strictness and [`folded`].
//!
//! The database has [`folded`] and [`key`] as well (`text_folded` and `text_key` in
//! `migrations/0001_users_and_sessions.sql`), because rows are also written and searched
//! there. `tests/text.rs` compares them for every character.

mod characters;
mod names;

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

pub(super) use characters::is_accent;
use characters::{is_dropped_at_ends, is_ignored_in_keys, is_readable};
pub(super) use names::parse_name;

/// Most characters of a search; the rest is dropped.
pub const MAX_SEARCH_LENGTH: usize = 100;

/// Latin letters that are no plain letter with a mark, in lower case, and how they are
/// written without them.
const PLAIN_LETTERS: [(char, &str); 10] = [
    ('ß', "ss"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('ø', "o"),
    ('ł', "l"),
    ('đ', "d"),
    ('ð', "d"),
    ('þ', "th"),
    ('ħ', "h"),
    ('ı', "i"),
];

/// The one form of a text whose case does not matter: composed, in lower case, and
/// without the final form of sigma, which depends on the letters around it.
pub fn folded(text: &str) -> String {
    text.nfc()
        .flat_map(char::to_lowercase)
        .map(one_sigma)
        .nfc()
        .collect()
}

/// What a text is found and sorted by: in lower case, without accents, and with
/// [`plain_letters`]. Keys are compared byte by byte.
///
/// "Émile", "EMILE" and a decomposed "émile" have the same key, and "Ärger" stands at A.
/// Only marks of Latin, Greek and Cyrillic are accents: a vowel of Hindi is one of the
/// word's letters.
pub fn key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    let letters = text.nfkd().filter(|c| !is_ignored_in_keys(*c));
    for c in letters.flat_map(char::to_lowercase).map(one_sigma) {
        match plain_letters(c) {
            Some(plain) => key.push_str(plain),
            None => key.push(c),
        }
    }
    key
}

/// `text` in lower case with every accent a character of its own, as
/// [`super::OrgSlug::suggest`] needs it. Browsers can do this themselves, without the tables
/// it takes.
pub fn decomposed(text: &str) -> String {
    text.nfkd().flat_map(char::to_lowercase).collect()
}

/// What to search for: composed, on one line, at most [`MAX_SEARCH_LENGTH`] characters,
/// without what cannot be seen. Empty if there is nothing to search for.
pub fn clean_search(text: &str) -> String {
    let readable: String = text
        .nfc()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| is_readable(*c))
        .collect();
    let search = single_spaced(readable.trim());
    let search: String = search.chars().take(MAX_SEARCH_LENGTH).collect();
    if key(&search).trim().is_empty() {
        // A mark without a letter is part of every text, to `key`.
        return String::new();
    }
    search.trim_end().to_owned()
}

/// `name` as it can stand in a sentence of plain text, such as a title: text that runs
/// from right to left cannot take the words around it along. In HTML, `<bdi>` does this.
///
/// Names without such letters stay as they are. No other character of a name can turn a
/// sentence; the direction marks looked for are of names that no form of ours took.
pub fn isolated(name: &str) -> Cow<'_, str> {
    /// First strong isolate, and its end.
    const ISOLATE: (char, char) = ('\u{2068}', '\u{2069}');
    if name.chars().any(characters::turns_text) {
        Cow::Owned(format!("{}{name}{}", ISOLATE.0, ISOLATE.1))
    } else {
        Cow::Borrowed(name)
    }
}

/// `text` as one line of a message: what cannot be seen is left out, but for the isolates
/// that [`isolated`] puts around names, each of which gets its end.
#[cfg(feature = "server")]
pub fn one_line(text: &str) -> String {
    const ISOLATE: char = '\u{2068}';
    const END: char = '\u{2069}';
    let mut open = 0_usize;
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ISOLATE => open += 1,
            END if open == 0 => continue,
            END => open -= 1,
            c if c.is_whitespace() => {
                line.push(' ');
                continue;
            }
            c if !is_readable(c) => continue,
            _ => {}
        }
        line.push(c);
    }
    line.extend(std::iter::repeat_n(END, open));
    single_spaced(&line)
}

/// `text` without white space and invisible characters at its ends, which come along when
/// text is copied.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(is_dropped_at_ends)
}

/// Whether `text` has nothing but characters that can be seen, each by itself.
pub(super) fn is_visible(text: &str) -> bool {
    text.chars().all(|c| {
        is_readable(c)
            && !c.is_whitespace()
            && !characters::is_joiner(c)
            && !characters::is_variation_selector(c)
    })
}

/// How a Latin letter is written that decomposition leaves as it is; `c` is in lower case.
pub(super) fn plain_letters(c: char) -> Option<&'static str> {
    let (_, plain) = PLAIN_LETTERS.iter().find(|(letter, _)| *letter == c)?;
    Some(plain)
}

fn one_sigma(c: char) -> char {
    if c == 'ς' { 'σ' } else { c }
}

/// `text` with one space where there is white space.
fn single_spaced(text: &str) -> String {
    let mut words = text.split_whitespace();
    let mut line = words.next().unwrap_or_default().to_owned();
    for word in words {
        line.push(' ');
        line.push_str(word);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_the_same_has_one_key() {
        let key_of = |text| key(text);
        for text in [
            "Émile",
            "émile",
            "ÉMILE",
            "emile",
            "E\u{301}mile",
            "ｅｍｉｌｅ",
        ] {
            assert_eq!(key_of(text), "emile", "{text:?}");
        }
        for (text, expected) in [
            ("Ärger Müller", "arger muller"),
            ("Łucja", "lucja"),
            ("Straße", "strasse"),
            ("STRASSE", "strasse"),
            ("İstanbul", "istanbul"),
            ("Iğdır", "igdir"),
            ("Þór Æsir", "thor aesir"),
            ("Nguyễn Đức", "nguyen duc"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
            ("Ὀδυσσεύς", "οδυσσευσ"),
            ("ﬁt", "fit"),
        ] {
            assert_eq!(key_of(text), expected, "{text:?}");
        }
        assert_ne!(key("कि"), key("क"), "a vowel of Hindi is no accent");
        assert_ne!(key("が"), key("か"), "nor is a sound mark of Japanese");
    }

    #[test]
    fn folding_is_done_once() {
        for text in [
            "ΟΔΥΣΣΕΥΣ",
            "İ",
            "ǅ",
            "\u{212a}",
            "E\u{301}",
            "ẞ",
            "ΐ",
            "\u{1f88}",
        ] {
            let once = folded(text);
            assert_eq!(folded(&once), once, "{text:?}");
        }
        assert_eq!(folded("Łucja"), "łucja");
        assert_eq!(folded("Σ"), folded("ς"));
    }

    #[test]
    fn a_search_is_what_can_be_seen_of_it() {
        for (text, expected) in [
            ("  Ada \u{a0} Lovelace\n", "Ada Lovelace"),
            ("Jose\u{301}", "Jos\u{e9}"),
            ("a\u{200b}d\u{ad}a\u{fffd}\0", "ada"),
            ("\u{202e}ada\u{202c}", "ada"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("50%_\\", "50%_\\"),
            ("\u{200b}\u{2060}", ""),
            ("\u{301}", ""),
        ] {
            assert_eq!(clean_search(text), expected, "{text:?}");
        }
        assert_eq!(clean_search(&"ä".repeat(500)).chars().count(), 100);
    }

    #[cfg(feature = "server")]
    #[test]
    fn a_line_of_a_message_is_one_line_and_turns_nothing_around_it() {
        for (text, line) in [
            ("Ada\r\nBcc: x@evil.test", "Ada Bcc: x@evil.test"),
            ("a\u{2028}b\0c\u{200b}d", "a bcd"),
            ("\u{202e}Ada\u{202c} joined", "Ada joined"),
            ("\u{2068}שלום\u{2069} joined", "\u{2068}שלום\u{2069} joined"),
            ("\u{2068}שלום joined", "\u{2068}שלום joined\u{2069}"),
            ("a\u{2069}b\u{2067}c", "abc"),
        ] {
            assert_eq!(one_line(text), line, "{text:?}");
        }
    }

    #[test]
    fn only_names_that_could_turn_a_sentence_are_isolated() {
        for name in ["Ada", "Émile", "株式会社", "हिन्दी", "Ада", "\u{1f600}"] {
            assert_eq!(isolated(name), name);
        }
        for name in ["שלום", "شركة", "Acme שלום", "ދިވެހި", "\u{1e900}\u{1e901}"]
        {
            assert_eq!(isolated(name), format!("\u{2068}{name}\u{2069}"));
        }
    }
}
