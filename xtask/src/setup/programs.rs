//! The programs the commands run, besides the compiler.

use std::{env, fs, path::PathBuf};

use anyhow::{Context, Result};
use local_services::postgres;

use super::debian;
use crate::{
    checkout, process,
    steps::{Step, Steps},
};

/// Later ones want a newer compiler than some machines can get.
const CARGO_LEPTOS: &str = "0.3.10";
// renovate: cargo-nextest
const NEXTEST: &str = "0.9.151";
// renovate: cargo-deny
const CARGO_DENY: &str = "0.20.2";
const BINARYEN: &str = "132.0.0";

/// What current Rust emits needs at least this `wasm-opt`.
const OLDEST_WASM_OPT: u32 = 120;

/// How much to optimize a program that is compiled here.
enum Effort {
    /// Its own work is waiting for cargo; what counts is when it is ready.
    Least,
    /// It chews through the whole bundle on each build.
    Some,
}

pub fn ensure_databases(steps: &mut Steps) -> Result<()> {
    steps.ensure(
        &Step {
            name: "PostgreSQL",
            what: "installs the database server and its client programs",
            usually: "30 seconds",
        },
        || {
            ["initdb", "pg_ctl", "psql", "createdb", "dropdb"]
                .iter()
                .all(|program| postgres::program(program).is_ok())
        },
        || {
            debian::install(
                &["postgresql"],
                "PostgreSQL 15 or newer (initdb, pg_ctl, psql, createdb and dropdb on PATH)",
            )
        },
    )?;
    steps.ensure(
        &Step {
            name: "Redis",
            what: "installs the cache server",
            usually: "10 seconds",
        },
        || process::find("redis-server").is_some() && process::find("redis-cli").is_some(),
        || {
            debian::install(
                &["redis-server"],
                "Redis 7 or newer (redis-server, redis-cli on PATH)",
            )
        },
    )
}

/// Of Prometheus the tests need `promtool`, which has no package of its own.
pub fn ensure_prometheus(steps: &mut Steps) -> Result<()> {
    steps.ensure(
        &Step {
            name: "Prometheus",
            what: "installs promtool, which tests the alerts",
            usually: "1 minute",
        },
        || process::find("promtool").is_some(),
        || {
            debian::install(
                &["prometheus"],
                "Prometheus 2.42 or newer (promtool on PATH)",
            )
        },
    )
}

pub fn ensure_cargo_leptos(steps: &mut Steps) -> Result<()> {
    steps.ensure(
        &Step {
            name: "cargo-leptos",
            what: "installs the build tool of the browser side",
            usually: "7 minutes",
        },
        has_cargo_leptos,
        || install("cargo-leptos", CARGO_LEPTOS, "--locked", Effort::Least),
    )
}

fn has_cargo_leptos() -> bool {
    process::succeeds(&mut process::cargo("leptos --version"))
}

/// Whether `cargo leptos watch` has what it needs, in the versions that it needs.
pub fn can_watch() -> Result<bool> {
    let version = locked_version("wasm-bindgen")?;
    Ok(has_cargo_leptos() && has_wasm_bindgen(&version))
}

fn has_wasm_bindgen(version: &str) -> bool {
    version_of("wasm-bindgen").is_some_and(|found| found == version)
}

/// wasm-bindgen's program and library must agree to the last digit.
pub fn ensure_wasm_bindgen(steps: &mut Steps) -> Result<()> {
    let version = locked_version("wasm-bindgen")?;
    steps.ensure(
        &Step {
            name: "wasm-bindgen",
            what: "installs the tool that joins browser code and JavaScript",
            usually: "3 minutes",
        },
        || has_wasm_bindgen(&version),
        // Its own lock file names versions a registry may have withdrawn.
        || install("wasm-bindgen-cli", &version, "--force", Effort::Some),
    )
}

pub fn ensure_nextest(steps: &mut Steps) -> Result<()> {
    steps.ensure(
        &Step {
            name: "cargo-nextest",
            what: "installs the test runner",
            usually: "3 minutes",
        },
        || process::succeeds(&mut process::cargo("nextest --version")),
        || install("cargo-nextest", NEXTEST, "--locked", Effort::Least),
    )
}

