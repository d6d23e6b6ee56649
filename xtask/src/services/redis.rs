//! A private Redis.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::port;
use crate::process;

/// How long Redis may take to end; it has nothing to save.
const PATIENCE: Duration = Duration::from_secs(5);

pub fn url() -> Result<String> {
    Ok(format!("redis://127.0.0.1:{}", port::of("redis")?))
}

pub fn start() -> Result<()> {
    if pid()?.is_some() {
        return Ok(());
    }
    let port = port::claim("redis")?;
    let folder = folder()?;
    fs::create_dir_all(&folder)?;
    let mut redis = process::command("redis-server");
    redis
        .args(["--bind", "127.0.0.1"])
        .args(["--port", &port.to_string()])
        .args(["--daemonize", "yes"])
        .arg("--dir")
        .arg(&folder)
        .arg("--pidfile")
        .arg(folder.join("pid"))
        .arg("--logfile")
        .arg(folder.join("log"))
        // A cache has nothing to carry across a restart.
        .args(["--save", "", "--appendonly", "no"])
        // Full means: forget what was used least recently, as a cache should.
        // Redis' own default is to refuse writes.
        .args(["--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru"]);
    process::read(&mut redis)?;
    // It goes on starting in the background; it is there when it can be found again.
    process::wait_until(Duration::from_secs(10), || {
        pid().is_ok_and(|pid| pid.is_some())
            && url().is_ok_and(|url| process::succeeds(&mut cli(&url, "PING")))
    })
    .with_context(|| {
        format!(
            "Redis does not answer; see {}",
            folder.join("log").display()
        )
    })
}

pub fn stop() -> Result<()> {
    let Some(pid) = pid()? else {
        return Ok(());
    };
    process::stop(pid, PATIENCE, || process::command_line_of(pid).is_none());
    Ok(())
}

/// The id of our running instance.
pub fn pid() -> Result<Option<u32>> {
    let text = fs::read_to_string(folder()?.join("pid")).unwrap_or_default();
    // Redis names itself after where it listens.
    let name = format!("redis-server 127.0.0.1:{}", port::of("redis")?);
    let is_ours =
        |pid: &u32| process::command_line_of(*pid).is_some_and(|line| line.contains(&name));
    Ok(text.trim().parse().ok().filter(is_ours))
}

/// Forgets everything in the database the address names.
pub fn flush(url: &str) -> Result<()> {
    process::read(&mut cli(url, "FLUSHDB")).map(drop)
}

fn cli(url: &str, order: &str) -> Command {
    let mut cli = process::command("redis-cli");
    cli.args(["-e", "-u", url, order]);
    cli
}

fn folder() -> Result<PathBuf> {
    Ok(super::folder()?.join("redis"))
}
