//! Redis, bounded: no operation takes longer than [`OPERATION_TIMEOUT`], none is tried
//! while the breaker is open, none can fail a request. A request waits in vain for Redis
//! once at most.
//!
//! The only file that names the redis crate's types.

use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures::StreamExt;
use parking_lot::{Mutex, RwLock};
use redis::{
    Client, Cmd, ConnectionInfo, ErrorKind, FromRedisValue, InfoDict, IntoConnectionInfo,
    RedisError, RedisResult, ServerErrorKind,
    aio::{ConnectionManager, ConnectionManagerConfig},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};
use tokio::time::timeout;

use super::breaker::{Breaker, BreakerState, Pass};
use crate::{
    config::RedisConfig,
    error::{Error, Result},
    telemetry::{count_redis, names, note_redis_timeout, redis_timed_out},
};

/// Longest time an operation may hold up a request. A healthy Redis answers in
/// well under one millisecond; loading from Postgres takes two.
const OPERATION_TIMEOUT: Duration = Duration::from_millis(60);

/// How long an operation may take on an established connection; below the outer
/// bound, which also covers the wait for a connection.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(50);

/// How long a connection may take to be made, TLS and password included; only
/// the start and the probe wait for it.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a probe may take. In a cluster that is up to one [`CONNECTION_TIMEOUT`]
/// for the configured nodes, one for those they name, and the answer: a node that
/// vanished takes the whole of its time.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// Time between two new connections because the server is not a primary any more.
const DEMOTION_PAUSE: Duration = Duration::from_secs(1);

/// How long the start waits for Redis before it goes on without.
const START_PATIENCE: Duration = Duration::from_secs(5);

/// One Redis, or one cluster of them, shared by all requests of the node.
pub(super) struct Redis {
    nodes: Vec<ConnectionInfo>,
    connection: RwLock<Connection>,
    breaker: Breaker,
    /// The node the doorbell listens on; the next one when that fails.
    listening_on: AtomicUsize,
    /// When the connection was last replaced because it led to a replica.
    left_replica: Mutex<Option<Instant>>,
}

/// Bytes, over the primaries of a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) used: u64,
    /// 0: there is no limit.
    pub(super) limit: u64,
}

/// A self-reconnecting Redis connection. Several addresses are a cluster; a server that
/// fails over behind one address is not.
#[derive(Clone)]
enum Connection {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
}

impl Connection {
    fn to(nodes: &[ConnectionInfo]) -> RedisResult<Self> {
        match nodes {
            [node] => {
                let config = ConnectionManagerConfig::new()
                    .set_connection_timeout(Some(CONNECTION_TIMEOUT))
                    .set_response_timeout(Some(RESPONSE_TIMEOUT))
                    // The breaker decides when to try again.
                    .set_number_of_retries(0)
                    .set_pipeline_buffer_size(1024);
                ConnectionManager::new_lazy_with_config(Client::open(node.clone())?, config)
                    .map(Self::Single)
            }
            nodes => {
                let client = ClusterClient::builder(nodes.iter().cloned())
                    .tcp_settings(tcp_settings())
                    .connection_timeout(CONNECTION_TIMEOUT)
                    .response_timeout(RESPONSE_TIMEOUT)
                    // Each caller has a limit of its own; a probe takes longer.
                    .overall_response_timeout(None)
                    // For a slot that has moved, and moves on meanwhile, and a node that is
                    // gone. By default the pauses are longer than anybody here waits.
                    .retries(3)
                    .min_retry_wait(2)
                    .max_retry_wait(10)
                    .build()?;
                Ok(Self::Cluster(
                    client.get_pending_async_connection_with_config(Default::default()),
                ))
            }
        }
    }

    async fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Single(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }

    /// What each primary says of its memory.
    async fn memory_of_nodes(&mut self) -> RedisResult<Vec<InfoDict>> {
        let mut command = redis::cmd("INFO");
        command.arg("memory");
        match self {
            Self::Single(_) => Ok(vec![self.query(&command).await?]),
            Self::Cluster(_) => {
                let by_node: HashMap<String, InfoDict> = self.query(&command).await?;
                Ok(by_node.into_values().collect())
            }
        }
    }
}

