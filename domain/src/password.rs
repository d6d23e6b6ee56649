//! Passwords that people choose, and what they type later.
//!
//! A password may be anything that is long enough and hard to guess: there are no rules
//! about digits or capitals, which only make people write `Password1!`. What is refused is
//! what is tried first: the passwords most people have, and the person's own name.

use std::{cmp::Reverse, collections::HashSet, fmt, ops::RangeInclusive, sync::LazyLock};

use unicode_normalization::UnicodeNormalization as _;

use super::{Email, Invalid, text};

/// In characters, after composition. What people remember fits, and a longer text would only
/// be more to hash.
const LENGTH: RangeInclusive<usize> = 8..=128;

/// Characters that a password must have besides the names in it: with fewer it is little
/// more than a name.
const BESIDES_NAMES: usize = 5;

/// Names shorter than this are in too many words.
const SHORTEST_NAME: usize = 4;

/// Whoever guesses tries the name of the site.
const PRODUCT: &str = "orghub";

/// The most common passwords of at least eight characters, as [`text::key`] writes them,
/// one a line: words and names with their usual endings, walks over keyboards, dates.
const COMMON: &str = include_str!("common_passwords.txt");

/// A password somebody may take: 8 to 128 characters, none of them a control character, in
/// Unicode's composed form; not one of the most common ones, nor little more than a name.
/// Never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword(String);

impl NewPassword {
    /// Takes what somebody typed who has, or will have, this address and name. It is taken
    /// as it is, spaces at its ends included, but for its composition.
    ///
    /// # Errors
    /// [`Invalid`] for the field `password`, saying what to do.
    pub fn parse(text: &str, email: &Email, name: &str) -> Result<Self, Invalid> {
        let invalid = |message: String| Err(Invalid::new("password", message));
        let password = composed(text);
        let length = password.chars().count();
        if length < *LENGTH.start() {
            return invalid(format!("Use at least {} characters.", LENGTH.start()));
        }
        if length > *LENGTH.end() {
            return invalid(format!(
                "Use at most {} characters; these are {length}.",
                LENGTH.end()
            ));
        }
        if password.chars().any(char::is_control) {
            return invalid("Leave out tabs and line breaks.".to_owned());
        }
        if is_common(&password) {
            return invalid(
                "Many people have this password, so it is tried first. Choose another one."
                    .to_owned(),
            );
        }
        if is_little_more_than_a_name(&password, email, name) {
            return invalid(
                "Use more than your name, your e-mail address or ours. A few unrelated words \
                 are a good password."
                    .to_owned(),
            );
        }
        Ok(Self(password))
    }

    /// The password itself, to be hashed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// A password as it is hashed. Keyboards compose accents or not, and a person cannot see
/// which; hashes from before this rule are of ASCII, which it leaves alone.
pub fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// Whether it is on the list, whatever its case and accents, with or without marks at its
/// end.
fn is_common(password: &str) -> bool {
    static LIST: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON.lines().collect());
    let key = text::key(password);
    let without_marks = key.trim_end_matches(['!', '?', '.', '*', '#', '$', '@', '-', '_', ' ']);
    LIST.contains(key.as_str()) || LIST.contains(without_marks)
}

