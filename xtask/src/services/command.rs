//! `cargo xtask services`.

use std::fs;
use std::io::ErrorKind;

use anyhow::Result;
use clap::Subcommand;

use super::{Services, address, pin, postgres, redis, stop, take_turn};
use crate::setup;
use crate::steps;

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
    // Letting go comes after pinning, so they stay.
    drop(services);
    status()
}

fn down() -> Result<()> {
    let _turn = take_turn()?;
    match fs::remove_file(pin()?) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => stop(),
    }
}

/// Prints one `NAME=value` a line, for scripts; an empty id means "not running".
fn status() -> Result<()> {
    let id = |pid: Option<u32>| pid.map(|pid| pid.to_string()).unwrap_or_default();
    println!("DATABASE_URL={}", address("DATABASE_URL", postgres::url)?);
    println!("REDIS_URL={}", address("REDIS_URL", redis::url)?);
    println!("POSTGRES_PID={}", id(postgres::pid()?));
    println!("REDIS_PID={}", id(redis::pid()?));
    Ok(())
}
