//! Where log lines go: to standard output, one a line, as text or JSON.

use std::io::{self, IsTerminal as _};

use orghub::config::ConfigError;
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, ServerConfig};

/// Starts logging.
///
/// # Errors
/// [`ConfigError`] if `LOG_LEVEL` cannot be understood.
pub fn start(config: &ServerConfig) -> Result<(), ConfigError> {
    let filter: EnvFilter = config.log_level.parse().map_err(|error| ConfigError {
        variable: "LOG_LEVEL",
        problem: format!(
            "is `{}` ({error}); set a level such as info, or directives such as info,orghub::cache=debug",
            config.log_level
        ),
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stdout);
    // An earlier subscriber of the same process (a test's) stays: the lines still go somewhere.
    let _already_set = match config.log_format {
        LogFormat::Text => lines.with_ansi(io::stdout().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).try_init(),
    };
    Ok(())
}
