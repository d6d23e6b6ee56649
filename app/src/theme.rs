//! Light, dark, or what the system says.
//!
//! The choice is kept in a cookie rather than in the browser's storage, because
//! the server must know it to render the first byte in the right colors:
//! `data-theme` on the root element, which the style sheet's tokens follow.

/// A choice of colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system is set.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// All choices, the default first.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Name of the cookie; scripts may read it, it holds nothing but the choice.
    pub const COOKIE: &'static str = "theme";

    /// The choice in the cookie and in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The choice in words for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// Reads the cookie or the form; anything else means the system's.
    pub fn parse(text: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|theme| theme.as_str() == text)
            .unwrap_or_default()
    }

    /// The cookie that keeps the choice for a year.
    pub fn cookie(self) -> String {
        format!(
            "{}={}; Path=/; Max-Age=31536000; SameSite=Lax",
            Self::COOKIE,
            self.as_str()
        )
    }

    /// The choice this page is rendered with.
    #[cfg(feature = "ssr")]
    pub fn current() -> Self {
        crate::response::request_cookie(Self::COOKIE)
            .map_or_else(Self::default, |text| Self::parse(&text))
    }

    /// The choice this page was rendered with, or was changed to since.
    #[cfg(not(feature = "ssr"))]
    pub fn current() -> Self {
        let root = leptos::prelude::document().document_element();
        root.and_then(|root| root.get_attribute("data-theme"))
            .map_or_else(Self::default, |text| Self::parse(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_theme_means_the_systems() {
        assert_eq!(Theme::parse("dark"), Theme::Dark);
        assert_eq!(Theme::parse("\"><script>"), Theme::System);
    }
}
