//! A Redis cluster whose slots a test may move and whose nodes it may kill.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use local_services::{OwnedProcess, Redis, process::wait_until};
use orghub::config::RedisConfig;
use redis::{Client, Connection, FromRedisValue, RedisResult, Value, cmd};

use crate::free_port;

/// Nodes that share the slots; the ones after them are their replicas.
const PRIMARIES: usize = 3;
/// Slots of every Redis cluster.
const SLOTS: usize = 16_384;
/// How long a node may be silent before the others call it failed; a replica takes
/// over one to two seconds after that.
const NODE_TIMEOUT_MS: &str = "1000";
/// Longest wait for the nodes to agree on something.
const PATIENCE: Duration = Duration::from_secs(60);

/// `redis-server` processes of the test's own that form a cluster of three primaries
/// with replicas, killed with it.
///
/// Nodes are numbered as they were started: 0 to 2 begin as primaries, node `3 + n`
/// as a replica of primary `n % 3`. Numbers stay when roles change.
pub struct PrivateCluster {
    folder: PathBuf,
    nodes: Vec<Node>,
}

struct Node {
    server: Redis,
    bus_port: u16,
    id: String,
    process: Option<OwnedProcess>,
}

impl Node {
    /// A running node with its files in `folder`.
    fn start(folder: &Path) -> Self {
        let mut bus_port = 0;
        let started = Redis::start_on_free_port(|port| {
            bus_port = free_port();
            Redis::new(port, folder)
                .set("cluster-enabled", "yes")
                .set("cluster-port", &bus_port.to_string())
                .set("cluster-config-file", &format!("nodes-{port}.conf"))
                .set("cluster-node-timeout", NODE_TIMEOUT_MS)
                .set("cluster-replica-validity-factor", "0")
                .set("repl-diskless-sync-delay", "0")
                .set("repl-ping-replica-period", "1")
        });
        let (server, process) = started.expect("a node starts");
        Self {
            server,
            bus_port,
            id: String::new(),
            process: Some(process),
        }
    }
}

