//! The cache, and why it can be trusted.
//!
//! PostgreSQL holds the truth *and* the record of what changed: triggers write the
//! changed [`Scope`]s into a log, inside the transaction that changes them. Every node
//! follows that log. Every cached value, in this process or in Redis, carries the
//! database position it was read at, and is used only if none of its scopes changed
//! since and only while this node's lease runs. So whatever Redis loses, keeps, brings
//! back or reorders is never a wrong answer, only an old stamp; and what somebody else
//! puts there lacks the nodes' signature.
//!
//! A read comes in through one door, [`Cache::get`], with a [`CachedQuery`]:
//!
//! ```text
//! near cache ── valid? ──► use it                      no SQL, no Redis
//!    │ no
//! a copy that the asker brought ── valid? ──► near cache, use it
//!    │ no
//! one load for all who ask ─► Redis ── valid? ──► near cache, use it
//!                               │ no
//!                             one statement with its stamp ─► near cache, Redis, use it
//! ```
//!
//! A mutation leaves through another, [`Cache::commit`], which answers when every live
//! node has applied it: who lost a right has lost it on the next request, on every node.
//! A node that cannot hear of changes stops using cached values within two seconds,
//! because its lease ends.
//!
//! | Module | |
//! |---|---|
//! | [`query`], [`keys`] | what is cached, and under which keys |
//! | `lookup`, `offer`, `single_flight`, `near`, `client`, `breaker`, `codec`, `signature` | reading |
//! | `stamp`, `made_of` | which values are still right, and what was made of them |
//! | `commit`, [`invalidation`] | the end of a mutation; ending values by hand |
//! | `log_follower`, `doorbell`, `janitor`, `watched_tables`, `background` | hearing of changes |
//! | `counters` | no cache: attempts that all nodes count together |
//! | `gauges`; `failpoints`, `shapes` | for operators; for tests |
//!
//! docs/caching.md tells the same at length, with the proof.
#![warn(missing_docs)]

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{
    sync::{Notify, RwLock},
    task::JoinSet,
};
use uuid::Uuid;

use self::{
    client::Redis,
    failpoints::Failpoints,
    near::Near,
    signature::Signer,
    single_flight::SingleFlight,
    stamp::{BootTime, Coherence},
    tally::Tally,
};
use crate::{
    config::Config,
    db::{Db, cache_log},
    error::{Result, chain},
};

mod background;
mod breaker;
mod client;
mod codec;
mod commit;
pub mod counters;
mod doorbell;
pub(crate) mod failpoints;
mod gauges;
pub mod invalidation;
mod janitor;
pub mod keys;
mod log_follower;
mod lookup;
mod made_of;
mod near;
mod offer;
pub mod query;
#[cfg(feature = "test-hooks")]
mod shapes;
mod signature;
mod single_flight;
mod stamp;
mod status;
mod tally;
mod watched_tables;

pub use self::{
    breaker::BreakerState,
    lookup::Companions,
    made_of::MadeOf,
    offer::{Found, Offer, Source},
    query::{CachedQuery, Family, Key, Scope},
};

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
    /// Of the values in Redis.
    signer: Signer,
    /// Of the copies that browsers keep; `None`: there are none.
    offers: Option<Signer>,
    flights: SingleFlight,
    /// Hash of the database's identity; 0 until the log was read.
    incarnation: AtomicU64,
    /// When this node first saw the present incarnation, if it knew another one before.
    incarnation_changed: Mutex<Option<tokio::time::Instant>>,
    /// When the log follower last read the log, in nanoseconds of the boot clock; 0: never.
    last_poll: AtomicU64,
    doorbell: Notify,
    /// Told when a node has said that it has applied a change.
    applied: Notify,
    /// Whether triggers are missing: then there is no lease.
    changes_may_be_lost: AtomicBool,
    /// Held by whoever stores a value in Redis.
    storing: Arc<RwLock<()>>,
    tasks: Mutex<JoinSet<()>>,
    failpoints: Failpoints,
    tally: Tally,
    /// Added to the format of every family.
    #[cfg(feature = "test-hooks")]
    newer_by: std::sync::atomic::AtomicU8,
    #[cfg(feature = "test-hooks")]
    shapes: shapes::Shapes,
}

impl Inner {
    /// The key behind what all keys share: the program, the value's format, and the
    /// incarnation of the database it was read from.
    fn full_text(&self, key: &Key) -> String {
        // Every look-up makes one: in one allocation.
        const PREFIX_BYTES: usize = "orghub:255:0123456789abcdef:".len();
        let (incarnation, key_text) = (self.incarnation.load(Ordering::Acquire), key.text());
        let mut text = String::with_capacity(PREFIX_BYTES + key_text.len());
        let format = self.format_of(key.family());
        write!(text, "orghub:{format}:{incarnation:016x}:")
            .expect("writing to a string never fails");
        text.push_str(key_text);
        text
    }

