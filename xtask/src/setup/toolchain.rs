//! A compiler that can build for the browser, a linter and a formatter.
//!
//! `rust-toolchain.toml` asks rustup for all of it, so usually there is nothing to do.

use anyhow::Result;

use super::standard_library;
use crate::{
    checkout, process,
    steps::{Step, Steps},
};

pub const TARGET: &str = "wasm32-unknown-unknown";

pub fn ensure(steps: &mut Steps) -> Result<()> {
    let target = Step {
        name: "Browser target",
        what: "adds the wasm32 target to the Rust toolchain",
        usually: "10 seconds",
    };
    if builds_for_browser() || steps.take(&target, || Ok(add_target()))? {
        return Ok(());
    }
    standard_library::ensure(steps, builds_for_browser)
}

/// The only proof that counts: it compiles. A standard library can be missing, or be
/// left over from an older compiler.
fn builds_for_browser() -> bool {
    let mut rustc = process::command("rustc");
    rustc.args(["--target", TARGET, "--crate-type=lib", "--crate-name=probe"]);
    rustc.args(["--emit=metadata", "/dev/null", "--out-dir"]);
    process::succeeds(rustc.arg(checkout::target()))
}

/// Asks rustup, which may have been told not to install anything by itself; false where
/// its server cannot be reached.
fn add_target() -> bool {
    let added = process::run(process::command("rustup").args(["target", "add", TARGET]));
    if let Err(error) = &added {
        eprintln!("{error:#}");
    }
    added.is_ok() && builds_for_browser()
}

/// The formatter and the linter.
pub fn ensure_linters(steps: &mut Steps) -> Result<()> {
    steps.ensure(
        &Step {
            name: "Linters",
            what: "adds rustfmt and clippy to the Rust toolchain",
            usually: "10 seconds",
        },
        || {
            process::succeeds(&mut process::cargo("fmt --version"))
                && process::succeeds(&mut process::cargo("clippy --version"))
        },
        || process::run(process::command("rustup").args(["component", "add", "rustfmt", "clippy"])),
    )
}
