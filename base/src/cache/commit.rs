//! How a mutation ends: commit, tell every node, and answer when they all know.
//!
//! That cached values end is already decided when a transaction commits: the triggers
//! logged the change within it. What remains is the barrier, which waits until every
//! node has applied the change, and hygiene: keys nobody will use again are removed.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::{
    Cache, Inner,
    doorbell::{self, Message},
    failpoints::Failpoint,
    log_follower::LEASE,
    query::Key,
};
use crate::{
    boxed,
    db::{Announce, CommitPosition, Tx, cache_log},
    error::{Result, chain},
    telemetry::names,
};

/// First pause between two looks at the registry; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(25);

impl Cache {
    /// Commits a change of cached data, and returns when no node uses a value from
    /// before it: usually within milliseconds, after two seconds at the latest, because
    /// by then the lease of a node that did not answer has ended.
    ///
    /// `outdated` are keys worth freeing at once. What is not named is still never used.
    ///
    /// # Errors
    /// As [`Tx::commit`]. Waiting cannot fail: the change has happened.
    #[boxed]
    pub async fn commit(&self, tx: Tx, outdated: &[Key]) -> Result<()> {
        tx.commit(Announcement {
            cache: self,
            outdated,
        })
        .await
    }

    /// Tells all nodes of a commit and waits for them.
    pub(super) async fn announce(&self, position: CommitPosition, outdated: &[Key]) {
        self.inner.failpoints.reach(Failpoint::Committed).await;
        let began = Instant::now();
        self.inner.doorbell.notify_one();
        doorbell::ring(&self.inner, Message::Changed);
        self.remove(outdated).await;
        let outcome = self.inner.wait_for_nodes(position, began).await;
        self.inner.wait_for_unknown_leases().await;
        metrics::counter!(names::CACHE_BARRIER, "outcome" => outcome).increment(1);
        metrics::histogram!(names::CACHE_BARRIER_WAIT).record(began.elapsed().as_secs_f64());
    }

    /// Removes values from memory. Logs what goes wrong and never fails.
    pub(super) async fn remove(&self, keys: &[Key]) {
        if keys.is_empty() {
            return;
        }
        let texts: Vec<String> = keys.iter().map(|key| self.inner.full_text(key)).collect();
        if let Some(near) = &self.inner.near {
            texts.iter().for_each(|text| near.remove(text));
        }
        let Some(redis) = &self.inner.redis else {
            return;
        };
        if let Err(error) = redis.unlink(&texts).await {
            tracing::debug!(
                %error,
                keys = texts.len(),
                "outdated values stay in Redis until they expire; they are not used"
            );
        }
    }
}

/// The one implementation of [`Announce`]: whoever commits through it cannot forget to
/// wait.
struct Announcement<'a> {
    cache: &'a Cache,
    outdated: &'a [Key],
}

impl Announce for Announcement<'_> {
    async fn announce(self, position: CommitPosition) {
        self.cache.announce(position, self.outdated).await;
    }
}

impl Inner {
    /// The barrier; how it ended.
    async fn wait_for_nodes(&self, position: CommitPosition, began: Instant) -> &'static str {
        let mut pause = FIRST_PAUSE;
        loop {
            if began.elapsed() >= LEASE {
                return "waited_out";
            }
            // Before looking: what is applied meanwhile is heard.
            let applied = self.applied.notified();
            match cache_log::somebody_is_behind(self.db.pool(), position).await {
                Ok(false) => return "applied",
                Ok(true) => {}
                Err(error) => {
                    tracing::warn!(
                        error = %chain(&error),
                        "cannot see which nodes have applied a change; waiting for their leases to end"
                    );
                    sleep(LEASE.saturating_sub(began.elapsed())).await;
                    return "unknown";
                }
            }
            // Whoever applies a change says so; a node that cannot is found by looking.
            if timeout(pause, applied).await.is_err() {
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// A database that took over may lack the latest rows of the registry: for the
    /// length of a lease after that, nobody can say who else uses cached values.
    async fn wait_for_unknown_leases(&self) {
        let since = *self.incarnation_changed.lock();
        if let Some(since) = since {
            tokio::time::sleep_until(since + LEASE).await;
        }
    }
}

#[cfg(feature = "test-hooks")]
impl Cache {
    /// Waits as a mutation does that committed at `position`.
    pub async fn wait_until_applied(&self, position: CommitPosition) {
        self.announce(position, &[]).await;
    }
}
