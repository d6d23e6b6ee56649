//! Kinds of jobs: what is done for one, and how often it may fail.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::BackOff;
use crate::{
    db::{self, Tx},
    error::{Error, Result, chain},
};

/// For whom nothing else is said: seven attempts in about two hours.
const BACK_OFF: BackOff = BackOff::new(Duration::from_secs(60), Duration::from_secs(3_600));
const MOST_ATTEMPTS: u32 = 7;
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A job, as the work for it sees it.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: i64,
    /// Runs that were begun, this one included.
    pub attempts: u32,
    pub(super) payload: Value,
    pub(super) lease: Uuid,
    /// Whether the work has ended the job itself.
    pub(super) is_finished: Arc<AtomicBool>,
}

impl Job {
    /// Ends the job in the transaction of what was done, so that both happen or neither. Not
    /// for jobs that recur. `false`: the job is another run's by now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn finish(&self, tx: &mut Tx) -> Result<bool> {
        let is_ours = db::jobs::finish(tx, self.id, self.lease).await?;
        self.is_finished.store(is_ours, Ordering::Relaxed);
        Ok(is_ours)
    }

    /// What was queued with the job.
    ///
    /// # Errors
    /// [`Failure::ForGood`] if it is something else.
    pub fn payload<T: DeserializeOwned>(&self) -> std::result::Result<T, Failure> {
        serde_json::from_value(self.payload.clone())
            .map_err(|error| Failure::ForGood(format!("the payload cannot be read: {error}")))
    }
}

/// Why a run came to nothing. The texts are kept with the job and shown to operators; they
/// are not logged, because a mail server's answer may hold an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Trying again later may help.
    Again(String),
    /// It does not: the job is a dead letter.
    ForGood(String),
    /// It was not the job's fault: what all jobs of the kind need is away. No attempt is
    /// counted.
    Away(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Again(chain(&error))
    }
}

/// How a run ended. `Ok`: the job is done.
pub type Outcome = std::result::Result<(), Failure>;

type Work = dyn Fn(Job) -> BoxFuture<'static, Outcome> + Send + Sync;

/// A kind of job.
#[derive(Clone)]
pub struct Kind {
    pub(super) name: &'static str,
    pub(super) places: u32,
    pub(super) most_attempts: u32,
    pub(super) back_off: BackOff,
    pub(super) time_limit: Duration,
    /// How often it recurs by itself.
    pub(super) every: Option<Duration>,
    pub(super) work: Arc<Work>,
}

impl Kind {
    /// Jobs that somebody queues under `name`. Unless told otherwise, a node does one at a
    /// time, in at most a minute, and tries seven times in about two hours.
    pub fn new<Working>(
        name: &'static str,
        work: impl Fn(Job) -> Working + Send + Sync + 'static,
    ) -> Self
    where
        Working: Future<Output = Outcome> + Send + 'static,
    {
        Self {
            name,
            places: 1,
            most_attempts: MOST_ATTEMPTS,
            back_off: BACK_OFF,
            time_limit: TIME_LIMIT,
            every: None,
            work: Arc::new(move |job| Box::pin(work(job))),
        }
    }

    /// A job that recurs whenever a whole number of `periods` has passed since 1970, whatever
    /// the number of nodes. It is never given up.
    pub fn every<Working>(
        period: Duration,
        name: &'static str,
        work: impl Fn() -> Working + Send + Sync + 'static,
    ) -> Self
    where
        Working: Future<Output = Outcome> + Send + 'static,
    {
        Self {
            every: Some(period),
            ..Self::new(name, move |_job| work())
        }
    }

    /// How many of them a node does at the same time.
    #[must_use]
    pub fn places(mut self, places: u32) -> Self {
        self.places = places;
        self
    }

    /// After how many attempts a job is given up, and the pauses in between.
    #[must_use]
    pub fn attempts(mut self, most: u32, back_off: BackOff) -> Self {
        (self.most_attempts, self.back_off) = (most, back_off);
        self
    }

    /// How long a run may take; then it is cut off, and has failed.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kind({})", self.name)
    }
}
