//! Everything at once: nodes, readers, writers, slow fillers, log followers that stall past their
//! lease, and a long write transaction that has nothing to do with any of it.
//!
//! Each subject has two numbers that only rise, in the names of an organization and of its owner.
//! A reader notes how far a number had been acknowledged before it asks; an answer below that is
//! a violation.
//!
//! A harness that finds nothing may be blind: whoever tries a cache by it also tries one with a
//! hole, which must be found.

mod faults;
mod subject;
mod tally;

use std::{
    fmt::Debug,
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::{Duration, Instant},
};

use orghub::{
    cache::{Key, keys},
    domain::OrgName,
    error::{Error, Result},
    services::Services,
    test_hooks::Tx,
};
use tokio::task::JoinSet;

use self::faults::Faults;
pub use self::{
    faults::some_fill_time,
    subject::{Number, Subject, subjects},
    tally::Tally,
};
use crate::TestApp;

/// Longest time a writer keeps its transaction open after the change.
const SLOWEST_WRITE_MS: u64 = 20;

/// How long a harness runs: `default` seconds, unless `ORGHUB_STRESS_SECONDS` says otherwise.
pub fn seconds(default: u64) -> u64 {
    let asked = std::env::var("ORGHUB_STRESS_SECONDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What can be asked of a subject.
pub trait Question: Copy + Debug + Send + Sync + 'static {
    const ALL: &'static [Self];

    /// Which of the subject's two numbers the answer carries.
    fn number(self) -> Number;
}

/// The cache that is tried, as one node has it.
pub trait Strategy: Send + Sync + 'static {
    type Question: Question;

    /// Whether the product's own use cases end their mutations as this does.
    const IS_THE_PRODUCT: bool;

    fn services(&self) -> &Services;

    fn read(
        &self,
        question: Self::Question,
        subject: &Subject,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// How a mutation ends: COMMIT, and what comes between it and the answer.
    fn commit(
        &self,
        tx: Tx,
        number: Number,
        subject: &Subject,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// Ends a mutation as the product does.
///
/// # Errors
/// As the product's mutations.
pub async fn commit(services: &Services, tx: Tx, number: Number, subject: &Subject) -> Result<()> {
    let (slug, user) = (&subject.slug, subject.owner.id);
    let outdated = [keys::membership(slug, user), keys::user_orgs(user)];
    let outdated: &[Key] = match number {
        Number::Org => &outdated,
        Number::User => &[],
    };
    services.cache.commit(tx, outdated).await
}

/// How much happens at once.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Tasks that read.
    pub readers: usize,
    /// Tasks that write.
    pub writers: usize,
    /// Reads a second without a violation that mean something.
    pub reads: u64,
}

/// Nodes and subjects, and what is found.
pub struct Harness<S> {
    strategies: Vec<S>,
    subjects: Vec<Subject>,
    scale: Scale,
    tally: Arc<Tally>,
    is_over: AtomicBool,
    database_url: String,
}

impl<S: Strategy> Harness<S> {
    /// One strategy for each node.
    pub async fn set_up(
        app: &TestApp,
        strategies: Vec<S>,
        subjects: Vec<Subject>,
        scale: Scale,
    ) -> Self {
        app.sql("create table unrelated (number integer)").await;
        Self {
            tally: Arc::new(Tally::new(strategies.len(), scale)),
            strategies,
            subjects,
            scale,
            is_over: AtomicBool::new(false),
            database_url: app.database_url().to_owned(),
        }
    }

    /// Runs for `time`, and on a busy machine until that was enough to find something in; or
    /// until there are `enough` violations.
    pub async fn run(self, time: Duration, enough: u64) -> Arc<Tally> {
        let this = Arc::new(self);
        let caches = this.strategies.iter().map(|node| &node.services().cache);
        let faults = Faults::start(caches.cloned().collect(), &this.database_url, &this.tally);
        let mut tasks = JoinSet::new();
        for _ in 0..this.scale.readers {
            tasks.spawn(this.clone().read());
        }
        for _ in 0..this.scale.writers {
            tasks.spawn(this.clone().write());
        }
        let began = Instant::now();
        let at_most = 3 * time;
        while (began.elapsed() < time || !this.tally.is_telling(time.as_secs()))
            && began.elapsed() < at_most
            && this.tally.violations() < enough
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        this.is_over.store(true, SeqCst);
        while let Some(task) = tasks.join_next().await {
            task.expect("no panic");
        }
        faults.end().await;
        this.tally.clone()
    }

    fn goes_on(&self) -> bool {
        !self.is_over.load(SeqCst)
    }

    async fn read(self: Arc<Self>) {
        while self.goes_on() {
            // Copies in the process are quicker than a scheduler likes.
            for _ in 0..16 {
                let question = any_of(S::Question::ALL);
                let (subject, strategy) = (any_of(&self.subjects), any_of(&self.strategies));
                let at_least = subject.acknowledged(question.number());
                match strategy.read(*question, subject).await {
                    Ok(answer) => {
                        self.tally.reads.fetch_add(1, Relaxed);
                        if answer < at_least {
                            let subject = subject.index;
                            self.tally.note_violation(format!(
                                "{question:?} of {subject}: {answer} after {at_least}"
                            ));
                        }
                    }
                    Err(Error::Unavailable(..)) => self.tally.note_refusal(),
                    Err(error) => panic!("{error}: {error:?}"),
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn write(self: Arc<Self>) {
        while self.goes_on() {
            let (subject, strategy) = (any_of(&self.subjects), any_of(&self.strategies));
            let number = *any_of(&Number::ALL);
            let mut tried = subject.tried(number).lock().await;
            *tried += 1;
            match change(strategy, number, subject, *tried).await {
                Ok(()) => {
                    subject.acknowledge(number, *tried);
                    self.tally.mutations.fetch_add(1, Relaxed);
                }
                Err(Error::Unavailable(..)) => self.tally.note_refusal(),
                Err(error) => panic!("{error}: {error:?}"),
            }
            drop(tried);
            tokio::time::sleep(Duration::from_millis(rand::random_range(0..10))).await;
        }
    }
}

/// Writes `value` into one of the subject's names, through the product's own use case or a
/// transaction that stays open for a while; returns when a user would have their answer.
async fn change<S: Strategy>(
    strategy: &S,
    number: Number,
    subject: &Subject,
    value: u64,
) -> Result<()> {
    let Subject {
        slug,
        owner,
        access,
        ..
    } = subject;
    let name = number.name(value);
    if S::IS_THE_PRODUCT && number == Number::Org && rand::random_bool(0.3) {
        let name = OrgName::parse(&name).expect("a name");
        strategy.services().orgs.update(access, &name, slug).await?;
        return Ok(());
    }
    let mut tx = strategy.services().db.begin().await?;
    let statement = match number {
        Number::Org => {
            sqlx::query("update organization set name = $2 where id = $1").bind(access.org_id().0)
        }
        Number::User => sqlx::query("update users set name = $2 where id = $1").bind(owner.id.0),
    };
    statement.bind(name).execute(tx.conn()).await?;
    if rand::random_bool(0.3) {
        let open = rand::random_range(0..=SLOWEST_WRITE_MS);
        tokio::time::sleep(Duration::from_millis(open)).await;
    }
    strategy.commit(tx, number, subject).await
}

fn any_of<T>(all: &[T]) -> &T {
    &all[rand::random_range(0..all.len())]
}
