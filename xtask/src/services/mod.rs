//! The private PostgreSQL and Redis of this checkout.
//!
//! They live in `.services/`, listen on loopback only, and run while somebody
//! uses them: a command that needs them holds a shared lock, and the last one to
//! let go stops them. `services up` pins them until `services down`.
//!
//! A `DATABASE_URL` or `REDIS_URL` in `.env` takes the place of the private one.

mod command;
mod port;
mod postgres;
mod redis;

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::checkout;
use crate::database;

pub use command::{Command, run};
pub use port::{free as free_port, is_free as is_free_port};
pub use postgres::program as postgres_program;
pub use redis::flush as flush_redis;

/// The services, in use by this command.
pub struct Services {
    pub database_url: String,
    pub redis_url: String,
    in_use: File,
}

impl Services {
    /// Starts what does not run yet.
    pub fn start() -> Result<Self> {
        let turn = take_turn()?;
        let in_use = lock_file("in-use")?;
        in_use.lock_shared()?;
        let started = start();
        let services = Self {
            database_url: address("DATABASE_URL", postgres::url)?,
            redis_url: address("REDIS_URL", redis::url)?,
            in_use,
        };
        // Letting go, which is what follows a failure, takes a turn of its own.
        drop(turn);
        started?;
        services.write_for_watchers()?;
        Ok(services)
    }

    /// Leaves the addresses where a server under `cargo leptos watch` reads
    /// them: nothing of ours stands between the two that could hand them over.
    fn write_for_watchers(&self) -> Result<()> {
        let lines = format!(
            "DATABASE_URL={}\nREDIS_URL={}\n",
            self.database_url, self.redis_url
        );
        fs::write(folder()?.join("env"), lines).context("cannot write .services/env")
    }

    fn let_go(&self) -> Result<()> {
        let _turn = take_turn()?;
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
        postgres::start()?;
        database::create_if_missing(&postgres::url()?)?;
    }
    if !dotenv.contains_key("REDIS_URL") {
        redis::start()?;
    }
    Ok(())
}

fn stop() -> Result<()> {
    postgres::stop()?;
    redis::stop()
}

/// The address `.env` gives, or else that of the private service.
fn address(name: &str, private: fn() -> Result<String>) -> Result<String> {
    checkout::dotenv()?.remove(name).map_or_else(private, Ok)
}

/// Starting and stopping happen one at a time, also across commands.
fn take_turn() -> Result<File> {
    let turn = lock_file("turn")?;
    turn.lock()?;
    Ok(turn)
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
