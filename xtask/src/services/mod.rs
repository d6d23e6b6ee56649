//! The private PostgreSQL and Redis of this checkout.
//!
//! They live in `.services/`, listen on loopback only, and run while somebody
//! uses them: a command that needs them holds a shared lock, and the last one to
//! let go stops them. `services up` pins them until `services down`.
//!
//! A `DATABASE_URL` or `REDIS_URL` in `.env` takes the place of the private one.

mod port;
mod postgres;
mod redis;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;

use crate::checkout;
use crate::database;
use crate::setup;
use crate::steps;

pub use postgres::program as postgres_program;

#[derive(Subcommand)]
pub enum Command {
    /// Start them and leave them running, for `cargo leptos watch` and servers started by hand
    Up,
    /// Stop them, whoever uses them
    Down,
    /// Print their addresses and process ids
    Status,
}

pub fn run(command: &Command) -> Result<()> {
    match command {
        Command::Up => {
            steps::report(setup::to_serve)?;
            let services = Services::start()?;
            services.pin()?;
            // Letting go comes after pinning, so they stay.
            drop(services);
            status()
        }
        Command::Down => down(),
        Command::Status => status(),
    }
}

/// The services, in use by this command.
pub struct Services {
    pub database_url: String,
    pub redis_url: String,
    in_use: File,
}

impl Services {
    /// Starts what does not run yet.
    pub fn start() -> Result<Self> {
        let _turn = take_turn()?;
        let in_use = lock_file("in-use")?;
        in_use.lock_shared()?;
        let urls = Urls::find()?;
        if urls.private_postgres {
            postgres::start()?;
            database::create_if_missing(&urls.database)?;
        }
        if urls.private_redis {
            redis::start()?;
        }
        urls.write_for_watchers()?;
        Ok(Self {
            database_url: urls.database,
            redis_url: urls.redis,
            in_use,
        })
    }

    fn pin(&self) -> Result<()> {
        fs::write(folder()?.join("pinned"), "").context("cannot pin the services")
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        if let Err(error) = self.let_go() {
            eprintln!("cannot stop the services: {error:#}");
        }
    }
}

impl Services {
    fn let_go(&self) -> Result<()> {
        let _turn = take_turn()?;
        self.in_use.unlock()?;
        let unused = self.in_use.try_lock().is_ok();
        if unused && !folder()?.join("pinned").exists() {
            stop()?;
        }
        Ok(())
    }
}

fn down() -> Result<()> {
    let _turn = take_turn()?;
    match fs::remove_file(folder()?.join("pinned")) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => stop(),
    }
}

fn stop() -> Result<()> {
    postgres::stop()?;
    redis::stop()
}

/// Prints one `NAME=value` a line, for scripts; an empty id means "not running".
fn status() -> Result<()> {
    let urls = Urls::find()?;
    let id = |pid: Option<u32>| pid.map(|pid| pid.to_string()).unwrap_or_default();
    println!("DATABASE_URL={}", urls.database);
    println!("REDIS_URL={}", urls.redis);
    println!("POSTGRES_PID={}", id(postgres::pid()?));
    println!("REDIS_PID={}", id(redis::pid()?));
    Ok(())
}

/// The addresses, and whether they are those of the private services.
struct Urls {
    database: String,
    private_postgres: bool,
    redis: String,
    private_redis: bool,
}

impl Urls {
    fn find() -> Result<Self> {
        let mut dotenv = checkout::dotenv()?;
        let database = dotenv.remove("DATABASE_URL");
        let redis = dotenv.remove("REDIS_URL");
        Ok(Self {
            private_postgres: database.is_none(),
            private_redis: redis.is_none(),
            database: database.map_or_else(postgres::url, Ok)?,
            redis: redis.map_or_else(redis::url, Ok)?,
        })
    }

    /// Leaves the addresses where a server under `cargo leptos watch` reads
    /// them: nothing of ours stands between the two that could hand them over.
    fn write_for_watchers(&self) -> Result<()> {
        let lines = format!("DATABASE_URL={}\nREDIS_URL={}\n", self.database, self.redis);
        fs::write(folder()?.join("env"), lines).context("cannot write .services/env")
    }
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

/// Where the services keep their files.
fn folder() -> Result<PathBuf> {
    let folder = checkout::root().join(".services");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}
