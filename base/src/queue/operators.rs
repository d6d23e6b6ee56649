//! What operators see of the queue, and what they can do about it.

use std::time::Duration;

use time::OffsetDateTime;

use super::{Kind, Worker};
pub use crate::domain::platform::FailedJob;
use crate::{
    clock::Clock,
    db::{self, Db},
    domain::platform::WaitingJobs,
    error::Result,
    telemetry::names,
};

/// How long a dead letter stays. It may hold a name or an address in its error.
const DEAD_LETTERS_KEPT: time::Duration = time::Duration::days(90);

/// Most jobs that are listed.
const MOST_LISTED: i64 = 1_000;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The queue in a few figures, over all nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueHealth {
    /// For how long a job has waited that nobody has begun although it is time.
    pub oldest_due: Option<Duration>,
    /// Dead letters.
    pub dead: u64,
}

impl Worker {
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer; so for all that
    /// is here.
    pub async fn health(&self) -> Result<QueueHealth> {
        let inner = self.inner();
        let asked = db::jobs::find_oldest_due(inner.db.health_pool(), inner.clock.now());
        let (oldest_due, dead) = asked.await?;
        Ok(QueueHealth {
            oldest_due: oldest_due.map(|since| self.age(since)),
            dead: dead.unsigned_abs(),
        })
    }

    /// Tells the metrics what waits.
    pub async fn publish_gauges(&self) {
        let waiting = match self.list_waiting().await {
            Ok(waiting) => waiting,
            // Operators hear of it by other gauges.
            Err(_) => return,
        };
        let known = self
            .inner()
            .kinds
            .iter()
            .map(|open| open.kind.name.to_owned());
        let unknown = waiting.iter().map(|waiting| waiting.kind.clone());
        for kind in known.chain(unknown) {
            let of_kind = waiting.iter().find(|waiting| waiting.kind == kind);
            let due = of_kind.map_or(0, |waiting| waiting.due);
            let dead = of_kind.map_or(0, |waiting| waiting.dead);
            let since = of_kind.and_then(|waiting| waiting.oldest_due);
            let age = since.map(|since| self.age(since)).unwrap_or_default();
            metrics::gauge!(names::JOBS_DUE, "kind" => kind.clone()).set(due as f64);
            metrics::gauge!(names::JOBS_DEAD, "kind" => kind.clone()).set(dead as f64);
            metrics::gauge!(names::JOBS_OLDEST_DUE, "kind" => kind).set(age.as_secs_f64());
        }
    }

    /// Dead letters, the latest first, and then jobs that have failed and run again.
    pub async fn list_failed(&self) -> Result<Vec<FailedJob>> {
        db::jobs::list_failed(&self.inner().db.reader(), MOST_LISTED).await
    }

    /// Makes the dead letter with this id due again, or all of them, and says how many there
    /// were.
    pub async fn retry(&self, id: Option<i64>) -> Result<u64> {
        let mut tx = self.inner().db.begin().await?;
        let revived = db::jobs::revive(&mut tx, id, None, self.inner().clock.now()).await?;
        tx.commit_unannounced().await?;
        Ok(revived)
    }

    /// Deletes the dead letter with this id. `false`: there is none.
    pub async fn drop_dead(&self, id: i64) -> Result<bool> {
        let mut tx = self.inner().db.begin().await?;
        let deleted = db::jobs::delete_dead(&mut tx, id).await?;
        tx.commit_unannounced().await?;
        Ok(deleted)
    }

    async fn list_waiting(&self) -> Result<Vec<WaitingJobs>> {
        let inner = self.inner();
        db::jobs::list_waiting(inner.db.health_pool(), inner.clock.now()).await
    }

    fn age(&self, since: OffsetDateTime) -> Duration {
        let age = self.inner().clock.now() - since;
        age.try_into().unwrap_or_default()
    }
}

/// Deletes dead letters that nobody has looked after.
pub(super) fn clean_up(db: Db, clock: Clock) -> Kind {
    Kind::every(DAY, "clean_up.dead_letters", move || {
        let (db, old) = (db.clone(), clock.now() - DEAD_LETTERS_KEPT);
        async move {
            let mut tx = db.begin().await?;
            db::jobs::delete_dead_before(&mut tx, old).await?;
            Ok(tx.commit_unannounced().await?)
        }
    })
}