impl PrivateCluster {
    /// A running, empty cluster in which every primary has `replicas` replicas.
    pub fn start(replicas: usize) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("orghub-test-cluster-{}-{number}", std::process::id());
        let folder = env::temp_dir().join(name);
        let nodes = (0..PRIMARIES * (1 + replicas)).map(|_| Node::start(&folder));
        let mut cluster = Self {
            nodes: nodes.collect(),
            folder,
        };
        cluster.join();
        cluster
    }

    /// Makes the nodes know each other and their tasks.
    fn join(&mut self) {
        for node in 0..self.nodes.len() {
            self.nodes[node].id = self.ask(node, &["CLUSTER", "MYID"]);
            // Of their own, or they would have to find out first whose word counts.
            self.order(
                node,
                &["CLUSTER", "SET-CONFIG-EPOCH", &(node + 1).to_string()],
            );
        }
        for primary in 0..PRIMARIES {
            let [first, end] = [primary, primary + 1].map(|part| part * SLOTS / PRIMARIES);
            self.order(
                primary,
                &[
                    "CLUSTER",
                    "ADDSLOTSRANGE",
                    &first.to_string(),
                    &(end - 1).to_string(),
                ],
            );
        }
        for node in 1..self.nodes.len() {
            let Node {
                server, bus_port, ..
            } = &self.nodes[node];
            let [port, bus_port] = [server.port(), *bus_port].map(|port| port.to_string());
            self.order(0, &["CLUSTER", "MEET", "127.0.0.1", &port, &bus_port]);
        }
        self.wait("all nodes know each other", |cluster| {
            (0..cluster.nodes.len()).all(|node| {
                let view: String = cluster.ask(node, &["CLUSTER", "NODES"]);
                !view.contains("handshake")
                    && cluster.nodes.iter().all(|other| view.contains(&other.id))
            })
        });
        for replica in PRIMARIES..self.nodes.len() {
            self.order(
                replica,
                &["CLUSTER", "REPLICATE", &self.nodes[replica % PRIMARIES].id],
            );
        }
        self.wait_until_whole();
    }

    /// Returns when every node that runs says that all slots are served, all agree by
    /// whom, and every replica that runs has caught up: any primary may die then.
    pub fn wait_until_whole(&self) {
        self.wait("the cluster is whole", |cluster| {
            // Nobody votes for a replica that knows an older claim of its primary's.
            cluster.claims_are_known()
                && cluster.running().all(|node| {
                    let info = cluster
                        .try_ask::<String>(node, &["CLUSTER", "INFO"])
                        .unwrap_or_default();
                    let replication = cluster
                        .try_ask::<String>(node, &["INFO", "replication"])
                        .unwrap_or_default();
                    info.contains("cluster_state:ok")
                        && (replication.contains("role:master")
                            || replication.contains("master_link_status:up"))
                })
                && cluster.owners().is_some_and(|owners| {
                    cluster.running().all(|node| {
                        // A replica that has not heard yet of its primary's end is none of the owners.
                        owners.contains(&node) || cluster.is_replica(node)
                    })
                })
        });
    }

    /// The configuration that names all nodes, in their order.
    pub fn config(&self) -> RedisConfig {
        self.config_from(0)
    }

    /// The configuration that names all nodes, beginning with `first`.
    pub fn config_from(&self, first: usize) -> RedisConfig {
        let urls =
            (0..self.nodes.len()).map(|offset| self.url((first + offset) % self.nodes.len()));
        RedisConfig {
            urls: urls.collect(),
            required_at_start: false,
        }
    }

    fn url(&self, node: usize) -> String {
        self.nodes[node].server.url()
    }

    /// The numbers of all nodes, running or not.
    pub fn nodes(&self) -> std::ops::Range<usize> {
        0..self.nodes.len()
    }

    /// A connection to `node` alone, past the program's own.
    pub fn connect(&self, node: usize) -> Connection {
        self.try_connect(node).expect("it answers")
    }

    fn try_connect(&self, node: usize) -> RedisResult<Connection> {
        let connection =
            Client::open(self.url(node))?.get_connection_with_timeout(Duration::from_secs(1))?;
        connection.set_read_timeout(Some(Duration::from_secs(5)))?;
        Ok(connection)
    }

    fn try_ask<T: FromRedisValue>(&self, node: usize, words: &[&str]) -> RedisResult<T> {
        let mut command = cmd(words[0]);
        words[1..].iter().for_each(|word| {
            command.arg(word);
        });
        command.query(&mut self.try_connect(node)?)
    }

    fn ask<T: FromRedisValue>(&self, node: usize, words: &[&str]) -> T {
        self.try_ask(node, words)
            .unwrap_or_else(|error| panic!("node {node}: {words:?}: {error}"))
    }

    fn order(&self, node: usize, words: &[&str]) {
        let _ok: Value = self.ask(node, words);
    }

    fn running(&self) -> impl Iterator<Item = usize> {
        (0..self.nodes.len()).filter(|&node| self.nodes[node].process.is_some())
    }

    fn is_replica(&self, node: usize) -> bool {
        self.try_ask::<String>(node, &["INFO", "replication"])
            .is_ok_and(|text| text.contains("role:slave"))
    }

    /// The running primaries, in the view of all who run; `None`: they do not agree
    /// that all slots have one.
    fn owners(&self) -> Option<BTreeSet<usize>> {
        let mut agreed = None;
        for node in self.running() {
            let mut connection = self.try_connect(node).ok()?;
            let ranges: Vec<Vec<Value>> =
                cmd("CLUSTER").arg("SLOTS").query(&mut connection).ok()?;
            let mut view = vec![None; SLOTS];
            for range in ranges {
                let (first, last, port) = parse_range(&range)?;
                let owner = self
                    .nodes
                    .iter()
                    .position(|node| node.server.port() == port)?;
                view.get_mut(first..=last)?.fill(Some(owner));
            }
            let is_served = |slot: &Option<usize>| {
                slot.is_some_and(|owner| self.nodes[owner].process.is_some())
            };
            if !view.iter().all(is_served) {
                return None;
            }
            if *agreed.get_or_insert_with(|| view.clone()) != view {
                return None;
            }
        }
        agreed.map(|view| view.into_iter().flatten().collect())
    }

    /// The slot of `key`.
    pub fn slot(&self, key: &str) -> u16 {
        self.ask(self.a_running_one(), &["CLUSTER", "KEYSLOT", key])
    }

    fn a_running_one(&self) -> usize {
        self.running().next().expect("one runs")
    }

    /// The running primary that serves `slot`, which it does in its own view.
    pub fn owner(&self, slot: u16) -> usize {
        let found = || {
            self.running().find(|&node| {
                let text: String = self.ask(node, &["CLUSTER", "NODES"]);
                let myself = text.lines().find(|line| line.contains("myself"));
                myself.is_some_and(|line| {
                    line.contains("master") && line.split(' ').skip(8).any(|part| has(part, slot))
                })
            })
        };
        self.wait("the slot is served", |_| found().is_some());
        found().expect("just now it was")
    }

    /// The running replicas of the primary `node`.
    pub fn replicas(&self, node: usize) -> Vec<usize> {
        let ids: Vec<String> = self.ask(node, &["CLUSTER", "REPLICAS", &self.nodes[node].id]);
        self.running()
            .filter(|&other| {
                ids.iter()
                    .any(|line| line.starts_with(&self.nodes[other].id))
            })
            .collect()
    }

    /// All keys of the cluster, each with the primary that holds it.
    pub fn keys(&self) -> Vec<(String, usize)> {
        let primaries: Vec<usize> = self
            .running()
            .filter(|&node| !self.is_replica(node))
            .collect();
        let keys_of = |node| {
            self.ask::<Vec<String>>(node, &["KEYS", "*"])
                .into_iter()
                .map(move |key| (key, node))
        };
        primaries.into_iter().flat_map(keys_of).collect()
    }

    /// How often nodes have answered with `code`, such as `MOVED` or `ASK`.
    pub fn refusals(&self, code: &str) -> u64 {
        let name = format!("errorstat_{code}:count=");
        let of = |node| {
            let text: String = self
                .try_ask(node, &["INFO", "errorstats"])
                .unwrap_or_default();
            text.lines()
                .find_map(|line| line.strip_prefix(&name)?.trim().parse().ok())
                .unwrap_or(0)
        };
        self.running().map(of).sum()
    }

    /// Begins to move `slot` to the primary `to` and carries over the keys it holds
    /// now: who asks the old owner for one of them is told to `ASK` the new one.
    pub fn begin_move(&self, slot: u16, to: usize) {
        // Who takes a slot numbers its claim above all it knows of. A claim from before
        // with a higher number would have it give the slot up again, to nobody.
        self.wait("all know each other's claims", Self::claims_are_known);
        let (from, number) = (self.owner(slot), slot.to_string());
        self.order(
            to,
            &[
                "CLUSTER",
                "SETSLOT",
                &number,
                "IMPORTING",
                &self.nodes[from].id,
            ],
        );
        self.order(
            from,
            &[
                "CLUSTER",
                "SETSLOT",
                &number,
                "MIGRATING",
                &self.nodes[to].id,
            ],
        );
        self.carry_over(slot, from, to);
    }

    /// Whether every node that runs knows the newest claims of all others.
    fn claims_are_known(&self) -> bool {
        let views: Option<Vec<Vec<(String, u64)>>> = self
            .running()
            .map(|node| self.claims_in_view_of(node))
            .collect();
        views.is_some_and(|views| views.iter().all(|view| *view == views[0]))
    }

    /// The numbers of the running primaries' claims (their config epochs), by id.
    fn claims_in_view_of(&self, node: usize) -> Option<Vec<(String, u64)>> {
        let text: String = self.try_ask(node, &["CLUSTER", "NODES"]).ok()?;
        let mut claims = Vec::new();
        for line in text
            .lines()
            .filter(|line| line.contains("master") && !line.contains("fail"))
        {
            let mut parts = line.split(' ');
            claims.push((parts.next()?.to_owned(), parts.nth(5)?.parse().ok()?));
        }
        claims.sort();
        Some(claims)
    }

    fn carry_over(&self, slot: u16, from: usize, to: usize) {
        let port = self.nodes[to].server.port().to_string();
        loop {
            let keys: Vec<String> =
                self.ask(from, &["CLUSTER", "GETKEYSINSLOT", &slot.to_string(), "10"]);
            if keys.is_empty() {
                break;
            }
            for key in keys {
                // A value that came in again on the other side is as good.
                self.order(
                    from,
                    &["MIGRATE", "127.0.0.1", &port, &key, "0", "5000", "REPLACE"],
                );
            }
        }
    }

    /// Ends what [`Self::begin_move`] began: who asks the old owner is told that the
    /// slot has `MOVED`.
    pub fn finish_move(&self, slot: u16, to: usize) {
        let (from, number) = (self.owner(slot), slot.to_string());
        self.carry_over(slot, from, to);
        // The new owner first, or for a moment there would be none.
        let others = self
            .running()
            .filter(|&node| node != to && node != from && !self.is_replica(node));
        for node in [to, from].into_iter().chain(others) {
            self.order(
                node,
                &["CLUSTER", "SETSLOT", &number, "NODE", &self.nodes[to].id],
            );
        }
    }

    /// Moves `slot` to the primary `to`, key by key.
    pub fn move_slot(&self, slot: u16, to: usize) {
        if self.owner(slot) != to {
            self.begin_move(slot, to);
            self.finish_move(slot, to);
        }
    }

    /// Ends `node` without a word, as a crash does.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].process = None;
    }

    /// Starts `node` again, empty, as what its cluster takes it for.
    pub fn restart(&mut self, node: usize) {
        self.kill(node);
        let process = self.nodes[node].server.start();
        self.nodes[node].process = Some(process.expect("the node starts again"));
    }

    /// Has the replica `node` take its primary's place, in agreement with it.
    pub fn promote(&self, node: usize) {
        self.order(node, &["CLUSTER", "FAILOVER"]);
        self.wait("the replica is a primary", |cluster| {
            !cluster.is_replica(node)
        });
        self.wait_until_whole();
    }

    /// Stops `node` from doing anything, connections kept: it accepts and never answers.
    pub fn freeze(&self, node: usize) {
        self.process(node).freeze().expect("it runs");
    }

    /// Lets `node` go on.
    pub fn thaw(&self, node: usize) {
        self.process(node).thaw().expect("it runs");
    }

    fn process(&self, node: usize) -> &OwnedProcess {
        self.nodes[node].process.as_ref().expect("it runs")
    }

    fn wait(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        wait_until(what, PATIENCE, || is_so(self))
            .unwrap_or_else(|error| panic!("{error:#}\n{}", self.views()));
    }

    /// The cluster in the words of each node that runs.
    fn views(&self) -> String {
        let view = |node| {
            let text = self
                .try_ask::<String>(node, &["CLUSTER", "NODES"])
                .unwrap_or_else(|error| error.to_string());
            format!("node {node}:\n{text}\n")
        };
        self.running().map(view).collect()
    }
}

/// First slot, last slot and the owner's port.
fn parse_range(range: &[Value]) -> Option<(usize, usize, u16)> {
    match range {
        [Value::Int(first), Value::Int(last), Value::Array(owner), ..] => match owner.get(1)? {
            Value::Int(port) => Some((
                usize::try_from(*first).ok()?,
                usize::try_from(*last).ok()?,
                u16::try_from(*port).ok()?,
            )),
            _ => None,
        },
        _ => None,
    }
}

/// Whether `part` of a line of `CLUSTER NODES`, such as `7` or `0-5460`, has `slot`.
/// What is on its way (`[7->-…]`) still belongs to the one who sends it.
fn has(part: &str, slot: u16) -> bool {
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    matches!((first.parse::<u16>(), last.parse::<u16>()), (Ok(first), Ok(last)) if (first..=last).contains(&slot))
}

impl Drop for PrivateCluster {
    fn drop(&mut self) {
        (0..self.nodes.len()).for_each(|node| self.kill(node));
        let _gone_with_the_rest = fs::remove_dir_all(&self.folder);
    }
}
