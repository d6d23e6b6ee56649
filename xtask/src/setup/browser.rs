//! What the browser tests need: Chromium, and Playwright to drive it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;

use super::debian;
use crate::{
    checkout, process,
    steps::{Step, Steps},
};

/// The names Chromium and its siblings go by. The first is all of it that draws pages, and none
/// of what is drawn around them, which takes half of the time that a page takes.
const NAMES: [&str; 5] = [
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

const ON_A_MAC: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

pub fn ensure(steps: &mut Steps) -> Result<()> {
    steps.ensure(
        &Step {
            name: "Chromium",
            what: "installs the browser for the tests",
            usually: "1 minute",
        },
        || chromium().is_some(),
        || {
            // Older releases have only the whole of it.
            debian::install(&["chromium-headless-shell"], "Chromium or Google Chrome")
                .or_else(|_| debian::install(&["chromium"], "Chromium or Google Chrome"))
        },
    )?;
    steps.ensure(
        &Step {
            name: "Playwright",
            what: "installs the packages of tests/end2end",
            usually: "10 seconds",
        },
        packages_are_current,
        install_packages,
    )
}

/// The browser the tests drive.
pub fn chromium() -> Option<PathBuf> {
    let on_a_mac = PathBuf::from(ON_A_MAC);
    NAMES
        .iter()
        .find_map(|name| process::find(name))
        .or_else(|| on_a_mac.exists().then_some(on_a_mac))
}

/// Whether the packages were installed after the lock file last changed.
/// npm writes its hidden lock file last, so an interrupted installation has none.
fn packages_are_current() -> bool {
    let written = |path: &Path| fs::metadata(path).and_then(|file| file.modified());
    let folder = folder();
    let installed = written(&folder.join("node_modules/.package-lock.json"));
    let wanted = written(&folder.join("package-lock.json"));
    matches!((installed, wanted), (Ok(installed), Ok(wanted)) if installed >= wanted)
}

fn install_packages() -> Result<()> {
    let mut npm = process::command("npm");
    npm.current_dir(folder())
        .args(["ci", "--no-audit", "--no-fund"])
        // The tests drive the system's browser.
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    process::run(&mut npm)
}

fn folder() -> PathBuf {
    checkout::root().join("tests/end2end")
}
