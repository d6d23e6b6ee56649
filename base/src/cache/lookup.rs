//! Looking a value up: near cache, what the asker brought, then one load for all who ask:
//! Redis, PostgreSQL.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use futures::FutureExt;
use tokio::time::timeout;

use super::{
    Cache, Inner,
    client::{NoAnswer, Redis},
    codec,
    failpoints::Failpoint,
    near::Entry,
    offer::{Found, Offer, Source},
    query::{CachedQuery, Family},
    signature::Signer,
    stamp::{self, Position, Rejection},
};
use crate::{
    db::Stamped,
    error::{Error, Result},
    recording,
    telemetry::names,
};

/// How often somebody who joined a load that turned out too old joins another before
/// loading alone.
const JOINS: usize = 3;

/// Longest time a load may take: the database ends its statements after two seconds,
/// so whoever hears nothing for longer has lost the connection.
const LOAD_TIMEOUT: Duration = Duration::from_millis(2_500);

/// Values that the rest of a request will ask for.
#[derive(Default)]
pub struct Companions(Vec<Box<dyn Companion>>);

impl Companions {
    /// Adds a query.
    pub fn and(mut self, query: impl CachedQuery) -> Self {
        self.0.push(Box::new(query));
        self
    }
}

impl Cache {
    /// The answer to `query`: a cached value that is certainly still right, or what it
    /// loads from PostgreSQL. `None`: there is no such thing.
    ///
    /// # Errors
    /// Those of the load. Redis cannot cause any.
    pub async fn get<Q: CachedQuery>(&self, query: &Q) -> Result<Option<Arc<Q::Answer>>> {
        self.get_with(query, Companions::default).await
    }

    /// The same. If Redis has to be asked, it is asked for the companions in the same
    /// round trip, and what it has of them goes into the near cache. So a node that
    /// knows nothing needs one round trip for a page. When the answer is at hand the
    /// list is not even made.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_with<Q: CachedQuery>(
        &self,
        query: &Q,
        companions: impl FnOnce() -> Companions,
    ) -> Result<Option<Arc<Q::Answer>>> {
        let found = self.look_up(query, companions, || None).await?;
        Ok(found.answer)
    }

    /// The same, with what is asked only if the answer is not at hand: for companions, and
    /// for a copy of the answer that the asker brought.
    pub(super) async fn look_up<Q: CachedQuery>(
        &self,
        query: &Q,
        companions: impl FnOnce() -> Companions,
        offer: impl FnOnce() -> Option<Offer>,
    ) -> Result<Found<Q::Answer>> {
        let key = query.key();
        let family = key.family();
        let text = self.inner.full_text(&key);
        let (mut companions, mut offer) = (Some(companions), Some(offer));
        for _ in 0..JOINS {
            let Some(batch) = self.inner.coherence.begin() else {
                break;
            };
            match self.inner.find_near(&text) {
                Ok(Some(entry)) => {
                    self.inner.count(family, "near_hit");
                    recording::note_part(|| entry.as_part());
                    return Ok(Found::new(&entry, Source::Memory));
                }
                Ok(None) => {}
                Err(reason) => count_rejected(family, "near", reason),
            }
            // What is not at hand costs more than making a page anew.
            recording::is_for_once();
            if let Some(offer) = offer.take().and_then(|offer| offer()) {
                match self.inner.validate_offer(query, &text, &offer, batch) {
                    Ok(entry) => {
                        self.inner.count(family, "offered");
                        self.inner.keep_near(text, &entry);
                        return Ok(Found::new(&entry, Source::Offer));
                    }
                    Err(reason) => count_rejected(family, "offer", reason),
                }
            }
            let load = || {
                let companions = companions.take().map(|list| list()).unwrap_or_default();
                let (inner, query, text) = (self.inner.clone(), query.clone(), text.clone());
                async move { inner.fetch(query, family, text, batch, companions).await }.boxed()
            };
            let (loaded, started) = self.inner.flights.join_or_start(&text, load).await;
            let entry = loaded?;
            // Whoever joined may have come after a change that the load did not see.
            if started || self.inner.coherence.is_current(&entry.slots, entry.batch) {
                if !started {
                    self.inner.count(family, "joined");
                }
                return Ok(Found::new(&entry, Source::Elsewhere));
            }
        }
        recording::is_for_once();
        self.inner.count(family, "bypass");
        let reader = self.inner.db.reader();
        let stamped = with_one_retry(|| query.load(&reader)).await?;
        Ok(Found::without_stamp(stamped.value))
    }

    /// Whether this process has the answer at hand, so that [`Self::get`] asks nobody.
    pub fn remembers<Q: CachedQuery>(&self, query: &Q) -> bool {
        let text = self.inner.full_text(&query.key());
        self.inner.coherence.begin().is_some() && matches!(self.inner.find_near(&text), Ok(Some(_)))
    }
}

