//! Light, dark, or what the system says.
//!
//! The choice is kept in a cookie rather than in the browser's storage, because the server
//! must know it to render the first byte in the right colors: `data-theme` on the root
//! element, which the style sheet's tokens follow.

use strum::{EnumString, IntoStaticStr, VariantArray};

/// A choice of colors. The text is that of cookie, form and `data-theme`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "lowercase")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// All choices, the default first.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Name of the cookie. Scripts may read it: it holds nothing but the choice.
    pub fn cookie_name(is_secure: bool) -> &'static str {
        if is_secure { "__Host-theme" } else { "theme" }
    }

    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The choice as pages show it.
    pub fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// Reads cookie and form; anything unknown means the system's.
    pub fn parse(text: &str) -> Self {
        text.parse().unwrap_or_default()
    }

    /// The cookie that keeps the choice for a year. Written by hand, because the browser
    /// writes it as well, and would have to load the `cookie` crate for one line.
    pub fn cookie(self, is_secure: bool) -> String {
        let (name, value) = (Self::cookie_name(is_secure), self.as_str());
        let secure = if is_secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax{secure}")
    }

    /// The choice this page is rendered with: the document that the server makes provides it.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn current() -> Self {
        leptos::context::use_context().unwrap_or_default()
    }

    /// The choice this page was rendered with, or was changed to since.
    #[cfg(target_family = "wasm")]
    pub(crate) fn current() -> Self {
        let root = leptos::prelude::document().document_element();
        root.and_then(|root| root.get_attribute("data-theme"))
            .map_or_else(Self::default, |text| Self::parse(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_unknown_means_the_systems() {
        assert_eq!(Theme::parse("dark"), Theme::Dark);
        assert_eq!(Theme::parse("\"><script>"), Theme::System);
    }

    #[test]
    fn the_cookie_is_one_that_scripts_may_write() {
        let cookie = cookie::Cookie::parse(Theme::Dark.cookie(true)).expect("a cookie");
        assert_eq!(cookie.name_value(), ("__Host-theme", "dark"));
        assert_eq!(cookie.secure(), Some(true));
        assert_eq!(cookie.path(), Some("/"));
        assert_eq!(cookie.max_age(), Some(time::Duration::days(365)));
        assert_eq!(cookie.same_site(), Some(cookie::SameSite::Lax));
        assert_eq!(cookie.http_only(), None);
    }
}
