//! Metrics, which wait until somebody asks for them.

use std::{
    sync::OnceLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use metrics::{counter, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use orghub::{
    security_log::SecurityEvent,
    telemetry::{CATALOG, Kind, describe, names},
};

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
