//! Everything at once (test 4): two nodes, readers, writers, slow fillers,
//! log followers that stall past their lease, and a long write transaction that has
//! nothing to do with any of it.
//!
//! Each subject has two numbers that only rise, in the names of an organization
//! and of its owner. A reader notes how far a number had been acknowledged before
//! it asks; an answer below that is a violation.
//!
//! A harness that finds nothing may be blind, so it runs over a second cache as
//! well, the usual one: COMMIT, then delete. That one must be found out.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::{Duration, Instant},
};

use futures::FutureExt;
use orghub::test_hooks::{Failpoint, Tx};
use orghub::{
    access::{OrgAccess, OrgLookup},
    auth::SignedIn,
    cache::{Key, keys},
    domain::{MemberListQuery, OrgName, OrgSegment, OrgSlug},
    error::{Error, Result},
    services::Services,
};
use orghub_test_support::{PrivateRedis, TestApp};
use tokio::task::JoinSet;
use tower_sessions::session::Id;

use crate::{SecondLevel, near_and_redis};

/// Organizations, each with an owner: few, so that readers and writers meet.
const SUBJECTS: usize = 12;
/// Tasks that read.
const READERS: usize = 12;
/// Tasks that write.
const WRITERS: usize = 6;
/// Longest time a filler is held up between reading a value and keeping it.
const SLOWEST_FILL_MS: u64 = 40;
/// Longest time a writer keeps its transaction open after the change.
const SLOWEST_WRITE_MS: u64 = 20;
/// Length of the lease.
const LEASE_MS: u64 = 2_000;

/// Runs for a minute; `ORGHUB_STRESS_SECONDS` says otherwise.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_read_begun_after_an_acknowledged_change_returns_less() {
    let seconds = std::env::var("ORGHUB_STRESS_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(60);
    let tally = over(&PrivateRedis::start(), seconds).await;
    eprintln!("{tally}");
}

/// Runs two nodes over `redis` for `seconds`.
pub(crate) async fn over(redis: &impl SecondLevel, seconds: u64) -> Tally {
    let app = TestApp::start_with(for_stress(redis)).await;
    let nodes = vec![app.services.clone(), app.another_node().await];
    let strategies = nodes.iter().cloned().map(Strategy::Ours).collect();
    let harness = Harness::set_up(&app, nodes, strategies).await;
    let tally = harness.run(Duration::from_secs(seconds), u64::MAX).await;
    assert_eq!(tally.violations.load(SeqCst), 0, "{tally}");
    assert!(
        tally.is_telling(seconds),
        "too little to find anything in: {tally}"
    );
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_harness_finds_out_a_cache_that_commits_and_then_deletes() {
    let redis = PrivateRedis::start();
    let app = TestApp::start_with(for_stress(&redis)).await;
    let nodes = vec![app.services.clone(), app.another_node().await];
    let near: Vec<Copies> = vec![Copies::default(); nodes.len()];
    let client = redis::Client::open(redis.url()).expect("an address");
    let second_level = client
        .get_multiplexed_async_connection()
        .await
        .expect("it answers");
    let strategies = nodes
        .iter()
        .enumerate()
        .map(|(number, node)| {
            Strategy::CommitThenDelete(CommitThenDelete {
                services: node.clone(),
                own: near[number].clone(),
                all: near.clone(),
                redis: second_level.clone(),
            })
        })
        .collect();
    // It takes a fraction of a second; the rest is for a busy machine.
    let tally = Harness::set_up(&app, nodes, strategies)
        .await
        .run(Duration::from_secs(30), 100)
        .await;
    eprintln!("COMMIT, then delete: {tally}");
    assert!(
        tally.violations.load(SeqCst) > 0,
        "the harness is blind: {tally}"
    );
}

fn for_stress<R: SecondLevel>(redis: &R) -> impl FnOnce(&mut orghub::config::Config) + use<R> {
    let configure = near_and_redis(redis);
    |config| {
        configure(config);
        config.database_max_connections = 16;
    }
}

/// What was done and found.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    nodes: AtomicU64,
    reads: AtomicU64,
    /// Reads and writes that were told to come back: neither right nor wrong.
    refused: AtomicU64,
    fills: AtomicU64,
    mutations: AtomicU64,
    stalls: AtomicU64,
    stalls_past_the_lease: AtomicU64,
    violations: AtomicU64,
    first_violations: Mutex<Vec<String>>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            nodes,
            reads,
            refused,
            fills,
            mutations,
            stalls,
            stalls_past_the_lease,
            violations,
            ..
        } = self;
        let [
            nodes,
            reads,
            refused,
            fills,
            mutations,
            stalls,
            past,
            violations,
        ] = [
            nodes,
            reads,
            refused,
            fills,
            mutations,
            stalls,
            stalls_past_the_lease,
            violations,
        ]
        .map(|count| count.load(SeqCst));
        write!(
            f,
            "{nodes} nodes, {reads} reads, {fills} fills, {mutations} mutations, {stalls} stalls ({past} past the lease), \
             {refused} refused, {violations} violations"
        )?;
        for violation in self
            .first_violations
            .lock()
            .expect("nobody panicked while noting")
            .iter()
        {
            write!(f, "\n  {violation}")?;
        }
        Ok(())
    }
}

