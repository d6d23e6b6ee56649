//! A PostgreSQL cluster.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use nix::unistd::{Uid, User};

use crate::{
    ports,
    process::{self, find},
};

/// PostgreSQL refuses to run as root; then it runs as the user that Debian's package made.
const USER_FOR_ROOT: &str = "postgres";

/// The superuser of every cluster made here, who owns the tables.
const SUPERUSER: &str = "orghub";

/// The role that the server has, and that owns nothing.
pub const SERVER_ROLE: &str = "orghub_app";

/// How many ports are tried before it must be something else.
const PORTS_TRIED: usize = 5;

/// How to end a server.
#[derive(Clone, Copy, Debug)]
enum Shutdown {
    /// Clients are disconnected, everything is written.
    Fast,
    /// As in a crash: nobody is told, and the next start recovers from the log.
    Immediate,
}

/// A cluster: where it listens, where its files are, and its settings.
#[derive(Clone, Debug)]
pub struct Postgres {
    port: u16,
    data: PathBuf,
    settings: Vec<String>,
}

impl Postgres {
    /// The cluster in the folder `data`, on `port`.
    pub fn new(port: u16, data: impl Into<PathBuf>) -> Self {
        let postgres = Self {
            port,
            data: data.into(),
            settings: Vec::new(),
        };
        postgres
            .set("listen_addresses", "127.0.0.1")
            .set("unix_socket_directories", "")
            // Tests make hundreds of databases, and a crash here ends processes, not the
            // machine. What clients see is unchanged; only writes look quicker.
            .set("fsync", "off")
    }

