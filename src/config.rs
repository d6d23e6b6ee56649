//! The core's settings: read once from the environment and checked. `.env.example`
//! explains all of them. In the product nothing but this module and the server's own
//! `config` reads the environment.

use std::{env, net::SocketAddr, time::Duration};

/// Where the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppEnv {
    /// On a developer's machine: fakes allowed, `Server-Timing` for everybody.
    Development,
    /// Every third party must be configured.
    Production,
}

/// Redis, the cache's second level.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// `redis://` or `rediss://` addresses: one server, or some nodes of a cluster.
    pub urls: Vec<String>,
    /// Refuse to start while Redis does not answer, instead of starting degraded.
    pub required_at_start: bool,
}

/// Stripe, or its fake.
#[derive(Clone, Debug)]
pub struct StripeConfig {
    /// Secret API key.
    pub secret_key: String,
    /// Where the API is, when it is not Stripe's own.
    pub api_base: Option<String>,
    /// Signing secrets of the webhook endpoint; several while one is being rotated.
    pub webhook_secrets: Vec<String>,
}

/// How many failed sign-ins are let through in a time window.
#[derive(Clone, Copy, Debug)]
pub struct SignInLimits {
    /// For one account.
    pub per_account: u32,
    /// From one network address.
    pub per_client: u32,
    pub window: Duration,
}

/// All settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// `APP_ENV`.
    pub app_env: AppEnv,
    /// `APP_URL`: where users reach the site, without a slash at the end.
    pub app_url: String,
    /// `SITE_ADDR` (or `LEPTOS_SITE_ADDR`): where the server listens.
    pub site_addr: SocketAddr,
    /// `DATABASE_URL`.
    pub database_url: String,
    /// `DATABASE_MAX_CONNECTIONS`: of this node, besides two of the log follower.
    pub database_max_connections: u32,
    /// `REDIS_URL`; `None` with `ENABLE_REDIS_CACHE=false`.
    pub redis: Option<RedisConfig>,
    /// `NEAR_CACHE_BYTES`: size of the near cache; 0: none.
    pub near_cache_bytes: u64,
    /// `WARM_UP_ORGANIZATIONS`: how many of the most used organizations are looked up
    /// before anybody asks; 0: none.
    pub warm_up_organizations: u32,
    /// `METRICS_TOKEN`: what `/metrics` asks for; without one it answers in development
    /// only.
    pub metrics_token: Option<String>,
    /// `STRIPE_SECRET_KEY`, `STRIPE_API_BASE`, `STRIPE_WEBHOOK_SECRET`.
    pub stripe: StripeConfig,
    /// `SIGN_IN_ATTEMPTS_PER_ACCOUNT`, `SIGN_IN_ATTEMPTS_PER_CLIENT`, `SIGN_IN_WINDOW_SECONDS`.
    pub sign_in: SignInLimits,
    /// `TRUST_FORWARDED_FOR`: whether our own proxy sets `X-Forwarded-For`.
    pub trust_forwarded_for: bool,
}

/// A variable is missing or cannot be understood; says what to set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct ConfigError {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong and what to do.
    pub problem: String,
}

impl ConfigError {
    fn new(variable: &'static str, problem: impl Into<String>) -> Self {
        Self {
            variable,
            problem: problem.into(),
        }
    }
}

