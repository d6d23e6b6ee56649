//! Traces: a span for each request, and in it one for each use case and statement, sent to a
//! collector as OTLP over HTTP where `OTEL_EXPORTER_OTLP_ENDPOINT` gives one. Without it no
//! span is made.
//!
//! How many requests are traced, the service's name and the collector's headers are read by
//! OpenTelemetry from its own variables (`OTEL_TRACES_SAMPLER`, `OTEL_SERVICE_NAME`,
//! `OTEL_EXPORTER_OTLP_HEADERS` …).

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::body::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use opentelemetry::{
    propagation::TextMapPropagator as _,
    trace::{Status, TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use orghub::{config::ConfigError, telemetry::SPANS};
use tokio::runtime::Handle;
use tracing::{Level, Span, Subscriber, info, warn};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

/// What the service is called unless `OTEL_SERVICE_NAME` says otherwise.
const SERVICE_NAME: &str = "orghub-server";

/// How long the collector may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the program waits at its end for the last traces to be sent.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Of a collector's answer; more is none.
const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// There while traces are sent.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// What hands spans to the collector at `endpoint`.
///
/// # Errors
/// [`ConfigError`] if nothing can be sent there.
pub fn layer<S>(endpoint: &str) -> Result<impl Layer<S> + Send + Sync + use<S>, ConfigError>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Collector::new())
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(ANSWER_TIMEOUT)
        .build()
        .map_err(|error| {
            ConfigError::new("OTEL_EXPORTER_OTLP_ENDPOINT", format!("is no use: {error}"))
        })?;
    // The batch is bounded; a collector that is away costs spans and no request.
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource())
        .build();
    let provider = PROVIDER.get_or_init(|| provider);
    Ok(tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(SERVICE_NAME))
        .with_location(false)
        .with_threads(false)
        .with_filter(
            Targets::new()
                .with_target("orghub_edge", Level::INFO)
                .with_target("orghub", Level::WARN)
                .with_target(SPANS, Level::DEBUG),
        ))
}

/// Who sends: the service's name, and what the environment says of it besides.
fn resource() -> Resource {
    let detected = Resource::builder().build();
    let name = detected.get(&"service.name".into());
    if name.is_some_and(|name| !name.as_str().starts_with("unknown_service")) {
        return detected;
    }
    Resource::builder().with_service_name(SERVICE_NAME).build()
}

/// Says of a request's span what collectors sort by. `headers` are those of a proxy that is
/// trusted: its span becomes the parent.
pub fn begin(span: &Span, headers: Option<&HeaderMap>) {
    if PROVIDER.get().is_none() {
        return;
    }
    span.record("otel.kind", "server");
    if let Some(headers) = headers {
        let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // Refused only where the span is not sent at all.
        let _not_sampled = span.set_parent(parent);
    }
}

/// Says what came of a request.
pub fn end(span: &Span, method: &Method, route: Option<&str>, status: StatusCode) {
    if PROVIDER.get().is_none() {
        return;
    }
    // Never the address itself: it can hold what somebody searched for, or a token.
    let name = match route {
        Some(route) => format!("{method} {route}"),
        None => method.to_string(),
    };
    span.context().span().update_name(name);
    span.set_attribute("http.request.method", method.to_string());
    if let Some(route) = route {
        span.set_attribute("http.route", route.to_owned());
    }
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}

/// Sends what is still to be sent, for at most [`STOP_TIMEOUT`].
pub async fn stop() {
    let Some(provider) = PROVIDER.get() else {
        return;
    };
    // It waits for a thread that waits for this runtime.
    let stopping = || provider.shutdown_with_timeout(STOP_TIMEOUT);
    if let Ok(Err(error)) = tokio::task::spawn_blocking(stopping).await {
        warn!(%error, "the last traces were not sent");
    }
}

/// Sends requests to the collector, from a thread that is not the runtime's.
#[derive(Debug)]
struct Collector {
    runtime: Handle,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    is_away: AtomicBool,
}

impl Collector {
    fn new() -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("ring has what TLS 1.2 and 1.3 need")
            .https_or_http()
            .enable_http1()
            .build();
        Self {
            runtime: Handle::current(),
            client: Client::builder(TokioExecutor::new()).build(connector),
            is_away: AtomicBool::new(false),
        }
    }

    /// Once when it goes and once when it comes back, not for each batch.
    fn note(&self, outcome: &Result<Response<Bytes>, HttpError>) {
        let problem = match outcome {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(response.status().to_string()),
            Err(error) => Some(error.to_string()),
        };
        let was_away = self.is_away.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(problem) if !was_away => {
                warn!(problem, "traces are lost: the collector does not take them");
            }
            None if was_away => info!("the collector takes traces again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.client.request(request.map(Full::new));
        let whole = async {
            let (head, body) = answer.await?.into_parts();
            let body = Limited::new(body, MOST_ANSWER_BYTES).collect().await?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        // All of it over there: this thread has no clock of the runtime's, either.
        let sent = self
            .runtime
            .spawn(async { tokio::time::timeout(ANSWER_TIMEOUT, whole).await });
        let outcome = match sent.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(elapsed)) => Err(elapsed.into()),
            Err(ended) => Err(ended.into()),
        };
        self.note(&outcome);
        outcome
    }
}
