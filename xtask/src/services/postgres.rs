//! A private PostgreSQL.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use nix::unistd::{Uid, User};

use super::port;
use crate::checkout;
use crate::process;

/// PostgreSQL refuses to run as root; then it runs as the user Debian's package made.
const USER_FOR_ROOT: &str = "postgres";

/// Settings that differ from PostgreSQL's own.
const SETTINGS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    // Tests run side by side, each with pools of its own.
    "max_connections=300",
    "shared_buffers=128MB",
    // Tests create hundreds of databases, and this data may be lost in a power
    // cut. What clients see is unchanged; only timings of writes are flattered.
    "fsync=off",
];

pub fn url() -> Result<String> {
    let port = port::of("postgres")?;
    Ok(format!("postgres://orghub@127.0.0.1:{port}/orghub"))
}

pub fn start() -> Result<()> {
    if pid()?.is_some() {
        return Ok(());
    }
    let data = data()?;
    if !data.exists() {
        create_cluster(&data)?;
    }
    let port = port::claim("postgres")?;
    let mut settings = format!("-c port={port}");
    for setting in SETTINGS {
        settings.push_str(&format!(" -c {setting}"));
    }
    let log = data.join("log");
    let mut start = as_owner("pg_ctl")?;
    start.arg("start").arg("--wait").arg("--pgdata").arg(&data);
    start.arg("--log").arg(&log).args(["--options", &settings]);
    // Without looking for interruptions: half-started it could not be stopped.
    process::read(&mut start)
        .map(drop)
        .with_context(|| format!("PostgreSQL does not start; see {}", log.display()))
}

pub fn stop() -> Result<()> {
    if pid()?.is_none() {
        return Ok(());
    }
    let mut stop = as_owner("pg_ctl")?;
    stop.arg("stop").arg("--pgdata").arg(data()?);
    process::read(stop.args(["--wait", "--mode", "fast"])).map(drop)
}

/// The id of our running instance.
pub fn pid() -> Result<Option<u32>> {
    let data = data()?;
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let pid = text
        .lines()
        .next()
        .and_then(|line| line.trim().parse().ok());
    let data = data.to_string_lossy().into_owned();
    Ok(pid.filter(|&pid| process::command_line_of(pid).is_some_and(|line| line.contains(&data))))
}

/// A program of PostgreSQL. Debian keeps those of the server off `PATH`.
pub fn program(name: &str) -> Result<PathBuf> {
    let newest_of_debian = || {
        let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
            .ok()?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let version = entry.file_name().to_str()?.parse().ok()?;
                Some((version, entry.path().join("bin").join(name)))
            })
            .filter(|(_, path)| path.is_file())
            .collect();
        versions.sort();
        versions.pop().map(|(_, path)| path)
    };
    process::find(name)
        .or_else(newest_of_debian)
        .with_context(|| format!("PostgreSQL's `{name}` is not installed"))
}

/// Makes an empty cluster beside its place, then renames it, so that an
/// interruption cannot leave half of one behind.
fn create_cluster(data: &Path) -> Result<()> {
    let staging = data.with_added_extension("new");
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    fs::create_dir_all(&staging)?;
    if let Some(owner) = owner()? {
        chown(&staging, Some(owner.uid.as_raw()), Some(owner.gid.as_raw()))?;
    }
    let mut initdb = as_owner("initdb")?;
    initdb.arg("--pgdata").arg(&staging);
    // Trust is for loopback, the only place this server listens.
    initdb.args([
        "--username=orghub",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]);
    process::read(&mut initdb)?;
    fs::rename(&staging, data).context("cannot put the new database cluster in its place")
}

/// Where the cluster is: in the checkout, unless the user it runs as cannot get
/// there (a checkout under `/root`); then in `/var/tmp`, under the checkout's name.
fn data() -> Result<PathBuf> {
    let folder = super::folder()?;
    let Some(owner) = owner()? else {
        return Ok(folder.join("postgres"));
    };
    let mut test = process::command("runuser");
    test.args(["-u", &owner.name, "--", "test", "-x"])
        .arg(&folder);
    if process::succeeds(&mut test) {
        return Ok(folder.join("postgres"));
    }
    let name = checkout::root().to_string_lossy().replace('/', "-");
    Ok(Path::new("/var/tmp").join(format!("orghub{name}")))
}

/// A program of PostgreSQL, run as whoever owns the cluster.
fn as_owner(name: &str) -> Result<Command> {
    let program = program(name)?;
    let mut command = match owner()? {
        Some(owner) => {
            let mut runuser = process::command("runuser");
            runuser.args(["-u", &owner.name, "--"]).arg(program);
            runuser
        }
        None => process::command(program),
    };
    // Any folder that every user can enter.
    command.current_dir("/");
    Ok(command)
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
