//! Many sign in at once: what they are answered, and what becomes of everybody else. How
//! quick that is, `cargo xtask bench` says.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::body::{Body, Bytes, to_bytes};
use http::{Method, Request, Response, StatusCode, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use orghub_test_support::{PrivateRedis, TestApp};
use tokio::task::JoinSet;

use crate::process::Server;

/// Twenty passes take a quarter of a second each, so that few hundreds are a storm.
const PASSES: &str = "20";
const SIGN_INS: usize = 300;
/// Memory of one hash.
const HASH_MIB: usize = 19;
/// What else a node may take meanwhile: connections, buffers, pages.
const ELSE_MIB: usize = 64;

type Http = Client<HttpConnector, Body>;

/// A sign-in as a program sends it, each from a network of its own.
async fn sign_in(http: Http, address: String, number: usize) -> Response<Bytes> {
    let from = format!("10.{}.{}.1", number / 250, number % 250);
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("http://{address}/api/sign_in"))
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("x-forwarded-for", from)
        .body(Body::from("email=nobody%40users.test&password=wrong"))
        .expect("a well-formed request");
    let answer = http.request(request).await.expect("an answer");
    let (head, body) = answer.into_parts();
    let body = to_bytes(Body::new(body), usize::MAX).await.expect("a body");
    Response::from_parts(head, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_sign_ins_is_answered_and_takes_nothing_from_who_is_signed_in() {
    let redis = PrivateRedis::start();
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.org("acme", &ada).await;
    let settings = [
        ("PASSWORD_PASSES", PASSES),
        ("TRUST_FORWARDED_FOR", "true"),
        ("SIGN_IN_ATTEMPTS_PER_ACCOUNT", "40"),
        ("LOG_LEVEL", "error"),
    ];
    let server = Server::start_with(app.database_url(), &redis.url(), &settings).await;
    let cookie = server.sign_in(&ada).await;
    assert_eq!(
        server.open("/orgs/acme", &cookie).await.status(),
        StatusCode::OK
    );
    let before = server.memory_mib();

    let http: Http = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    let mut storm = JoinSet::new();
    for number in 0..SIGN_INS {
        storm.spawn(sign_in(http.clone(), server.address.clone(), number));
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let pages = async {
        let (mut pages, mut most) = (0, 0);
        while !is_over.load(Ordering::Relaxed) {
            let page = server.open("/orgs/acme", &cookie).await;
            assert_eq!(page.status(), StatusCode::OK);
            most = most.max(server.memory_mib());
            pages += 1;
        }
        (pages, most)
    };
    let answers = async {
        let answers = storm.join_all().await;
        is_over.store(true, Ordering::Relaxed);
        answers
    };
    let ((pages, most), answers) = tokio::join!(pages, answers);

    let count = |status: StatusCode| {
        let matching = answers.iter().filter(|answer| answer.status() == status);
        matching.count()
    };
    let (tried, limited, busy) = (
        count(StatusCode::UNAUTHORIZED),
        count(StatusCode::TOO_MANY_REQUESTS),
        count(StatusCode::SERVICE_UNAVAILABLE),
    );
    assert_eq!(tried + limited + busy, SIGN_INS, "{answers:?}");
    assert!(
        tried > 0 && limited > 0 && busy > 0,
        "{tried}, {limited}, {busy}"
    );
    for answer in &answers {
        let says_when = answer.headers().contains_key(header::RETRY_AFTER);
        assert_eq!(says_when, answer.status() != StatusCode::UNAUTHORIZED);
    }
    assert!(pages > 10, "only {pages} pages meanwhile");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    assert!(
        most < before + cores * HASH_MIB + ELSE_MIB,
        "from {before} to {most} MiB"
    );
}
