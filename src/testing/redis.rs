//! A Redis that a test may kill, freeze, fill and bring back.

use std::{
    fs,
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
        Self {
            port,
            process: None,
        }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The configuration that names it.
    pub fn config(&self) -> RedisConfig {
        RedisConfig {
            urls: vec![self.url()],
            required_at_start: false,
        }
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
        self.kill();
        self.forget_dump();
        self.run(&["--save", ""]);
    }

    /// Starts it again with what it held, which it takes `time` a key to load; until
    /// it is done it answers that it is loading.
    pub fn restart_loading(&mut self, time: Duration) {
        ::redis::cmd("SAVE")
            .exec(&mut self.connect())
            .expect("dumped");
        self.kill();
        let time = time.as_micros().to_string();
        self.run(&[
            "--key-load-delay",
            &time,
            "--loading-process-events-interval-bytes",
            "1024",
        ]);
    }

    fn dump(&self) -> PathBuf {
        std::env::temp_dir().join(format!("orghub-test-redis-{}.rdb", self.port))
    }

    /// There is one only after [`Self::restart_loading`].
    fn forget_dump(&self) {
        let _absent_as_a_rule = fs::remove_file(self.dump());
    }

    fn run(&mut self, settings: &[&str]) {
        let dump = self.dump();
        let process = Command::new("redis-server")
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--appendonly",
                "no",
            ])
            .arg("--dir")
            .args(dump.parent())
            .arg("--dbfilename")
            .args(dump.file_name())
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
            assert!(
                Instant::now() < deadline,
                "redis-server does not listen on port {}",
                self.port
            );
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
        let sent = Command::new("kill")
            .args([format!("-{signal}"), pid.to_string()])
            .status()
            .expect("kill runs");
        assert!(sent.success(), "the signal arrives");
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        self.kill();
        self.forget_dump();
    }
}
