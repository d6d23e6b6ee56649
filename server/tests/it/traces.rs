//! Traces, as a collector gets them from the program.

use std::{
    fs,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Bytes, extract::State, routing};
use http::StatusCode;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, span::SpanKind},
};
use orghub_test_support::{PASSWORD, PATIENCE, PrivateRedis, TestApp, eventually, free_port};
use prost::Message as _;
use tokio::net::TcpListener;

use crate::process::Server;

/// Takes what is sent to `/v1/traces`.
#[derive(Clone, Default)]
struct Collector {
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

impl Collector {
    /// Listens at the address it returns.
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let take = async |State(collector): State<Self>, body: Bytes| {
            let mut bodies = collector
                .bodies
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            bodies.push(body);
        };
        let router = Router::new()
            .route("/v1/traces", routing::post(take))
            .with_state(collector.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        (collector, format!("http://{address}"))
    }

    fn bodies(&self) -> Vec<Bytes> {
        let bodies = self.bodies.lock();
        bodies.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        let decode = |body| ExportTraceServiceRequest::decode(body).expect("what OTLP says");
        self.bodies().into_iter().map(decode).collect()
    }

    fn spans(&self) -> Vec<Span> {
        let requests = self.requests().into_iter();
        requests
            .flat_map(|request| request.resource_spans)
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect()
    }
}

/// The text, or the number in digits.
fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let pair = attributes.iter().find(|pair| pair.key == key)?;
    match pair.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_trace_of_its_use_cases_and_says_nothing_that_was_typed() {
    let (app, redis) = (TestApp::start().await, PrivateRedis::start());
    let user = app.user("Ada").await;
    let org = app.org("acme", &user).await;
    let (collector, endpoint) = Collector::start().await;
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    let server = Server::start_with(app.database_url(), &redis.url(), &settings).await;
    let cookie = server.sign_in(&user).await;
    let path = format!("/orgs/{org}/members?q=needle");
    assert_eq!(server.open(&path, &cookie).await.status(), StatusCode::OK);

    const PAGE: &str = "GET /orgs/{slug}/members";
    eventually("the trace comes", PATIENCE, async || {
        collector.spans().iter().any(|span| span.name == PAGE)
    })
    .await;
    let spans = collector.spans();
    let page = spans
        .iter()
        .find(|span| span.name == PAGE)
        .expect("it came");
    assert_eq!(page.kind(), SpanKind::Server);
    for (key, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/orgs/{slug}/members"),
        ("http.response.status_code", "200"),
    ] {
        assert_eq!(attribute(&page.attributes, key).as_deref(), Some(value));
    }
    assert!(attribute(&page.attributes, "request.id").is_some());
    // The server's own warm-up lists members, too.
    let list = spans
        .iter()
        .find(|span| span.name == "orgs.list_members" && span.trace_id == page.trace_id);
    let list = list.expect("the use case is in it");
    assert!(list.start_time_unix_nano >= page.start_time_unix_nano);
    assert!(list.end_time_unix_nano <= page.end_time_unix_nano);

    let resource = collector.requests()[0].resource_spans[0].resource.clone();
    let service = attribute(&resource.expect("who sends").attributes, "service.name");
    assert_eq!(service.as_deref(), Some("orghub-server"));
    for body in collector.bodies() {
        let text = String::from_utf8_lossy(&body);
        for secret in ["needle", PASSWORD, user.email.as_str()] {
            assert!(!text.contains(secret), "{secret} is sent");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_a_trusted_proxy_goes_on_and_a_strangers_does_not() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let (app, redis) = (TestApp::start().await, PrivateRedis::start());
    for (is_trusted, goes_on) in [("true", true), ("false", false)] {
        let (collector, endpoint) = Collector::start().await;
        let settings = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"),
            ("TRUST_FORWARDED_FOR", is_trusted),
        ];
        let server = Server::start_with(app.database_url(), &redis.url(), &settings).await;
        let headers = [("traceparent", parent.as_str())];
        server.open_with("/sign-in", "", &headers).await;
        let page = || {
            let mut spans = collector.spans().into_iter();
            spans.find(|span| span.name == "GET /sign-in")
        };
        eventually("the trace comes", PATIENCE, async || page().is_some()).await;
        let id = page().expect("it came").trace_id;
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(id == TRACE, goes_on, "trusted: {is_trusted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_costs_one_line_and_no_page() {
    let (app, redis) = (TestApp::start().await, PrivateRedis::start());
    let folder = std::env::temp_dir();
    let log = folder.join(format!("orghub-traces-{}.log", std::process::id()));
    let output = Stdio::from(fs::File::create(&log).expect("a file"));
    let endpoint = format!("http://127.0.0.1:{}", free_port());
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
    ];
    let server = Server::start_into(app.database_url(), &redis.url(), &settings, output).await;
    let lines = || {
        let text = fs::read_to_string(&log).expect("the log");
        text.matches("traces are lost").count()
    };
    eventually("the log says so", PATIENCE, async || {
        let page = server.open("/sign-in", "").await;
        assert_eq!(page.status(), StatusCode::OK);
        lines() > 0
    })
    .await;
    for _ in 0..20 {
        assert_eq!(server.open("/sign-in", "").await.status(), StatusCode::OK);
    }
    assert_eq!(lines(), 1, "{}", fs::read_to_string(&log).expect("the log"));
    drop(server);
    fs::remove_file(&log).expect("it is there");
}
