//! Settings that are secrets: none shows itself, and none can be one that undoes the lock
//! it is for.

use std::fmt;

use super::AppEnv;

/// Signs nothing that counts: `cargo xtask run` gives it to the Stripe fake, and everybody
/// can read it.
const DEVELOPMENT_WEBHOOK_SECRET: &str = "whsec_development_only";

/// Fewest characters of a secret that somebody could guess at over the network.
const MIN_LENGTH: usize = 16;

/// A secret that `Debug` does not show.
macro_rules! secret {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The secret itself.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

secret! {
    /// Stripe's secret API key.
    StripeKey
}

secret! {
    /// What Stripe signs events with.
    WebhookSecret
}

secret! {
    /// What we show a provider of sign-in.
    OidcSecret
}

secret! {
    /// What whoever reads metrics has to show.
    MetricsToken
}

secret! {
    /// What our mail server knows us by.
    SmtpPassword
}

impl SmtpPassword {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }
}

impl StripeKey {
    /// # Errors
    /// What is wrong with it, and what to set.
    pub fn parse(text: &str, app_env: AppEnv) -> Result<Self, String> {
        let (kinds, expected): (&[&str], _) = match app_env {
            AppEnv::Production => (&["sk_live_", "rk_live_"], "sk_live_… or rk_live_…"),
            AppEnv::Development => (&["sk_", "rk_"], "sk_test_…"),
        };
        if !kinds.iter().any(|kind| text.starts_with(kind)) {
            return Err(format!(
                "is no secret key for this; set one that begins {expected}"
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether it is a key of live mode: all others are of test mode.
    pub fn is_live(&self) -> bool {
        self.0.starts_with("sk_live_") || self.0.starts_with("rk_live_")
    }
}

impl WebhookSecret {
    /// Secrets with commas in between, of which any may have signed: an empty one would let
    /// anybody sign.
    ///
    /// # Errors
    /// What is wrong with one of them, and what to set.
    pub fn parse_list(text: &str, app_env: AppEnv) -> Result<Vec<Self>, String> {
        let parse = |text: &str| Self::parse(text.trim(), app_env);
        text.split(',').map(parse).collect()
    }

    fn parse(text: &str, app_env: AppEnv) -> Result<Self, String> {
        if text.is_empty() {
            return Err("has an empty part; remove the comma beside it".to_owned());
        }
        if !text.starts_with("whsec_") || text.len() < MIN_LENGTH {
            return Err("is no signing secret; Stripe shows it as whsec_…".to_owned());
        }
        if app_env == AppEnv::Production && text == DEVELOPMENT_WEBHOOK_SECRET {
            return Err("is the one that everybody knows; set your endpoint's".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The Stripe fake's.
    pub(super) fn for_development() -> Self {
        Self(DEVELOPMENT_WEBHOOK_SECRET.to_owned())
    }
}

impl OidcSecret {
    /// Of whatever form: the provider makes it up.
    pub fn new(text: String) -> Self {
        Self(text)
    }
}

impl MetricsToken {
    /// # Errors
    /// What is wrong with it, and what to set.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() < MIN_LENGTH {
            return Err(format!(
                "has less than {MIN_LENGTH} characters; make one with `openssl rand -hex 16`"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show_themselves() {
        let token = MetricsToken::parse("a-token-of-some-length").expect("a token");
        assert_eq!(format!("{token:?}"), "MetricsToken(…)");
    }
}
