//! A Redis that a test may kill, freeze, fill and bring back.

use std::{env, fs, path::PathBuf, time::Duration};

use local_services::{OwnedProcess, Redis};
use orghub::config::RedisConfig;
use redis::{Client, Connection};

use crate::free_port;

/// A `redis-server` process of the test's own, killed with it.
pub struct PrivateRedis {
    server: Redis,
    process: Option<OwnedProcess>,
}

impl PrivateRedis {
    /// A running, empty Redis on a free port.
    pub fn start() -> Self {
        let (server, process) = Redis::start_on_free_port(server).expect("Redis starts");
        Self {
            server,
            process: Some(process),
        }
    }

    /// A port nobody listens on, until [`Self::restart`].
    pub fn absent() -> Self {
        Self {
            server: server(free_port()),
            process: None,
        }
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The configuration that names it.
    pub fn config(&self) -> RedisConfig {
        RedisConfig {
            urls: vec![self.url()],
            required_at_start: false,
        }
    }

    /// A connection past the program's own, for looking at and meddling with what it holds.
    pub fn connect(&self) -> Connection {
        let client = Client::open(self.url()).expect("an address");
        client.get_connection().expect("it answers")
    }

    /// Ends it without a word, as a crash does.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again, empty.
    pub fn restart(&mut self) {
        self.kill();
        self.forget_dump();
        self.process = Some(self.server.start().expect("Redis starts again"));
    }

    /// Starts it again with what it held, which it takes `time` a key to load; until it is
    /// done it answers that it is loading.
    pub fn restart_loading(&mut self, time: Duration) {
        redis::cmd("SAVE")
            .exec(&mut self.connect())
            .expect("dumped");
        self.kill();
        let slow = self
            .server
            .clone()
            .set("key-load-delay", &time.as_micros().to_string())
            .set("loading-process-events-interval-bytes", "1024");
        self.process = Some(slow.start().expect("Redis starts again"));
    }

    /// Stops it from doing anything, connections kept: it accepts and never answers.
    pub fn freeze(&self) {
        self.running().freeze().expect("it runs");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.running().thaw().expect("it runs");
    }

    fn running(&self) -> &OwnedProcess {
        self.process.as_ref().expect("it runs")
    }

    /// There is one only after [`Self::restart_loading`].
    fn forget_dump(&self) {
        let _absent_as_a_rule = fs::remove_file(dump(self.server.port()));
    }
}

fn server(port: u16) -> Redis {
    Redis::new(port, env::temp_dir()).set("dbfilename", &dump_name(port))
}

fn dump(port: u16) -> PathBuf {
    env::temp_dir().join(dump_name(port))
}

fn dump_name(port: u16) -> String {
    format!("orghub-test-redis-{port}.rdb")
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        self.kill();
        self.forget_dump();
    }
}
