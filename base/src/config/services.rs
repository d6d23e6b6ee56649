//! The services Orghub relies on: PostgreSQL, Redis, Stripe. In production nothing stands
//! in for them, and what comes from them is theirs.

use std::net::IpAddr;

use url::Url;

use super::{
    AppEnv, CacheKeys, ConfigError, DeviceKeys, FactorKeys, RedisConfig, StripeConfig, StripeKey,
    WebhookSecret, variables::flag,
};

/// In a URL that only this machine can answer, nobody else can pose as the service.
pub(super) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return true;
    };
    // Of a scheme it does not know, the crate leaves an address as it is written.
    let address = host.trim_matches(['[', ']']).parse();
    address.is_ok_and(|address: IpAddr| address.is_loopback())
        || host == "localhost"
        || host.ends_with(".localhost")
}

pub(super) fn read_database_url(
    get: &impl Fn(&str) -> Option<String>,
    app_env: AppEnv,
) -> Result<String, ConfigError> {
    let text = get("DATABASE_URL").ok_or_else(|| {
        ConfigError::new(
            "DATABASE_URL",
            "is not set; set it to postgres://user:password@host:5432/database",
        )
    })?;
    check_database_url("DATABASE_URL", &text, app_env)?;
    Ok(text)
}

pub(super) fn read_database_owner_url(
    get: &impl Fn(&str) -> Option<String>,
    app_env: AppEnv,
) -> Result<Option<String>, ConfigError> {
    let text = get("DATABASE_OWNER_URL");
    if let Some(text) = &text {
        check_database_url("DATABASE_OWNER_URL", text, app_env)?;
    }
    Ok(text)
}

fn check_database_url(
    variable: &'static str,
    text: &str,
    app_env: AppEnv,
) -> Result<(), ConfigError> {
    let refused = |problem: &str| ConfigError::new(variable, problem);
    let url = Url::parse(text).map_err(|_| {
        refused("is no address; it looks like postgres://user:password@host:5432/database")
    })?;
    let mode = url
        .query_pairs()
        .find(|(name, _)| matches!(&**name, "sslmode" | "ssl-mode"))
        .map(|(_, mode)| mode.into_owned());
    // Left to itself the driver takes TLS if it is offered, from anybody.
    let is_said = matches!(
        mode.as_deref(),
        Some("verify-full" | "verify-ca" | "require" | "disable")
    );
    if app_env == AppEnv::Production && !is_said && !is_loopback(&url) {
        return Err(refused(
            "does not say how far TLS goes; add ?sslmode=verify-full, or ?sslmode=disable on a \
             network that is yours alone",
        ));
    }
    Ok(())
}

pub(super) fn read_redis(
    get: &impl Fn(&str) -> Option<String>,
    app_env: AppEnv,
) -> Result<Option<RedisConfig>, ConfigError> {
    if !flag(get, "ENABLE_REDIS_CACHE", true)? {
        return Ok(None);
    }
    let refused = |problem: &str| ConfigError::new("REDIS_URL", problem);
    let text = get("REDIS_URL").ok_or_else(|| {
        refused(
            "is not set; set it to redis://host:6379 (see docs/redis-setup.md), or set \
             ENABLE_REDIS_CACHE=false to run without Redis",
        )
    })?;
    let mut urls = Vec::new();
    for text in text.split(',').map(str::trim) {
        let url = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "redis" | "rediss") && url.has_host());
        let url = url.ok_or_else(|| {
            refused(
                "is not a Redis address; it looks like redis://host:6379 or \
                 rediss://user:password@host:6379, a cluster like redis://a:6379,redis://b:6379",
            )
        })?;
        let is_open = url.scheme() == "redis" && url.password().is_none() && !is_loopback(&url);
        if app_env == AppEnv::Production && is_open {
            return Err(refused(
                "has neither TLS nor a password; set rediss://, or a password on a network \
                 that is yours alone",
            ));
        }
        urls.push(text.to_owned());
    }
    Ok(Some(RedisConfig {
        urls,
        required_at_start: flag(get, "REDIS_REQUIRED_AT_START", false)?,
    }))
}

