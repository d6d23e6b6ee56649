//! Names of users and organizations.

use unicode_normalization::UnicodeNormalization as _;

use super::{
    characters::{
        JOINER, has_variant, is_emoji, is_joiner, is_mark, is_readable, is_variation_selector,
        joins_letters,
    },
    single_spaced, trimmed,
};
use crate::Invalid;

/// Most characters of a name.
const MAX_LENGTH: usize = 100;

/// Most marks on one character. Vietnamese has two, Hebrew with all its signs three,
/// Tibetan four.
const MAX_MARKS: usize = 4;

const HIDDEN: &str = "Leave out characters that cannot be seen. \
                      If you pasted the name, type it instead.";

/// The name that `text` gives: composed, on one line, with single spaces, 1 to 100
/// characters all of which can be seen.
///
/// # Errors
/// [`Invalid`] for the field `name`, saying what to do.
pub fn parse_name(text: &str) -> Result<String, Invalid> {
    let invalid = |message: &str| Err(Invalid::new("name", message));
    let composed: String = text.nfc().collect();
    let line = trimmed(&composed);
    if line.is_empty() {
        return invalid("Enter a name.");
    }
    if line
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
    {
        return invalid("Use one line, without tabs and line breaks.");
    }
    let name = single_spaced(line);
    if name.chars().count() > MAX_LENGTH {
        return invalid("Use at most 100 characters.");
    }
    match check(&name) {
        Ok(()) => Ok(name),
        Err(message) => invalid(message),
    }
}

/// Whether each character of the line can be seen where it stands; the error says what to
/// do if not.
fn check(name: &str) -> Result<(), &'static str> {
    let characters: Vec<char> = name.chars().collect();
    // The character that marks belong to, and how many it has so far.
    let mut base = None;
    let mut marks = 0;
    for (index, &c) in characters.iter().enumerate() {
        if matches!(c, '\u{fffc}' | '\u{fffd}') {
            return Err("One character could not be read. Type it again.");
        }
        if !is_readable(c) {
            return Err(HIDDEN);
        }
        let before = index.checked_sub(1).map(|index| characters[index]);
        if is_variation_selector(c) {
            if !before.is_some_and(|before| has_variant(before, c)) {
                return Err(HIDDEN);
            }
        } else if is_joiner(c) {
            let after = characters.get(index + 1).copied();
            if !may_join(base, before, c, after) {
                return Err(HIDDEN);
            }
        } else if is_mark(c) {
            marks += 1;
            if base.is_none() {
                return Err("Put each accent on a letter.");
            }
            if marks > MAX_MARKS {
                return Err("Use at most four accents on one letter.");
            }
        } else {
            base = (c != ' ').then_some(c);
            marks = 0;
        }
    }
    Ok(())
}

