//! The private PostgreSQL and Redis of this checkout.
//!
//! They live in `.services/`, listen on loopback only, and run while somebody
//! uses them: a command that needs them holds a shared lock, and the last one to
//! let go stops them. `services up` pins them until `services down`.
//!
//! A `DATABASE_URL` or `REDIS_URL` in `.env` takes the place of the private one. Beside that
//! `DATABASE_URL` stands a `DATABASE_OWNER_URL`, unless it is the owner's itself.

mod command;
mod port;
mod private;

use std::{
    fs::{self, File},
    path::PathBuf,
};

use crate::{checkout, database, process};
use anyhow::{Context, Result};

pub use command::{Command, run};

/// The services, in use by this command.
pub struct Services {
    /// With the role that the server has.
    pub database_url: String,
    /// The same database with the role that owns the tables.
    pub database_owner_url: String,
    pub redis_url: String,
    in_use: File,
}

impl Services {
    /// Starts what does not run yet.
    pub fn start() -> Result<Self> {
        let lock = lock()?;
        let in_use = lock_file("in-use")?;
        in_use.lock_shared()?;
        let started = start();
        let services = Self {
            database_url: database_url()?,
            database_owner_url: database_owner_url()?,
            redis_url: redis_url()?,
            in_use,
        };
        // A failure drops the services, which takes the lock again.
        drop(lock);
        started?;
        services.write_for_watchers()?;
        Ok(services)
    }

    /// Leaves the addresses where a server under `cargo leptos watch` reads
    /// them: nothing of ours stands between the two that could hand them over.
    fn write_for_watchers(&self) -> Result<()> {
        let lines = format!(
            "DATABASE_URL={}\nDATABASE_OWNER_URL={}\nREDIS_URL={}\n",
            self.database_url, self.database_owner_url, self.redis_url
        );
        fs::write(folder()?.join("env"), lines).context("cannot write .services/env")
    }

    fn let_go(&self) -> Result<()> {
        let _lock = lock()?;
        self.in_use.unlock()?;
        let unused = self.in_use.try_lock().is_ok();
        if unused && !pin()?.exists() {
            stop()?;
        }
        Ok(())
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        if let Err(error) = self.let_go() {
            eprintln!("cannot stop the services: {error:#}");
        }
    }
}

fn start() -> Result<()> {
    let dotenv = checkout::dotenv()?;
    if !dotenv.contains_key("DATABASE_URL") {
        private::start_postgres()?;
        let owner_url = database_owner_url()?;
        database::create_if_missing(&owner_url)?;
        // In a cluster of before there were two roles, too.
        database::create_server_role_if_missing(&owner_url)?;
    }
    if !dotenv.contains_key("REDIS_URL") {
        private::start_redis()?;
    }
    Ok(())
}

fn stop() -> Result<()> {
    private::stop_postgres()?;
    private::redis()?.stop_daemon();
    Ok(())
}

/// The address that `.env` gives, or else that of the private service.
fn database_url() -> Result<String> {
    match checkout::dotenv()?.remove("DATABASE_URL") {
        Some(url) => Ok(url),
        None => Ok(private::postgres()?.server_url("orghub")),
    }
}

/// The same for the owner of the tables; with one role only it is the server's.
fn database_owner_url() -> Result<String> {
    let mut dotenv = checkout::dotenv()?;
    match (
        dotenv.remove("DATABASE_OWNER_URL"),
        dotenv.remove("DATABASE_URL"),
    ) {
        (Some(owner), Some(_)) => Ok(owner),
        (None, Some(url)) => Ok(url),
        (_, None) => Ok(private::postgres()?.url("orghub")),
    }
}

/// The address that `.env` gives, or else that of the private service.
fn redis_url() -> Result<String> {
    match checkout::dotenv()?.remove("REDIS_URL") {
        Some(url) => Ok(url),
        None => Ok(private::redis()?.url()),
    }
}

/// Empties the Redis database that the address names.
pub fn flush_redis(url: &str) -> Result<()> {
    let mut cli = process::command("redis-cli");
    process::read(cli.args(["-e", "-u", url, "FLUSHDB"])).map(drop)
}

/// Starting and stopping happen one at a time, also across commands.
fn lock() -> Result<File> {
    let lock = lock_file("lock")?;
    lock.lock()?;
    Ok(lock)
}

fn lock_file(name: &str) -> Result<File> {
    let path = folder()?.join(name);
    File::create(&path).with_context(|| format!("cannot open {}", path.display()))
}

/// The file whose presence keeps the services running unused.
fn pin() -> Result<PathBuf> {
    Ok(folder()?.join("pinned"))
}

/// Where the services keep their files.
fn folder() -> Result<PathBuf> {
    let folder = checkout::root().join(".services");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}