pub(super) fn read_cache_keys(
    get: &impl Fn(&str) -> Option<String>,
    app_env: AppEnv,
    uses_redis: bool,
) -> Result<CacheKeys, ConfigError> {
    let refused = |problem| ConfigError::new("CACHE_KEYS", problem);
    match get("CACHE_KEYS") {
        Some(text) => CacheKeys::parse(&text).map_err(refused),
        None if uses_redis && app_env == AppEnv::Production => Err(refused(
            "is not set; set a secret that all nodes share, made with `openssl rand -base64 32`"
                .to_owned(),
        )),
        None => Ok(CacheKeys::for_development()),
    }
}

pub(super) fn read_device_keys(
    get: &impl Fn(&str) -> Option<String>,
    app_env: AppEnv,
) -> Result<DeviceKeys, ConfigError> {
    let refused = |problem| ConfigError::new("DEVICE_COOKIE_KEYS", problem);
    match get("DEVICE_COOKIE_KEYS") {
        Some(text) => DeviceKeys::parse(&text).map_err(refused),
        None if app_env == AppEnv::Production => Err(refused(
            "is not set; set a secret that all nodes share, made with `openssl rand -base64 32`"
                .to_owned(),
        )),
        None => Ok(DeviceKeys::for_development()),
    }
}

pub(super) fn read_factor_keys(
    get: &impl Fn(&str) -> Option<String>,
    app_env: AppEnv,
) -> Result<FactorKeys, ConfigError> {
    let refused = |problem| ConfigError::new("FACTOR_KEYS", problem);
    match get("FACTOR_KEYS") {
        Some(text) => FactorKeys::parse(&text).map_err(refused),
        None if app_env == AppEnv::Production => Err(refused(
            "is not set; set a secret that all nodes share, made with `openssl rand -base64 32`"
                .to_owned(),
        )),
        None => Ok(FactorKeys::for_development()),
    }
}

pub(super) fn read_stripe(
    get: &impl Fn(&str) -> Option<String>,
    app_env: AppEnv,
) -> Result<StripeConfig, ConfigError> {
    let required = |variable: &'static str| match get(variable) {
        None if app_env == AppEnv::Production => Err(ConfigError::new(
            variable,
            "is not set; with APP_ENV=production the real Stripe is required",
        )),
        given => Ok(given),
    };
    let api_base = get("STRIPE_API_BASE");
    if app_env == AppEnv::Production && api_base.is_some() {
        return Err(ConfigError::new(
            "STRIPE_API_BASE",
            "is set; with APP_ENV=production only Stripe itself is used, remove it",
        ));
    }
    let key = required("STRIPE_SECRET_KEY")?;
    // Without a key of its own a development machine never talks to Stripe.
    let api_base = match api_base {
        None if key.is_none() => Some("http://127.0.0.1:12111/".to_owned()),
        given => given,
    };
    let key = key.as_deref().unwrap_or("sk_test_fake");
    let secrets = match required("STRIPE_WEBHOOK_SECRET")? {
        Some(text) => WebhookSecret::parse_list(&text, app_env)
            .map_err(|problem| ConfigError::new("STRIPE_WEBHOOK_SECRET", problem))?,
        None => vec![WebhookSecret::for_development()],
    };
    let portal_configuration = get("STRIPE_PORTAL_CONFIGURATION");
    if let Some(id) = &portal_configuration
        && !id.starts_with("bpc_")
    {
        return Err(ConfigError::new(
            "STRIPE_PORTAL_CONFIGURATION",
            "is no configuration of the portal; `orghub-server stripe-setup` prints it as bpc_…",
        ));
    }
    Ok(StripeConfig {
        automatic_tax: flag(get, "STRIPE_AUTOMATIC_TAX", false)?,
        daily_reconcile: flag(get, "STRIPE_DAILY_RECONCILE", true)?,
        portal_configuration,
        secret_key: StripeKey::parse(key, app_env)
            .map_err(|problem| ConfigError::new("STRIPE_SECRET_KEY", problem))?,
        api_base,
        webhook_secrets: secrets,
    })
}