/// A query of any type, on behalf of a later look-up.
trait Companion: Send + Sync {
    fn full_text(&self, inner: &Inner) -> String;

    /// Puts what Redis has into the near cache, if it is valid.
    fn keep(&self, inner: &Inner, text: String, bytes: &[u8], batch: u64);
}

impl<Q: CachedQuery> Companion for Q {
    fn full_text(&self, inner: &Inner) -> String {
        inner.full_text(&self.key())
    }

    fn keep(&self, inner: &Inner, text: String, bytes: &[u8], batch: u64) {
        let family = self.key().family();
        match inner.validate(self, &inner.signer, &text, bytes, batch) {
            Ok(entry) => {
                inner.count(family, "prefetched");
                inner.keep_near(text, &entry);
            }
            Err(reason) => count_rejected(family, "redis", reason),
        }
    }
}

impl Inner {
    fn count(&self, family: Family, outcome: &'static str) {
        metrics::counter!(names::CACHE_LOOKUPS, "family" => family.name, "outcome" => outcome)
            .increment(1);
        self.tally.add(family, outcome);
    }

    fn find_near(&self, text: &str) -> Result<Option<Entry>, Rejection> {
        self.near
            .as_ref()
            .map_or(Ok(None), |near| near.get(text, &self.coherence))
    }

    /// Reads the answer from Redis or PostgreSQL and keeps it, stamped with `batch`.
    async fn fetch<Q: CachedQuery>(
        self: Arc<Self>,
        query: Q,
        family: Family,
        text: String,
        batch: u64,
        companions: Companions,
    ) -> Result<Entry> {
        if let Some(redis) = &self.redis {
            let answer = self.ask_redis(redis, &text, batch, companions).await;
            self.failpoints.reach(Failpoint::Found).await;
            if let Ok(Some(bytes)) = answer {
                match self.validate(&query, &self.signer, &text, &bytes, batch) {
                    Ok(entry) => {
                        self.count(family, "redis_hit");
                        self.keep_near(text, &entry);
                        return Ok(entry);
                    }
                    Err(reason) => count_rejected(family, "redis", reason),
                }
            }
        }

        self.count(family, "fill");
        // Taken before the load: what is read now belongs to this incarnation or an older one.
        let incarnation = self.incarnation.load(Ordering::Acquire);
        let reader = self.db.reader();
        let Stamped { value, as_of } = with_one_retry(|| query.load(&reader)).await?;
        self.failpoints.reach(Failpoint::Loaded).await;
        let position = Position { incarnation, as_of };
        #[cfg(feature = "test-hooks")]
        self.shapes.record(family, value.as_ref());
        let encoded = codec::encode(value.as_ref(), self.format_of(family), position);
        let bytes = encoded.as_ref().map_or(0, Vec::len);
        let entry = entry(&query, value, batch, position, bytes);
        self.keep_near(text.clone(), &entry);
        if let Some(bytes) = encoded {
            self.keep_in_redis(text, bytes, family.ttl);
        }
        Ok(entry)
    }

