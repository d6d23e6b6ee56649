//! Node.js, which runs wasm-opt and Playwright.

use std::{
    env::consts::{ARCH, OS},
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

use super::debian;
use crate::{
    checkout, process,
    steps::{Step, Steps},
};

/// What Playwright demands. wasm-opt is content with less.
const OLDEST_FOR_PLAYWRIGHT: u32 = 20;

/// What is installed where the system's is older; Debian 12 has 18.
const OURS: &str = "22";

/// Any Node.js, with npm.
pub fn ensure(steps: &mut Steps) -> Result<()> {
    steps.ensure(
        &Step {
            name: "Node.js",
            what: "installs what runs wasm-opt and npm",
            usually: "1 minute",
        },
        || process::find("node").is_some() && process::find("npm").is_some(),
        || {
            debian::install(
                &["nodejs", "npm"],
                "Node.js 20 or newer with npm (node, npm on PATH)",
            )
        },
    )
}

/// One that is recent enough for Playwright; [`program`] tells which.
pub fn ensure_recent(steps: &mut Steps) -> Result<()> {
    steps.ensure(
        &Step {
            name: "Recent Node.js",
            what: "fetches one that Playwright accepts, for this checkout only",
            usually: "15 seconds",
        },
        || program().is_some(),
        install,
    )
}

/// The Node.js for Playwright: the system's, or else this checkout's own.
pub fn program() -> Option<PathBuf> {
    let own = folder().join("node_modules/.bin/node");
    [process::find("node"), Some(own)]
        .into_iter()
        .flatten()
        .find(|node| major_version(node).is_some_and(|major| major >= OLDEST_FOR_PLAYWRIGHT))
}

/// npm carries Node.js itself, as one package for each kind of machine.
fn install() -> Result<()> {
    let architecture = match (OS, ARCH) {
        ("linux", "x86_64") => "x64",
        ("linux", "aarch64") => "arm64",
        _ => bail!("please install Node.js {OLDEST_FOR_PLAYWRIGHT} or newer, then run this again"),
    };
    let mut npm = process::command("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--prefix"])
        .arg(folder())
        .arg(format!("node-linux-{architecture}@{OURS}"));
    process::run(&mut npm)
}

/// `v22.3.0` is 22.
fn major_version(node: &Path) -> Option<u32> {
    let version = process::read(process::command(node).arg("--version")).ok()?;
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn folder() -> PathBuf {
    checkout::root().join(".tools")
}