fn tcp_settings() -> TcpSettings {
    TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(
            TcpKeepalive::new()
                .with_time(Duration::from_secs(5))
                .with_interval(Duration::from_secs(1))
                .with_retries(3),
        )
        // Ends a connection whose other side vanished without a word.
        .set_user_timeout(Duration::from_secs(3))
}

impl Redis {
    /// A client that connects when it is first used.
    pub(super) fn open(config: &RedisConfig) -> Result<Arc<Self>> {
        let node = |url: &String| -> RedisResult<ConnectionInfo> {
            Ok(url
                .as_str()
                .into_connection_info()?
                .set_tcp_settings(tcp_settings()))
        };
        let nodes = config
            .urls
            .iter()
            .map(node)
            .collect::<RedisResult<Vec<_>>>()
            .map_err(Error::internal)?;
        let connection = Connection::to(&nodes).map_err(Error::internal)?;
        Ok(Arc::new(Self {
            nodes,
            connection: RwLock::new(connection),
            breaker: Breaker::new(),
            listening_on: AtomicUsize::new(0),
            left_replica: Mutex::new(None),
        }))
    }

    /// Waits up to five seconds for Redis to answer.
    ///
    /// # Errors
    /// [`Error::Unavailable`] with its last answer, or that there was none.
    pub(super) async fn answer_at_start(&self) -> Result<()> {
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            let mut connection = self.connection();
            let ping = async move { connection.query::<String>(&redis::cmd("PING")).await };
            let patience = PROBE_TIMEOUT.min(deadline.saturating_duration_since(Instant::now()));
            let error = match timeout(patience, ping).await {
                Ok(Ok(_pong)) => return Ok(()),
                Ok(Err(refused)) => Error::unavailable("Redis", refused),
                Err(elapsed) => Error::unavailable("Redis", elapsed),
            };
            if Instant::now() >= deadline {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
            self.reconnect();
        }
    }

    pub(super) fn breaker_state(&self) -> BreakerState {
        self.breaker.state()
    }

    /// The bytes under `key`; `Err` means "no answer", not "no value".
    pub(super) async fn get(self: &Arc<Self>, key: &str) -> Result<Option<Vec<u8>>, NoAnswer> {
        self.bounded(redis::cmd("GET").arg(key)).await
    }

    /// The bytes under each of `keys`, in their order, by one round trip.
    pub(super) async fn get_many(
        self: &Arc<Self>,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, NoAnswer> {
        match keys {
            [key] => Ok(vec![self.get(key).await?]),
            keys => {
                let values: Vec<_> = self.bounded(redis::cmd("MGET").arg(keys)).await?;
                // A cluster that lost a shard could answer for the others only.
                if values.len() == keys.len() {
                    Ok(values)
                } else {
                    Err(NoAnswer::Refused)
                }
            }
        }
    }

    /// Stores `value` for `ttl`.
    pub(super) async fn set(
        self: &Arc<Self>,
        key: &str,
        value: &[u8],
        ttl: Duration,
    ) -> Result<(), NoAnswer> {
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1);
        self.bounded(redis::cmd("SET").arg(key).arg(value).arg("PX").arg(ttl_ms))
            .await
    }

    /// Removes `keys`.
    pub(super) async fn unlink(self: &Arc<Self>, keys: &[String]) -> Result<(), NoAnswer> {
        self.bounded(redis::cmd("UNLINK").arg(keys)).await
    }

    /// Runs a script over `keys`, which share a slot. It answers with whole numbers.
    pub(super) async fn run(
        self: &Arc<Self>,
        script: &str,
        keys: &[String],
        arguments: &[i64],
    ) -> Result<Vec<i64>, NoAnswer> {
        let mut command = redis::cmd("EVAL");
        command.arg(script).arg(keys.len()).arg(keys).arg(arguments);
        self.bounded(&command).await
    }

    /// Publishes a message on `channel`.
    pub(super) async fn publish(
        self: &Arc<Self>,
        channel: &str,
        message: &str,
    ) -> Result<(), NoAnswer> {
        self.bounded(redis::cmd("PUBLISH").arg(channel).arg(message))
            .await
    }

