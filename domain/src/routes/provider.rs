use crate::ProviderName;

/// A page on the way to a provider of sign-in and back. None is a place to be sent to
/// later: each belongs to what a browser is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProviderPage {
    /// Sends the browser on to the provider.
    Leave,
    /// Where the provider sends it back to. Operators write the address down there.
    Return,
    /// Asks for the password of the account that has the same address.
    Connect,
}

/// All of them are below it.
const PREFIX: &str = "/sign-in/with/";

impl ProviderPage {
    pub const ALL: [Self; 3] = [Self::Leave, Self::Return, Self::Connect];

    fn suffix(self) -> &'static str {
        match self {
            Self::Leave => "",
            Self::Return => "/callback",
            Self::Connect => "/connect",
        }
    }

    /// As routers write it.
    pub fn pattern(self) -> String {
        format!("{PREFIX}{{provider}}{}", self.suffix())
    }

    pub fn path(self, provider: &ProviderName) -> String {
        format!("{PREFIX}{provider}{}", self.suffix())
    }

    /// Whether `path` is one of these pages, of whatever provider.
    pub(super) fn has(path: &str) -> bool {
        let Some(rest) = path.strip_prefix(PREFIX) else {
            return false;
        };
        let name = rest.split('/').next().unwrap_or_default();
        let suffix = &rest[name.len()..];
        ProviderName::parse(name).is_some() && Self::ALL.iter().any(|page| page.suffix() == suffix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_known_pages() {
        let acme = ProviderName::parse("acme").expect("a name");
        for page in ProviderPage::ALL {
            assert!(ProviderPage::has(&page.path(&acme)), "{page:?}");
        }
        for path in [
            "/sign-in",
            "/sign-in/with/",
            "/sign-in/with/acme/",
            "/sign-in/with/acme/callback/x",
            "/sign-in/with/A/callback",
            "/sign-in/with//callback",
        ] {
            assert!(!ProviderPage::has(path), "{path}");
        }
    }
}
