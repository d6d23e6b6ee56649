//! The cache, and why it can be trusted.
//!
//! Postgres holds the truth *and* the record of what changed: triggers write the
//! changed [`Scope`]s into a log, inside the transaction that changes them. Every
//! node tails that log. Every copy, in this process or in Redis, carries the
//! database position it was read at, and is used only if none of its scopes
//! changed since and only while this node's lease runs. What Redis loses, keeps,
//! brings back or reorders is therefore never a wrong answer, only an old stamp.
//!
//! A request comes in through one door, [`Cache::get_or_load`]:
//!
//! ```text
//! near copy ── right? ──► use it                       no SQL, no Redis
//!    │ no
//! one flight for all who ask ─► Redis ── right? ──► near, use it
//!                                 │ no
//!                               one statement with its stamp ─► near, Redis, use it
//! ```
//!
//! A mutation commits, then waits until every live node has taken it in
//! ([`Cache::wait_until_applied`]) before it answers: who lost a right has lost it
//! on the next request, on every node. A node that cannot hear of changes stops
//! using copies within two seconds, because its lease ends.
//!
//! The rooms: `keys` says what is cached, `stamp` which copies are right, `relay`
//! hears of changes, `near` and `client` hold copies, `single_flight` joins loads,
//! `prefetch` makes one round trip of a request's many, `breaker` keeps a dead Redis
//! out of the way, `invalidation` is what mutations call. docs/caching.md tells the same at length, with the proof.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::FutureExt;
use tokio::{
    sync::{Notify, RwLock},
    task::JoinSet,
    time::timeout,
};
use uuid::Uuid;

#[cfg(not(feature = "testing"))]
use self::hooks::{Hooks, Point};
use self::{
    client::Redis,
    near::Near,
    prefetch::Prefetch,
    single_flight::Flights,
    stamp::{BootTime, Coherence},
};
use crate::{
    config::Config,
    db::{Db, Reader, Stamped, cache_log},
    error::{Error, Result, chain},
};

mod breaker;
mod client;
mod codec;
mod hooks;
mod invalidation;
pub mod keys;
mod lock;
mod near;
mod observe;
mod prefetch;
mod relay;
mod single_flight;
mod stamp;
mod triggers;

#[cfg(feature = "testing")]
pub use self::hooks::{Hooks, Point};
pub use self::{
    breaker::BreakerState,
    invalidation::Change,
    keys::{CacheKey, Family, Scope},
    lock::Turn,
    prefetch::Foreseen,
};

/// How often somebody who joined a load that turned out too old joins another
/// before loading alone.
const JOINS: usize = 3;

/// The cache of one node; clones share it.
#[derive(Clone)]
pub struct Cache {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    node: Uuid,
    coherence: Coherence,
    near: Option<Near>,
    redis: Option<Arc<Redis>>,
    flights: Flights,
    /// Hash of the database's identity; 0 until the log was read.
    incarnation: AtomicU64,
    /// When the relay last heard from the database; 0: never.
    heard: AtomicU64,
    /// When this node first saw the database's present incarnation, if it knew another.
    new_world: std::sync::Mutex<Option<tokio::time::Instant>>,
    bell: Notify,
    /// Whether changes may go unlogged: then there is no lease.
    is_deaf: AtomicBool,
    /// Held by whoever stores a value in Redis.
    storing: Arc<RwLock<()>>,
    tasks: std::sync::Mutex<JoinSet<()>>,
    hooks: Hooks,
}

impl Inner {
    fn relay_pool(&self) -> &sqlx::PgPool {
        self.db.relay_pool()
    }

    fn full_key<K: CacheKey>(&self, key: &K) -> String {
        self.full_text(K::FAMILY, &key.text())
    }

    /// `text` behind what all keys share: the program, the value's format, and the
    /// database it was read from.
    fn full_text(&self, family: Family, text: &str) -> String {
        format!(
            "orghub:{}:{:016x}:{text}",
            family.format,
            self.incarnation.load(Ordering::Acquire)
        )
    }

    fn since_heard(&self) -> Option<Duration> {
        BootTime::from_nanos(self.heard.load(Ordering::Relaxed)).map(BootTime::elapsed)
    }

    fn lock_key(&self, name: &str) -> String {
        format!(
            "orghub:{:016x}:turn:{name}",
            self.incarnation.load(Ordering::Acquire)
        )
    }

    fn channel(&self) -> String {
        format!(
            "orghub:{:016x}:changed",
            self.incarnation.load(Ordering::Acquire)
        )
    }
}

/// How the cache is, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheHealth {
    /// Whether copies may be used at this moment.
    pub lease_is_running: bool,
    /// Time since the relay last heard from the database; `None`: it never did.
    pub heard: Option<Duration>,
    /// Bytes held in this process.
    pub near_bytes: u64,
    /// Redis, if it is configured.
    pub redis: Option<RedisHealth>,
}

/// How Redis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedisHealth {
    /// Time of a round trip just now; `None`: no answer.
    pub round_trip: Option<Duration>,
    /// What the breaker lets through.
    pub breaker: BreakerState,
}