    /// Time of a round trip just now.
    pub(super) async fn ping(self: &Arc<Self>) -> Result<Duration, NoAnswer> {
        let sent = Instant::now();
        self.bounded::<String>(&redis::cmd("PING")).await?;
        Ok(sent.elapsed())
    }

    /// Memory of Redis just now; `None`: it does not say. The breaker hears nothing of it: a user
    /// who may not ask for that can be fine for everything else.
    pub(super) async fn memory(&self) -> Option<Memory> {
        if self.breaker_state() != BreakerState::Closed {
            return None;
        }
        let mut connection = self.connection();
        let nodes = within(OPERATION_TIMEOUT, connection.memory_of_nodes()).await;
        let mut memory = Memory::default();
        for node in nodes.ok()? {
            memory.used += node.get::<u64>("used_memory")?;
            memory.limit += node.get::<u64>("maxmemory")?;
        }
        Some(memory)
    }

    /// Calls `on_message` for every message on `channel` until the connection ends.
    pub(super) async fn listen(&self, channel: &str, on_message: impl Fn(&[u8])) -> Result<()> {
        let node =
            &self.nodes[self.listening_on.fetch_add(1, Ordering::Relaxed) % self.nodes.len()];
        let connect = async {
            let mut pubsub = Client::open(node.clone())?.get_async_pubsub().await?;
            pubsub.subscribe(channel).await?;
            RedisResult::Ok(pubsub)
        };
        let mut pubsub = timeout(CONNECTION_TIMEOUT, connect)
            .await
            .map_err(|elapsed| Error::unavailable("Redis", elapsed))?
            .map_err(|error| Error::unavailable("Redis", error))?;
        let mut messages = pubsub.on_message();
        while let Some(message) = messages.next().await {
            on_message(message.get_payload_bytes());
        }
        Ok(())
    }

    async fn bounded<T: FromRedisValue>(self: &Arc<Self>, command: &Cmd) -> Result<T, NoAnswer> {
        if redis_timed_out() {
            return Err(counted(NoAnswer::AlreadyWaited));
        }
        let pass = self.breaker.permit(Instant::now());
        if pass == Some(Pass::Probe) {
            self.probe();
        }
        if pass != Some(Pass::Ordinary) {
            return Err(counted(NoAnswer::BreakerOpen));
        }
        count_redis();
        let mut connection = self.connection();
        let answer = within(OPERATION_TIMEOUT, connection.query(command)).await;
        // A refusal (`-OOM`, a wrong type) is the answer of a living Redis.
        let succeeded = !matches!(answer, Err(NoAnswer::TimedOut | NoAnswer::Unreachable));
        self.breaker
            .report(Pass::Ordinary, succeeded, Instant::now());
        if matches!(answer, Err(NoAnswer::TimedOut)) {
            note_redis_timeout();
        }
        if matches!(answer, Err(NoAnswer::Demoted)) {
            self.leave_replica(Instant::now());
        }
        answer.map_err(counted)
    }

    /// Connects anew, because behind the same address there may be a new primary by
    /// now. Not at each refusal: where there is none, every write is refused.
    fn leave_replica(&self, now: Instant) {
        let mut left = self.left_replica.lock();
        if left.is_none_or(|left| now.duration_since(left) >= DEMOTION_PAUSE) {
            *left = Some(now);
            self.reconnect();
        }
    }

    /// Finds out whether Redis is back, over a new connection: time-outs do not mark
    /// the old one as broken. No request waits for it, so it may take its time.
    fn probe(self: &Arc<Self>) {
        let redis = self.clone();
        tokio::spawn(async move {
            redis.reconnect();
            let mut connection = redis.connection();
            let ping = within(
                PROBE_TIMEOUT,
                connection.query::<String>(&redis::cmd("PING")),
            )
            .await;
            redis
                .breaker
                .report(Pass::Probe, ping.is_ok(), Instant::now());
        });
    }

    fn connection(&self) -> Connection {
        self.connection.read().clone()
    }

    fn reconnect(&self) {
        match Connection::to(&self.nodes) {
            Ok(fresh) => *self.connection.write() = fresh,
            Err(error) => tracing::warn!(%error, "Redis: no new connection could be prepared"),
        }
    }
}

