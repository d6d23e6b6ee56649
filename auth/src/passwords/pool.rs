//! Threads that do nothing but hash, and the short queue in front of them.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use metrics::{counter, gauge, histogram};
use parking_lot::Mutex;
use tokio::{
    sync::{Semaphore, oneshot},
    time::timeout,
};

use super::hashing::Hasher;
use crate::{
    config::PasswordCost,
    error::{Error, Result},
    telemetry::names,
};

/// Most that wait, for each thread. At the usual cost they are all served within a second.
const QUEUE_LENGTH: usize = 32;

/// How long one waits at most.
const QUEUE_TIME: Duration = Duration::from_secs(2);

/// How long a thread that has nothing to do keeps the memory of a hash, 19 MiB at the usual cost.
const IDLE_TIME: Duration = Duration::from_secs(10);

/// How far the threads give way to those that answer pages: a core that is wanted by both
/// goes to the pages nine times out of ten.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

type Job = Box<dyn FnOnce(&mut Hasher) + Send>;

/// As many threads as cores. They end when it is dropped.
pub(super) struct Pool {
    threads: usize,
    /// One for each thread.
    slots: Arc<Semaphore>,
    /// Taken: of those whose work is done, and of those who wait or are about to.
    places: AtomicUsize,
    most_places: usize,
    longest_wait: Duration,
    /// Never holds more jobs than there are idle threads.
    jobs: mpsc::Sender<Job>,
}

impl Pool {
    /// # Errors
    /// [`Error::Internal`] if the system has no threads left.
    pub(super) fn start(cost: PasswordCost) -> Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        // There before anybody has waited.
        gauge!(names::PASSWORDS_WAITING).set(0.0);
        Self::with(cost, cores, cores * QUEUE_LENGTH, QUEUE_TIME, IDLE_TIME)
    }

    fn with(
        cost: PasswordCost,
        threads: usize,
        most_waiting: usize,
        longest_wait: Duration,
        idle_time: Duration,
    ) -> Result<Self> {
        let (jobs, received) = mpsc::channel::<Job>();
        let received = Arc::new(Mutex::new(received));
        for number in 0..threads {
            let received = Arc::clone(&received);
            thread::Builder::new()
                .name(format!("passwords-{number}"))
                .spawn(move || work(cost, &received, idle_time))
                .map_err(Error::internal)?;
        }
        Ok(Self {
            threads,
            slots: Arc::new(Semaphore::new(threads)),
            places: AtomicUsize::new(0),
            most_places: threads + most_waiting,
            longest_wait,
            jobs,
        })
    }

    /// Whether more have places than there are threads.
    pub(super) fn has_a_queue(&self) -> bool {
        self.places.load(Ordering::Relaxed) > self.threads
    }

    /// Takes a place, before anything else is done for whoever comes.
    ///
    /// # Errors
    /// [`Error::Busy`]: all are taken.
    pub(super) fn queue_up(self: &Arc<Self>) -> Result<Place> {
        let place = Place(Arc::clone(self));
        let before = self.places.fetch_add(1, Ordering::Relaxed);
        if before >= self.most_places {
            return Err(refused("full"));
        }
        Ok(place)
    }
}

/// A place in the queue or at a thread, given up when it is dropped.
pub(crate) struct Place(Arc<Pool>);

