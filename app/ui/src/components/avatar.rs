//! A picture of a user or an organization, or initials on a color.

use leptos::prelude::*;

/// Number of colors in `style/avatar.css`.
const HUES: u32 = 8;

/// Decorates a name that stands beside it, so assistive technology skips it.
#[component]
pub fn Avatar<'a>(
    /// Gives initials and color.
    name: &'a str,
    /// Address of a picture.
    #[prop(optional_no_strip)]
    picture: Option<String>,
    /// Organizations are square, users are round.
    #[prop(optional)]
    square: bool,
    #[prop(optional)] large: bool,
) -> impl IntoView + use<> {
    let class = match (square, large) {
        (true, true) => "avatar avatar--square avatar--large",
        (true, false) => "avatar avatar--square",
        (false, true) => "avatar avatar--large",
        (false, false) => "avatar",
    };
    let side = if large { "64" } else { "28" };
    match picture {
        Some(address) => {
            view! { <img class=class src=address alt="" width=side height=side/> }.into_any()
        }
        None => view! {
            <span class=class data-hue=hue(name).to_string() aria-hidden="true">
                {initials(name)}
            </span>
        }
        .into_any(),
    }
}

/// First letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    first
        .into_iter()
        .chain(words.next_back())
        .flat_map(char::to_uppercase)
        .collect()
}

/// The same color for the same name, everywhere and always.
fn hue(name: &str) -> u32 {
    name.bytes().fold(7_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    }) % HUES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_last_word() {
        for (name, text) in [
            ("Ada Lovelace", "AL"),
            ("acme", "A"),
            ("Émile de la Tour", "ÉT"),
            ("  ", ""),
            ("(Bob) 3rd", "B3"),
        ] {
            assert_eq!(initials(name), text, "{name:?}");
        }
    }
}
