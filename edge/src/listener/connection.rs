//! One connection, from its first byte to its last.

use std::{net::SocketAddr, pin::pin, time::Duration};

use axum::{Router, extract::ConnectInfo};
use http::Request;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::{Instant, sleep},
};
use tower::Service as _;
use tracing::trace;

use super::pace::{IDLE, Pace, Paced, Verdict};

/// How often to look whether the connection still has a reason to be.
const LOOK: Duration = Duration::from_secs(2);

/// Most bytes of a request's head; a longer one is answered with 431. The longest that is
/// known to come has some browser's 50 cookies in it.
const MAX_HEAD_BYTES: u32 = 32 * 1024;

/// Most headers of a request; with more it is answered with 431.
const MAX_HEADERS: usize = 100;

/// Requests of one HTTP/2 connection at a time.
const MAX_STREAMS: u32 = 100;

/// How often an HTTP/2 client must show that it is there, and how long it may take to.
const PING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));

/// Serves whoever is at the other end of `stream` until they, their pace or `stop` end it.
pub(super) async fn serve<S>(
    stream: S,
    peer: SocketAddr,
    router: Router,
    mut stop: watch::Receiver<()>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pace = Pace::new();
    let answer = service_fn({
        let pace = pace.clone();
        move |mut request: Request<Incoming>| {
            let under_way = pace.begin(request.version());
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = router.clone().call(request);
            async move {
                let answer = answer.await;
                drop(under_way);
                answer
            }
        }
    });
    let builder = builder();
    let stream = TokioIo::new(Paced {
        stream,
        pace: pace.clone(),
    });
    let mut connection = pin!(builder.serve_connection(stream, answer));
    let mut is_stopping = false;
    let mut dismissed: Option<Instant> = None;
    loop {
        tokio::select! {
            outcome = connection.as_mut() => {
                if let Err(error) = outcome {
                    trace!(%error, "a connection broke");
                }
                return;
            }
            _told_or_gone = stop.changed(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            () = sleep(LOOK) => match (pace.verdict(), dismissed) {
                (Verdict::Fine, _) => {}
                (Verdict::Stalled, _) => return,
                (Verdict::Idle, None) => {
                    // An answer that is still being sent goes on to its end.
                    dismissed = Some(Instant::now());
                    connection.as_mut().graceful_shutdown();
                }
                // Or for another while: nobody reads that slowly with good reason.
                (Verdict::Idle, Some(since)) if since.elapsed() >= IDLE => return,
                (Verdict::Idle, Some(_)) => {}
            },
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // Not hyper's own: see `Pace`.
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1)
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD_BYTES);
    builder
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
        time::timeout,
    };

    use super::{super::pace::HEAD, *};

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: orghub.test\r\n\r\n";

    /// A client's end of a new connection, and what stops the server.
    fn connect() -> (DuplexStream, watch::Sender<()>) {
        let router = Router::new().route("/", get(async || "here")).route(
            "/slow",
            get(async || {
                sleep(IDLE * 2).await;
                "at last"
            }),
        );
        let (client, server) = duplex(64 * 1024);
        let (stop, told) = watch::channel(());
        let peer = SocketAddr::from(([192, 0, 2, 7], 4711));
        tokio::spawn(serve(server, peer, router, told));
        (client, stop)
    }

    async fn ask(client: &mut DuplexStream, request: &[u8]) -> String {
        client.write_all(request).await.expect("it is open");
        let mut answer = [0; 4096];
        let read = client.read(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer[..read]).into_owned()
    }

    /// How long until the server closes the connection.
    async fn end(client: &mut DuplexStream) -> Duration {
        let began = Instant::now();
        let mut rest = Vec::new();
        let end = timeout(Duration::from_secs(3_600), client.read_to_end(&mut rest)).await;
        end.expect("an end within the hour")
            .expect("an orderly end");
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_ask_is_closed() {
        for head in ["", "G", "GET / HTTP/1.1\r\nHost: orghub", "PRI * HTTP/2"] {
            let (mut client, _stop) = connect();
            client.write_all(head.as_bytes()).await.expect("it is open");
            let time = end(&mut client).await;
            assert!((HEAD..=HEAD + LOOK).contains(&time), "{head:?}: {time:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_now_and_then_does_not_keep_a_connection() {
        let (mut client, _stop) = connect();
        let began = Instant::now();
        for byte in REQUEST.iter().cycle() {
            if client.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_secs(1)).await;
        }
        assert!(began.elapsed() <= HEAD + LOOK * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_is_kept_for_longer_than_a_proxy_keeps_it() {
        let (mut client, _stop) = connect();
        for _ in 0..3 {
            assert!(ask(&mut client, REQUEST).await.ends_with("here"));
            sleep(Duration::from_secs(60)).await;
        }
        assert!(ask(&mut client, REQUEST).await.ends_with("here"));
        let time = end(&mut client).await;
        assert!((IDLE..=IDLE + LOOK).contains(&time), "{time:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_head_has_no_more_time_than_the_first() {
        let (mut client, _stop) = connect();
        assert!(ask(&mut client, REQUEST).await.ends_with("here"));
        sleep(Duration::from_secs(30)).await;
        client.write_all(b"GET /").await.expect("it is open");
        let time = end(&mut client).await;
        assert!((HEAD..=HEAD + LOOK).contains(&time), "{time:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_under_way_is_left_alone_and_finished_before_a_stop() {
        let (mut client, stop) = connect();
        let request = b"GET /slow HTTP/1.1\r\nHost: orghub.test\r\n\r\n";
        client.write_all(request).await.expect("it is open");
        sleep(IDLE).await;
        stop.send_replace(());
        let mut answer = String::new();
        client
            .read_to_string(&mut answer)
            .await
            .expect("an orderly end");
        assert!(answer.ends_with("at last"), "{answer}");
    }

    #[tokio::test]
    async fn a_head_too_large_is_answered() {
        let cookie = format!(
            "GET / HTTP/1.1\r\nHost: orghub.test\r\nCookie: {}\r\n\r\n",
            "x".repeat(MAX_HEAD_BYTES as usize)
        );
        let headers = format!(
            "GET / HTTP/1.1\r\nHost: orghub.test\r\n{}\r\n",
            "X-A: b\r\n".repeat(MAX_HEADERS + 1)
        );
        for head in [cookie, headers] {
            let (mut client, _stop) = connect();
            let answer = ask(&mut client, head.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
        }
    }
}
