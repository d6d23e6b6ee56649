//! A private Redis.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::port;
use crate::process;

/// How long Redis may take to end; it has nothing to save.
const PATIENCE: Duration = Duration::from_secs(10);

pub fn url() -> Result<String> {
    Ok(format!("redis://127.0.0.1:{}", port()?))
}

pub fn start() -> Result<()> {
    if pid()?.is_some() {
        return Ok(());
    }
    let folder = folder()?;
    fs::create_dir_all(&folder)?;
    let mut redis = process::command("redis-server");
    redis
        .args(["--bind", "127.0.0.1", "--port", &port()?.to_string()])
        .args(["--daemonize", "yes", "--loglevel", "notice"])
        .arg("--dir")
        .arg(&folder)
        .arg("--pidfile")
        .arg(folder.join("pid"))
        .arg("--logfile")
        .arg(folder.join("log"))
        // A cache keeps nothing across restarts.
        .args(["--save", "", "--appendonly", "no"])
        // Full means: forget what was used least recently, as a cache should.
        // The default refuses writes instead.
        .args(["--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru"]);
    process::read(&mut redis)?;
    wait_until(|| Ok(is_answering()), "start")
}

pub fn stop() -> Result<()> {
    let Some(pid) = pid()? else {
        return Ok(());
    };
    process::terminate(pid);
    wait_until(|| Ok(self::pid()?.is_none()), "stop")
}

/// The id of our running instance.
pub fn pid() -> Result<Option<u32>> {
    let Ok(text) = fs::read_to_string(folder()?.join("pid")) else {
        return Ok(None);
    };
    let pid = text.trim().parse().ok();
    let port = remembered_port()?;
    Ok(pid.filter(|&pid| runs_as(pid, port)))
}
