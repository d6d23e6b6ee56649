//! Everything at once (test 4): two nodes in the harness of [`orghub_test_support::stress`].
//!
//! It runs over a second cache as well, the usual one: COMMIT, then delete. That one must be
//! found out.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use orghub::{
    access::OrgLookup,
    config::Config,
    domain::{MemberListQuery, OrgSegment},
    error::{Error, Result},
    services::Services,
    test_hooks::Tx,
};
use orghub_test_support::{
    PrivateRedis, TestApp,
    stress::{self, Harness, Number, Question, Scale, Strategy, Subject, Tally, some_fill_time},
};

use crate::{SecondLevel, near_and_redis};

/// Organizations, each with an owner.
const SUBJECTS: usize = 12;

const SCALE: Scale = Scale {
    readers: 12,
    writers: 6,
    reads: 100,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_read_begun_after_an_acknowledged_change_returns_less() {
    let tally = over(&PrivateRedis::start(), stress::seconds(60)).await;
    eprintln!("{tally}");
}

/// Runs two nodes over `redis` for `seconds`.
pub(crate) async fn over(redis: &impl SecondLevel, seconds: u64) -> Arc<Tally> {
    let app = TestApp::start_with(for_stress(redis)).await;
    let nodes = [app.services.clone(), app.another_node().await];
    let strategies = nodes.map(|services| Product { services }).into();
    let subjects = stress::subjects(&app, SUBJECTS).await;
    let harness = Harness::set_up(&app, strategies, subjects, SCALE).await;
    let tally = harness.run(Duration::from_secs(seconds), u64::MAX).await;
    assert_eq!(tally.violations(), 0, "{tally}");
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
    let nodes = [app.services.clone(), app.another_node().await];
    let near = [Copies::default(), Copies::default()];
    let client = redis::Client::open(redis.url()).expect("an address");
    let second_level = client.get_multiplexed_async_connection().await;
    let second_level = second_level.expect("it answers");
    let strategies = nodes.into_iter().zip(&near);
    let strategies = strategies.map(|(services, own)| CommitThenDelete {
        services,
        own: own.clone(),
        all: near.clone(),
        redis: second_level.clone(),
    });
    let subjects = stress::subjects(&app, SUBJECTS).await;
    let harness = Harness::set_up(&app, strategies.collect(), subjects, SCALE).await;
    // It takes a fraction of a second; the rest is for a busy machine.
    let tally = harness.run(Duration::from_secs(30), 100).await;
    eprintln!("COMMIT, then delete: {tally}");
    assert!(tally.violations() > 0, "the harness is blind: {tally}");
}

fn for_stress<R: SecondLevel>(redis: &R) -> impl FnOnce(&mut Config) + use<R> {
    let configure = near_and_redis(redis);
    |config| {
        configure(config);
        config.database_max_connections = 16;
    }
}

/// What can be asked of a subject. Each comes from another family of copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Value {
    /// The organization's name, in the membership.
    Membership,
    /// The organization's name, in the list of the owner's organizations.
    MyOrgs,
    /// The owner's name, in the session.
    Session,
    /// The owner's name, in the member list.
    Members,
}

impl Question for Value {
    const ALL: &'static [Self] = &[Self::Membership, Self::MyOrgs, Self::Session, Self::Members];

    fn number(self) -> Number {
        match self {
            Self::Membership | Self::MyOrgs => Number::Org,
            Self::Session | Self::Members => Number::User,
        }
    }
}

impl Value {
    fn in_name(self, name: &str) -> u64 {
        let value = self.number().least_in(name);
        value.expect("a name that the harness has written")
    }
}

/// The product's own cache.
struct Product {
    services: Services,
}

impl Strategy for Product {
    type Question = Value;

    const IS_THE_PRODUCT: bool = true;

    fn services(&self) -> &Services {
        &self.services
    }

    async fn read(&self, question: Value, subject: &Subject) -> Result<u64> {
        let services = &self.services;
        let name = match question {
            Value::Membership => {
                let segment = OrgSegment::Slug(subject.slug.clone());
                match services.access.find(&subject.owner, &segment).await? {
                    OrgLookup::Granted(access) => access.membership().org_name.clone(),
                    other => panic!("the owner is told {other:?}"),
                }
            }
            Value::MyOrgs => services.orgs.list_mine(&subject.owner).await?[0]
                .name
                .clone(),
            Value::Session => {
                let user = services.sessions.current_user(&subject.session).await?;
                user.expect("the session lives").name.clone()
            }
            Value::Members => {
                let query = MemberListQuery::default();
                let list = services.orgs.list_members(&subject.access, &query).await?;
                list.page.rows[0].name.clone()
            }
        };
        Ok(question.in_name(&name))
    }

    async fn commit(&self, tx: Tx, number: Number, subject: &Subject) -> Result<()> {
        stress::commit(&self.services, tx, number, subject).await
    }
}

/// By question and subject.
type Copies = Arc<Mutex<HashMap<(Value, usize), u64>>>;

/// The usual cache: a copy in the process and one in Redis, both deleted after
/// COMMIT. It gets more than it would have in earnest: every node's copies are
/// deleted before the answer, at once and without fail.
struct CommitThenDelete {
    services: Services,
    own: Copies,
    all: [Copies; 2],
    redis: redis::aio::MultiplexedConnection,
}

impl CommitThenDelete {
    fn key(question: Value, subject: &Subject) -> String {
        format!("naive:{question:?}:{}", subject.index)
    }
}

impl Strategy for CommitThenDelete {
    type Question = Value;

    const IS_THE_PRODUCT: bool = false;

    fn services(&self) -> &Services {
        &self.services
    }

    async fn read(&self, question: Value, subject: &Subject) -> Result<u64> {
        let copies = || self.own.lock().expect("no panic");
        let near = copies().get(&(question, subject.index)).copied();
        if let Some(copy) = near {
            return Ok(copy);
        }
        let mut redis = self.redis.clone();
        let far: Option<u64> = redis::cmd("GET")
            .arg(Self::key(question, subject))
            .query_async(&mut redis)
            .await
            .map_err(Error::internal)?;
        let value = match far {
            Some(copy) => copy,
            None => {
                let name: String = match question.number() {
                    Number::Org => {
                        sqlx::query_scalar("select name from organization where id = $1")
                            .bind(subject.access.org_id().0)
                    }
                    Number::User => sqlx::query_scalar("select name from users where id = $1")
                        .bind(subject.owner.id.0),
                }
                .fetch_one(self.services.db.reader().conn())
                .await?;
                question.in_name(&name)
            }
        };
        // As slow as ours.
        tokio::time::sleep(some_fill_time()).await;
        if far.is_none() {
            redis::cmd("SET")
                .arg(Self::key(question, subject))
                .arg(value)
                .exec_async(&mut redis)
                .await
                .map_err(Error::internal)?;
        }
        copies().insert((question, subject.index), value);
        Ok(value)
    }

    async fn commit(&self, tx: Tx, number: Number, subject: &Subject) -> Result<()> {
        tx.commit_at().await?;
        let mut redis = self.redis.clone();
        for question in Value::ALL {
            if question.number() != number {
                continue;
            }
            redis::cmd("DEL")
                .arg(Self::key(*question, subject))
                .exec_async(&mut redis)
                .await
                .expect("Redis answers");
            for copies in &self.all {
                let mut copies = copies.lock().expect("no panic");
                copies.remove(&(*question, subject.index));
            }
        }
        Ok(())
    }
}
