//! How this checkout runs its PostgreSQL and Redis.

use std::path::{Path, PathBuf};

use anyhow::Result;
use local_services::{Postgres, Redis, postgres};

use super::{folder, port};
use crate::checkout;

/// This checkout's PostgreSQL.
pub fn postgres() -> Result<Postgres> {
    postgres_on(port::of("postgres")?)
}

fn postgres_on(port: u16) -> Result<Postgres> {
    Ok(Postgres::new(port, data()?)
        // Tests run side by side, each with pools of its own.
        .set("max_connections", "300")
        .set("shared_buffers", "128MB"))
}

/// Starts this checkout's PostgreSQL, unless it runs.
pub fn start_postgres() -> Result<()> {
    match postgres()?.pid() {
        Some(_running) => Ok(()),
        None => postgres_on(port::claim("postgres")?)?.start(),
    }
}

/// Stops this checkout's PostgreSQL, if it runs.
pub fn stop_postgres() -> Result<()> {
    let postgres = postgres()?;
    match postgres.pid() {
        Some(_running) => postgres.stop(),
        None => Ok(()),
    }
}

/// This checkout's Redis.
pub fn redis() -> Result<Redis> {
    redis_on(port::of("redis")?)
}

fn redis_on(port: u16) -> Result<Redis> {
    Ok(Redis::new(port, folder()?.join("redis"))
        // Full means: forget what was used least recently, as a cache should. Redis' own
        // default is to refuse writes.
        .set("maxmemory", "256mb")
        .set("maxmemory-policy", "allkeys-lru"))
}

/// Starts this checkout's Redis, unless it runs.
pub fn start_redis() -> Result<()> {
    match redis()?.daemon_pid() {
        Some(_running) => Ok(()),
        None => redis_on(port::claim("redis")?)?.start_daemon(),
    }
}

/// Where the database cluster is: in the checkout, unless the user it runs as cannot get
/// there (a checkout under `/root`); then in `/var/tmp`, under the checkout's name.
fn data() -> Result<PathBuf> {
    let folder = folder()?;
    if postgres::owner_can_enter(&folder)? {
        return Ok(folder.join("postgres"));
    }
    let name = checkout::root().to_string_lossy().replace('/', "-");
    Ok(Path::new("/var/tmp").join(format!("orghub{name}")))
}
