//! One node's worker: takes jobs that are due, as many as it has places for, and sees each
//! run to its end.

use std::{
    collections::HashSet,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::FutureExt;
use parking_lot::Mutex;
use time::OffsetDateTime;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};
use uuid::Uuid;

use super::{BackOff, Failure, Job, Kind, Queue, operators};
use crate::{
    clock::Clock,
    db::{
        self, Db,
        jobs::{AfterFailure, NewJob, TakenJob},
    },
    error::{Error, Result, chain},
    telemetry::names,
};

/// How long a job belongs to a run that does not say that it goes on. Whoever dies keeps a
/// job from being done for as long.
const LEASE: Duration = Duration::from_secs(30);

/// Between two looks while there is nothing to do.
const IDLE: Duration = Duration::from_secs(2);

/// From something's being queued here to the first look, and less than most transactions
/// take. The next ones come after twice as long each.
const FIRST_LOOK: Duration = Duration::from_millis(25);

/// How long runs under way may go on when the node stops. Requests had their time before,
/// and platforms kill after 30 s.
const DRAIN: Duration = Duration::from_secs(10);

/// How often a run's end is written down, while the database does not answer.
const MOST_NOTES: u32 = 3;

/// How long a kind rests whose jobs find that what they need is away.
const REST: BackOff = BackOff::new(Duration::from_secs(1), Duration::from_secs(60));

/// Longest error text that is kept.
const MOST_ERROR_CHARACTERS: usize = 1_000;

/// Does what is queued, beside the other nodes' workers. Cheap to clone; clones are the same
/// worker.
#[derive(Clone)]
pub struct Worker {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) kinds: Vec<OpenKind>,
    queue: Queue,
    /// Those of the runs under way.
    leases: Mutex<HashSet<Uuid>>,
    /// Rings when a place has become free.
    freed: Notify,
    looking: Mutex<Option<Looking>>,
    lease: Duration,
    drain: Duration,
}

/// A kind and how much of it this node is doing.
pub(super) struct OpenKind {
    pub(super) kind: Kind,
    places: Arc<Semaphore>,
    /// Whether the last look found as many jobs as there were places for.
    may_have_more: AtomicBool,
    rest: Mutex<Rest>,
}

/// Whether a kind rests, and for the how manieth time.
#[derive(Default)]
struct Rest {
    until: Option<OffsetDateTime>,
    times: u32,
}

/// The task that looks for work.
struct Looking {
    /// Stops it, by any word.
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

/// A job that was taken, and its place.
struct Run {
    /// Index of its kind.
    kind: usize,
    job: Job,
    /// At the latest when the lease was taken.
    leased: Instant,
    place: OwnedSemaphorePermit,
}

/// How a run ended.
enum Ended {
    Done,
    Failed(Failure),
    /// The job is another run's by now.
    Lost,
}

impl Worker {
    /// A worker that does jobs of these kinds, once it is [started](Self::start).
    pub fn new(db: Db, clock: Clock, queue: Queue, mut kinds: Vec<Kind>) -> Self {
        kinds.push(operators::clean_up(db.clone(), clock.clone()));
        let open = |kind: Kind| OpenKind {
            places: Arc::new(Semaphore::new(kind.places as usize)),
            may_have_more: AtomicBool::new(true),
            rest: Mutex::default(),
            kind,
        };
        Self {
            inner: Arc::new(Inner {
                db,
                clock,
                kinds: kinds.into_iter().map(open).collect(),
                queue,
                leases: Mutex::default(),
                freed: Notify::new(),
                looking: Mutex::default(),
                lease: LEASE,
                drain: DRAIN,
            }),
        }
    }

    /// The same with leases of this length, and as long to finish when it is stopped.
    ///
    /// # Panics
    /// If it has clones.
    #[cfg(feature = "test-hooks")]
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        let inner = Arc::get_mut(&mut self.inner).expect("nobody has it yet");
        (inner.lease, inner.drain) = (lease, lease);
        self
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// Begins to look for work. A worker that looks already goes on.
    pub fn start(&self) {
        let mut looking = self.inner.looking.lock();
        if looking.is_some() {
            return;
        }
        let (stop, stopped) = watch::channel(());
        let inner = Arc::clone(&self.inner);
        let task = tokio::spawn(async move {
            // A panic would be a defect here, not in a job. Runs under way end with it, and
            // others take their jobs when the leases end.
            while AssertUnwindSafe(inner.look_for_work(stopped.clone()))
                .catch_unwind()
                .await
                .is_err()
            {
                tracing::error!("the worker panicked; it begins again");
                sleep(IDLE).await;
            }
        });
        *looking = Some(Looking { stop, task });
    }