impl Config {
    /// Reads variables from `get`.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let app_env = match get("APP_ENV").as_deref() {
            Some("production") => AppEnv::Production,
            None | Some("development") => AppEnv::Development,
            Some(other) => {
                return Err(ConfigError::new(
                    "APP_ENV",
                    format!("is `{other}`; set development or production"),
                ));
            }
        };
        let site_addr = match get("SITE_ADDR").or_else(|| get("LEPTOS_SITE_ADDR")) {
            Some(text) => parse(
                "SITE_ADDR",
                &text,
                "an address with a port, such as 127.0.0.1:3000",
            )?,
            None => SocketAddr::from(([127, 0, 0, 1], 3000)),
        };
        let app_url = match get("APP_URL") {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if app_env == AppEnv::Production => {
                return Err(ConfigError::new(
                    "APP_URL",
                    "is not set; set the address users type, such as https://app.example.com",
                ));
            }
            None => format!("http://{site_addr}"),
        };
        let database_url = get("DATABASE_URL").ok_or_else(|| {
            ConfigError::new(
                "DATABASE_URL",
                "is not set; set it to postgres://user:password@host:5432/database",
            )
        })?;

        Ok(Self {
            app_env,
            app_url,
            site_addr,
            database_url,
            database_max_connections: number(&get, "DATABASE_MAX_CONNECTIONS", 12)?,
            redis: read_redis(&get)?,
            near_cache_bytes: number(&get, "NEAR_CACHE_BYTES", 64 * 1024 * 1024)?,
            warm_up_organizations: number(&get, "WARM_UP_ORGANIZATIONS", 20)?,
            metrics_token: get("METRICS_TOKEN"),
            stripe: read_stripe(&get, app_env)?,
            sign_in: SignInLimits {
                per_account: number(&get, "SIGN_IN_ATTEMPTS_PER_ACCOUNT", 10)?,
                per_client: number(&get, "SIGN_IN_ATTEMPTS_PER_CLIENT", 100)?,
                window: Duration::from_secs(number(&get, "SIGN_IN_WINDOW_SECONDS", 900)?),
            },
            trust_forwarded_for: flag(&get, "TRUST_FORWARDED_FOR", false)?,
        })
    }

    /// Whether cookies are `Secure` and carry the `__Host-` prefix: always but in
    /// development over plain http, where browsers would not send them back.
    pub fn cookie_is_secure(&self) -> bool {
        self.app_env == AppEnv::Production || self.app_url.starts_with("https://")
    }

    /// Name of the session's cookie. A browser takes `__Host-` only from a secure
    /// origin and only without a domain.
    pub fn cookie_name(&self) -> &'static str {
        if self.cookie_is_secure() {
            "__Host-orghub"
        } else {
            "orghub"
        }
    }
}

/// A variable of the environment; an empty one counts as unset.
pub fn variable(name: &str) -> Option<String> {
    env::var(name)
        .ok()
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

fn read_redis(get: &impl Fn(&str) -> Option<String>) -> Result<Option<RedisConfig>, ConfigError> {
    if !flag(get, "ENABLE_REDIS_CACHE", true)? {
        return Ok(None);
    }
    let url = get("REDIS_URL").ok_or_else(|| {
        ConfigError::new(
            "REDIS_URL",
            "is not set; set it to redis://host:6379 (see docs/redis-setup.md), or set ENABLE_REDIS_CACHE=false to run without Redis",
        )
    })?;
    let urls: Vec<String> = url.split(',').map(|url| url.trim().to_owned()).collect();
    let is_redis = |url: &String| {
        url::Url::parse(url)
            .is_ok_and(|url| matches!(url.scheme(), "redis" | "rediss") && url.has_host())
    };
    if !urls.iter().all(is_redis) {
        return Err(ConfigError::new(
            "REDIS_URL",
            "is not a Redis address; it looks like redis://host:6379 or rediss://user:password@host:6379, a cluster like redis://a:6379,redis://b:6379",
        ));
    }
    Ok(Some(RedisConfig {
        urls,
        required_at_start: flag(get, "REDIS_REQUIRED_AT_START", false)?,
    }))
}

fn read_stripe(
    get: &impl Fn(&str) -> Option<String>,
    app_env: AppEnv,
) -> Result<StripeConfig, ConfigError> {
    let production = app_env == AppEnv::Production;
    let or_fake = |variable: &'static str, fake: &str| match get(variable) {
        Some(value) => Ok(value),
        None if production => Err(ConfigError::new(
            variable,
            "is not set; with APP_ENV=production the real Stripe is required",
        )),
        None => Ok(fake.to_owned()),
    };
    let api_base = get("STRIPE_API_BASE");
    if production && api_base.is_some() {
        return Err(ConfigError::new(
            "STRIPE_API_BASE",
            "is set; with APP_ENV=production only Stripe itself is used, remove it",
        ));
    }
    let secret_key = or_fake("STRIPE_SECRET_KEY", "sk_test_fake")?;
    let webhook_secrets = or_fake("STRIPE_WEBHOOK_SECRET", "whsec_fake")?
        .split(',')
        .map(|secret| secret.trim().to_owned())
        .collect();
    // Without a key of its own a development machine never talks to Stripe.
    let api_base = match api_base {
        None if get("STRIPE_SECRET_KEY").is_none() => Some("http://127.0.0.1:12111/".to_owned()),
        given => given,
    };
    Ok(StripeConfig {
        secret_key,
        api_base,
        webhook_secrets,
    })
}

