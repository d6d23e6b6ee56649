//! What operators read: log lines, on standard output, as text or JSON; metrics; and, where a
//! collector is given, traces.

mod metrics;
pub mod traces;

use std::io::{self, IsTerminal as _};

use orghub::{config::ConfigError, telemetry::SPANS};
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt::format::FmtSpan, layer::SubscriberExt as _,
    registry::LookupSpan, util::SubscriberInitExt as _,
};

pub use metrics::{keep_up, metrics};

use crate::config::{LogFormat, ServerConfig};

/// Starts logging, and sending traces.
///
/// # Errors
/// [`ConfigError`] if `LOG_LEVEL` or the address of the collector cannot be understood.
pub fn start(config: &ServerConfig) -> Result<(), ConfigError> {
    let filter: EnvFilter = config.log_level.parse().map_err(|error| {
        let problem = format!(
            "is `{}` ({error}); set a level such as info, or directives such as info,orghub_base::cache=debug",
            config.log_level
        );
        ConfigError::new("LOG_LEVEL", problem)
    })?;
    // An earlier subscriber of the same process (a test's) stays: the lines still go somewhere.
    let _already_set = match &config.otlp_endpoint {
        // One filter for everything: what it leaves out costs nothing.
        None => Registry::default()
            .with(filter)
            .with(lines(config))
            .try_init(),
        Some(endpoint) => Registry::default()
            .with(lines(config).with_filter(filter))
            .with(traces::layer(endpoint)?)
            .try_init(),
    };
    Ok(())
}

/// Writes a line for every event, on standard output.
fn lines<S>(config: &ServerConfig) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    // Spans are there to be timed; without a reader they are not even made.
    let span_events = if config.log_level.contains(SPANS) {
        FmtSpan::CLOSE
    } else {
        FmtSpan::NONE
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_span_events(span_events)
        .with_writer(io::stdout);
    match config.log_format {
        LogFormat::Text => lines
            .with_ansi(io::stdout().is_terminal())
            .with_target(false)
            .boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            // The innermost span is some library's; the request's id is further out.
            .with_span_list(true)
            .boxed(),
    }
}

/// Sends what is still to be sent.
pub async fn stop() {
    traces::stop().await;
}
