//! Which characters can be seen.

use unicode_properties::{GeneralCategory, UnicodeEmoji as _, UnicodeGeneralCategory as _};

/// Zero-width joiner: joins emoji to one picture and letters to one shape.
pub const JOINER: char = '\u{200d}';
/// Zero-width non-joiner: keeps letters apart that would join, as Persian needs it.
const NON_JOINER: char = '\u{200c}';

/// Characters that look like nothing although Unicode counts them among letters, marks
/// and symbols; and U+FFFC and U+FFFD, which stand for what was lost on the way.
const BLANKS: [char; 16] = [
    '\u{34f}',   // combining grapheme joiner
    '\u{115f}',  // Hangul fillers
    '\u{1160}',  //
    '\u{3164}',  //
    '\u{ffa0}',  //
    '\u{17b4}',  // vowels inherent in Khmer letters
    '\u{17b5}',  //
    '\u{2800}',  // braille pattern without a dot
    '\u{fffc}',  // object replacement character
    '\u{fffd}',  // replacement character
    '\u{13441}', // Egyptian blanks
    '\u{13442}', //
    '\u{16fe4}', // Khitan filler
    '\u{1d159}', // musical null notehead
    '\u{1da7f}', // SignWriting: a place for a location
    '\u{1da80}', //
];

/// Whether `c` is white space, or one of the invisible characters that word processors and
/// chat programs put around text. They are no part of what a person meant to type.
pub fn is_dropped_at_ends(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether `c` plays no part in finding and sorting: accents, joiners, variants of a
/// letter's shape, and what [`is_readable`] refuses most often.
///
/// The database has the same list, in `text_key`.
pub fn is_ignored_in_keys(c: char) -> bool {
    is_accent(c)
        || matches!(c,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Combining marks of Latin, Greek and Cyrillic letters.
pub fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Whether `c` shows, keeps words apart, or shapes what shows beside it. Not: control and
/// format characters (direction marks among them), separators of lines, code points
/// without a meaning that programs agree on, and [`BLANKS`].
pub fn is_readable(c: char) -> bool {
    use GeneralCategory as Category;
    match c.general_category() {
        Category::Format => is_joiner(c),
        Category::Control
        | Category::LineSeparator
        | Category::ParagraphSeparator
        | Category::Unassigned
        | Category::PrivateUse
        | Category::Surrogate => false,
        _ => !BLANKS.contains(&c),
    }
}

/// Whether `c` is invisible itself, but changes how its neighbors are joined.
pub fn is_joiner(c: char) -> bool {
    matches!(c, JOINER | NON_JOINER)
}

/// Whether `c` belongs to the character before it and takes no place of its own.
pub fn is_mark(c: char) -> bool {
    use GeneralCategory as Category;
    matches!(
        c.general_category(),
        Category::NonspacingMark | Category::EnclosingMark
    )
}

/// Whether `c` is a letter or mark of a script whose letters join or stack, so that
/// [`JOINER`] and [`NON_JOINER`] change what is seen: from Arabic to Sinhala, Myanmar, Khmer
/// and Mongolian.
pub fn joins_letters(c: char) -> bool {
    use unicode_properties::GeneralCategoryGroup as Group;
    matches!(c, '\u{600}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}'
        | '\u{a8e0}'..='\u{a8ff}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{11000}'..='\u{11fff}' | '\u{1e900}'..='\u{1e95f}')
        && matches!(c.general_category_group(), Group::Letter | Group::Mark)
}

/// Whether `c` is a picture. Digits, `#` and `*`, which have an emoji form too, are none.
pub fn is_emoji(c: char) -> bool {
    !c.is_ascii() && c.is_emoji_char()
}

/// Whether `c` chooses among the shapes of the character before it.
pub fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
        | '\u{180b}'..='\u{180d}' | '\u{180f}')
}

/// Whether the character `base` has shapes among which `selector` chooses. A selector
/// anywhere else is an invisible character.
pub fn has_variant(base: char, selector: char) -> bool {
    match selector {
        '\u{fe0e}' | '\u{fe0f}' => base.is_emoji_char(),
        '\u{180b}'..='\u{180f}' => matches!(base, '\u{1807}'..='\u{18aa}'),
        _ => matches!(base, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3347f}'),
    }
}

/// Whether `c` is in one of the blocks of scripts that run from right to left, or a mark
/// that has text do so.
pub fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}
