//! Accepting connections, and giving up those that only take room.
//!
//! A connection costs a file descriptor and some memory before it has asked for anything,
//! and anybody can open thousands. So their number is bounded, below what the system lets
//! the process open: with every place taken the next client waits in the system's queue,
//! while those inside, the database's and Redis' connections go on. And a place is
//! for whoever uses it (`connection`).
//!
//! `axum::serve` has none of these limits, and no place to set them.

mod connection;
mod open_files;
mod pace;

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use metrics::gauge;
use orghub::telemetry::names;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, oneshot, watch},
};
use tracing::{info, warn};

pub use open_files::most_connections;

/// How long to wait after the system could not accept a connection: for lack of files or
/// memory, most likely, which takes a while to come back.
const PAUSE: Duration = Duration::from_secs(1);

/// How long what was sent may stay unread, or unconfirmed, before the connection counts as
/// broken. Above what a phone takes to find its network again.
#[cfg(target_os = "linux")]
const UNREAD: Duration = Duration::from_secs(30);

/// Serves `router` on `listener` until `stop` resolves, then lets the requests under way
/// finish. Never serves more than `most_connections` at a time.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    most_connections: usize,
    stop: oneshot::Receiver<()>,
) {
    info!(most_connections, "accepting connections");
    let places = Arc::new(Semaphore::new(most_connections));
    let (stopping, told) = watch::channel(());
    let accept = async {
        let mut failed_before = false;
        loop {
            let place = Arc::clone(&places).acquire_owned();
            let place = place.await.expect("nobody closes the semaphore");
            match listener.accept().await {
                Ok((stream, peer)) => {
                    failed_before = false;
                    prepare(&stream);
                    let served = connection::serve(stream, peer, router.clone(), told.clone());
                    tokio::spawn(async move {
                        gauge!(names::CONNECTIONS).increment(1);
                        served.await;
                        gauge!(names::CONNECTIONS).decrement(1);
                        drop(place);
                    });
                }
                // Gone before it was accepted.
                Err(error) if is_the_clients(&error) => {}
                Err(error) => {
                    // Once: it comes again and again for as long as it lasts.
                    if !failed_before {
                        warn!(%error, "no connections can be accepted for now");
                    }
                    failed_before = true;
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        never = accept => never,
        // A sender that is gone means the same.
        _stopped_or_gone = stop => {}
    }
    drop(listener);
    // Both ends of the channel tell something: this one that the server stops, and the last
    // of the others, when it is dropped, that the last connection is done.
    drop(told);
    stopping.send_replace(());
    stopping.closed().await;
}

fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

/// Sets what every connection needs.
fn prepare(stream: &TcpStream) {
    // Without it the last chunk of a response waits up to 40 ms for the client's delayed
    // acknowledgement of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        warn!(%error, "a connection keeps Nagle's algorithm");
    }
    // A client that reads no more would otherwise hold its place, and what was not sent yet,
    // for as long as it likes.
    #[cfg(target_os = "linux")]
    {
        let milliseconds = u32::try_from(UNREAD.as_millis()).expect("half a minute");
        if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(stream, milliseconds) {
            warn!(%error, "a connection may stay unread for ever");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        time::timeout,
    };

    use super::*;

    /// Far above what any of this takes.
    const PATIENCE: Duration = Duration::from_secs(30);

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: orghub.test\r\n\r\n";

    async fn server(most_connections: usize) -> (SocketAddr, oneshot::Sender<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().route("/", axum::routing::get(async || "here"));
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(serve(listener, router, most_connections, stopped));
        (address, stop)
    }

    async fn ask(stream: &mut TcpStream) -> bool {
        stream.write_all(REQUEST).await.expect("it is open");
        let mut answer = [0; 1024];
        let read = timeout(PATIENCE, stream.read(&mut answer)).await;
        let read = read.expect("an answer").expect("it is open");
        answer[..read].ends_with(b"here")
    }

    #[tokio::test]
    async fn one_too_many_waits_until_another_goes() {
        let (address, _stop) = server(2).await;
        let connect = async || TcpStream::connect(address).await.expect("the queue");
        let (mut ada, mut grace) = (connect().await, connect().await);
        assert!(ask(&mut ada).await && ask(&mut grace).await);
        let mut linus = connect().await;
        let answered = timeout(Duration::from_millis(300), ask(&mut linus)).await;
        assert!(answered.is_err(), "there is no place");
        assert!(ask(&mut grace).await, "those inside go on");
        drop(ada);
        let mut answer = [0; 1024];
        let read = timeout(PATIENCE, linus.read(&mut answer)).await;
        let read = read.expect("a place is free").expect("it is open");
        assert!(answer[..read].ends_with(b"here"));
    }

    #[tokio::test]
    async fn a_stopping_server_closes_idle_connections_and_is_done() {
        let (address, stop) = server(10).await;
        let mut ada = TcpStream::connect(address).await.expect("it listens");
        assert!(ask(&mut ada).await);
        let mut silent = TcpStream::connect(address).await.expect("it listens");
        stop.send(()).expect("it runs");
        for stream in [&mut ada, &mut silent] {
            let mut rest = Vec::new();
            let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
            // A connection nobody accepted yet is reset.
            let _end_or_reset = ended.expect("the server closes it");
        }
        assert!(TcpStream::connect(address).await.is_err());
    }
}