    /// The format in which this node stores and reads values of `family`.
    #[cfg(not(feature = "test-hooks"))]
    fn format_of(&self, family: Family) -> u8 {
        family.format
    }

    fn incarnation(&self) -> u64 {
        self.incarnation.load(Ordering::Acquire)
    }

    /// The channel of the doorbell.
    fn channel(&self) -> String {
        format!("orghub:{:016x}:changed", self.incarnation())
    }

    fn last_poll_age(&self) -> Option<Duration> {
        BootTime::from_nanos(self.last_poll.load(Ordering::Relaxed)).map(BootTime::elapsed)
    }
}

#[cfg(feature = "test-hooks")]
impl Inner {
    fn format_of(&self, family: Family) -> u8 {
        family.format + self.newer_by.load(Ordering::Relaxed)
    }
}

#[cfg(feature = "test-hooks")]
impl Cache {
    /// Makes this node one of a later version, in which the values of all families have
    /// another format. To be called before anything is looked up.
    pub fn be_newer(&self, versions: u8) {
        self.inner.newer_by.store(versions, Ordering::Relaxed);
    }
}

/// The state of the cache, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheHealth {
    /// Whether cached values may be used at this moment.
    pub lease_is_running: bool,
    /// Time since the log follower last read the log; `None`: it never did.
    pub last_poll_age: Option<Duration>,
    /// Size of the near cache.
    pub near_bytes: u64,
    /// `None`: Redis is not configured.
    pub redis: Option<RedisHealth>,
}

/// The state of Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedisHealth {
    /// Time of a round trip just now; `None`: no answer.
    pub round_trip: Option<Duration>,
    /// What the breaker lets through.
    pub breaker: BreakerState,
}

impl Cache {
    /// Starts the cache of this node and its background tasks.
    ///
    /// A Redis that does not answer within five seconds is reported loudly and done
    /// without until it comes back.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if Redis is required at start and away;
    /// [`crate::error::Error::Internal`] if its address cannot be used.
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
                "STARTING DEGRADED: Redis at REDIS_URL did not answer within 5 s. Pages are \
                 served from PostgreSQL; Redis is used as soon as it answers."
            );
        }
        if redis.is_some() && config.cache_keys.are_known_to_everybody() {
            tracing::info!(
                "CACHE_KEYS is not set: values in Redis are signed with the development key, which \
                 everybody knows"
            );
        }
        let inner = Arc::new(Inner {
            db,
            node: Uuid::now_v7(),
            coherence: Coherence::new(),
            near: Near::new(config.near_cache_bytes),
            redis,
            signer: Signer::new(config.cache_keys.bytes()),
            offers: config
                .session_cookie_keys
                .as_ref()
                .map(|keys| Signer::new(keys.bytes())),
            flights: SingleFlight::default(),
            incarnation: AtomicU64::new(0),
            incarnation_changed: Mutex::default(),
            last_poll: AtomicU64::new(0),
            doorbell: Notify::new(),
            applied: Notify::new(),
            changes_may_be_lost: AtomicBool::new(false),
            storing: Arc::default(),
            tasks: Mutex::default(),
            failpoints: Failpoints::default(),
            tally: Tally::default(),
            #[cfg(feature = "test-hooks")]
            newer_by: std::sync::atomic::AtomicU8::default(),
            #[cfg(feature = "test-hooks")]
            shapes: shapes::Shapes::default(),
        });
        background::start(&inner);
        Ok(Self { inner })
    }

    /// Waits until cached values may be used, for at most `patience`; `false`: not yet.
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

    /// Ends the background tasks and leaves the registry, so that nobody waits for this
    /// node.
    pub async fn stop(&self) {
        self.inner.tasks.lock().abort_all();
        self.inner.coherence.end_lease();
        if let Err(error) = cache_log::sign_off(self.inner.db.pool(), self.inner.node).await {
            tracing::warn!(
                error = %chain(&error),
                "this node could not leave the registry; others wait up to two seconds for it, once"
            );
        }
    }

    /// Returns when everything looked up until now is stored in Redis, or was given up on.
    pub async fn wait_until_stored(&self) {
        drop(self.inner.storing.write().await);
    }

    /// Asks Redis and this process for their state now.
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
            last_poll_age: self.inner.last_poll_age(),
            near_bytes: self.inner.near.as_ref().map_or(0, Near::bytes),
            redis,
        }
    }
}
