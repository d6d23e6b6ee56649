//! The core's settings: read once from the environment and checked. `.env.example`
//! explains all of them. In the product nothing but this module and the server's own
//! `config` reads the environment.
//!
//! A setting that would undo a lock is refused, and what must be decided in production has
//! to be said there.

mod app_url;
mod mail;
mod oidc;
mod password_cost;
mod secrets;
mod services;
mod session_life;
mod signing_keys;
mod variables;

use std::{net::SocketAddr, time::Duration};

pub use self::oidc::check_provider_address;
pub use self::{
    app_url::AppUrl,
    mail::{MailConfig, MailFrom, SmtpConfig, SmtpTls, SmtpUser},
    oidc::OidcProvider,
    password_cost::PasswordCost,
    secrets::{MetricsToken, OidcSecret, SmtpPassword, StripeKey, WebhookSecret},
    session_life::SessionLife,
    signing_keys::{CacheKeys, DeviceKeys, FactorKeys, SessionCookieKeys},
    variables::{ConfigError, variable},
};
use self::{
    mail::read_mail,
    oidc::read_providers,
    services::{
        read_cache_keys, read_database_owner_url, read_database_url, read_device_keys,
        read_factor_keys, read_redis, read_stripe,
    },
    session_life::{read_session_cookie_keys, read_session_life},
    variables::{flag, number, parse, positive},
};

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
    pub secret_key: StripeKey,
    /// Where the API is, when it is not Stripe's own.
    pub api_base: Option<String>,
    /// Signing secrets of the webhook endpoint; several while one is being rotated.
    pub webhook_secrets: Vec<WebhookSecret>,
    /// Whether Stripe works out the taxes of new subscriptions.
    pub automatic_tax: bool,
    /// Whether a job compares everything with Stripe each day.
    pub daily_reconcile: bool,
    /// What customers can do in the portal, `bpc_…`; `None`: the account's default.
    pub portal_configuration: Option<String>,
}

/// How many failed sign-ins are let through in a time window.
#[derive(Clone, Copy, Debug)]
pub struct SignInLimits {
    /// On one account from one network.
    pub per_account_and_client: u32,
    /// From one network.
    pub per_client: u32,
    /// On one account, wherever from.
    pub per_account: u32,
    pub window: Duration,
}

/// How much else may be done with accounts in an hour.
#[derive(Clone, Copy, Debug)]
pub struct AccountLimits {
    /// Accounts made from one network.
    pub sign_ups_per_client: u32,
    /// Mails of one kind that anybody can have sent to one address.
    pub mails_per_address: u32,
    /// Mails of one kind that one network can have sent.
    pub mails_per_client: u32,
    /// Codes of second factors tried on one account.
    pub codes_per_account: u32,
}

/// How much one user may have.
#[derive(Clone, Copy, Debug)]
pub struct UserLimits {
    /// Organizations they own: what one person runs, and far below what would make lists of
    /// them long or slugs scarce.
    pub organizations: u32,
    /// Sessions that live at the same time: somebody's browsers and devices, with room. The
    /// oldest ends.
    pub sessions: u32,
}

