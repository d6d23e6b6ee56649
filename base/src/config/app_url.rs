use std::{fmt, ops::Deref};

use super::AppEnv;

/// Where users reach the site: an origin, such as `https://app.example.com`. Forms from
/// other origins are refused, so it is exactly what a browser sends as `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppUrl(String);

impl AppUrl {
    /// # Errors
    /// What is wrong with it, and what to set.
    pub fn parse(text: &str, app_env: AppEnv) -> Result<Self, String> {
        let example = "set the address users type, such as https://app.example.com";
        let url = url::Url::parse(text).map_err(|_| format!("is no address; {example}"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(format!("is no address of a site; {example}"));
        }
        if app_env == AppEnv::Production && url.scheme() != "https" {
            return Err(format!("is not https; {example}"));
        }
        let has_more = url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some();
        if has_more {
            return Err(format!("has more than scheme, host and port; {example}"));
        }
        Ok(Self(url.origin().ascii_serialization()))
    }
}

impl Deref for AppUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