/// Whether `joiner` changes what is seen between `before` and `after`. `base` is the last
/// character that is no mark, selector or joiner.
fn may_join(base: Option<char>, before: Option<char>, joiner: char, after: Option<char>) -> bool {
    let (Some(base), Some(before), Some(after)) = (base, before, after) else {
        return false;
    };
    let between_letters = joins_letters(before) && joins_letters(after);
    // The skin tone of an emoji is one itself.
    let between_emoji = joiner == JOINER
        && is_emoji(base)
        && is_emoji(after)
        && (before == base || before == '\u{fe0f}');
    between_letters || between_emoji
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_scripts_are_accepted_as_they_are() {
        for name in [
            "Ada Lovelace",
            "Émile de la Tour",
            "O’Brien & Söhne, Ltd. (2026)",
            "محمد بن سلمان",
            "דוד בן־גוריון",
            "שָׁלוֹם",
            "می\u{200c}خواهم",
            "हिन्दी",
            "क\u{94d}\u{200d}ष",
            "শ্রী",
            "ศิริพร น้ำทิพย์",
            "김민수",
            "山田 太郎",
            "ガンダム",
            "葛\u{e0100}城",
            "李小龍",
            "Ἀριστοτέλης",
            "Гай Юлий",
            "Nguyễn Thị Minh Khai",
            "བསྒྲུབས",
            "ខ្មែរ",
            "မြန်မာ",
            "ქართული",
            "Հայաստան",
            "አማርኛ",
            "தமிழ்",
            "ᠮᠣᠩᠭᠣᠯ",
            "Łódź",
            "Team \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
            "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
            "\u{1f44d}\u{1f3fd}",
            "\u{1f9d1}\u{1f3fd}\u{200d}\u{1f4bb}",
            "\u{1f1e9}\u{1f1ea}",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3} First",
            "3M",
            "!",
        ] {
            assert_eq!(parse_name(name).as_deref(), Ok(name));
        }
    }

    #[test]
    fn one_spelling_is_kept() {
        for (typed, name) in [
            ("  Acme  ", "Acme"),
            ("\u{a0}Acme\u{3000}", "Acme"),
            ("\u{feff}Acme\u{200b}", "Acme"),
            ("\u{200e}Acme\u{200f}\r\n", "Acme"),
            ("Acme \u{a0} \u{2003}GmbH", "Acme GmbH"),
            ("Jose\u{301}", "Jos\u{e9}"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("\u{212b}ngstrom", "\u{c5}ngstrom"),
        ] {
            assert_eq!(parse_name(typed).as_deref(), Ok(name), "{typed:?}");
        }
        let longest = "ä".repeat(MAX_LENGTH);
        assert_eq!(
            parse_name(&"a\u{308}".repeat(MAX_LENGTH)),
            Ok(longest),
            "composed before it is measured"
        );
    }

    #[test]
    fn what_cannot_be_seen_is_no_name() {
        let marks = format!("a{}", "\u{301}".repeat(99));
        for name in [
            // Nothing at all, or nothing that shows.
            "",
            " \u{a0} ",
            "\u{200b}",
            "\u{2060}",
            "\u{feff}",
            "\u{ad}\u{ad}",
            "\u{200b}\u{200c}\u{200d}",
            "\u{2800}",
            "\u{2800} \u{2800}",
            "\u{3164}",
            "\u{115f}\u{1160}",
            "\u{ffa0}",
            "\u{fe0f}",
            "\u{e0100}",
            "\u{180b}",
            "\u{34f}",
            "\u{301}",
            "\u{1d159}",
            "\u{13441}",
            "\u{e0061}\u{e0062}",
            // Something, with what does not show, or turns the sentence, within it.
            "Acme \u{202e}tset",
            "Acme\u{202e}tset",
            "Ac\u{2067}me",
            "Ac\u{200e}me",
            "Ac\u{61c}me",
            "Ac\u{200b}me",
            "Ac\u{200c}me",
            "Ac\u{200d}me",
            "Ac\u{2060}me",
            "Ac\u{ad}me",
            "Ac\u{feff}me",
            "Ac\u{180e}me",
            "Ac\u{fe0f}me",
            "Ac\u{3164}me",
            "Acme\u{e0041}\u{e007f}",
            "Acme\u{2028}test",
            "Acme\u{2029}test",
            "Ac\u{85}me",
            "Ac\nme",
            "Ac\tme",
            "Ac\0me",
            "Ac\u{7f}me",
            "Ac\u{fff9}me",
            "\u{1f600}\u{200d}a",
            "a\u{200d}\u{1f600}",
            "\u{633}\u{200c}\u{200c}\u{633}",
            // Characters that nobody agrees on, or that stand for what was lost.
            "Acme\u{e000}",
            "Acme\u{10ffff}",
            "Acme\u{378}",
            "Acm\u{fffd}",
            "Acme \u{fffc}",
            // Marks that run over the lines above and below.
            &marks,
            "o\u{332}\u{333}\u{334}\u{335}\u{336}",
            "Acme \u{301}",
        ] {
            let refused = parse_name(name).expect_err(&format!("{name:?} was accepted"));
            assert_eq!(refused.field.as_deref(), Some("name"), "{name:?}");
        }
        assert!(parse_name(&"a".repeat(MAX_LENGTH + 1)).is_err());
    }

    #[test]
    fn a_name_that_was_accepted_is_one_as_it_is() {
        let pool: Vec<char> = "aé\u{301}\u{308} \u{a0}\u{3000}\u{200b}\u{200c}\u{200d}\u{fe0f}\u{ad}\
                               سमी\u{94d}क\u{1f468}\u{1f3fd}한\u{1112}\u{1161}\u{11ab}葛\u{e0100}!1\u{20e3}"
            .chars()
            .collect();
        let (mut seed, mut accepted) = (1_u32, 0);
        for _ in 0..20_000 {
            let text: String = (0..5)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    pool[(seed >> 16) as usize % pool.len()]
                })
                .collect();
            if let Ok(name) = parse_name(&text) {
                accepted += 1;
                assert_eq!(parse_name(&name).as_ref(), Ok(&name), "{text:?}");
            }
        }
        assert!(accepted > 1_000, "only {accepted} of 20,000 were names");
    }

    #[test]
    fn no_format_character_is_accepted_in_a_word() {
        use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};
        let format = ('\0'..=char::MAX).filter(|c| c.general_category() == GeneralCategory::Format);
        for c in format {
            assert!(
                parse_name(&format!("Ac{c}me")).is_err(),
                "U+{:04X}",
                c as u32
            );
        }
    }
}
