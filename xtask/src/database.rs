//! Databases in the cluster an address points into, by way of `psql`.
//!
//! The product migrates itself (`orghub-server migrate`). Here migrations are
//! applied only where the server cannot be compiled yet: to describe its queries.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::checkout;
use crate::process;
use crate::services;

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
    let mut look = psql(&sibling(url, "postgres")?)?;
    look.args(["--tuples-only", "--no-align", "--command"]);
    look.arg(format!(
        "SELECT 1 FROM pg_database WHERE datname = '{}'",
        name(url)?
    ));
    if process::read(&mut look)?.trim().is_empty() {
        order(url, "CREATE DATABASE")?;
    }
    Ok(())
}

/// Drops the database an address names, whoever is connected, and creates it anew.
///
/// Only on this machine: an address in `.env` may name a database that matters.
pub fn recreate(url: &str) -> Result<()> {
    ensure!(
        is_local(url),
        "the database is not on this machine: drop it by hand if you mean to"
    );
    drop(url)?;
    order(url, "CREATE DATABASE")
}

/// Drops the database an address names, if it exists.
pub fn drop(url: &str) -> Result<()> {
    let name = name(url)?;
    let mut psql = psql(&sibling(url, "postgres")?)?;
    psql.arg("--command");
    process::read(psql.arg(format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"))).map(|_| ())
}

/// Applies all migrations, in order, to an empty database.
pub fn migrate(url: &str) -> Result<()> {
    for file in migrations()? {
        let mut psql = psql(url)?;
        // An index is built concurrently, which no transaction allows; such a
        // migration says so in its first line.
        if !fs::read_to_string(&file)?.starts_with("-- no-transaction") {
            psql.arg("--single-transaction");
        }
        process::read(psql.arg("--file").arg(&file))
            .with_context(|| format!("{} does not apply", file.display()))?;
    }
    Ok(())
}

/// The files of `migrations/`, by version. Those that undo one are left out.
fn migrations() -> Result<Vec<PathBuf>> {
    let version = |path: &Path| -> Option<i64> {
        let name = path.file_name()?.to_str()?;
        let wanted = name.ends_with(".sql") && !name.ends_with(".down.sql");
        wanted.then(|| name.split_once('_')?.0.parse().ok())?
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(checkout::root().join("migrations"))? {
        let path = entry?.path();
        files.extend(version(&path).map(|version| (version, path)));
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

fn order(url: &str, order: &str) -> Result<()> {
    let mut psql = psql(&sibling(url, "postgres")?)?;
    psql.arg("--command")
        .arg(format!("{order} \"{}\"", name(url)?));
    process::read(&mut psql).map(|_| ())
}

fn psql(url: &str) -> Result<Command> {
    let mut psql = process::command(services::postgres_program("psql")?);
    psql.args([
        "--no-psqlrc",
        "--quiet",
        "--set",
        "ON_ERROR_STOP=1",
        "--dbname",
        url,
    ]);
    Ok(psql)
}

/// The name of the database in an address.
fn name(url: &str) -> Result<&str> {
    let address = url.split('?').next().unwrap_or_default();
    let name = address
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'));
    let (_, name) = name.context("the address names no database")?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    ensure!(
        !name.is_empty() && name.chars().all(plain),
        "the name of the database may have letters, digits, `_` and `-` only"
    );
    Ok(name)
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
    fn name_refuses_what_would_need_quoting() {
        assert_eq!(name("postgres://me@db/orghub?x=/y").ok(), Some("orghub"));
        assert!(name("postgres://me@db/a\"b").is_err());
        assert!(name("postgres://me@db").is_err());
    }
}
