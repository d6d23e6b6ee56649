//! What operators read: log lines, on standard output, as text or JSON; and metrics, which
//! wait until somebody asks for them.

use std::{
    io::{self, IsTerminal as _},
    sync::OnceLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use metrics::{counter, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use orghub::{
    config::ConfigError,
    security_log::SecurityEvent,
    telemetry::{CATALOG, Kind, SPANS, describe, names},
};
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

use crate::config::{LogFormat, ServerConfig};

/// Starts logging.
///
/// # Errors
/// [`ConfigError`] if `LOG_LEVEL` cannot be understood.
pub fn start(config: &ServerConfig) -> Result<(), ConfigError> {
    let filter: EnvFilter = config.log_level.parse().map_err(|error| {
        let problem = format!(
            "is `{}` ({error}); set a level such as info, or directives such as info,orghub::cache=debug",
            config.log_level
        );
        ConfigError::new("LOG_LEVEL", problem)
    })?;
    // Spans are there to be timed; without a reader they are not even made.
    let span_events = if config.log_level.contains(SPANS) {
        FmtSpan::CLOSE
    } else {
        FmtSpan::NONE
    };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(span_events)
        .with_writer(io::stdout);
    // An earlier subscriber of the same process (a test's) stays: the lines still go somewhere.
    let _already_set = match config.log_format {
        LogFormat::Text => lines
            .with_ansi(io::stdout().is_terminal())
            .with_target(false)
            .try_init(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            // The innermost span is some library's; the request's id is further out.
            .with_span_list(true)
            .try_init(),
    };
    Ok(())
}

/// Time between two sortings of what histograms took in. Between them every value
/// is kept as it is.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// The metrics of this process, counted from the first call on.
pub fn metrics() -> &'static PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS.get_or_init(|| {
        let mut builder = PrometheusBuilder::new();
        for metric in CATALOG {
            if let Kind::Histogram(bounds) = metric.kind {
                builder = builder
                    .set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds)
                    .expect("every histogram of the catalog has buckets");
            }
        }
        let handle = builder
            .install_recorder()
            .expect("nobody else counts in this process");
        describe();
        // As with the other counters: the first of them is to be seen.
        for event in SecurityEvent::NAMES {
            counter!(names::SECURITY_EVENTS, "event" => *event).increment(0);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        gauge!(names::START_TIME).set(now.unwrap_or_default().as_secs_f64());
        handle
    })
}

/// Keeps the histograms small while nobody asks for them.
pub async fn keep_up() {
    loop {
        tokio::time::sleep(UPKEEP_EVERY).await;
        metrics().run_upkeep();
    }
}
