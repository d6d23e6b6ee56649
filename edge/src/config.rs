//! The core's configuration and what only the HTTP edge needs besides, read once from the
//! environment. `.env.example` lists all of it.

use std::{collections::HashMap, num::NonZeroUsize};

use http::Uri;
use orghub::config::{AppEnv, Config, ConfigError, variable};

/// What a server started by `cargo leptos watch` reads besides the environment: the
/// developer's settings, and the addresses of the checkout's private services. The first
/// file that has a variable wins; none has to exist.
const FILES: [&str; 2] = [".env", ".services/env"];

/// Some two thousand pages, compressed.
const RENDERED_PAGES_BYTES: u64 = 16 * 1024 * 1024;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For a terminal.
    Text,
    /// One JSON object a line, for a log collector.
    Json,
}

/// Everything the server can be told.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// What the core is told.
    pub core: Config,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
    /// `LOG_LEVEL`: a level, or directives such as `info,orghub::cache=debug`.
    pub log_level: String,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector that takes traces; `None`: nobody does.
    pub otlp_endpoint: Option<String>,
    /// `LEPTOS_SITE_ROOT`: the folder with what the browser downloads.
    pub site_root: String,
    /// `MAX_CONNECTIONS`: of clients at a time; `None`: what the limit on open files allows.
    pub max_connections: Option<usize>,
    /// `RENDERED_PAGES_BYTES`: of pages kept as they were sent; 0: none are.
    pub rendered_pages_bytes: u64,
    /// `LEPTOS_RELOAD_PORT`: where `cargo leptos watch` tells browsers to reload;
    /// `None` when it is not watching.
    pub reload_port: Option<u16>,
}

impl ServerConfig {
    /// Reads the environment of the process and, under `cargo leptos watch`, [`FILES`].
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        let further = match variable("LEPTOS_WATCH") {
            Some(_) => read_files()?,
            None => HashMap::new(),
        };
        let get = |name: &str| variable(name).or_else(|| further.get(name).cloned());
        Self::read(Config::read(get)?, get)
    }

    /// Reads the edge's own variables from `get`.
    ///
    /// # Errors
    /// The first variable that is wrong; all of them have defaults.
    pub fn read(core: Config, get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let wrong = |variable: &'static str, expected: &str, text: &str| {
            ConfigError::new(variable, format!("is `{text}`; set {expected}"))
        };
        let log_format = match get("LOG_FORMAT").as_deref() {
            Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            None if core.app_env == AppEnv::Production => LogFormat::Json,
            None => LogFormat::Text,
            Some(other) => return Err(wrong("LOG_FORMAT", "text or json", other)),
        };
        if core.app_env == AppEnv::Production && get("LEPTOS_WATCH").is_some() {
            return Err(ConfigError::new(
                "LEPTOS_WATCH",
                "is set; cargo leptos watch is for development, remove it",
            ));
        }
        let reload_port = match get("LEPTOS_WATCH").and_then(|_watching| get("LEPTOS_RELOAD_PORT"))
        {
            Some(text) => Some(
                text.parse()
                    .map_err(|_| wrong("LEPTOS_RELOAD_PORT", "a port's number", &text))?,
            ),
            None => None,
        };
        let max_connections = get("MAX_CONNECTIONS").map(|text| match text.parse() {
            Ok(number) => Ok(NonZeroUsize::get(number)),
            Err(_) => Err(wrong("MAX_CONNECTIONS", "a whole number, 1 or more", &text)),
        });
        let rendered_pages_bytes = match get("RENDERED_PAGES_BYTES") {
            Some(text) => text
                .parse()
                .map_err(|_| wrong("RENDERED_PAGES_BYTES", "a number of bytes", &text))?,
            None => RENDERED_PAGES_BYTES,
        };
        let otlp_endpoint = match get("OTEL_EXPORTER_OTLP_ENDPOINT") {
            Some(text) if is_http_address(&text) => Some(text),
            Some(text) => {
                let expected = "an address such as http://localhost:4318";
                return Err(wrong("OTEL_EXPORTER_OTLP_ENDPOINT", expected, &text));
            }
            None => None,
        };
        Ok(Self {
            core,
            otlp_endpoint,
            rendered_pages_bytes,
            max_connections: max_connections.transpose()?,
            log_format,
            log_level: get("LOG_LEVEL").unwrap_or_else(|| "info".to_owned()),
            site_root: get("LEPTOS_SITE_ROOT").unwrap_or_else(|| "target/site".to_owned()),
            reload_port,
        })
    }
}

fn is_http_address(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|address| {
        matches!(address.scheme_str(), Some("http" | "https")) && address.query().is_none()
    })
}

/// The variables of [`FILES`]; an empty one counts as unset.
fn read_files() -> Result<HashMap<String, String>, ConfigError> {
    let mut variables = HashMap::new();
    for file in FILES {
        // Not the parser's own words: they quote the line, which may be a secret.
        let malformed = |_| ConfigError::new(file, "has a line that is not NAME=value");
        let lines = match dotenvy::from_path_iter(file) {
            Ok(lines) => lines,
            Err(error) if error.not_found() => continue,
            Err(error) => {
                return Err(ConfigError::new(file, format!("cannot be read: {error}")));
            }
        };
        for line in lines {
            let (name, value) = line.map_err(malformed)?;
            if !value.trim().is_empty() {
                variables.entry(name).or_insert(value);
            }
        }
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(app_env: &str, variables: &[(&str, &str)]) -> Result<ServerConfig, ConfigError> {
        let core = Config::read(|name| {
            let value = match name {
                "APP_ENV" => app_env,
                "APP_URL" => "https://app.test",
                "DATABASE_URL" => "postgres://localhost/orghub",
                "ENABLE_REDIS_CACHE" => "false",
                "FACTOR_KEYS" => "another secret of more than thirty-two",
                "MAIL_FROM" => "no-reply@app.test",
                "SESSION_COOKIE_KEYS" => "a secret of more than thirty-two characters",
                "SMTP_URL" => "smtps://mail.test",
                "DEVICE_COOKIE_KEYS" => "a secret of more than thirty-two characters",
                "STRIPE_SECRET_KEY" => "sk_live_made_up",
                "TRUST_FORWARDED_FOR" => "true",
                "STRIPE_WEBHOOK_SECRET" => "whsec_made_up_of_letters",
                _ => return None,
            };
            Some(value.to_owned())
        })?;
        ServerConfig::read(core, |name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn production_logs_json_unless_told_otherwise() {
        assert_eq!(
            read("development", &[]).expect("defaults").log_format,
            LogFormat::Text
        );
        assert_eq!(
            read("production", &[]).expect("defaults").log_format,
            LogFormat::Json
        );
        assert_eq!(
            read("production", &[("LOG_FORMAT", "text")])
                .expect("valid")
                .log_format,
            LogFormat::Text
        );
        assert_eq!(
            read("development", &[("LOG_FORMAT", "xml")])
                .expect_err("unknown")
                .variable,
            "LOG_FORMAT"
        );
    }

    #[test]
    fn the_reload_port_counts_only_while_watching() {
        assert_eq!(
            read("development", &[("LEPTOS_RELOAD_PORT", "3001")])
                .expect("valid")
                .reload_port,
            None
        );
        let watching = [("LEPTOS_WATCH", "true"), ("LEPTOS_RELOAD_PORT", "3001")];
        assert_eq!(
            read("development", &watching).expect("valid").reload_port,
            Some(3001)
        );
    }
}