async fn within<T>(
    limit: Duration,
    operation: impl Future<Output = RedisResult<T>>,
) -> Result<T, NoAnswer> {
    match timeout(limit, operation).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::debug!(%error, "no answer from Redis");
            Err(NoAnswer::from(&error))
        }
        Err(_elapsed) => Err(NoAnswer::TimedOut),
    }
}

fn counted(no_answer: NoAnswer) -> NoAnswer {
    let reason = match no_answer {
        NoAnswer::BreakerOpen => "breaker_open",
        NoAnswer::TimedOut => "timed_out",
        NoAnswer::AlreadyWaited => "already_waited",
        NoAnswer::Unreachable => "unreachable",
        NoAnswer::Demoted => "demoted",
        NoAnswer::Refused => "refused",
    };
    metrics::counter!(names::REDIS_NO_ANSWERS, "reason" => reason).increment(1);
    no_answer
}

/// Why Redis was no help. Never more than a reason to ask PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("Redis is not asked: the breaker is open")]
    BreakerOpen,
    #[error("Redis did not answer in time")]
    TimedOut,
    #[error("Redis is not asked: this request has waited for it in vain before")]
    AlreadyWaited,
    #[error("Redis cannot be reached")]
    Unreachable,
    #[error("Redis is not a primary any more")]
    Demoted,
    #[error("Redis refused the command")]
    Refused,
}

impl From<&RedisError> for NoAnswer {
    fn from(error: &RedisError) -> Self {
        match error.kind() {
            ErrorKind::Server(ServerErrorKind::ReadOnly) => Self::Demoted,
            // The slot is on its way from one living node to another.
            ErrorKind::Server(ServerErrorKind::Ask | ServerErrorKind::TryAgain) => Self::Refused,
            // After its last retry: nobody was found who has the slot.
            ErrorKind::Server(
                ServerErrorKind::Moved | ServerErrorKind::ClusterDown | ServerErrorKind::MasterDown,
            ) => Self::Unreachable,
            _ if error.is_timeout() => Self::TimedOut,
            _ if error.is_io_error() || error.is_unrecoverable_error() => Self::Unreachable,
            _ => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_redis_that_cannot_serve_counts_against_the_breaker() {
        let no_answer = |kind| NoAnswer::from(&RedisError::from((kind, "for this test")));
        for alive in [
            ServerErrorKind::Ask,
            ServerErrorKind::TryAgain,
            ServerErrorKind::ResponseError,
        ] {
            assert_eq!(
                no_answer(ErrorKind::Server(alive)),
                NoAnswer::Refused,
                "{alive:?}"
            );
        }
        for gone in [
            ServerErrorKind::Moved,
            ServerErrorKind::ClusterDown,
            ServerErrorKind::MasterDown,
        ] {
            assert_eq!(
                no_answer(ErrorKind::Server(gone)),
                NoAnswer::Unreachable,
                "{gone:?}"
            );
        }
        // What a cluster connection says when none of its nodes is left.
        assert_eq!(
            no_answer(ErrorKind::ClusterConnectionNotFound),
            NoAnswer::Unreachable
        );
        assert_eq!(no_answer(ErrorKind::Io), NoAnswer::Unreachable);
        assert_eq!(
            no_answer(ErrorKind::Server(ServerErrorKind::ReadOnly)),
            NoAnswer::Demoted
        );
    }

    #[tokio::test]
    async fn a_replica_is_left_once_a_second_and_not_at_each_refusal() {
        let config = RedisConfig {
            urls: vec!["redis://127.0.0.1:1".to_owned()],
            required_at_start: false,
        };
        let redis = Redis::open(&config).expect("an address");
        let now = Instant::now();
        let left_at = |later| {
            redis.leave_replica(now + later);
            *redis.left_replica.lock()
        };
        assert_eq!(left_at(Duration::ZERO), Some(now));
        assert_eq!(left_at(DEMOTION_PAUSE / 2), Some(now));
        assert_eq!(left_at(DEMOTION_PAUSE), Some(now + DEMOTION_PAUSE));
    }
}
