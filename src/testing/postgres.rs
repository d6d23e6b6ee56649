//! A Postgres that a test may stop, restart and promote.

use std::{
    env, fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// Postgres refuses to run as root; then it runs as the user Debian's package made.
const USER_FOR_ROOT: &str = "postgres";

/// A database cluster of the test's own, removed with it.
pub struct PrivatePostgres {
    data: PathBuf,
    port: u16,
}

impl PrivatePostgres {
    /// A running, empty cluster on a free port.
    pub fn start() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let data = env::temp_dir().join(format!(
            "orghub-test-postgres-{}-{number}",
            std::process::id()
        ));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("a bound address").port();
        drop(listener);
        let postgres = Self { data, port };
        postgres.run(
            "initdb",
            &[
                "--username=orghub",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ],
        );
        postgres.resume();
        postgres
    }

    /// Where databases may be created.
    pub fn url(&self) -> String {
        format!("postgres://orghub@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends it as a crash of the machine would: nobody is told.
    pub fn crash(&self) {
        self.run("pg_ctl", &["stop", "--wait", "--mode=immediate"]);
    }

    /// Starts it again with what it held.
    pub fn resume(&self) {
        let log = self.data.join("log");
        let settings = [
            format!("port={}", self.port),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "max_connections=60".to_owned(),
            "max_prepared_transactions=4".to_owned(),
            "shared_buffers=32MB".to_owned(),
            // A crash here ends processes, not the machine.
            "fsync=off".to_owned(),
        ]
        .map(|setting| format!("-c {setting}"))
        .join(" ");
        self.run(
            "pg_ctl",
            &[
                "start",
                "--wait",
                "--log",
                &log.to_string_lossy(),
                "--options",
                &settings,
            ],
        );
    }

    /// Ends it and brings it back as a standby takes over: the same data on a new
    /// timeline.
    pub fn fail_over(&self) {
        self.crash();
        self.run_as_owner(
            "touch",
            &[&self.data.join("standby.signal").to_string_lossy()],
        );
        self.resume();
        self.run("pg_ctl", &["promote", "--wait"]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let data = self.data.to_string_lossy();
        let (verb, rest) = match arguments.split_first() {
            Some((verb, rest)) if !verb.starts_with('-') => (Some(*verb), rest),
            _ => (None, arguments),
        };
        let arguments: Vec<&str> = verb
            .into_iter()
            .chain(["--pgdata", &data])
            .chain(rest.iter().copied())
            .collect();
        self.run_as_owner(&path_of(program).to_string_lossy(), &arguments);
    }

    fn run_as_owner(&self, program: &str, arguments: &[&str]) {
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", USER_FOR_ROOT, "--", program]);
                command
            }
            false => Command::new(program),
        };
        // Where everybody may be; the program's own folder may be closed to its user.
        command
            .current_dir("/")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = command
            .status()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(status.success(), "{program} {arguments:?}: {status}");
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if self.data.join("postmaster.pid").exists() {
            self.crash();
        }
        if let Err(error) = fs::remove_dir_all(&self.data) {
            tracing::warn!(%error, "a test's database cluster stays behind");
        }
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self")
        .is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0)
}

/// A program of Postgres. Debian keeps those of the server off `PATH`.
fn path_of(program: &str) -> PathBuf {
    let on_path = env::var_os("PATH")
        .into_iter()
        .flat_map(|path| env::split_paths(&path).collect::<Vec<_>>());
    let mut of_debian: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    of_debian.sort();
    on_path
        .chain(of_debian.into_iter().rev())
        .map(|folder| folder.join(program))
        .find(|path| Path::is_file(path))
        .unwrap_or_else(|| {
            panic!("Postgres' `{program}` is not installed: `cargo xtask test` sees to it")
        })
}
