//! A Redis that a test may kill, freeze, fill and bring back.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use ::redis::{Client, Connection};

use crate::config::RedisConfig;

/// A `redis-server` process of the test's own, killed with it.
pub struct PrivateRedis {
    port: u16,
    process: Option<Child>,
    dump: Option<PathBuf>,
}

impl PrivateRedis {
    /// A running, empty Redis on a free port.
    pub fn start() -> Self {
        let mut redis = Self::absent();
        redis.restart();
        redis
    }

    /// A port nobody listens on, until [`Self::restart`].
    pub fn absent() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("a bound address").port();
        Self { port, process: None, dump: None }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The configuration that names it.
    pub fn config(&self) -> RedisConfig {
        RedisConfig { urls: vec![self.url()], required_at_start: false }
    }

    /// Ends it without a word, as a crash does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("the process is ours");
            process.wait().expect("the process ends");
        }
    }

    /// A connection past the program's own, for looking at and meddling with what
    /// it holds.
    pub fn connect(&self) -> Connection {
        let client = Client::open(self.url()).expect("an address");
        client.get_connection().expect("it answers")
    }

    /// Starts it again, empty.
    pub fn restart(&mut self) {
        self.run(&["--save", ""]);
    }

    /// Starts it again with what it held, which it takes `time` a key to load; until
    /// it is done it answers that it is loading.
    pub fn restart_loading(&mut self, time: Duration) {
        let folder = std::env::temp_dir().join(format!("orghub-test-redis-{}", self.port));
        std::fs::create_dir_all(&folder).expect("a folder for the dump");
        self.dump = Some(folder.clone());
        let folder = folder.to_string_lossy();
        let mut connection = self.connect();
        ::redis::cmd("CONFIG").arg("SET").arg("dir").arg(&*folder).exec(&mut connection).expect("taken");
        ::redis::cmd("SAVE").exec(&mut connection).expect("dumped");
        let time = time.as_micros().to_string();
        self.run(&["--dir", &folder, "--key-load-delay", &time, "--loading-process-events-interval-bytes", "1024"]);
    }

    fn run(&mut self, settings: &[&str]) {
        self.kill();
        let process = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--appendonly", "no"])
            .args(settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server is installed: `cargo xtask test` sees to it");
        self.process = Some(process);
        let deadline = Instant::now() + Duration::from_secs(10);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        while TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_err() {
            assert!(Instant::now() < deadline, "redis-server does not listen on port {}", self.port);
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops it from doing anything, connections kept: it accepts and never answers.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.process.as_ref().expect("it runs").id();
        let sent = Command::new("kill").args([format!("-{signal}"), pid.to_string()]).status().expect("kill runs");
        assert!(sent.success(), "the signal arrives");
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        self.kill();
        if let Some(Err(error)) = self.dump.as_ref().map(std::fs::remove_dir_all) {
            tracing::warn!(%error, "a test's dump stays behind");
        }
    }
}
