//! How the server stops: it takes no new connections, lets the requests that are
//! under way finish, within a bound, and only then ends what they rely on.

use std::{future::Future, io, time::Duration};

use tokio::{sync::oneshot, time};
use tracing::{info, warn};

/// How long requests under way may take to finish. Above the longest wait a
/// mutation has (2 s until a dead node's lease ends) and below the 30 s after
/// which container platforms kill.
pub const DRAIN: Duration = Duration::from_secs(15);

/// Resolves when the operator asks the process to stop: SIGTERM, or SIGINT from
/// a terminal.
pub async fn requested() {
    let interrupt = async {
        tokio::signal::ctrl_c()
            .await
            .expect("the runtime handles signals");
    };
    #[cfg(unix)]
    let terminate = async {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
            .expect("the runtime handles signals")
            .recv()
            .await;
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();

    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

/// Runs `server` until it ends by itself or, `stop` having resolved, until its
/// requests are done or `drain` is over. `server` is made with the future that
/// tells it to stop accepting.
///
/// # Errors
/// Whatever ended the server early.
pub async fn drain<S>(
    stop: impl Future<Output = ()> + Send + 'static,
    drain: Duration,
    server: impl FnOnce(oneshot::Receiver<()>) -> S,
) -> io::Result<()>
where
    S: Future<Output = io::Result<()>>,
{
    let (tell_server, server_told) = oneshot::channel();
    let deadline = async move {
        stop.await;
        info!("stopping: no new connections, requests under way may finish");
        // A server that is gone already needs no telling.
        let _gone = tell_server.send(());
        time::sleep(drain).await;
    };
    tokio::select! {
        ended = server(server_told) => ended,
        () = deadline => {
            warn!(after_seconds = drain.as_secs(), "some requests took too long to finish and are cut off");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_under_way_may_finish() {
        let finished = drain(async {}, DRAIN, |told| async {
            told.await.expect("the server is told to stop");
            time::sleep(DRAIN / 2).await;
            Err(io::Error::other("this server ended by itself"))
        });
        assert_eq!(
            finished
                .await
                .expect_err("the server's own end")
                .to_string(),
            "this server ended by itself"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_never_ends_does_not_keep_the_process() {
        let started = time::Instant::now();
        drain(async {}, DRAIN, |_told| std::future::pending())
            .await
            .expect("cut off");
        assert_eq!(started.elapsed(), DRAIN);
    }
}