    /// The same cluster with a setting of `postgresql.conf`; a later one takes an earlier
    /// one's place.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push(format!("-c {name}={value}"));
        self
    }

    /// The address of one of its databases, as its owner.
    pub fn url(&self, database: &str) -> String {
        self.url_of(SUPERUSER, database)
    }

    /// The address of one of its databases, as the server.
    pub fn server_url(&self, database: &str) -> String {
        self.url_of(SERVER_ROLE, database)
    }

    fn url_of(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{database}", self.port)
    }

    /// Creates the cluster unless it exists, and starts it.
    ///
    /// # Errors
    /// If PostgreSQL is not installed, or does not start; its log says why.
    pub fn start(&self) -> Result<()> {
        if !self.data.exists() {
            self.create()?;
        }
        let log = self.data.join("log");
        let mut settings = self.settings.join(" ");
        settings.push_str(&format!(" -c port={}", self.port));
        let mut start = as_owner("pg_ctl")?;
        start
            .args(["start", "--wait", "--pgdata"])
            .arg(&self.data)
            .arg("--log")
            .arg(&log)
            .args(["--options", &settings]);
        process::read(&mut start)
            .map(drop)
            .with_context(|| format!("PostgreSQL does not start; see {}", log.display()))
    }

    /// Creates and starts a cluster on a free port, as `of` describes it.
    ///
    /// # Errors
    /// As [`Self::start`], on several ports.
    pub fn start_on_free_port(of: impl Fn(u16) -> Self) -> Result<Self> {
        let mut tried = 0;
        loop {
            tried += 1;
            let postgres = of(ports::free_port()?);
            match postgres.start() {
                Ok(()) => return Ok(postgres),
                Err(error) if tried == PORTS_TRIED => return Err(error),
                Err(_port_taken) => {}
            }
        }
    }

    /// Ends it after everything is written.
    ///
    /// # Errors
    /// If it does not run, or does not end.
    pub fn stop(&self) -> Result<()> {
        self.shut_down(Shutdown::Fast)
    }

    /// Ends it as a crash of the machine would: nobody is told.
    ///
    /// # Errors
    /// If it does not run, or does not end.
    pub fn crash(&self) -> Result<()> {
        self.shut_down(Shutdown::Immediate)
    }

    fn shut_down(&self, how: Shutdown) -> Result<()> {
        let mode = match how {
            Shutdown::Fast => "fast",
            Shutdown::Immediate => "immediate",
        };
        self.control(["stop", "--wait", "--mode", mode])
    }

    /// Ends it and brings it back as a standby takes over: the same data on a new timeline.
    ///
    /// # Errors
    /// If it does not come back.
    pub fn fail_over(&self) -> Result<()> {
        self.crash()?;
        fs::write(self.data.join("standby.signal"), "")?;
        if let Some(owner) = owner()? {
            give(&self.data.join("standby.signal"), &owner)?;
        }
        self.start()?;
        self.control(["promote", "--wait"])
    }

    fn control<const N: usize>(&self, order: [&str; N]) -> Result<()> {
        let mut control = as_owner("pg_ctl")?;
        control.args(order).arg("--pgdata").arg(&self.data);
        process::read(&mut control).map(drop)
    }

    /// The id of the running server's first process.
    pub fn pid(&self) -> Option<u32> {
        let text = fs::read_to_string(self.data.join("postmaster.pid")).ok()?;
        let pid = text.lines().next()?.trim().parse().ok()?;
        let line = process::command_line(pid)?;
        line.contains(&*self.data.to_string_lossy()).then_some(pid)
    }

    /// Makes an empty cluster beside its place, then renames it, so that an interruption
    /// cannot leave half of one behind.
    fn create(&self) -> Result<()> {
        let staging = self.data.with_added_extension("new");
        if staging.exists() {
            fs::remove_dir_all(&staging)?;
        }
        fs::create_dir_all(&staging)?;
        if let Some(owner) = owner()? {
            give(&staging, &owner)?;
        }
        let mut initdb = as_owner("initdb")?;
        initdb.arg("--pgdata").arg(&staging).args([
            &format!("--username={SUPERUSER}"),
            // Trust is for loopback, the only place this server listens.
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        process::read(&mut initdb)?;
        fs::rename(&staging, &self.data).context("cannot put the new database cluster in place")
    }
}

/// A program of PostgreSQL. Debian keeps those of the server off `PATH`.
///
/// # Errors
/// If it is not installed.
pub fn program(name: &str) -> Result<PathBuf> {
    find(name)
        .or_else(|| newest_of_debian(name))
        .with_context(|| format!("PostgreSQL's `{name}` is not installed"))
}

fn newest_of_debian(name: &str) -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin").join(name)))
        })
        .filter(|(_, path)| path.is_file())
        .max()
        .map(|(_, path)| path)
}

/// Whether whoever runs PostgreSQL can enter `folder`; root's home, for example, is closed
/// to the user that takes root's place.
///
/// # Errors
/// If there is no such user.
pub fn owner_can_enter(folder: &Path) -> Result<bool> {
    let Some(owner) = owner()? else {
        return Ok(true);
    };
    let mut test = as_user(&owner, "test".as_ref());
    test.arg("-x").arg(folder);
    Ok(process::read(&mut test).is_ok())
}

/// A program of PostgreSQL, run as whoever owns the cluster.
fn as_owner(name: &str) -> Result<Command> {
    let program = program(name)?;
    let mut command = match owner()? {
        Some(owner) => as_user(&owner, program.as_os_str()),
        None => Command::new(program),
    };
    // A folder that every user can enter.
    command.current_dir("/");
    Ok(command)
}

fn as_user(user: &User, program: &OsStr) -> Command {
    let mut runuser = Command::new("runuser");
    runuser.args(["-u", &user.name, "--"]).arg(program);
    runuser
}

/// The user to run as in place of ourselves.
fn owner() -> Result<Option<User>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let user = User::from_name(USER_FOR_ROOT)?;
    user.context("PostgreSQL cannot run as root, and there is no user `postgres`")
        .map(Some)
}

fn give(path: &Path, owner: &User) -> Result<()> {
    chown(path, Some(owner.uid.as_raw()), Some(owner.gid.as_raw()))
        .with_context(|| format!("cannot give {} to {}", path.display(), owner.name))
}
