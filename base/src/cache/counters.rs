//! Counters of attempts that all nodes share, in Redis.
//!
//! They are no cached values: nothing in PostgreSQL says how often something was tried.
//! Whoever counts here counts in its own memory, too, so that a Redis that is away, or that
//! forgot, costs the sum over the nodes and no more. They are bounded as every other
//! operation: 60 ms, and not at all while the breaker is open.
//!
//! A counter's key is a keyed hash: whoever reads Redis learns no address from it. All
//! counters of a database share one slot of a cluster, because one script counts several of
//! them or none. It needs no command but `GET` and `SET`.

use std::{future::Future, time::Duration};

use time::OffsetDateTime;

use super::{Cache, keys};
use crate::telemetry::{current_request_cost, with_request_cost};

/// Counts one more on every counter, or on none if one of them is full.
///
/// `ARGV`: the time, then for each key the most it may hold and its window, in milliseconds.
/// A value is when its window began, and how many were counted in it; one from the future,
/// by more than clocks differ, is none. Returns 0 and when each window began, or how long
/// the fullest window still runs.
const COUNT: &str = r"
local now, began, counts, wait = tonumber(ARGV[1]), {}, {}, 0
for i, key in ipairs(KEYS) do
    local most, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local since, count = string.match(redis.call('GET', key) or '', '^(%d+):(%d+)$')
    since, count = tonumber(since), tonumber(count)
    if not since or now >= since + window or since >= now + window then
        since, count = now, 0
    end
    if count >= most then
        wait = math.max(wait, math.min(since + window - now, window))
    end
    began[i], counts[i] = since, count + 1
end
if wait > 0 then
    return {wait}
end
for i, key in ipairs(KEYS) do
    local left = began[i] + tonumber(ARGV[2 * i + 1]) - now
    local value = string.format('%.0f:%.0f', began[i], counts[i])
    redis.call('SET', key, value, 'PX', string.format('%.0f', left))
end
return {0, unpack(began)}
";

/// Takes one off every counter whose window is still the one that began at `ARGV`.
const TAKE_OFF: &str = r"
for i, key in ipairs(KEYS) do
    local since, count = string.match(redis.call('GET', key) or '', '^(%d+):(%d+)$')
    if since == ARGV[i] and tonumber(count) > 0 then
        local value = string.format('%s:%.0f', since, tonumber(count) - 1)
        redis.call('SET', key, value, 'KEEPTTL')
    end
end
return {0}
";

/// What is counted, and how often it may be within a window.
#[derive(Clone, Debug)]
pub struct Counter {
    /// Never leaves the process.
    pub name: String,
    /// How often at most.
    pub most: u32,
    /// Within which time.
    pub window: Duration,
}

/// What became of counting one more.
#[derive(Debug)]
pub enum Counted {
    /// It was.
    Yes(Count),
    /// One of the counters is full; nothing was counted.
    Full {
        /// When all of them have room again.
        retry_after: Duration,
    },
    /// There is no Redis, or it did not answer.
    Unknown,
}

/// One that was counted, by key and the beginning of its window.
#[derive(Debug)]
pub struct Count(Vec<(String, i64)>);

impl Cache {
    /// Counts one more on each of `counters` for all nodes. It is counted even if whoever
    /// asks for it hangs up.
    pub async fn count(&self, counters: &[Counter], now: OffsetDateTime) -> Counted {
        let Some(keys) = self.keys_of(counters) else {
            return Counted::Unknown;
        };
        let limits = counters.iter().flat_map(|counter| {
            let window = i64::try_from(counter.window.as_millis()).unwrap_or(i64::MAX);
            [i64::from(counter.most), window]
        });
        let arguments = [milliseconds(now)].into_iter().chain(limits).collect();
        let Some(answer) = self.run(COUNT, keys.clone(), arguments).await else {
            return Counted::Unknown;
        };
        match answer.as_slice() {
            [0, began @ ..] if began.len() == keys.len() => {
                Counted::Yes(Count(keys.into_iter().zip(began.iter().copied()).collect()))
            }
            [wait] => Counted::Full {
                retry_after: Duration::from_millis(wait.unsigned_abs()),
            },
            _ => Counted::Unknown,
        }
    }

    /// Takes it off again. If Redis does not answer it stays, until its window ends.
    pub async fn take_off(&self, count: Count) {
        let (keys, began) = count.0.into_iter().unzip();
        self.run(TAKE_OFF, keys, began).await;
    }

    /// `None`: there is no Redis, or this node does not know its database yet, by which
    /// counters are told from those of other sites.
    fn keys_of(&self, counters: &[Counter]) -> Option<Vec<String>> {
        self.inner.redis.as_ref()?;
        let incarnation = self.inner.incarnation();
        if incarnation == 0 {
            return None;
        }
        let key = |counter: &Counter| {
            let name = self.inner.signer.pseudonym("attempts", &counter.name);
            keys::attempts(incarnation, &name)
        };
        Some(counters.iter().map(key).collect())
    }

    async fn run(
        &self,
        script: &'static str,
        keys: Vec<String>,
        arguments: Vec<i64>,
    ) -> Option<Vec<i64>> {
        let redis = self.inner.redis.clone()?;
        to_its_end(async move { redis.run(script, &keys, &arguments).await.ok() }).await?
    }
}

/// Goes on when whoever waits for it does not, at the cost of the same request.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let task = match current_request_cost() {
        Some(cost) => tokio::spawn(with_request_cost(cost, work)),
        None => tokio::spawn(work),
    };
    task.await.ok()
}

fn milliseconds(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