/// Whether there is hardly anything left of it without the names that it has, spelled
/// however.
fn is_little_more_than_a_name(password: &str, email: &Email, name: &str) -> bool {
    let plain = |text: &str| -> String {
        let key = text::key(text);
        key.chars().filter(|c| c.is_alphanumeric()).collect()
    };
    let (local, domain) = email.as_str().split_once('@').unwrap_or_default();
    let host = domain.rsplit_once('.').map_or(domain, |(host, _)| host);
    let parts = [local, host, name]
        .into_iter()
        .flat_map(|whole| whole.split(|c: char| !c.is_alphanumeric()));
    let mut names: Vec<String> = [email.as_str(), local, domain, host, name, PRODUCT]
        .into_iter()
        .chain(parts)
        .map(plain)
        .filter(|name| name.chars().count() >= SHORTEST_NAME)
        .collect();
    // The whole name goes before its parts.
    names.sort_unstable_by_key(|name| Reverse(name.len()));

    let mut left = plain(password);
    let mut has_a_name = false;
    for name in &names {
        if left.contains(name) {
            has_a_name = true;
            left = left.replace(name, "");
        }
    }
    has_a_name && left.chars().count() < BESIDES_NAMES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<NewPassword, Invalid> {
        let email = Email::parse("ada.lovelace@engines.test").expect("an address");
        NewPassword::parse(text, &email, "Ada King-Noël")
    }

    #[test]
    fn passwords_of_all_scripts_are_taken_as_they_are() {
        for text in [
            "correct horse battery",
            " spaces at both ends ",
            "пароль которого нет",
            "とても長い秘密の言葉",
            "🐎🔋📎🧷🪡🧵🪢🧶",
            "aaaa bbbb",
            "lower case only",
            "3141592653589",
            "\u{a0}\u{2003}\u{200b}\u{202e}tricky",
        ] {
            let password = parse(text).expect(text);
            assert_eq!(password.expose(), text);
        }
    }

    #[test]
    fn characters_are_counted_when_they_are_composed() {
        // Eight letters, each with an accent of its own.
        let typed = "e\u{301}".repeat(7) + "a\u{308}";
        assert_eq!(parse(&typed).expect("eight").expose(), "éééééééä");
        assert!(parse(&"e\u{301}".repeat(7)).is_err(), "seven");
        assert!(parse(&"z\u{301}y".repeat(64)).is_ok(), "128");
    }

    #[test]
    fn what_is_too_long_is_said_and_never_cut() {
        let said = parse(&"xyz".repeat(43)).expect_err("129 characters");
        assert!(said.message.contains("128") && said.message.contains("129"));
        assert_eq!(said.field.as_deref(), Some("password"));
        assert!(parse("1234567").expect_err("short").message.contains('8'));
    }

    #[test]
    fn control_characters_are_no_part_of_a_password() {
        for text in [
            "a secret\twith a tab",
            "two lines\nof it",
            "a\u{85}secret\0",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_many_people_have_is_refused_however_it_is_written() {
        for text in [
            "password",
            "PassWord1",
            "Password123!",
            "P@ssw0rd!!",
            "qwertyuiop",
            "1q2w3e4r5t",
            "123456789",
            "Iloveyou!",
            "Summer2025!",
            "ｐａｓｓｗｏｒｄ",
            "pâsswörd",
        ] {
            let refused = parse(text).expect_err(text);
            assert!(refused.message.contains("Many people"), "{text}");
        }
    }

    #[test]
    fn the_own_name_or_address_is_no_password() {
        for text in [
            "lovelace",
            "Lovelace1815",
            "ada.lovelace@engines.test",
            "Ada-Lovelace!!",
            "engines.test",
            "engines2026",
            "adakingnoel",
            "Ada King Noel 99",
            "KING-NOËL-1",
            "Orghub-2026",
            "orghub orghub",
        ] {
            let refused = parse(text).expect_err(text);
            assert!(refused.message.contains("more than your name"), "{text}");
        }
        for text in [
            "lovelace likes engines a lot",
            "kingdom of tea",
            "adamantium teapot",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_short_name_is_in_no_way() {
        let email = Email::parse("al@b.test").expect("an address");
        for text in ["al b teapot", "albatross flying", "halfway home"] {
            assert!(NewPassword::parse(text, &email, "Al B").is_ok(), "{text}");
        }
    }

    #[test]
    fn the_list_is_sorted_long_and_in_the_form_it_is_looked_up_in() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() > 3_000);
        assert!(lines.is_sorted_by(|one, other| one < other));
        for line in lines {
            assert!(line.chars().count() >= *LENGTH.start(), "{line}");
            assert_eq!(text::key(line), line);
        }
    }

    #[test]
    fn it_does_not_show_itself() {
        let password = parse("correct horse battery").expect("a password");
        assert_eq!(format!("{password:?}"), "NewPassword(…)");
    }
}