impl Tally {
    /// Whether so much was done that `seconds` without a violation mean something.
    fn is_telling(&self, seconds: u64) -> bool {
        let count = |counter: &AtomicU64| counter.load(SeqCst);
        count(&self.mutations) > seconds
            && count(&self.reads) > 100 * seconds
            && count(&self.fills) > seconds
            && count(&self.stalls) >= seconds / 10
    }
}

/// What can be asked of a subject. Each comes from another family of copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Question {
    /// The organization's name, in the membership.
    Membership,
    /// The organization's name, in the list of the owner's organizations.
    MyOrgs,
    /// The owner's name, in the session.
    Session,
    /// The owner's name, in the member list.
    Members,
}

impl Question {
    const ALL: [Self; 4] = [Self::Membership, Self::MyOrgs, Self::Session, Self::Members];

    /// Which of the subject's two numbers the answer carries.
    fn number(self) -> usize {
        match self {
            Self::Membership | Self::MyOrgs => ORG,
            Self::Session | Self::Members => USER,
        }
    }
}

const ORG: usize = 0;
const USER: usize = 1;

/// An organization and its owner.
struct Subject {
    slug: OrgSlug,
    owner: SignedIn,
    access: OrgAccess,
    session: Id,
    /// The two numbers, as far as they are acknowledged.
    acknowledged: [AtomicU64; 2],
    /// The two numbers as they were last tried; held while one is written.
    tried: [tokio::sync::Mutex<u64>; 2],
}