/// All settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// `APP_ENV`.
    pub app_env: AppEnv,
    /// `APP_URL`: where users reach the site.
    pub app_url: AppUrl,
    /// `SITE_ADDR` (or `LEPTOS_SITE_ADDR`): where the server listens.
    pub site_addr: SocketAddr,
    /// `DATABASE_URL`: with the role that the server has at the database.
    pub database_url: String,
    /// `DATABASE_OWNER_URL`: the same database with the role that owns the tables, which
    /// migrates. Not said, it is one role.
    pub database_owner_url: String,
    /// `DATABASE_MAX_CONNECTIONS`: of this node for requests, besides two of the log
    /// follower and one for `/readyz` and `/metrics`.
    pub database_max_connections: u32,
    /// `REDIS_URL`; `None` with `ENABLE_REDIS_CACHE=false`.
    pub redis: Option<RedisConfig>,
    /// `CACHE_KEYS`: what values in Redis are signed with.
    pub cache_keys: CacheKeys,
    /// `FACTOR_KEYS`: what the secrets of authenticator apps are sealed with.
    pub factor_keys: FactorKeys,
    /// `NEAR_CACHE_BYTES`: size of the near cache; 0: none.
    pub near_cache_bytes: u64,
    /// `WARM_UP_ORGANIZATIONS`: how many of the most used organizations are looked up
    /// before anybody asks; 0: none.
    pub warm_up_organizations: u32,
    /// `METRICS_TOKEN`: what `/metrics` asks for; without one it answers in development
    /// only.
    pub metrics_token: Option<MetricsToken>,
    /// `STRIPE_SECRET_KEY`, `STRIPE_API_BASE`, `STRIPE_WEBHOOK_SECRET`, `STRIPE_AUTOMATIC_TAX`,
    /// `STRIPE_PORTAL_CONFIGURATION`, `STRIPE_DAILY_RECONCILE`.
    pub stripe: StripeConfig,
    /// `SMTP_URL`, `SMTP_CONNECTIONS`, `SMTP_TIMEOUT_SECONDS`, `MAIL_FROM`.
    pub mail: MailConfig,
    /// `SIGN_IN_ATTEMPTS_PER_ACCOUNT_AND_CLIENT`, `SIGN_IN_ATTEMPTS_PER_CLIENT`,
    /// `SIGN_IN_ATTEMPTS_PER_ACCOUNT`, `SIGN_IN_WINDOW_SECONDS`.
    pub sign_in: SignInLimits,
    /// `OIDC_PROVIDERS`, and `OIDC_NAME_ISSUER` and so on for each of them.
    pub oidc: Vec<OidcProvider>,
    /// `SIGN_UPS_PER_CLIENT`, `MAILS_PER_ADDRESS`, `MAILS_PER_CLIENT`, `CODES_PER_ACCOUNT`.
    pub account: AccountLimits,
    /// `PASSWORD_MEMORY_KIB`, `PASSWORD_PASSES`.
    pub passwords: PasswordCost,
    /// `DEVICE_COOKIE_KEYS`: what device cookies are signed with.
    pub device_keys: DeviceKeys,
    /// `ORGANIZATIONS_PER_OWNER`, `SESSIONS_PER_USER`.
    pub per_user: UserLimits,
    /// `ACTIVITY_RETENTION_DAYS`: how long entries of audit logs are kept; `None`: for ever.
    pub activity_kept: Option<time::Duration>,
    /// `SESSION_INACTIVITY_DAYS`, `SESSION_MAX_DAYS`.
    pub session_life: SessionLife,
    /// `SESSION_COOKIE_KEYS`: what the session's copy in its browser's cookie is signed with;
    /// `None` with `SESSION_COOKIE_CACHE=false`.
    pub session_cookie_keys: Option<SessionCookieKeys>,
    /// `HSTS_SUBDOMAINS`: whether browsers are told that subdomains of the site are https
    /// only, too.
    pub hsts_subdomains: bool,
    /// `TRUST_FORWARDED_FOR`: whether our own proxy sets `X-Forwarded-For`.
    pub trust_forwarded_for: bool,
}

