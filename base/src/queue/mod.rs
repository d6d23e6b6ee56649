//! Work that is done later, and again until it succeeds.
//!
//! A job is a row of PostgreSQL, written in the transaction of whatever it is about: it is
//! done after the commit, or never was. Each node runs a [`Worker`]; which of them does a
//! job is settled by a *lease*, which a worker takes with the job and renews while it works.
//! If the process dies, the lease ends and another takes the job. So a job is done **at
//! least once**: what it does must bear being done again, unless it is in PostgreSQL and in
//! the transaction that ends the job ([`Job::finish`]).
//!
//! * A run that fails is tried again after a while, which doubles with every failure
//!   ([`BackOff`]). After as many failures as its kind may have, or at once if trying again
//!   is of no use, the job is a *dead letter*: it stays where operators see it, for 90 days.
//! * A run may say that it was not its fault: what all jobs of the kind need is away
//!   ([`Failure::Away`]). Then the kind rests on this node, its jobs stay due, and no attempt
//!   is counted.
//! * A *recurring* job is one row under a unique key, which is moved on instead of deleted.
//!   So it runs once, however many nodes there are.
//! * A unique key also keeps other jobs from being queued twice. One that is being done
//!   counts as there.
//!
//! A worker looks for work every two seconds, which costs one statement, and right after
//! something was queued on its node. Times are those of the nodes' clocks: nodes whose
//! clocks differ by more than a lease take each other's jobs. ADR 13 says why this is ours.

mod back_off;
mod kind;
mod operators;
mod worker;

use std::sync::Arc;

use serde::Serialize;
use time::OffsetDateTime;
use tokio::sync::Notify;

pub use self::{
    back_off::BackOff,
    kind::{Failure, Job, Kind, Outcome},
    operators::{FailedJob, QueueHealth},
    worker::Worker,
};
use crate::{
    clock::Clock,
    db::{self, Tx, jobs::NewJob},
    error::{Error, Result},
};

/// Where work is left for later. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Queue {
    clock: Clock,
    /// Rings when something was queued here.
    rung: Arc<Notify>,
}

impl Queue {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            rung: Arc::new(Notify::new()),
        }
    }

    /// Queues a job, in the transaction of whatever it is about; it runs at `run_at` at the
    /// earliest. `false`: a job with this key waits or is being done, and this one is
    /// dropped.
    ///
    /// # Errors
    /// [`Error::Internal`] if `payload` cannot be written as JSON.
    pub async fn push(
        &self,
        tx: &mut Tx,
        kind: &'static str,
        payload: &impl Serialize,
        run_at: OffsetDateTime,
        unique_key: Option<&str>,
    ) -> Result<bool> {
        let job = NewJob {
            kind,
            payload: serde_json::to_value(payload).map_err(Error::internal)?,
            run_at,
            unique_key,
        };
        let is_new = db::jobs::insert(tx, job, self.clock.now()).await?;
        // The commit is still to come: whoever hears this looks more than once.
        self.rung.notify_one();
        Ok(is_new)
    }
}