/// The number in a name: "Number 17".
fn number_in(name: &str) -> u64 {
    name.rsplit(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

fn name_with(number: u64) -> String {
    format!("Number {number}")
}

/// The cache that is tried, as one node has it.
enum Strategy {
    Ours(Services),
    CommitThenDelete(CommitThenDelete),
}

impl Strategy {
    fn services(&self) -> &Services {
        match self {
            Self::Ours(services) => services,
            Self::CommitThenDelete(naive) => &naive.services,
        }
    }

    async fn read(&self, question: Question, subject: usize, subjects: &[Subject]) -> Result<u64> {
        match self {
            Self::Ours(services) => read_ours(services, question, &subjects[subject]).await,
            Self::CommitThenDelete(naive) => {
                naive.read(question, subject, &subjects[subject]).await
            }
        }
    }

    /// How a mutation ends: COMMIT, and what comes between it and the answer.
    async fn commit(
        &self,
        tx: Tx,
        number: usize,
        subject: usize,
        subjects: &[Subject],
    ) -> Result<()> {
        match self {
            Self::Ours(services) => {
                let (slug, user) = (&subjects[subject].slug, subjects[subject].owner.id);
                let outdated = [keys::membership(slug, user), keys::user_orgs(user)];
                let outdated: &[Key] = if number == ORG { &outdated } else { &[] };
                services.cache.commit(tx, outdated).await
            }
            Self::CommitThenDelete(naive) => {
                tx.commit_at().await?;
                naive.delete(number, subject).await;
                Ok(())
            }
        }
    }
}

async fn read_ours(services: &Services, question: Question, subject: &Subject) -> Result<u64> {
    let name = match question {
        Question::Membership => {
            let segment = OrgSegment::Slug(subject.slug.clone());
            match services.access.find(&subject.owner, &segment).await? {
                OrgLookup::Granted(access) => access.membership().org_name.clone(),
                other => panic!("the owner is told {other:?}"),
            }
        }
        Question::MyOrgs => services.orgs.list_mine(&subject.owner).await?[0]
            .name
            .clone(),
        Question::Session => services
            .sessions
            .current_user(&subject.session)
            .await?
            .expect("the session lives")
            .name
            .clone(),
        Question::Members => services
            .orgs
            .list_members(&subject.access, &MemberListQuery::default())
            .await?
            .page
            .rows[0]
            .name
            .clone(),
    };
    Ok(number_in(&name))
}

type Copies = Arc<Mutex<HashMap<(Question, usize), u64>>>;

/// The usual cache: a copy in the process and one in Redis, both deleted after
/// COMMIT. It gets more than it would have in earnest: every node's copies are
/// deleted before the answer, at once and without fail.
struct CommitThenDelete {
    services: Services,
    own: Copies,
    all: Vec<Copies>,
    redis: redis::aio::MultiplexedConnection,
}

impl CommitThenDelete {
    async fn read(&self, question: Question, number: usize, subject: &Subject) -> Result<u64> {
        let near = self
            .own
            .lock()
            .expect("no panic")
            .get(&(question, number))
            .copied();
        if let Some(copy) = near {
            return Ok(copy);
        }
        let key = format!("naive:{question:?}:{number}");
        let mut redis = self.redis.clone();
        let far: Option<u64> = redis::cmd("GET")
            .arg(&key)
            .query_async(&mut redis)
            .await
            .map_err(Error::internal)?;
        let value = match far {
            Some(copy) => copy,
            None => {
                let name: String = match question.number() {
                    ORG => sqlx::query_scalar("select name from organization where id = $1")
                        .bind(subject.access.org_id().0),
                    _ => sqlx::query_scalar("select name from users where id = $1")
                        .bind(subject.owner.id.0),
                }
                .fetch_one(self.services.db.reader().conn())
                .await?;
                number_in(&name)
            }
        };
        // As slow as ours; see `slow_fillers`.
        tokio::time::sleep(some_fill_time()).await;
        if far.is_none() {
            redis::cmd("SET")
                .arg(&key)
                .arg(value)
                .exec_async(&mut redis)
                .await
                .map_err(Error::internal)?;
        }
        self.own
            .lock()
            .expect("no panic")
            .insert((question, number), value);
        Ok(value)
    }

    async fn delete(&self, number: usize, subject: usize) {
        let mut redis = self.redis.clone();
        for question in Question::ALL
            .into_iter()
            .filter(|question| question.number() == number)
        {
            let key = format!("naive:{question:?}:{subject}");
            redis::cmd("DEL")
                .arg(&key)
                .exec_async(&mut redis)
                .await
                .expect("Redis answers");
            for copies in &self.all {
                copies
                    .lock()
                    .expect("no panic")
                    .remove(&(question, subject));
            }
        }
    }
}

fn some_fill_time() -> Duration {
    match rand::random_bool(0.5) {
        true => Duration::from_millis(rand::random_range(0..=SLOWEST_FILL_MS)),
        false => Duration::ZERO,
    }
}

struct Harness {
    strategies: Vec<Strategy>,
    subjects: Vec<Subject>,
    tally: Tally,
    is_over: AtomicBool,
    database_url: String,
}

impl Harness {
    async fn set_up(app: &TestApp, nodes: Vec<Services>, strategies: Vec<Strategy>) -> Self {
        app.sql("create table unrelated (number integer)").await;
        let mut subjects = Vec::new();
        for number in 0..SUBJECTS {
            let owner = app.user(&format!("Owner {number}")).await;
            let slug = app.org(&format!("org-{number}"), &owner).await;
            subjects.push(Subject {
                access: app.access(&owner, &slug).await,
                session: app.sign_in(&owner).await,
                slug,
                owner,
                acknowledged: Default::default(),
                tried: Default::default(),
            });
        }
        // From "Owner 11" and "Organization org-11" to numbers of their own.
        app.sql("update users set name = 'Number 0'").await;
        app.sql("update organization set name = 'Number 0'").await;
        tokio::time::sleep(Duration::from_millis(LEASE_MS)).await;
        let tally = Tally::default();
        tally.nodes.store(nodes.len() as u64, Relaxed);
        Self {
            strategies,
            subjects,
            tally,
            is_over: AtomicBool::new(false),
            database_url: app.database_url().to_owned(),
        }
    }

    /// Runs for `time`, and on a busy machine until that was enough to find something in; or
    /// until there are `enough` violations.
    async fn run(self, time: Duration, enough: u64) -> Tally {
        let this = Arc::new(self);
        let (mut tasks, mut faults) = (JoinSet::new(), JoinSet::new());
        for number in 0..this.strategies.len() {
            this.slow_fillers(number);
            faults.spawn(this.clone().stall_follower(number));
        }
        faults.spawn(this.clone().write_something_else());
        for _ in 0..READERS {
            tasks.spawn(this.clone().read());
        }
        for _ in 0..WRITERS {
            tasks.spawn(this.clone().write());
        }
        let began = Instant::now();
        let at_most = 3 * time;
        while (began.elapsed() < time || !this.tally.is_telling(time.as_secs()))
            && began.elapsed() < at_most
            && this.tally.violations.load(SeqCst) < enough
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        this.is_over.store(true, SeqCst);
        while let Some(task) = tasks.join_next().await {
            task.expect("no panic");
        }
        faults.shutdown().await;
        for strategy in &this.strategies {
            for point in [Failpoint::Found, Failpoint::Loaded] {
                strategy.services().cache.failpoints().clear(point);
            }
        }
        // The hooks hold the harness too, until they are cleared and done.
        let mut this = this;
        loop {
            match Arc::try_unwrap(this) {
                Ok(harness) => return harness.tally,
                Err(shared) => this = shared,
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn goes_on(&self) -> bool {
        !self.is_over.load(SeqCst)
    }

    async fn read(self: Arc<Self>) {
        while self.goes_on() {
            // Copies in the process are quicker than a scheduler likes.
            for _ in 0..16 {
                let question = Question::ALL[rand::random_range(0..Question::ALL.len())];
                let number = rand::random_range(0..SUBJECTS);
                let strategy = &self.strategies[rand::random_range(0..self.strategies.len())];
                let at_least = self.subjects[number].acknowledged[question.number()].load(SeqCst);
                match strategy.read(question, number, &self.subjects).await {
                    Ok(answer) => {
                        self.tally.reads.fetch_add(1, Relaxed);
                        if answer < at_least {
                            self.note_violation(format!(
                                "{question:?} of {number}: {answer} after {at_least}"
                            ));
                        }
                    }
                    Err(Error::Unavailable(..)) => {
                        self.tally.refused.fetch_add(1, Relaxed);
                    }
                    Err(error) => panic!("{error}: {error:?}"),
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn note_violation(&self, violation: String) {
        self.tally.violations.fetch_add(1, SeqCst);
        let mut first = self
            .tally
            .first_violations
            .lock()
            .expect("nobody panicked while noting");
        if first.len() < 5 {
            first.push(violation);
        }
    }

    async fn write(self: Arc<Self>) {
        while self.goes_on() {
            let subject = rand::random_range(0..SUBJECTS);
            let number = rand::random_range(0..2);
            let strategy = &self.strategies[rand::random_range(0..self.strategies.len())];
            let mut tried = self.subjects[subject].tried[number].lock().await;
            *tried += 1;
            match self.change(strategy, number, subject, *tried).await {
                Ok(()) => {
                    self.subjects[subject].acknowledged[number].store(*tried, SeqCst);
                    self.tally.mutations.fetch_add(1, Relaxed);
                }
                Err(Error::Unavailable(..)) => {
                    self.tally.refused.fetch_add(1, Relaxed);
                }
                Err(error) => panic!("{error}: {error:?}"),
            }
            drop(tried);
            tokio::time::sleep(Duration::from_millis(rand::random_range(0..10))).await;
        }
    }

    /// Writes `value` into one of the subject's names, through the product's own
    /// use case or a transaction that stays open for a while; returns when a user
    /// would have their answer.
    async fn change(
        &self,
        strategy: &Strategy,
        number: usize,
        subject: usize,
        value: u64,
    ) -> Result<()> {
        let Subject {
            slug,
            owner,
            access,
            ..
        } = &self.subjects[subject];
        if let (Strategy::Ours(services), ORG, true) = (strategy, number, rand::random_bool(0.3)) {
            let name = OrgName::parse(&name_with(value)).expect("a name");
            services.orgs.update(access, &name, slug).await?;
            return Ok(());
        }
        let mut tx: Tx = strategy.services().db.begin().await?;
        let statement = match number {
            ORG => sqlx::query("update organization set name = $2 where id = $1")
                .bind(access.org_id().0),
            _ => sqlx::query("update users set name = $2 where id = $1").bind(owner.id.0),
        };
        statement.bind(name_with(value)).execute(tx.conn()).await?;
        if rand::random_bool(0.3) {
            tokio::time::sleep(Duration::from_millis(rand::random_range(
                0..=SLOWEST_WRITE_MS,
            )))
            .await;
        }
        strategy.commit(tx, number, subject, &self.subjects).await
    }

    /// Holds fillers up between reading and keeping.
    fn slow_fillers(self: &Arc<Self>, node: usize) {
        let hooks = self.strategies[node].services().cache.failpoints();
        for point in [Failpoint::Found, Failpoint::Loaded] {
            let this = self.clone();
            hooks.set(point, move || {
                if point == Failpoint::Loaded {
                    this.tally.fills.fetch_add(1, Relaxed);
                }
                tokio::time::sleep(some_fill_time()).boxed()
            });
        }
    }

    /// Holds the node's log follower up every now and then, anywhere: mostly for as long as
    /// a busy machine would, sometimes for longer than the lease.
    async fn stall_follower(self: Arc<Self>, node: usize) {
        const POINTS: [Failpoint; 5] = [
            Failpoint::HeartbeatDue,
            Failpoint::Heartbeat,
            Failpoint::Polled,
            Failpoint::Applied,
            Failpoint::LeaseDue,
        ];
        let hooks = self.strategies[node].services().cache.failpoints();
        loop {
            tokio::time::sleep(Duration::from_millis(rand::random_range(100..800))).await;
            let point = POINTS[rand::random_range(0..POINTS.len())];
            let past_the_lease = rand::random_bool(0.2);
            let stall_ms = match past_the_lease {
                true => rand::random_range(LEASE_MS - 200..LEASE_MS + 800),
                false => rand::random_range(1..400),
            };
            let stalled = Arc::new(tokio::sync::Notify::new());
            let is_new = AtomicBool::new(true);
            let noted = stalled.clone();
            hooks.set(point, move || {
                // Once: the next one who passes is not held up.
                let stall_ms = if is_new.swap(false, SeqCst) {
                    stall_ms
                } else {
                    0
                };
                let noted = noted.clone();
                async move {
                    if stall_ms > 0 {
                        tokio::time::sleep(Duration::from_millis(stall_ms)).await;
                        noted.notify_one();
                    }
                }
                .boxed()
            });
            if tokio::time::timeout(Duration::from_secs(8), stalled.notified())
                .await
                .is_ok()
            {
                self.tally.stalls.fetch_add(1, Relaxed);
                self.tally
                    .stalls_past_the_lease
                    .fetch_add(u64::from(stall_ms > LEASE_MS), Relaxed);
            }
            hooks.clear(point);
        }
    }

    /// A write transaction that is nearly always open and touches nothing cached: it
    /// holds the position of every snapshot back.
    async fn write_something_else(self: Arc<Self>) {
        use sqlx::Connection;
        let mut connection = sqlx::PgConnection::connect(&self.database_url)
            .await
            .expect("the database answers");
        loop {
            let mut long = connection.begin().await.expect("a transaction begins");
            sqlx::query("insert into unrelated values (1)")
                .execute(&mut *long)
                .await
                .expect("written");
            tokio::time::sleep(Duration::from_millis(rand::random_range(50..1_500))).await;
            match rand::random_bool(0.5) {
                true => long.commit().await.expect("it commits"),
                false => long.rollback().await.expect("it is undone"),
            }
            tokio::time::sleep(Duration::from_millis(rand::random_range(0..50))).await;
        }
    }
}
