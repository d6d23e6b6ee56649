//! Clippy, which fails on warnings under the compilers that the project was linted with.
//!
//! The checkout takes Rust's newest stable compiler, which has lints that nobody here has
//! seen. Its warnings are shown and fail nothing, so that a release of Rust breaks no build.

use anyhow::{Context, Result};

use crate::{
    builds::{BROWSER, NATIVE},
    process::{self, cargo},
    steps::{Step, Steps},
};

/// The newest compiler whose lints are known to find nothing.
const LINTED_WITH: &str = "1.99";

pub fn run(steps: &mut Steps) {
    let step = Step {
        name: "Lint server side",
        what: "runs clippy on it",
        usually: "20 seconds, 5 minutes the first time",
    };
    steps.attempt(&step, || clippy(&format!("{NATIVE} --all-targets")));
    let step = Step {
        name: "Lint browser side",
        what: "runs clippy on it",
        usually: "10 seconds, 2 minutes the first time",
    };
    steps.attempt(&step, || clippy(BROWSER));
}

fn clippy(packages: &str) -> Result<()> {
    let rustc = process::command("rustc").arg("--version").output()?;
    let rustc = String::from_utf8(rustc.stdout)?;
    let warnings = if minor(&rustc)? > minor(LINTED_WITH)? {
        eprintln!(
            "{} is newer than {LINTED_WITH}: warnings fail nothing. Mend them, and raise \
             `LINTED_WITH` in xtask/src/lints.rs.",
            rustc.trim()
        );
        "-W"
    } else {
        "-D"
    };
    process::run(&mut cargo(&format!(
        "clippy {packages} -- {warnings} warnings"
    )))
}

/// The 99 of `rustc 1.99.1 (5f94df478 2026-08-27)`.
fn minor(version: &str) -> Result<u32> {
    let number = version
        .split('.')
        .nth(1)
        .and_then(|minor| minor.trim().parse().ok());
    number.with_context(|| format!("`rustc --version` says {version:?}, which is no version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers_are_compared_by_release() {
        for (version, release) in [
            ("1.99", 99),
            ("rustc 1.95.0 (59807616e 2026-04-14)\n", 95),
            ("rustc 1.100.0-beta.3 (abc 2026-09-01)\n", 100),
        ] {
            assert_eq!(minor(version).unwrap(), release, "{version}");
        }
        assert!(minor("clang version").is_err());
    }
}