impl Cache {
    /// Starts the cache of this node and its background work.
    ///
    /// A Redis that does not answer within five seconds is reported loudly and
    /// done without until it comes back.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if Redis is required at start and away;
    /// [`Error::Internal`] if its address cannot be used.
    pub async fn start(config: &Config, db: Db) -> Result<Self> {
        let redis = config.redis.as_ref().map(Redis::open).transpose()?;
        if let (Some(redis), Some(settings)) = (&redis, &config.redis)
            && let Err(error) = redis.answer_at_start().await
        {
            if settings.required_at_start {
                return Err(error);
            }
            tracing::error!(
                error = %chain(&error),
                "STARTING DEGRADED: Redis at REDIS_URL did not answer within 5 s. Pages are served from Postgres; Redis is used as soon as it answers."
            );
        }
        let inner = Arc::new(Inner {
            db,
            node: Uuid::now_v7(),
            coherence: Coherence::new(),
            near: Near::new(config.near_cache_bytes),
            redis,
            flights: Flights::default(),
            incarnation: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            new_world: std::sync::Mutex::default(),
            bell: Notify::new(),
            is_deaf: AtomicBool::new(false),
            storing: Arc::default(),
            tasks: std::sync::Mutex::default(),
            hooks: Hooks::default(),
        });
        {
            let mut tasks = inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            tasks.spawn(relay::supervise(inner.clone(), "tail", relay::tail_forever));
            tasks.spawn(relay::supervise(
                inner.clone(),
                "doorbell",
                relay::listen_forever,
            ));
            tasks.spawn(relay::supervise(
                inner.clone(),
                "janitor",
                relay::clean_up_forever,
            ));
            tasks.spawn(relay::supervise(
                inner.clone(),
                "triggers",
                triggers::watch_forever,
            ));
        }
        Ok(Self { inner })
    }

    /// Waits until copies may be used, for at most `patience`; `false`: not yet.
    pub async fn wait_until_ready(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while !self.inner.coherence.lease_is_running() {
            if Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        true
    }

    /// Ends the background work and signs the node off, so that nobody waits for it.
    pub async fn stop(&self) {
        self.inner
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .abort_all();
        self.inner.coherence.end_lease();
        if let Err(error) = cache_log::sign_off(self.inner.db.pool(), self.inner.node).await {
            tracing::warn!(error = %chain(&error), "this node could not sign off; others wait up to two seconds for it, once");
        }
    }

    /// Returns when everything looked up until now lies in Redis, or was given up on.
    pub async fn wait_until_stored(&self) {
        drop(self.inner.storing.write().await);
    }

    /// How the cache is.
    pub async fn health(&self) -> CacheHealth {
        let redis = match &self.inner.redis {
            Some(redis) => {
                let round_trip = redis.ping().await.ok();
                Some(RedisHealth {
                    round_trip,
                    breaker: redis.breaker_state(),
                })
            }
            None => None,
        };
        CacheHealth {
            lease_is_running: self.inner.coherence.lease_is_running(),
            heard: self.inner.since_heard(),
            near_bytes: self.inner.near.as_ref().map_or(0, Near::bytes),
            redis,
        }
    }

    /// The value under `key`: a copy that is certainly still right, or what `load`
    /// reads from Postgres. `None`: there is no such thing.
    ///
    /// `load` gets a read-only handle and answers with the position it read at; it
    /// may be called twice, when a connection broke.
    ///
    /// # Errors
    /// Those of `load`. Redis cannot cause any.
    pub async fn get_or_load<K, Load, Loading>(
        &self,
        key: &K,
        load: Load,
    ) -> Result<Option<Arc<K::Value>>>
    where
        K: CacheKey + Clone + Send + 'static,
        Load: Fn(Reader) -> Loading + Clone + Send + Sync + 'static,
        Loading: Future<Output = Result<Stamped<Option<K::Value>>>> + Send,
    {
        let text = self.inner.full_key(key);
        for _ in 0..JOINS {
            let Some(batch) = self.inner.coherence.begin() else {
                break;
            };
            match self
                .inner
                .near
                .as_ref()
                .map_or(Ok(None), |near| near.get(&text, &self.inner.coherence))
            {
                Ok(Some(copy)) => {
                    count::<K>("near_hit");
                    return Ok(single_flight::typed(&copy));
                }
                Ok(None) => {}
                Err(reason) => count_refused::<K>("near", reason),
            }
            let flight = || {
                let (inner, key, text, load) =
                    (self.inner.clone(), key.clone(), text.clone(), load.clone());
                // Of the request that begins the flight, whoever drives it to its end.
                let prefetch = Prefetch::current();
                async move { inner.fetch(&key, text, batch, prefetch, load).await }.boxed()
            };
            let (landed, begun) = self.inner.flights.fly(&text, flight).await;
            let copy = landed?;
            // Who joined may have come after a change that the load did not see.
            if begun || self.inner.coherence.is_current(&copy.slots, copy.batch) {
                if !begun {
                    count::<K>("joined");
                }
                return Ok(single_flight::typed(&copy));
            }
        }
        count::<K>("bypass");
        let stamped = with_one_retry(|| load(self.inner.db.reader())).await?;
        Ok(stamped.value.map(Arc::new))
    }
}

impl Inner {
    /// Reads `key` from Redis or Postgres and keeps it, stamped with `batch`.
    async fn fetch<K, Load, Loading>(
        self: Arc<Self>,
        key: &K,
        text: String,
        batch: u64,
        prefetch: Option<Arc<Prefetch>>,
        load: Load,
    ) -> Result<near::Copy>
    where
        K: CacheKey,
        Load: Fn(Reader) -> Loading,
        Loading: Future<Output = Result<Stamped<Option<K::Value>>>>,
    {
        let copy_of = |value: Option<K::Value>, slots, encoded_bytes| near::Copy {
            value: value.map(|value| Arc::new(value) as _),
            slots,
            batch,
            encoded_bytes,
            made: Instant::now(),
        };
        let incarnation = self.incarnation.load(Ordering::Acquire);
        let slots_of = |value: Option<&K::Value>| -> Arc<[stamp::Slot]> {
            key.scopes(value)
                .iter()
                .map(|scope| stamp::slot_of(&scope.to_string()))
                .collect()
        };

        if let Some(redis) = &self.redis {
            let answer = self.ask_redis(redis, &text, prefetch.as_deref()).await;
            self.hooks.pass(Point::Found).await;
            if let Ok(Some(bytes)) = answer {
                match codec::decode::<K>(&bytes, incarnation) {
                    Some(found) => {
                        let slots = slots_of(found.value.as_ref());
                        match self.coherence.judge(&slots, found.as_of) {
                            Ok(()) => {
                                count::<K>("redis_hit");
                                let is_negative = K::is_negative(found.value.as_ref());
                                let copy = copy_of(found.value, slots, bytes.len());
                                self.keep_near(text, &copy, is_negative);
                                return Ok(copy);
                            }
                            Err(reason) => count_refused::<K>("redis", reason),
                        }
                    }
                    None => count_refused::<K>("redis", "undecodable"),
                }
            }
        }

        count::<K>("fill");
        let Stamped { value, as_of } = with_one_retry(|| load(self.db.reader())).await?;
        self.hooks.pass(Point::Loaded).await;
        let slots = slots_of(value.as_ref());
        let is_negative = K::is_negative(value.as_ref());
        let encoded = codec::encode::<K>(value.as_ref(), incarnation, as_of);
        let copy = copy_of(value, slots, encoded.as_ref().map_or(0, Vec::len));
        self.keep_near(text.clone(), &copy, is_negative);
        if let Some(bytes) = encoded {
            self.keep_in_redis(text, bytes, K::FAMILY.ttl);
        }
        Ok(copy)
    }

