//! The descriptions of the SQL queries in `.sqlx/`.
//!
//! The `query!` macros ask a database about each query while they compile. To
//! compile without one they read the answers from `.sqlx/`, which is checked in.
//! `cargo sqlx` writes and compares them; here it is given a scratch database that
//! has all migrations and nothing else.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result, ensure};

use crate::{
    builds::NATIVE,
    checkout, database,
    process::{self, cargo},
    services::Services,
    setup,
    steps::{self, Step},
};

/// Refreshes `.sqlx/`.
pub fn run() -> Result<()> {
    steps::report(|steps| {
        setup::to_prepare(steps)?;
        let services = Services::start()?;
        let step = Step {
            name: "Queries",
            what: "describes each SQL query anew",
            usually: "40 seconds, 4 minutes the first time",
        };
        steps.take(&step, || sqlx_prepare(&services, ""))
    })
}

/// Fails if `.sqlx/` is not what `prepare` would make it.
pub fn verify(services: &Services) -> Result<()> {
    sqlx_prepare(services, "--check")?;
    // `cargo sqlx` forgives descriptions of queries that are gone.
    let leftover: BTreeSet<_> = &descriptions(&checkout::root().join(".sqlx"))?
        - &descriptions(&checkout::target().join("sqlx-prepare-check"))?;
    ensure!(
        leftover.is_empty(),
        "`.sqlx/` describes queries that are gone ({leftover:?}); run `cargo xtask prepare`"
    );
    Ok(())
}

fn descriptions(folder: &Path) -> Result<BTreeSet<OsString>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.file_name())).collect()
}

fn sqlx_prepare(services: &Services, check: &str) -> Result<()> {
    let scratch = format!("orghub_prepare_{}", std::process::id());
    let url = database::sibling(&services.database_owner_url, &scratch)?;
    ensure!(
        database::is_local(&url),
        "queries are described by a scratch database, which is made on this machine only"
    );
    let sqlx = |arguments: &str| {
        let mut sqlx = cargo(&format!("sqlx {arguments}"));
        process::run(sqlx.env("DATABASE_URL", &url))
    };
    let _modified = ModificationTimes::note()?;
    let prepared = sqlx("database setup").and_then(|()| {
        sqlx(&format!(
            "prepare --workspace {check} -- {NATIVE} --all-targets"
        ))
    });
    database::drop(&url)?;
    prepared
}

/// The modification times of the workspace's crate roots, put back when this is dropped.
///
/// `cargo sqlx` makes these files look changed, because Cargo cannot know that a query
/// depends on a database. Left so, everything would be compiled again after it.
struct ModificationTimes(Vec<(PathBuf, SystemTime)>);

impl ModificationTimes {
    fn note() -> Result<Self> {
        let metadata = process::read(&mut cargo("metadata --no-deps --format-version 1"))?;
        let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
        let packages = metadata["packages"].as_array();
        let packages = packages.context("cargo describes packages in another form now")?;
        let times = packages
            .iter()
            .flat_map(|package| package["targets"].as_array().into_iter().flatten())
            .filter_map(|target| target["src_path"].as_str())
            .map(|path| Ok((path.into(), fs::metadata(path)?.modified()?)))
            .collect::<Result<_>>()?;
        Ok(Self(times))
    }
}

impl Drop for ModificationTimes {
    fn drop(&mut self) {
        for (path, time) in &self.0 {
            // At worst this file is compiled once more.
            let _ = File::options()
                .append(true)
                .open(path)
                .and_then(|file| file.set_modified(*time));
        }
    }
}