    /// Takes no more jobs, gives those under way some time, and gives back what is left.
    pub async fn stop(&self) {
        let looking = self.inner.looking.lock().take();
        if let Some(Looking { stop, task }) = looking {
            stop.send_replace(());
            // It has logged its panic.
            let _panicked = task.await;
        }
    }

    /// Does all that is due, here and now, and says how many runs it took.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if the database does not answer.
    #[cfg(feature = "test-hooks")]
    pub async fn run_due(&self) -> Result<usize> {
        self.inner.schedule().await?;
        let mut count = 0;
        loop {
            let runs = self.inner.find_work().await?;
            if runs.is_empty() {
                return Ok(count);
            }
            count += runs.len();
            let runs = runs
                .into_iter()
                .map(|run| self.inner.clone().see_through(run));
            futures::future::join_all(runs).await;
        }
    }
}

impl Inner {
    async fn look_for_work(self: &Arc<Self>, mut stopped: watch::Receiver<()>) {
        let mut runs = JoinSet::new();
        let mut is_scheduled = false;
        let mut pause = FIRST_LOOK;
        loop {
            while runs.try_join_next().is_some() {}
            // Not only below: it may come while work is looked for.
            if stopped.has_changed().unwrap_or(true) {
                break;
            }
            if !is_scheduled {
                match self.schedule().await {
                    Ok(()) => is_scheduled = true,
                    Err(error) => warn_of(&error),
                }
            }
            match self.find_work().await {
                Ok(found) => {
                    for run in found {
                        runs.spawn(Arc::clone(self).see_through(run));
                    }
                }
                Err(error) => warn_of(&error),
            }
            let may_be_more = self.kinds.iter().any(OpenKind::may_have_more);
            tokio::select! {
                biased;
                _stopped = stopped.changed() => break,
                () = self.freed.notified(), if may_be_more => {}
                () = self.queue.rung.notified() => {
                    pause = FIRST_LOOK;
                    sleep(pause).await;
                }
                () = sleep(pause.mul_f64(rand::random_range(1.0..1.25))) => {
                    pause = (pause * 2).min(IDLE);
                }
            }
        }
        let all = async { while runs.join_next().await.is_some() {} };
        if timeout(self.drain, all).await.is_err() {
            runs.shutdown().await;
            let leases: Vec<Uuid> = self.leases.lock().drain().collect();
            tracing::warn!(
                jobs = leases.len(),
                "some jobs took too long to finish and are cut off"
            );
            if let Err(error) = self
                .release(&leases, "cut off because the node stopped")
                .await
            {
                // The leases end by themselves.
                warn_of(&error);
            }
        }
    }

    /// Queues the recurring jobs that are not there yet.
    async fn schedule(&self) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        for OpenKind { kind, .. } in &self.kinds {
            if kind.every.is_some() {
                let job = NewJob {
                    kind: kind.name,
                    payload: serde_json::Value::Null,
                    run_at: now,
                    unique_key: Some(kind.name),
                };
                db::jobs::insert(&mut tx, job, now).await?;
            }
        }
        tx.commit_unannounced().await
    }

    /// Takes what is due, as much as there are places for.
    async fn find_work(&self) -> Result<Vec<Run>> {
        let now = self.clock.now();
        let mut places: Vec<(usize, OwnedSemaphorePermit)> = Vec::new();
        for (index, open) in self.kinds.iter().enumerate() {
            let free = u32::try_from(open.places.available_permits()).unwrap_or(u32::MAX);
            if free > 0 && !open.is_resting(now) {
                let taken = Arc::clone(&open.places).try_acquire_many_owned(free);
                places.extend(taken.ok().map(|places| (index, places)));
            }
        }
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let kind = |(index, _): &(usize, _)| &self.kinds[*index];
        let kinds: Vec<&str> = places.iter().map(|of| kind(of).kind.name).collect();
        if !places.iter().any(|of| kind(of).may_have_more())
            && !db::jobs::is_any_due(&self.db.reader(), &kinds, now).await?
        {
            return Ok(Vec::new());
        }
        let counts: Vec<i32> = places
            .iter()
            .map(|(_, places)| i32::try_from(places.num_permits()).unwrap_or(i32::MAX))
            .collect();
        let leased = Instant::now();
        let mut tx = self.db.begin().await?;
        let taken = db::jobs::take(&mut tx, &kinds, &counts, now, now + self.lease).await?;
        tx.commit_unannounced().await?;
        let runs: Vec<Run> = taken
            .into_iter()
            .filter_map(|taken| self.run(taken, leased, &mut places))
            .collect();
        for (index, left) in &places {
            let is_full = left.num_permits() == 0;
            self.kinds[*index]
                .may_have_more
                .store(is_full, Ordering::Relaxed);
        }
        self.leases
            .lock()
            .extend(runs.iter().map(|run| run.job.lease));
        Ok(runs)
    }

