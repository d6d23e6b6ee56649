//! How long sessions live, and what their browsers keep of them.

use time::Duration;

use super::{
    AppEnv, ConfigError, SessionCookieKeys,
    variables::{flag, positive},
};

/// The ends of every session (ASVS 7.3).
#[derive(Clone, Copy, Debug)]
pub struct SessionLife {
    /// Without being used.
    pub inactivity: Duration,
    /// However much it is used: a stolen cookie is not good for ever.
    pub longest: Duration,
}

/// Browsers forget a cookie after 400 days whatever they are told.
const MOST_DAYS: u32 = 365;

pub(super) fn read_session_life(
    get: &impl Fn(&str) -> Option<String>,
) -> Result<SessionLife, ConfigError> {
    let days = |variable, default| {
        let days: u32 = positive(get, variable, default)?;
        if days > MOST_DAYS {
            return Err(ConfigError::new(
                variable,
                format!("is more than a year; set {MOST_DAYS} or less"),
            ));
        }
        Ok(Duration::days(days.into()))
    };
    let inactivity = days("SESSION_INACTIVITY_DAYS", 30)?;
    let longest = days("SESSION_MAX_DAYS", 90)?;
    Ok(SessionLife {
        inactivity: inactivity.min(longest),
        longest,
    })
}

pub(super) fn read_session_cookie_keys(
    get: &impl Fn(&str) -> Option<String>,
    app_env: AppEnv,
) -> Result<Option<SessionCookieKeys>, ConfigError> {
    let refused = |problem| ConfigError::new("SESSION_COOKIE_KEYS", problem);
    let is_on = flag(get, "SESSION_COOKIE_CACHE", true)?;
    match get("SESSION_COOKIE_KEYS") {
        _ if !is_on => Ok(None),
        Some(text) => SessionCookieKeys::parse(&text).map(Some).map_err(refused),
        None if app_env == AppEnv::Production => Err(refused(
            "is not set; set a secret that all nodes share, made with `openssl rand -base64 32`, \
             or set SESSION_COOKIE_CACHE=false"
                .to_owned(),
        )),
        None => Ok(Some(SessionCookieKeys::for_development())),
    }
}