    /// The bytes under `text` in Redis. What it has of the companions is kept near;
    /// without a near cache there is nowhere to keep it, so it is not asked for.
    async fn ask_redis(
        &self,
        redis: &Arc<Redis>,
        text: &str,
        batch: u64,
        Companions(mut companions): Companions,
    ) -> Result<Option<Vec<u8>>, NoAnswer> {
        let Some(near) = &self.near else {
            return redis.get(text).await;
        };
        let mut texts = vec![text.to_owned()];
        companions.retain(|companion| {
            let text = companion.full_text(self);
            let is_missing = !near.holds(&text, &self.coherence);
            if is_missing {
                texts.push(text);
            }
            is_missing
        });
        if companions.is_empty() {
            return redis.get(text).await;
        }
        let mut values = redis.get_many(&texts).await?.into_iter();
        let own = values.next().flatten();
        for ((companion, text), bytes) in companions.iter().zip(texts.drain(1..)).zip(values) {
            if let Some(bytes) = bytes {
                companion.keep(self, text, &bytes, batch);
            }
        }
        Ok(own)
    }

    /// The value in `bytes`, wherever they come from: if one of our nodes signed it for
    /// `place`, if it is of this incarnation and format, and if it is still right.
    pub(super) fn validate<Q: CachedQuery>(
        &self,
        query: &Q,
        signer: &Signer,
        place: &str,
        bytes: &[u8],
        batch: u64,
    ) -> Result<Entry, Rejection> {
        let incarnation = self.incarnation.load(Ordering::Acquire);
        let format = self.format_of(query.key().family());
        let found = codec::decode(bytes, signer, place, format, incarnation)?;
        let entry = entry(query, found.value, batch, found.position, bytes.len());
        self.coherence
            .validate(&entry.slots, found.position.as_of)?;
        Ok(entry)
    }

    fn keep_near(&self, text: String, entry: &Entry) {
        if let Some(near) = &self.near {
            near.put(text, entry.clone());
        }
    }

    /// Nobody waits for this: a late value is validated by its stamp like any other.
    fn keep_in_redis(self: Arc<Self>, text: String, mut bytes: Vec<u8>, ttl: Duration) {
        if self.redis.is_none() {
            return;
        }
        // A tenth of jitter, so that values stored together do not expire together.
        let ttl = ttl.mul_f64(rand::random_range(0.9..1.1));
        // Refused while somebody waits for what came before.
        let storing = self.storing.clone().try_read_owned().ok();
        tokio::spawn(async move {
            let _until_it_is_stored = storing;
            self.signer.sign(&text, &mut bytes);
            if let Some(redis) = &self.redis
                && let Err(error) = redis.set(&text, &bytes, ttl).await
            {
                tracing::debug!(%error, "a value was not stored in Redis");
            }
        });
    }
}

fn entry<Q: CachedQuery>(
    query: &Q,
    answer: Option<Q::Answer>,
    batch: u64,
    position: Position,
    encoded_bytes: usize,
) -> Entry {
    let scopes = query.scopes(answer.as_ref());
    Entry {
        is_negative: Q::is_negative(answer.as_ref()),
        answer: answer.map(|answer| Arc::new(answer) as _),
        slots: scopes
            .iter()
            .map(|scope| stamp::slot_of(&scope.to_string()))
            .collect(),
        batch,
        position,
        encoded_bytes,
        made: Instant::now(),
    }
}

/// Tries again once if the database refused: a connection that was idle through a
/// restart looks like that. Silence is not tried again; it costs too much.
async fn with_one_retry<T, F: Future<Output = Result<T>>>(attempt: impl Fn() -> F) -> Result<T> {
    let bounded = || async {
        let elapsed = |elapsed| Error::unavailable("the database", elapsed);
        timeout(LOAD_TIMEOUT, attempt()).await.map_err(elapsed)
    };
    match bounded().await? {
        Err(Error::Unavailable(..)) => bounded().await?,
        outcome => outcome,
    }
}

/// Counts a cached value that was found and not used.
fn count_rejected(family: Family, level: &'static str, reason: Rejection) {
    metrics::counter!(
        names::CACHE_REJECTED,
        "family" => family.name, "level" => level, "reason" => reason.as_str()
    )
    .increment(1);
}