    fn run(
        &self,
        taken: TakenJob,
        leased: Instant,
        places: &mut [(usize, OwnedSemaphorePermit)],
    ) -> Option<Run> {
        let mut of_kind = places
            .iter_mut()
            .filter(|(index, _)| self.kinds[*index].kind.name == taken.kind);
        let (kind, places) = of_kind.next()?;
        Some(Run {
            kind: *kind,
            job: Job {
                id: taken.id,
                attempts: taken.attempts.unsigned_abs(),
                payload: taken.payload,
                lease: taken.lease,
                is_finished: Arc::default(),
            },
            leased,
            place: places.split(1)?,
        })
    }

    /// Runs the job and writes down how that ended.
    async fn see_through(self: Arc<Self>, run: Run) {
        let open = &self.kinds[run.kind];
        let ended = tokio::select! {
            biased;
            ended = do_work(&open.kind, run.job.clone()) => ended,
            () = self.keep_lease(&run) => Ended::Lost,
        };
        open.note_rest(&ended, self.clock.now());
        let outcome = self.note(&open.kind, &run, ended).await;
        metrics::counter!(names::JOB_RUNS, "kind" => open.kind.name, "outcome" => outcome)
            .increment(1);
        self.leases.lock().remove(&run.job.lease);
        drop(run.place);
        self.freed.notify_one();
    }

    /// Renews the run's lease, and returns when it is lost: another run has it, or may have.
    async fn keep_lease(&self, run: &Run) {
        let mut ends = run.leased + self.lease;
        loop {
            let now = Instant::now();
            sleep_until((now + self.lease / 3).min(ends)).await;
            let asked = Instant::now();
            if asked >= ends {
                return;
            }
            match timeout_at(ends, self.renew(run)).await {
                Ok(Ok(true)) => ends = asked + self.lease,
                Ok(Ok(false)) | Err(_) => return,
                Ok(Err(error)) => warn_of(&error),
            }
        }
    }

    async fn renew(&self, run: &Run) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let until = self.clock.now() + self.lease;
        let is_ours = db::jobs::renew(&mut tx, run.job.id, run.job.lease, until).await?;
        tx.commit_unannounced().await?;
        Ok(is_ours)
    }

    /// Writes down how the run ended, and says it in a word.
    async fn note(&self, kind: &Kind, run: &Run, ended: Ended) -> &'static str {
        let (job, attempts) = (run.job.id, run.job.attempts);
        let after = match &ended {
            Ended::Lost => {
                tracing::warn!(
                    job.id = job,
                    job.kind = kind.name,
                    "a run lost its job to another"
                );
                return "lost";
            }
            Ended::Done if run.job.is_finished.load(Ordering::Relaxed) => return "done",
            Ended::Done => None,
            Ended::Failed(failure) => Some(self.after(kind, attempts, failure)),
        };
        let mut notes = 0;
        let is_ours = loop {
            notes += 1;
            match self.try_note(kind, run, &ended, after).await {
                Ok(is_ours) => break is_ours,
                Err(error) if notes == MOST_NOTES => {
                    warn_of(&error);
                    break false;
                }
                Err(_) => sleep(IDLE).await,
            }
        };
        if !is_ours {
            tracing::warn!(
                job.id = job,
                job.kind = kind.name,
                "how a run ended was not written down; the job may run again"
            );
            return "lost";
        }
        match (ended, after) {
            (Ended::Failed(Failure::Away(_)), _) => {
                tracing::warn!(job.kind = kind.name, "jobs wait for what they need");
                "away"
            }
            (_, Some(AfterFailure::GiveUp(_))) => {
                tracing::error!(
                    job.id = job,
                    job.kind = kind.name,
                    attempts,
                    "a job was given up; `orghub-server jobs list` says why"
                );
                "dead"
            }
            (_, Some(AfterFailure::RunAgainAt(_))) => {
                tracing::warn!(
                    job.id = job,
                    job.kind = kind.name,
                    attempts,
                    "a job failed and runs again; `orghub-server jobs list` says why"
                );
                "failed"
            }
            (_, None) => "done",
        }
    }

    /// What is to become of a job that has failed.
    fn after(&self, kind: &Kind, attempts: u32, failure: &Failure) -> AfterFailure {
        let now = self.clock.now();
        let pause = kind.back_off.pause(attempts);
        match (kind.every, failure) {
            // It would run again then, whatever happened.
            (Some(every), _) => AfterFailure::RunAgainAt(now + pause.min(every)),
            (None, Failure::ForGood(_)) => AfterFailure::GiveUp(now),
            (None, Failure::Again(_)) if attempts >= kind.most_attempts => {
                AfterFailure::GiveUp(now)
            }
            (None, Failure::Again(_) | Failure::Away(_)) => AfterFailure::RunAgainAt(now + pause),
        }
    }

    /// `false`: the run did not have the job any more.
    async fn try_note(
        &self,
        kind: &Kind,
        run: &Run,
        ended: &Ended,
        after: Option<AfterFailure>,
    ) -> Result<bool> {
        let (id, lease) = (run.job.id, run.job.lease);
        if let Ended::Failed(Failure::Away(reason)) = ended {
            return Ok(self.release(&[lease], reason).await? == 1);
        }
        let mut tx = self.db.begin().await?;
        let is_ours = match (ended, after) {
            (Ended::Failed(Failure::Again(why) | Failure::ForGood(why)), Some(after)) => {
                db::jobs::fail(&mut tx, id, lease, shortened(why), after).await?
            }
            _ => match kind.every {
                Some(every) => {
                    let next = next_run(self.clock.now(), every);
                    db::jobs::schedule(&mut tx, id, lease, next).await?
                }
                None => db::jobs::finish(&mut tx, id, lease).await?,
            },
        };
        tx.commit_unannounced().await?;
        Ok(is_ours)
    }

    async fn release(&self, leases: &[Uuid], reason: &str) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        let released = db::jobs::release(&mut tx, leases, shortened(reason)).await?;
        tx.commit_unannounced().await?;
        Ok(released)
    }
}

