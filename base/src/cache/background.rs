//! The background tasks of the cache: started together, restarted when they fail.

use std::{convert::Infallible, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use tokio::{task::JoinSet, time::sleep};

use super::{Inner, doorbell, janitor, log_follower, watched_tables};
use crate::telemetry::names;

/// Pause before what failed is tried again.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn start(inner: &Arc<Inner>) {
    let mut tasks = inner.tasks.lock();
    supervise(
        &mut tasks,
        inner,
        "log_follower",
        log_follower::follow_forever,
    );
    supervise(&mut tasks, inner, "doorbell", doorbell::listen_forever);
    supervise(&mut tasks, inner, "janitor", janitor::clean_up_forever);
    supervise(
        &mut tasks,
        inner,
        "watched_tables",
        watched_tables::watch_forever,
    );
}

/// Runs `work` for as long as the node lives. On panic: end the lease, count it, restart.
fn supervise<Working: Future<Output = Infallible> + Send + 'static>(
    tasks: &mut JoinSet<()>,
    inner: &Arc<Inner>,
    task: &'static str,
    work: impl Fn(Arc<Inner>) -> Working + Send + 'static,
) {
    let inner = inner.clone();
    tasks.spawn(async move {
        loop {
            let Err(_panic) = AssertUnwindSafe(work(inner.clone())).catch_unwind().await;
            tracing::error!(
                task,
                "a background task of the cache panicked; restarting it"
            );
            pause_before_restart(&inner, task).await;
        }
    });
}

pub(super) async fn pause_before_restart(inner: &Inner, task: &'static str) {
    inner.coherence.end_lease();
    metrics::counter!(names::CACHE_FOLLOWER_RESTARTS, "task" => task).increment(1);
    sleep(PAUSE).await;
}