impl Place {
    /// Does the work on one of the threads. If the caller goes before it began, it is not
    /// done.
    ///
    /// # Errors
    /// [`Error::Busy`]: the queue did not move in time; nothing was done.
    pub(super) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut Hasher) -> T + Send + 'static,
    ) -> Result<T> {
        let pool = &self.0;
        let slot = match Arc::clone(&pool.slots).try_acquire_owned() {
            Ok(slot) => slot,
            Err(_none_is_free) => {
                let _waiting = Waiting::begin();
                let slot = Arc::clone(&pool.slots).acquire_owned();
                timeout(pool.longest_wait, slot)
                    .await
                    .map_err(|_too_long| refused("waited"))?
                    .map_err(Error::internal)?
            }
        };
        let (tell, told) = oneshot::channel();
        let job = move |hasher: &mut Hasher| {
            // Held here, not by the request, which may be gone before the work is done.
            let _slot = slot;
            if tell.is_closed() {
                return;
            }
            let began = Instant::now();
            let done = work(hasher);
            histogram!(names::PASSWORD_SECONDS).record(began.elapsed().as_secs_f64());
            // Gone meanwhile: nobody to tell.
            let _gone = tell.send(done);
        };
        pool.jobs
            .send(Box::new(job))
            .map_err(|_| Error::internal("the password threads ended"))?;
        told.await.map_err(Error::internal)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.places.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts somebody who waits for a thread.
struct Waiting;

impl Waiting {
    fn begin() -> Self {
        gauge!(names::PASSWORDS_WAITING).increment(1.0);
        Self
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        gauge!(names::PASSWORDS_WAITING).decrement(1.0);
    }
}

fn refused(reason: &'static str) -> Error {
    counter!(names::PASSWORDS_REFUSED, "reason" => reason).increment(1);
    Error::Busy
}

/// What a thread does until the pool is dropped.
fn work(cost: PasswordCost, jobs: &Mutex<mpsc::Receiver<Job>>, idle_time: Duration) {
    give_way();
    let mut hasher = Hasher::new(cost);
    while let Some(job) = next_job(jobs, &mut hasher, idle_time) {
        // A defect fails its own request only: who waits hears that nobody will tell.
        if catch_unwind(AssertUnwindSafe(|| job(&mut hasher))).is_err() {
            hasher = Hasher::new(cost);
        }
    }
}

/// Waits for a job, and releases the memory if there is none for so long; `None`: there will be
/// none any more.
fn next_job(
    jobs: &Mutex<mpsc::Receiver<Job>>,
    hasher: &mut Hasher,
    idle_time: Duration,
) -> Option<Job> {
    // One of the threads listens, and lets go before its work: another takes the next job.
    let heard = jobs
        .try_lock_for(idle_time)
        .map(|jobs| jobs.recv_timeout(idle_time));
    match heard {
        Some(Ok(job)) => Some(job),
        Some(Err(RecvTimeoutError::Disconnected)) => None,
        Some(Err(RecvTimeoutError::Timeout)) | None => {
            hasher.release();
            jobs.lock().recv().ok()
        }
    }
}

/// Hashing can wait for pages, and must not the other way round. On Linux this is of the
/// thread alone; elsewhere it would be of the whole process.
#[cfg(target_os = "linux")]
fn give_way() {
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "the password threads do not give way to pages");
    }
}

#[cfg(not(target_os = "linux"))]
fn give_way() {}

#[cfg(test)]
mod tests {
    use std::sync::{
        Barrier,
        mpsc::{Sender, channel},
    };

    use futures::future::join_all;

    use super::*;

    const COST: PasswordCost = PasswordCost {
        memory_kib: 64,
        passes: 1,
    };
    const LONG: Duration = Duration::from_secs(60);

    fn pool(threads: usize, most_waiting: usize, longest_wait: Duration) -> Arc<Pool> {
        let pool = Pool::with(COST, threads, most_waiting, longest_wait, LONG);
        Arc::new(pool.expect("threads"))
    }

