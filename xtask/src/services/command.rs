//! `cargo xtask services`.

use std::{fs, io::ErrorKind};

use anyhow::Result;
use clap::Subcommand;

use super::{Services, database_owner_url, database_url, lock, pin, private, redis_url, stop};
use crate::{setup, steps};

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
        Command::Up => up(),
        Command::Down => down(),
        Command::Status => status(),
    }
}

fn up() -> Result<()> {
    steps::report(setup::to_serve)?;
    let services = Services::start()?;
    fs::write(pin()?, "")?;
    // They stay, because this comes after pinning.
    drop(services);
    status()
}

fn down() -> Result<()> {
    let _lock = lock()?;
    match fs::remove_file(pin()?) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => stop(),
    }
}

/// Prints one `NAME=value` a line, for scripts; an empty id means "not running".
fn status() -> Result<()> {
    let id = |pid: Option<u32>| pid.map(|pid| pid.to_string()).unwrap_or_default();
    println!("DATABASE_URL={}", database_url()?);
    println!("DATABASE_OWNER_URL={}", database_owner_url()?);
    println!("REDIS_URL={}", redis_url()?);
    println!("POSTGRES_PID={}", id(private::postgres()?.pid()));
    println!("REDIS_PID={}", id(private::redis()?.daemon_pid()));
    Ok(())
}
