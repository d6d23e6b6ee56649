//! Connections to a server in a process of its own.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, Version};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use orghub_test_support::{PATIENCE, PrivateRedis, TestApp};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::process::Server;

const HEALTHZ: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: orghub.test\r\n\r\n";

async fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(&server.address).await;
    stream.expect("the system's queue has room")
}

/// What comes next, at least one byte of it.
async fn read(stream: &mut TcpStream) -> String {
    let mut answer = [0; 4096];
    let read = timeout(PATIENCE, stream.read(&mut answer)).await;
    let read = read.expect("an answer").expect("the connection is open");
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_half_a_question_or_none_is_hung_up_on() {
    let redis = PrivateRedis::start();
    let app = TestApp::start().await;
    let server = Server::start(app.database_url(), &redis.url()).await;
    let (mut silent, mut stalled) = (connect(&server).await, connect(&server).await);
    stalled.write_all(b"GET /heal").await.expect("it is open");
    for stream in [&mut silent, &mut stalled] {
        let mut rest = Vec::new();
        let end = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        end.expect("the server hangs up").expect("in good order");
        assert!(rest.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_place_taken_one_more_waits_and_the_others_do_not_notice() {
    let redis = PrivateRedis::start();
    let app = TestApp::start().await;
    let places = [("MAX_CONNECTIONS", "3")];
    let server = Server::start_with(app.database_url(), &redis.url(), &places).await;
    // One is that of `server` itself.
    let (mut ada, mut grace) = (connect(&server).await, connect(&server).await);
    for stream in [&mut ada, &mut grace] {
        stream.write_all(HEALTHZ).await.expect("it is open");
        assert!(read(stream).await.starts_with("HTTP/1.1 200"));
    }
    let mut linus = connect(&server).await;
    linus.write_all(HEALTHZ).await.expect("the queue takes it");
    let answer = timeout(Duration::from_millis(500), read(&mut linus)).await;
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(server.open("/healthz", "").await.status(), StatusCode::OK);
    drop(ada);
    assert!(read(&mut linus).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_spoken_to_whoever_begins_with_it() {
    let redis = PrivateRedis::start();
    let app = TestApp::start().await;
    let server = Server::start(app.database_url(), &redis.url()).await;
    let client = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build(HttpConnector::new());
    for path in ["/healthz", "/sign-in"] {
        let request = Request::builder()
            .uri(format!("http://{}{path}", server.address))
            .body(Body::empty())
            .expect("a well-formed request");
        let answer = client.request(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.version(), Version::HTTP_2);
    }
}