    /// On both threads of a pool.
    async fn on_both<T: Send + 'static>(pool: &Arc<Pool>, work: fn(&mut Hasher) -> T) -> [T; 2] {
        let both = Arc::new(Barrier::new(2));
        let job = || {
            let both = Arc::clone(&both);
            move |hasher: &mut Hasher| {
                both.wait();
                work(hasher)
            }
        };
        let (one, other) = tokio::join!(run(pool, job()), run(pool, job()));
        [one.expect("served"), other.expect("served")]
    }

    async fn run<T: Send + 'static>(
        pool: &Arc<Pool>,
        work: impl FnOnce(&mut Hasher) -> T + Send + 'static,
    ) -> Result<T> {
        pool.queue_up()?.run(work).await
    }

    /// Keeps a thread busy until the returned sender is dropped.
    async fn occupy(pool: &Arc<Pool>) -> Sender<()> {
        let (release, released) = channel::<()>();
        let (began, has_begun) = oneshot::channel();
        let pool = Arc::clone(pool);
        tokio::spawn(async move {
            let job = move |_: &mut Hasher| {
                let _listening = began.send(());
                let _dropped = released.recv();
            };
            run(&pool, job).await
        });
        has_begun.await.expect("a thread is free");
        release
    }

    #[tokio::test]
    async fn who_finds_the_queue_full_hears_so_at_once() {
        let pool = pool(1, 2, LONG);
        let occupied = occupy(&pool).await;
        let waiting: Vec<_> = (0..2)
            .map(|number| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move { run(&pool, move |_| number).await })
            })
            .collect();
        while pool.places.load(Ordering::Relaxed) < 3 {
            tokio::task::yield_now().await;
        }
        assert!(pool.has_a_queue());
        assert!(matches!(run(&pool, |_| ()).await, Err(Error::Busy)));
        drop(occupied);
        for (number, done) in join_all(waiting).await.into_iter().enumerate() {
            assert_eq!(done.expect("no panic").expect("served"), number);
        }
        assert!(!pool.has_a_queue());
        run(&pool, |_| ()).await.expect("there is room again");
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_queue_allows() {
        let pool = pool(1, 2, Duration::from_millis(10));
        let _occupied = occupy(&pool).await;
        assert!(matches!(run(&pool, |_| ()).await, Err(Error::Busy)));
        assert!(!pool.has_a_queue());
    }

    #[tokio::test]
    async fn threads_without_work_give_their_memory_back() {
        let idle_time = Duration::from_millis(10);
        let pool = Arc::new(Pool::with(COST, 2, 2, LONG, idle_time).expect("threads"));
        on_both(&pool, |hasher| hasher.hash("a password")).await;
        let given_back = async {
            while on_both(&pool, |hasher| hasher.holds_memory()).await != [false, false] {
                tokio::time::sleep(10 * idle_time).await;
            }
        };
        timeout(LONG, given_back).await.expect("it is given back");
    }

    #[tokio::test]
    async fn threads_that_are_asked_again_have_their_memory_still() {
        let pool = pool(2, 2, LONG);
        on_both(&pool, |hasher| hasher.hash("a password")).await;
        let kept = on_both(&pool, |hasher| hasher.holds_memory()).await;
        assert_eq!(kept, [true, true]);
    }

    #[tokio::test]
    async fn for_whoever_is_gone_nothing_is_worked() {
        let pool = pool(1, 2, LONG);
        let occupied = occupy(&pool).await;
        let (worked, has_worked) = channel::<()>();
        {
            let gone = run(&pool, move |_| worked.send(()));
            let mut gone = std::pin::pin!(gone);
            assert!(futures::poll!(gone.as_mut()).is_pending());
        }
        assert!(!pool.has_a_queue(), "the place is given up");
        drop(occupied);
        run(&pool, |_| ()).await.expect("served");
        assert!(has_worked.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_panic_fails_its_own_request_and_no_other() {
        let pool = pool(1, 2, LONG);
        let failed = run(&pool, |_| panic!("for this test")).await;
        assert!(matches!(failed, Err(Error::Internal(_))));
        assert!(run(&pool, |hasher| hasher.hash("a")).await.is_ok());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_threads_give_way_and_others_do_not() {
        let niceness = || rustix::process::getpriority_process(None).expect("a niceness");
        let here = niceness();
        let there = run(&pool(1, 2, LONG), move |_| niceness()).await;
        assert_eq!(there.expect("served"), (here + NICENESS).min(19));
        assert_eq!(niceness(), here);
    }
}
