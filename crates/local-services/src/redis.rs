//! `redis-server` processes.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    ports,
    process::{self, OwnedProcess},
};

/// How long a server may take to start.
const START_PATIENCE: Duration = Duration::from_secs(20);
/// How long it may take to end; it has nothing to save.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// How many ports are tried before it must be something else.
const PORTS_TRIED: usize = 5;

/// How to run a `redis-server`: where it listens, where its files are, and its settings.
///
/// It persists nothing unless a setting says so.
#[derive(Clone, Debug)]
pub struct Redis {
    port: u16,
    folder: PathBuf,
    settings: Vec<String>,
}

impl Redis {
    /// A server on `port` with its files in `folder`.
    pub fn new(port: u16, folder: impl Into<PathBuf>) -> Self {
        let redis = Self {
            port,
            folder: folder.into(),
            settings: Vec::new(),
        };
        redis.set("save", "").set("appendonly", "no")
    }

    /// The same server with a setting of `redis.conf`; a later one takes an earlier one's place.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings
            .extend([format!("--{name}"), value.to_owned()]);
        self
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts it as a child of this process; returns when it accepts connections.
    ///
    /// # Errors
    /// If it ends instead, or takes too long.
    pub fn start(&self) -> Result<OwnedProcess> {
        // Another program may have the port for a moment.
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            let started = self.try_start();
            if started.is_ok() || Instant::now() >= deadline {
                return started;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn try_start(&self) -> Result<OwnedProcess> {
        fs::create_dir_all(&self.folder)?;
        let mut server = OwnedProcess::start(self.command().stderr(Stdio::null()))?;
        let deadline = Instant::now() + START_PATIENCE;
        // Not just anybody: another program may be quicker to take the port.
        while self.pid_of_who_answers() != Some(server.id()) {
            if let Some(ended) = server.exit_status()? {
                bail!("redis-server on port {} ended: {ended}", self.port);
            }
            ensure!(
                Instant::now() < deadline,
                "redis-server on port {} does not answer",
                self.port
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    /// Starts a server on a free port, as `of` describes it.
    ///
    /// # Errors
    /// As [`Self::start`], on several ports.
    pub fn start_on_free_port(mut of: impl FnMut(u16) -> Self) -> Result<(Self, OwnedProcess)> {
        let mut tried = 0;
        loop {
            tried += 1;
            let redis = of(ports::free_port()?);
            match redis.try_start() {
                Ok(server) => return Ok((redis, server)),
                Err(error) if tried == PORTS_TRIED => return Err(error),
                Err(_port_taken) => {}
            }
        }
    }

    /// Starts it in the background, to outlive this process; returns when it answers.
    /// [`Self::daemon_pid`] finds it again.
    ///
    /// # Errors
    /// If it does not answer in time; its log says why.
    pub fn start_daemon(&self) -> Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut command = self.command();
        command
            .args(["--daemonize", "yes"])
            .arg("--pidfile")
            .arg(self.pid_file())
            .arg("--logfile")
            .arg(self.log());
        process::read(&mut command)?;
        process::wait_until("Redis answers", START_PATIENCE, || {
            let pid = self.daemon_pid();
            pid.is_some() && pid == self.pid_of_who_answers()
        })
        .with_context(|| format!("Redis does not start; see {}", self.log().display()))
    }

    /// The process id of what [`Self::start_daemon`] started, if it runs.
    pub fn daemon_pid(&self) -> Option<u32> {
        let text = fs::read_to_string(self.pid_file()).ok()?;
        // Redis names itself after where it listens.
        let name = format!("redis-server 127.0.0.1:{}", self.port);
        let is_ours =
            |pid: &u32| process::command_line(*pid).is_some_and(|line| line.contains(&name));
        text.trim().parse().ok().filter(is_ours)
    }

    /// Ends what [`Self::start_daemon`] started.
    pub fn stop_daemon(&self) {
        if let Some(pid) = self.daemon_pid() {
            process::stop(pid, STOP_PATIENCE, || self.daemon_pid() != Some(pid));
        }
    }

    /// The process id of the Redis that answers at the address, loading or not.
    fn pid_of_who_answers(&self) -> Option<u32> {
        let patience = Duration::from_secs(1);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut stream = TcpStream::connect_timeout(&address, patience).ok()?;
        stream.set_read_timeout(Some(patience)).ok()?;
        stream.write_all(b"INFO server\r\n").ok()?;
        let mut answer = BufReader::new(stream).lines().map_while(Result::ok);
        answer.find_map(|line| line.strip_prefix("process_id:")?.parse().ok())
    }

    fn command(&self) -> Command {
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .arg("--dir")
            .arg(&self.folder)
            .args(&self.settings);
        command
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.join("pid")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}