    fn keep_near(&self, text: String, copy: &near::Copy, is_negative: bool) {
        if let Some(near) = &self.near {
            near.put(text, copy.clone(), is_negative);
        }
    }

    /// Nobody waits for this: a late value is judged by its stamp like any other.
    fn keep_in_redis(self: Arc<Self>, text: String, bytes: Vec<u8>, ttl: Duration) {
        if self.redis.is_none() {
            return;
        }
        // A tenth of jitter, so that values made together do not end together.
        let ttl = ttl.mul_f64(rand::random_range(0.9..1.1));
        // Refused while somebody waits for what came before.
        let storing = self.storing.clone().try_read_owned().ok();
        tokio::spawn(async move {
            let _until_it_is_stored = storing;
            if let Some(redis) = &self.redis
                && let Err(error) = redis.set(&text, &bytes, ttl).await
            {
                tracing::debug!(%error, "a value was not kept in Redis");
            }
        });
    }
}

/// Longest time a load may take: the database ends its statements after two
/// seconds, so whoever hears nothing for longer has lost the connection.
const LOAD_TIMEOUT: Duration = Duration::from_millis(2_500);

/// Tries again once when the database refused: a connection that lay idle through
/// a restart looks like that. Silence is not tried again; it costs too much.
async fn with_one_retry<T, F: Future<Output = Result<T>>>(attempt: impl Fn() -> F) -> Result<T> {
    let in_time = || async {
        match timeout(LOAD_TIMEOUT, attempt()).await {
            Ok(outcome) => Ok(outcome),
            Err(elapsed) => Err(Error::unavailable("the database", elapsed)),
        }
    };
    match in_time().await? {
        Err(Error::Unavailable(..)) => in_time().await?,
        outcome => outcome,
    }
}

fn count<K: CacheKey>(outcome: &'static str) {
    metrics::counter!("orghub_cache_lookups_total", "family" => K::FAMILY.name, "outcome" => outcome).increment(1);
}

/// Counts a copy that was there and was not used.
fn count_refused<K: CacheKey>(level: &'static str, reason: &'static str) {
    metrics::counter!(
        "orghub_cache_refused_total", "family" => K::FAMILY.name, "level" => level, "reason" => reason
    )
    .increment(1);
}