impl Config {
    /// Reads variables from `get`.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let site_addr = match get("SITE_ADDR").or_else(|| get("LEPTOS_SITE_ADDR")) {
            Some(text) => parse(
                "SITE_ADDR",
                &text,
                "an address with a port, such as 127.0.0.1:3000",
            )?,
            None => SocketAddr::from(([127, 0, 0, 1], 3000)),
        };
        let app_env = read_app_env(&get, site_addr)?;
        let is_production = app_env == AppEnv::Production;
        let app_url = match get("APP_URL") {
            Some(url) => url,
            None if is_production => {
                return Err(ConfigError::new(
                    "APP_URL",
                    "is not set; set the address users type, such as https://app.example.com",
                ));
            }
            None => format!("http://{site_addr}"),
        };
        if is_production && get("TRUST_FORWARDED_FOR").is_none() {
            return Err(ConfigError::new(
                "TRUST_FORWARDED_FOR",
                "is not set; set true if your own proxy adds X-Forwarded-For, false if there \
                 is none: behind a proxy all users would count as one",
            ));
        }
        let metrics_token = get("METRICS_TOKEN").map(|token| MetricsToken::parse(&token));
        let redis = read_redis(&get, app_env)?;
        let database_url = read_database_url(&get, app_env)?;
        let database_owner_url = read_database_owner_url(&get, app_env)?;
        Ok(Self {
            app_env,
            app_url: AppUrl::parse(&app_url, app_env)
                .map_err(|problem| ConfigError::new("APP_URL", problem))?,
            site_addr,
            database_owner_url: database_owner_url.unwrap_or_else(|| database_url.clone()),
            database_url,
            database_max_connections: positive(&get, "DATABASE_MAX_CONNECTIONS", 12)?,
            cache_keys: read_cache_keys(&get, app_env, redis.is_some())?,
            redis,
            factor_keys: read_factor_keys(&get, app_env)?,
            near_cache_bytes: number(&get, "NEAR_CACHE_BYTES", 64 * 1024 * 1024)?,
            warm_up_organizations: number(&get, "WARM_UP_ORGANIZATIONS", 20)?,
            metrics_token: metrics_token
                .transpose()
                .map_err(|problem| ConfigError::new("METRICS_TOKEN", problem))?,
            stripe: read_stripe(&get, app_env)?,
            mail: read_mail(&get, app_env)?,
            sign_in: SignInLimits {
                per_account_and_client: positive(
                    &get,
                    "SIGN_IN_ATTEMPTS_PER_ACCOUNT_AND_CLIENT",
                    10,
                )?,
                per_client: positive(&get, "SIGN_IN_ATTEMPTS_PER_CLIENT", 100)?,
                per_account: positive(&get, "SIGN_IN_ATTEMPTS_PER_ACCOUNT", 300)?,
                window: Duration::from_secs(positive(&get, "SIGN_IN_WINDOW_SECONDS", 900)?),
            },
            oidc: read_providers(&get, app_env)?,
            account: AccountLimits {
                sign_ups_per_client: positive(&get, "SIGN_UPS_PER_CLIENT", 30)?,
                mails_per_address: positive(&get, "MAILS_PER_ADDRESS", 10)?,
                mails_per_client: positive(&get, "MAILS_PER_CLIENT", 30)?,
                codes_per_account: positive(&get, "CODES_PER_ACCOUNT", 20)?,
            },
            passwords: PasswordCost::read(&get, app_env)?,
            device_keys: read_device_keys(&get, app_env)?,
            per_user: UserLimits {
                organizations: positive(&get, "ORGANIZATIONS_PER_OWNER", 20)?,
                sessions: positive(&get, "SESSIONS_PER_USER", 20)?,
            },
            activity_kept: read_activity_kept(&get)?,
            session_life: read_session_life(&get)?,
            session_cookie_keys: read_session_cookie_keys(&get, app_env)?,
            hsts_subdomains: flag(&get, "HSTS_SUBDOMAINS", true)?,
            trust_forwarded_for: flag(&get, "TRUST_FORWARDED_FOR", false)?,
        })
    }

    /// Whether cookies are `Secure` and carry the `__Host-` prefix: always but in
    /// development over plain http, where browsers would not send them back.
    pub fn cookie_is_secure(&self) -> bool {
        self.app_env == AppEnv::Production || self.app_url.starts_with("https://")
    }

    /// Name of the cookie by which a browser shows who has signed in on it before.
    pub fn device_cookie_name(&self) -> String {
        format!("{}-device", self.cookie_name())
    }

    /// Name of the session's cookie. A browser takes `__Host-` only from a secure
    /// origin and only without a domain. Our other cookies are named after it.
    pub fn cookie_name(&self) -> &'static str {
        if self.cookie_is_secure() {
            "__Host-orghub"
        } else {
            "orghub"
        }
    }

    /// Name of the cookie with the session's signed copy.
    pub fn session_data_cookie_name(&self) -> &'static str {
        if self.cookie_is_secure() {
            "__Host-orghub-session_data"
        } else {
            "orghub-session_data"
        }
    }
}

/// The database keeps the last 90 days from whoever deletes through the server's role
/// (migrations/0023_activity.sql), so fewer would be a promise that is not kept.
fn read_activity_kept(
    get: &impl Fn(&str) -> Option<String>,
) -> Result<Option<time::Duration>, ConfigError> {
    match number(get, "ACTIVITY_RETENTION_DAYS", 730_u32)? {
        0 => Ok(None),
        days @ 90..=36_500 => Ok(Some(time::Duration::days(i64::from(days)))),
        days => Err(ConfigError::new(
            "ACTIVITY_RETENTION_DAYS",
            format!("is {days}; set 90 to 36500, or 0 to keep activity for ever"),
        )),
    }
}