/// The program and the library must agree on how queries are described.
pub fn ensure_sqlx(steps: &mut Steps) -> Result<()> {
    let version = locked_version("sqlx")?;
    steps.ensure(
        &Step {
            name: "sqlx-cli",
            what: "installs the tool that describes queries",
            usually: "1 minute",
        },
        || version_of("sqlx").is_some_and(|found| found == version),
        || {
            let options = "--locked --force --no-default-features --features postgres,rustls";
            install("sqlx-cli", &version, options, Effort::Least)
        },
    )
}

pub fn ensure_deny(steps: &mut Steps) -> Result<()> {
    steps.ensure(
        &Step {
            name: "cargo-deny",
            what: "installs the tool that checks licenses and sources of dependencies",
            usually: "1 minute",
        },
        || process::succeeds(&mut process::cargo("deny --version")),
        || install("cargo-deny", CARGO_DENY, "--locked", Effort::Least),
    )
}

/// Debian's own `wasm-opt` is too old, and npm's is the same program.
///
/// It goes beside cargo's programs, where cargo-leptos finds it too.
pub fn ensure_wasm_opt(steps: &mut Steps) -> Result<()> {
    steps.ensure(
        &Step {
            name: "wasm-opt",
            what: "installs the optimizer of the browser bundle",
            usually: "15 seconds",
        },
        || {
            version_of("wasm-opt")
                .and_then(|version| version.parse().ok())
                .is_some_and(|version: u32| version >= OLDEST_WASM_OPT)
        },
        || {
            let mut npm = process::command("npm");
            npm.args(["install", "--global", "--no-audit", "--no-fund", "--prefix"])
                .arg(cargo_home()?)
                .arg(format!("binaryen@{BINARYEN}"));
            process::run(&mut npm)
        },
    )
}

/// Installs a program from the package registry into cargo's folder: ready-made if
/// `cargo binstall` is there and finds it quickly, or else compiled with `options`.
fn install(package: &str, version: &str, options: &str, effort: Effort) -> Result<()> {
    if process::find("cargo-binstall").is_some() {
        let mut binstall = process::cargo("binstall --no-confirm --force");
        binstall
            .args([
                "--disable-strategies",
                "compile",
                "--maximum-resolution-timeout",
                "15",
            ])
            .arg(format!("{package}@={version}"));
        match process::run(&mut binstall) {
            Ok(()) => return Ok(()),
            Err(error) => eprintln!("{error:#}; compiling it instead"),
        }
        process::pause()?;
    }
    compile(package, version, options, effort)
}

/// The packages ask for a release profile that takes several times as long to
/// compile as it will ever save here.
fn compile(package: &str, version: &str, options: &str, effort: Effort) -> Result<()> {
    let level = match effort {
        Effort::Least => "0",
        Effort::Some => "1",
    };
    let mut cargo = process::cargo(&format!("install --version ={version} {options} {package}"));
    cargo
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level)
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        // Kept until it is installed, so that an interrupted build goes on where it was.
        .env("CARGO_TARGET_DIR", checkout::target().join("tools"));
    process::run(&mut cargo)?;
    fs::remove_dir_all(checkout::target().join("tools")).context("cannot tidy up")
}

/// The second word of `program --version`, or the third of `program version 1`.
fn version_of(program: &str) -> Option<String> {
    let line = process::read(process::command(program).arg("--version")).ok()?;
    let mut words = line
        .split_whitespace()
        .skip(1)
        .filter(|word| *word != "version");
    words.next().map(str::to_owned)
}

/// The version of a package in `Cargo.lock`.
fn locked_version(package: &str) -> Result<String> {
    let id = process::read(&mut process::cargo(&format!("pkgid {package}")))?;
    let (_, version) = id
        .trim()
        .rsplit_once('@')
        .context("no version in the package id")?;
    Ok(version.to_owned())
}

fn cargo_home() -> Result<PathBuf> {
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")))
        .context("there is no home directory")
}