fn parse<T: std::str::FromStr>(
    variable: &'static str,
    text: &str,
    expected: &str,
) -> Result<T, ConfigError> {
    text.parse()
        .map_err(|_| ConfigError::new(variable, format!("is `{text}`; set {expected}")))
}

fn number<T: std::str::FromStr>(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
    default: T,
) -> Result<T, ConfigError> {
    get(variable).map_or(Ok(default), |text| {
        parse(variable, &text, "a whole number, 0 or more")
    })
}

fn flag(
    get: &impl Fn(&str) -> Option<String>,
    variable: &'static str,
    default: bool,
) -> Result<bool, ConfigError> {
    get(variable).map_or(Ok(default), |text| parse(variable, &text, "true or false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(|name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    const DATABASE: (&str, &str) = ("DATABASE_URL", "postgres://localhost/orghub");

    #[test]
    fn without_redis_url_it_refuses_and_says_what_to_set() {
        let error = read(&[DATABASE]).expect_err("REDIS_URL is missing");
        assert_eq!(error.variable, "REDIS_URL");
        assert!(error.problem.contains("ENABLE_REDIS_CACHE=false"));
        assert!(
            read(&[DATABASE, ("ENABLE_REDIS_CACHE", "false")])
                .expect("complete")
                .redis
                .is_none()
        );
    }

    #[test]
    fn other_addresses_than_redis_are_refused() {
        for url in [
            "localhost:6379",
            "https://eu1-cache.upstash.test",
            "redis://",
            "redis://a.test,b.test",
        ] {
            assert_eq!(
                read(&[DATABASE, ("REDIS_URL", url)])
                    .expect_err(url)
                    .variable,
                "REDIS_URL"
            );
        }
        assert!(
            read(&[
                DATABASE,
                ("REDIS_URL", "rediss://default:secret@cache.test:6379")
            ])
            .is_ok()
        );
    }

    #[test]
    fn production_refuses_fakes() {
        let base = [
            DATABASE,
            ("REDIS_URL", "redis://cache.test"),
            ("APP_ENV", "production"),
            ("APP_URL", "https://app.test"),
        ];
        assert_eq!(
            read(&base).expect_err("no Stripe").variable,
            "STRIPE_SECRET_KEY"
        );
        let with_stripe: Vec<_> = base
            .into_iter()
            .chain([
                ("STRIPE_SECRET_KEY", "sk_live"),
                ("STRIPE_WEBHOOK_SECRET", "whsec_a, whsec_b"),
            ])
            .collect();
        assert_eq!(
            read(&with_stripe).expect("complete").stripe.webhook_secrets,
            ["whsec_a", "whsec_b"]
        );
        let with_base: Vec<_> = with_stripe
            .into_iter()
            .chain([("STRIPE_API_BASE", "http://127.0.0.1:1/")])
            .collect();
        assert_eq!(
            read(&with_base).expect_err("a fake").variable,
            "STRIPE_API_BASE"
        );
    }
}