impl OpenKind {
    fn may_have_more(&self) -> bool {
        self.may_have_more.load(Ordering::Relaxed)
    }

    fn is_resting(&self, now: OffsetDateTime) -> bool {
        self.rest.lock().until.is_some_and(|until| now < until)
    }

    /// Lets the kind rest if what its jobs need is away. Runs that find that out together
    /// do so once.
    fn note_rest(&self, ended: &Ended, now: OffsetDateTime) {
        let mut rest = self.rest.lock();
        match ended {
            Ended::Failed(Failure::Away(_)) => {
                if rest.until.is_none_or(|until| until <= now) {
                    rest.times += 1;
                    rest.until = Some(now + REST.pause(rest.times));
                }
            }
            Ended::Done | Ended::Failed(_) => *rest = Rest::default(),
            Ended::Lost => {}
        }
    }
}

async fn do_work(kind: &Kind, job: Job) -> Ended {
    if kind.every.is_none() && job.attempts > kind.most_attempts {
        // Failures are counted when a run ends. These did not.
        let why = "no run of it came to an end; their processes may have died of it";
        return Ended::Failed(Failure::ForGood(why.to_owned()));
    }
    let work = AssertUnwindSafe(async { (kind.work)(job).await }).catch_unwind();
    let failure = match timeout(kind.time_limit, work).await {
        Ok(Ok(Ok(()))) => return Ended::Done,
        Ok(Ok(Err(failure))) => failure,
        // The panic hook has logged what and where.
        Ok(Err(_panic)) => Failure::Again("panicked".to_owned()),
        Err(_elapsed) => Failure::Again(format!("took longer than {:?}", kind.time_limit)),
    };
    Ended::Failed(failure)
}

/// The first multiple of `every` after `now`.
fn next_run(now: OffsetDateTime, every: Duration) -> OffsetDateTime {
    let every = i64::try_from(every.as_secs()).unwrap_or(i64::MAX).max(1);
    let passed = now.unix_timestamp().rem_euclid(every);
    now.replace_nanosecond(0).unwrap_or(now) + time::Duration::seconds(every - passed)
}

fn shortened(text: &str) -> &str {
    match text.char_indices().nth(MOST_ERROR_CHARACTERS) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// The worker tries again, whatever it was.
fn warn_of(error: &Error) {
    tracing::warn!(error = chain(error), "the worker did not reach the queue");
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn recurring_jobs_keep_to_the_hour() {
        let hour = Duration::from_secs(3_600);
        for (now, next) in [
            (
                datetime!(2026-01-01 10:00:00.5 UTC),
                datetime!(2026-01-01 11:00 UTC),
            ),
            (
                datetime!(2026-01-01 10:59:59.9 UTC),
                datetime!(2026-01-01 11:00 UTC),
            ),
            (
                datetime!(2026-01-01 11:00 UTC),
                datetime!(2026-01-01 12:00 UTC),
            ),
        ] {
            assert_eq!(next_run(now, hour), next);
        }
    }

    #[test]
    fn a_long_error_is_cut_between_characters() {
        let long = "ü".repeat(2_000);
        assert_eq!(shortened(&long).chars().count(), MOST_ERROR_CHARACTERS);
        assert_eq!(shortened("short"), "short");
    }
}
