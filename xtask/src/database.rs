//! Databases in the cluster an address points into, by PostgreSQL's own programs.

use std::{
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use local_services::postgres::{self, SERVER_ROLE};
use nix::{errno::Errno, sys::signal::kill, unistd::Pid};

use crate::process;

/// The same address with another database (or Redis database number) in its place.
pub fn sibling(url: &str, name: &str) -> Result<String> {
    let (address, options) = match url.split_once('?') {
        Some((address, options)) => (address, format!("?{options}")),
        None => (url, String::new()),
    };
    let (scheme, rest) = address
        .split_once("://")
        .context("an address without a scheme")?;
    let server = rest.split_once('/').map_or(rest, |(server, _)| server);
    Ok(format!("{scheme}://{server}/{name}{options}"))
}

/// Whether an address points at this machine.
pub fn is_local(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|local| host == *local || host.starts_with(&format!("{local}:")))
}

/// Creates the database an address names, unless it exists.
pub fn create_if_missing(url: &str) -> Result<()> {
    let mut look = process::command(postgres::program("psql")?);
    look.args(["--no-psqlrc", "--dbname", url, "--command", "select 1"]);
    if process::succeeds(&mut look) {
        return Ok(());
    }
    create(url)
}

/// Runs tests, and removes the databases of those that have ended while the others go on:
/// together they would take more than ten gigabytes.
pub fn sweeping_after<T>(url: &str, tests: impl FnOnce() -> Result<T>) -> Result<T> {
    let ended = AtomicBool::new(false);
    let outcome = thread::scope(|scope| {
        let sweeper = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                // What cannot be removed now, the next round removes.
                let _ = drop_test_databases(url);
                thread::park_timeout(SWEEP_EVERY);
            }
        });
        let outcome = tests();
        ended.store(true, Ordering::Relaxed);
        sweeper.thread().unpark();
        outcome
    });
    drop_test_databases(url)?;
    outcome
}

/// Soon enough that a few dozen databases wait at most.
const SWEEP_EVERY: Duration = Duration::from_secs(3);

/// Removes the databases of tests whose process is gone. One that somebody looks into stays.
fn drop_test_databases(url: &str) -> Result<()> {
    let psql = || -> Result<Command> {
        let mut psql = process::command(postgres::program("psql")?);
        psql.args(["--no-psqlrc", "--quiet", "--dbname", url]);
        Ok(psql)
    };
    let mut list = psql()?;
    list.args(["--tuples-only", "--no-align", "--command"])
        .arg("select datname from pg_database where datname ~ '^orghub_test_[0-9]+_[0-9]+$'");
    let names = process::read(&mut list)?;
    // Each by itself: it is done in no transaction, and none keeps the others.
    let mut drop = psql()?;
    let mut is_needed = false;
    for name in names.lines().filter(|name| !is_in_use(name)) {
        drop.arg("--command")
            .arg(format!("drop database if exists {name}"));
        is_needed = true;
    }
    if is_needed {
        process::succeeds(&mut drop);
    }
    Ok(())
}

/// Whether the process of a test, whose number is in the name of its database, still runs.
fn is_in_use(database: &str) -> bool {
    let process = database
        .split('_')
        .nth(2)
        .and_then(|number| number.parse().ok());
    process.is_none_or(|number| kill(Pid::from_raw(number), None) != Err(Errno::ESRCH))
}

/// Creates the server's role in the cluster an address points into, unless it is there.
/// `orghub-server migrate` grants it what it needs.
pub fn create_server_role_if_missing(url: &str) -> Result<()> {
    let create = format!(
        "do $$ begin
             if not exists (select from pg_roles where rolname = '{SERVER_ROLE}') then
                 create role {SERVER_ROLE} login;
                 grant pg_read_all_stats to {SERVER_ROLE};
             end if;
         end $$"
    );
    let mut psql = process::command(postgres::program("psql")?);
    psql.args(["--no-psqlrc", "--quiet", "--dbname", url]);
    psql.args(["--set", "ON_ERROR_STOP=1", "--command", &create]);
    process::read(&mut psql).map(|_| ())
}

/// Drops the database an address names, whoever is connected, and creates it anew.
///
/// Only on this machine: an address in `.env` may name a database that matters.
pub fn recreate(url: &str) -> Result<()> {
    ensure!(
        is_local(url),
        "the database is not on this machine; if you mean it, drop it by hand"
    );
    drop(url)?;
    create(url)
}

/// Drops the database an address names, if it exists.
pub fn drop(url: &str) -> Result<()> {
    let mut dropdb = program("dropdb", url)?;
    process::read(dropdb.args(["--if-exists", "--force", name(url)?])).map(|_| ())
}

fn create(url: &str) -> Result<()> {
    process::read(program("createdb", url)?.arg(name(url)?)).map(|_| ())
}

fn program(program: &str, url: &str) -> Result<Command> {
    let mut command = process::command(postgres::program(program)?);
    command.arg("--maintenance-db");
    command.arg(sibling(url, "postgres")?);
    Ok(command)
}

/// The name of the database in an address.
fn name(url: &str) -> Result<&str> {
    let address = url.split('?').next().unwrap_or_default();
    address
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'))
        .map(|(_, name)| name)
        .filter(|name| !name.is_empty())
        .context("the address names no database")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sibling_keeps_server_and_options() {
        let url = "postgres://me:secret@db:5433/orghub?sslmode=disable";
        let sibling = sibling(url, "other").expect("a valid address");
        assert_eq!(
            sibling,
            "postgres://me:secret@db:5433/other?sslmode=disable"
        );
    }

    #[test]
    fn sibling_of_an_address_without_a_path_gets_one() {
        let sibling = sibling("redis://127.0.0.1:6379", "1").expect("a valid address");
        assert_eq!(sibling, "redis://127.0.0.1:6379/1");
    }

    #[test]
    fn only_loopback_is_local() {
        assert!(is_local("postgres://me@localhost:5432/orghub"));
        assert!(is_local("postgres://me@127.0.0.1/orghub"));
        assert!(is_local("redis://127.0.0.1:6379"));
        assert!(!is_local(
            "postgres://localhost:secret@db.example.com/orghub"
        ));
        assert!(!is_local("postgres://me@localhost.example.com/orghub"));
    }

    #[test]
    fn a_database_is_in_use_while_its_test_runs() {
        let mine = format!("orghub_test_{}_0", std::process::id());
        assert!(is_in_use(&mine));
        let mut ended = process::command("true").spawn().expect("a program");
        let its = format!("orghub_test_{}_12", ended.id());
        assert!(ended.wait().is_ok_and(|status| status.success()));
        assert!(!is_in_use(&its));
        assert!(is_in_use("orghub_test_unlike_0"));
    }

    #[test]
    fn name_is_the_path() {
        assert_eq!(name("postgres://me@db/orghub?x=/y").ok(), Some("orghub"));
        assert!(name("postgres://me@db/?x=y").is_err());
        assert!(name("postgres://me@db").is_err());
    }
}