/// Not said, it is a developer's machine; who listens to others has to say.
fn read_app_env(
    get: &impl Fn(&str) -> Option<String>,
    site_addr: SocketAddr,
) -> Result<AppEnv, ConfigError> {
    match get("APP_ENV").as_deref() {
        Some("production") => Ok(AppEnv::Production),
        Some("development") => Ok(AppEnv::Development),
        None if site_addr.ip().is_loopback() => Ok(AppEnv::Development),
        None => Err(ConfigError::new(
            "APP_ENV",
            format!(
                "is not set, and SITE_ADDR is {site_addr}, which other machines reach; set \
                 production, or development if that is meant"
            ),
        )),
        Some(other) => Err(ConfigError::new(
            "APP_ENV",
            format!("is `{other}`; set development or production"),
        )),
    }
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
    fn what_production_keeps_in_redis_is_signed_with_a_secret() {
        let secret = "0123456789abcdef0123456789abcdef";
        let short = "0123456789abcdef0123456789abcde";
        for keys in [short, ",", "0123456789abcdef0123456789abcdef,"] {
            let error = production(&[("CACHE_KEYS", keys)]).expect_err(keys);
            assert!(!error.problem.contains(short), "{}", error.problem);
        }
        let config = production(&[("CACHE_KEYS", secret)]).expect("complete");
        assert!(!format!("{config:?}").contains(secret));
        let without_redis = [("ENABLE_REDIS_CACHE", "false"), ("CACHE_KEYS", "")];
        assert!(production(&without_redis).is_ok());
    }

    #[test]
    fn what_browsers_keep_for_production_is_signed_with_a_secret() {
        let secret = "0123456789abcdef0123456789abcdef";
        let config = production(&[("SESSION_COOKIE_KEYS", secret)]).expect("complete");
        assert!(!format!("{config:?}").contains(secret));
        let keys = ("SESSION_COOKIE_KEYS", "");
        let without = production(&[keys, ("SESSION_COOKIE_CACHE", "false")]);
        assert_eq!(without.expect("complete").session_cookie_keys, None);
    }

    #[test]
    fn a_session_lives_no_longer_without_use_than_at_all() {
        let live = |variables: &[(&str, &str)]| {
            let base = [DATABASE, ("ENABLE_REDIS_CACHE", "false")];
            let config = read(&[&base[..], variables].concat()).expect("complete");
            let SessionLife {
                inactivity,
                longest,
            } = config.session_life;
            (inactivity.whole_days(), longest.whole_days())
        };
        assert_eq!(live(&[]), (30, 90));
        assert_eq!(live(&[("SESSION_INACTIVITY_DAYS", "1")]), (1, 90));
        assert_eq!(live(&[("SESSION_MAX_DAYS", "7")]), (7, 7));
    }

    #[test]
    fn activity_is_kept_for_ninety_days_at_least() {
        let kept = |days: &str| {
            let base = [DATABASE, ("ENABLE_REDIS_CACHE", "false")];
            let days = [("ACTIVITY_RETENTION_DAYS", days)];
            read(&[&base[..], &days].concat()).map(|config| config.activity_kept)
        };
        assert_eq!(kept("0"), Ok(None));
        assert_eq!(kept("90"), Ok(Some(time::Duration::days(90))));
        for days in ["89", "36501", "-1", "long"] {
            let error = kept(days).expect_err(days);
            assert_eq!(error.variable, "ACTIVITY_RETENTION_DAYS");
        }
    }

    #[test]
    fn the_owner_of_the_tables_is_the_servers_role_unless_somebody_else_is_named() {
        let base = [DATABASE, ("ENABLE_REDIS_CACHE", "false")];
        let config = read(&base).expect("complete");
        assert_eq!(config.database_owner_url, config.database_url);
        let owner = ("DATABASE_OWNER_URL", "postgres://owner@localhost/orghub");
        let config = read(&[&base[..], &[owner]].concat()).expect("complete");
        assert_eq!(config.database_owner_url, owner.1);
        let far = ("DATABASE_OWNER_URL", "postgres://owner@db.test/orghub");
        let error = production(&[far]).expect_err("it does not say how far TLS goes");
        assert_eq!(error.variable, "DATABASE_OWNER_URL");
    }

    #[test]
    fn development_signs_with_a_key_that_everybody_knows() {
        let redis = ("REDIS_URL", "redis://localhost");
        let config = read(&[DATABASE, redis]).expect("complete");
        assert!(config.cache_keys.are_known_to_everybody());
    }

    /// A complete production configuration, but for `changes`; an empty value means unset.
    fn production(changes: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let complete = [
            ("APP_ENV", "production"),
            ("APP_URL", "https://app.test"),
            ("CACHE_KEYS", "a secret of more than thirty-two characters"),
            (
                "DEVICE_COOKIE_KEYS",
                "another secret of more than thirty-two letters",
            ),
            (
                "DATABASE_URL",
                "postgres://db.test/orghub?sslmode=verify-full",
            ),
            ("FACTOR_KEYS", "another secret of more than thirty-two"),
            ("MAIL_FROM", "Orghub <no-reply@app.test>"),
            ("REDIS_URL", "rediss://:secret@cache.test"),
            (
                "SESSION_COOKIE_KEYS",
                "another secret of more than thirty-two characters",
            ),
            ("SMTP_URL", "smtps://orghub:secret@mail.test"),
            ("STRIPE_SECRET_KEY", "sk_live_made_up"),
            ("STRIPE_WEBHOOK_SECRET", "whsec_made_up_of_letters"),
            ("TRUST_FORWARDED_FOR", "true"),
        ];
        Config::read(|name| {
            let (_, value) = changes
                .iter()
                .chain(&complete)
                .find(|(known, _)| *known == name)?;
            (!value.is_empty()).then(|| (*value).to_owned())
        })
    }

    #[test]
    fn production_refuses_what_undoes_its_locks() {
        production(&[]).expect("complete");
        for (variable, values) in [
            (
                "APP_URL",
                &[
                    "",
                    "http://app.test",
                    "app.test",
                    "https://",
                    "https://app.test/base",
                    "https://app.test/?x",
                    "https://ada@app.test",
                    "ftp://app.test",
                ][..],
            ),
            (
                "STRIPE_SECRET_KEY",
                &[
                    "",
                    "sk_test_made_up",
                    "sk_test_fake",
                    "pk_live_made_up",
                    "x",
                ],
            ),
            (
                "STRIPE_WEBHOOK_SECRET",
                &[
                    "",
                    ",",
                    "whsec_made_up_of_letters,",
                    ",whsec_made_up_of_letters",
                    "whsec_development_only",
                    "whsec_",
                    "secret",
                ],
            ),
            ("STRIPE_API_BASE", &["http://127.0.0.1:1/"]),
            ("METRICS_TOKEN", &["x", "short"]),
            (
                "CACHE_KEYS",
                &["", "short", "a secret of more than thirty-two characters,"],
            ),
            (
                "FACTOR_KEYS",
                &["", "short", "a secret of more than thirty-two characters,"],
            ),
            (
                "REDIS_URL",
                &["", "redis://cache.test", "http://cache.test"],
            ),
            (
                "DATABASE_URL",
                &[
                    "",
                    "postgres://db.test/orghub",
                    "nonsense",
                    "postgres://db.test/orghub?sslmode=prefer",
                    "postgres://db.test/orghub?sslmode=allow",
                ],
            ),
            (
                "SESSION_COOKIE_KEYS",
                &["", "short", "a secret of more than thirty-two characters,"],
            ),
            ("SESSION_COOKIE_CACHE", &["perhaps"]),
            ("SESSION_INACTIVITY_DAYS", &["0", "-1", "366", "4294967295"]),
            ("SESSION_MAX_DAYS", &["0", "a year", "366"]),
            ("SESSIONS_PER_USER", &["0"]),
            (
                "SMTP_URL",
                &[
                    "",
                    "nonsense",
                    "https://mail.test",
                    "smtps://orghub@mail.test",
                ],
            ),
            ("SMTP_CONNECTIONS", &["0"]),
            ("SMTP_TIMEOUT_SECONDS", &["0"]),
            ("MAIL_FROM", &["", "Orghub"]),
            ("TRUST_FORWARDED_FOR", &["", "perhaps"]),
            (
                "DEVICE_COOKIE_KEYS",
                &["", "short", "a secret of more than thirty-two characters,"],
            ),
            (
                "PASSWORD_MEMORY_KIB",
                &["0", "7", "8", "9728", "19455", "4294967295"],
            ),
            ("PASSWORD_PASSES", &["0", "101"]),
            ("SIGN_UPS_PER_CLIENT", &["0"]),
            ("MAILS_PER_ADDRESS", &["0"]),
            ("MAILS_PER_CLIENT", &["0"]),
            ("CODES_PER_ACCOUNT", &["0"]),
            ("SIGN_IN_WINDOW_SECONDS", &["0", "-1"]),
            ("SIGN_IN_ATTEMPTS_PER_ACCOUNT", &["0"]),
            ("SIGN_IN_ATTEMPTS_PER_ACCOUNT_AND_CLIENT", &["0"]),
            ("SIGN_IN_ATTEMPTS_PER_CLIENT", &["0"]),
            ("DATABASE_MAX_CONNECTIONS", &["0"]),
            ("APP_ENV", &["prod", "Production"]),
        ] {
            for value in values {
                let refused = production(&[(variable, value)]);
                let error = refused.expect_err(&format!("{variable}={value} was taken"));
                assert_eq!(error.variable, variable, "{value}");
            }
        }
    }

    #[test]
    fn production_takes_what_is_meant() {
        for (variable, value) in [
            ("APP_URL", "https://app.test:8443/"),
            ("STRIPE_SECRET_KEY", "rk_live_made_up"),
            (
                "STRIPE_WEBHOOK_SECRET",
                "whsec_made_up_of_letters, whsec_another_of_them",
            ),
            ("REDIS_URL", "redis://localhost"),
            ("REDIS_URL", "redis://:secret@cache.internal:6379"),
            ("REDIS_URL", "redis://127.0.0.1:6379"),
            ("DATABASE_URL", "postgres://127.0.0.1/orghub"),
            (
                "DATABASE_URL",
                "postgres://db.internal/orghub?sslmode=disable",
            ),
            ("SMTP_URL", "smtp://mail.test"),
            ("SMTP_URL", "smtp://127.0.0.1"),
            ("TRUST_FORWARDED_FOR", "false"),
            ("METRICS_TOKEN", "0123456789abcdef"),
            ("PASSWORD_MEMORY_KIB", "65536"),
            ("PASSWORD_PASSES", "3"),
        ] {
            let config = production(&[(variable, value)]);
            let config = config.unwrap_or_else(|error| panic!("{variable}={value}: {error}"));
            assert!(!config.app_url.ends_with('/'));
        }
        let two = production(&[(
            "STRIPE_WEBHOOK_SECRET",
            "whsec_made_up_of_letters,whsec_b_of_letters",
        )]);
        assert_eq!(two.expect("complete").stripe.webhook_secrets.len(), 2);
    }

    #[test]
    fn hashing_may_cost_what_owasp_asks_for_in_each_of_its_ways() {
        for (memory, passes, is_enough) in [
            ("47104", "1", true),
            ("19456", "1", false),
            ("12288", "3", true),
            ("12288", "2", false),
            ("7168", "5", true),
            ("7167", "100", false),
        ] {
            let cost = [("PASSWORD_MEMORY_KIB", memory), ("PASSWORD_PASSES", passes)];
            assert_eq!(production(&cost).is_ok(), is_enough, "{cost:?}");
            let mut cheap = vec![DATABASE, ("ENABLE_REDIS_CACHE", "false")];
            cheap.extend(cost);
            assert!(read(&cheap).is_ok(), "a developer may");
        }
    }

    #[test]
    fn whoever_listens_to_others_says_what_it_is() {
        let base = [DATABASE, ("ENABLE_REDIS_CACHE", "false")];
        let at = |address: &str, app_env: Option<&str>| {
            let mut variables = base.to_vec();
            variables.push(("SITE_ADDR", address));
            variables.extend(app_env.map(|app_env| ("APP_ENV", app_env)));
            read(&variables)
        };
        for address in ["0.0.0.0:3000", "[::]:3000", "192.0.2.7:80"] {
            let error = at(address, None).expect_err(address);
            assert_eq!(error.variable, "APP_ENV");
            assert!(at(address, Some("development")).is_ok());
        }
        assert!(at("127.0.0.1:3000", None).is_ok() && at("[::1]:3000", None).is_ok());
    }
}
