//! The descriptions of the SQL queries in `.sqlx/`.
//!
//! The `query!` macros ask a database about each query while they compile. To
//! compile without one they read the answers from `.sqlx/`, which is checked in.
//! These are the answers of a database that has all migrations and nothing else.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};

use crate::builds::NATIVE;
use crate::checkout;
use crate::database;
use crate::process::{cargo, run as run_program};
use crate::services::Services;
use crate::setup;
use crate::steps::{self, Step};

/// Refreshes `.sqlx/`.
pub fn run() -> Result<()> {
    steps::report(|steps| {
        setup::to_compile(steps)?;
        let services = Services::start()?;
        let step = Step {
            name: "Queries",
            what: "describes each SQL query anew",
            usually: "30 seconds, 5 minutes the first time",
        };
        steps.take(&step, || replace(&ask(&services)?))
    })
}

/// Fails if `.sqlx/` is not what `prepare` would make it.
pub fn verify(services: &Services) -> Result<()> {
    let asked = answers(&ask(services)?)?;
    ensure!(
        asked == answers(&folder())?,
        "`.sqlx/` does not describe the queries as they are; run `cargo xtask prepare`"
    );
    Ok(())
}

/// Compiles the core against a scratch database; the folder with the answers.
fn ask(services: &Services) -> Result<PathBuf> {
    let url = database::sibling(
        &services.database_url,
        &format!("orghub_prepare_{}", process::id()),
    )?;
    database::recreate(&url)?;
    let outcome = database::migrate(&url).and_then(|()| compile_against(&url));
    database::drop(&url)?;
    outcome
}

fn compile_against(url: &str) -> Result<PathBuf> {
    let answers = checkout::target().join("sqlx-answers");
    if answers.exists() {
        fs::remove_dir_all(&answers)?;
    }
    fs::create_dir_all(&answers)?;

    // Cargo cannot know that a query's answer depends on the database, so a
    // source file is made to look changed. Afterwards it gets its old time
    // back: nothing but this check needs to compile again.
    let source = fs::File::options()
        .append(true)
        .open(checkout::root().join("src/lib.rs"))?;
    let written = source.metadata()?.modified()?;
    source.set_modified(SystemTime::now())?;
    let outcome = run_program(
        cargo(&format!("check {NATIVE} --all-targets"))
            .env("DATABASE_URL", url)
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", &answers),
    );
    source.set_modified(written)?;
    outcome.map(|()| answers)
}

/// Makes `.sqlx/` equal to the folder; files that are right already stay untouched.
fn replace(asked: &Path) -> Result<()> {
    let folder = folder();
    fs::create_dir_all(&folder)?;
    let known = answers(&folder)?;
    let asked = answers(asked)?;
    for name in known.keys().filter(|name| !asked.contains_key(*name)) {
        fs::remove_file(folder.join(name))?;
    }
    for (name, answer) in &asked {
        if known.get(name) != Some(answer) {
            fs::write(folder.join(name), answer)?;
        }
    }
    println!("{} queries described in .sqlx/", asked.len());
    Ok(())
}

/// The files of a folder; none if there is no such folder.
fn answers(folder: &Path) -> Result<BTreeMap<OsString, Vec<u8>>> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(BTreeMap::new());
    };
    entries
        .map(|entry| {
            let entry = entry?;
            let answer = fs::read(entry.path())
                .with_context(|| format!("cannot read {}", entry.path().display()))?;
            Ok((entry.file_name(), answer))
        })
        .collect()
}

fn folder() -> PathBuf {
    checkout::root().join(".sqlx")
}
