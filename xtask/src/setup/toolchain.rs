//! A compiler that can build for the browser.
//!
//! Usually `rustup target add` is all there is to it. Where Rust's own download
//! server cannot be reached, Debian's packages carry a current compiler but no
//! standard library for the browser, so that is built here, once. The same
//! compiler then builds the server too: with two, everything would be compiled
//! twice.

use std::{fs, process::Stdio};

use anyhow::{Context, Result, ensure};

use super::debian::{self, as_root};
use crate::{
    checkout, process,
    steps::{Step, Steps},
};

const TARGET: &str = "wasm32-unknown-unknown";

/// The name under which rustup knows the compiler in `/usr`.
const SYSTEM_TOOLCHAIN: &str = "system";

/// Where that compiler looks for the browser's standard library.
const SYSTEM_LIBRARY: &str = "/usr/lib/rustlib/wasm32-unknown-unknown";

/// Debian's compiler for browsers and its companions; `lld` links what it compiles.
const PACKAGES: [&str; 8] = [
    "cargo-web",
    "gcc",
    "libc6-dev",
    "lld-22",
    "rust-web-clippy",
    "rust-web-src",
    "rustc-web",
    "rustfmt-web",
];

pub fn ensure(steps: &mut Steps) -> Result<()> {
    let target = Step {
        name: "Browser target",
        what: "adds the wasm32 target to the Rust toolchain",
        usually: "10 seconds",
    };
    if builds_for_browser("rustc") || steps.take(&target, || Ok(add_with_rustup()))? {
        return Ok(());
    }
    steps.ensure(
        &Step {
            name: "Compiler packages",
            what: "installs Debian's current Rust compiler",
            usually: "1 minute",
        },
        || process::succeeds(process::command("dpkg").arg("--status").args(PACKAGES)),
        || {
            debian::install(
                &PACKAGES,
                "a Rust toolchain with the wasm32-unknown-unknown target",
            )
        },
    )?;
    steps.ensure(
        &Step {
            name: "Browser library",
            what: "builds Rust's standard library for wasm32",
            usually: "1 minute",
        },
        || builds_for_browser("/usr/bin/rustc"),
        build_library,
    )?;
    steps.ensure(
        &Step {
            name: "Toolchain choice",
            what: "makes this checkout use Debian's compiler",
            usually: "1 second",
        },
        || builds_for_browser("rustc"),
        choose_system_toolchain,
    )
}

/// The only proof that counts: it compiles. A standard library can be missing,
/// or be left over from an older compiler.
fn builds_for_browser(rustc: &str) -> bool {
    let mut rustc = process::command(rustc);
    rustc.args(["--target", TARGET, "--crate-type=lib", "--crate-name=probe"]);
    rustc.args(["--emit=metadata", "/dev/null", "--out-dir"]);
    process::succeeds(rustc.arg(checkout::target()))
}

/// Tries rustup's own way; false where its server cannot be reached.
fn add_with_rustup() -> bool {
    let added = process::run(process::command("rustup").args(["target", "add", TARGET]));
    if let Err(error) = &added {
        eprintln!("{error:#}; trying the system's packages instead");
    }
    added.is_ok() && builds_for_browser("rustc")
}

/// Builds the standard library for the browser and puts it where the compiler looks.
fn build_library() -> Result<()> {
    let folder = checkout::target().join("browser-library");
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    fs::write(
        folder.join("Cargo.toml"),
        "[package]\nname = \"nothing\"\nedition = \"2024\"\n[workspace]\n",
    )?;

    let mut cargo = process::command("/usr/bin/cargo");
    cargo
        .current_dir(&folder)
        .args([
            "build",
            "--release",
            "--target",
            TARGET,
            "--target-dir",
            "target",
        ])
        .arg("-Zbuild-std=std,panic_abort,panic_unwind,proc_macro")
        .env("RUSTC", "/usr/bin/rustc")
        // `-Zbuild-std` is not stable, and building std is what it is for.
        .env("RUSTC_BOOTSTRAP", "1")
        // Release builds optimize across crates, which needs the bitcode.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes");
    process::run(&mut cargo)?;

    // Filled beside its place and then renamed, so that an interruption cannot
    // leave half a library behind.
    let staging = format!("{SYSTEM_LIBRARY}.new");
    process::run(as_root("rm").args(["-rf", &staging]))?;
    process::run(as_root("mkdir").args(["-p", &format!("{staging}/lib")]))?;
    let mut copy = as_root("cp");
    let built = folder.join("target").join(TARGET).join("release/deps");
    for file in fs::read_dir(&built)? {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".rlib") && !name.starts_with("libnothing") {
            copy.arg(&path);
        }
    }
    process::run(copy.arg(format!("{staging}/lib")))?;
    process::run(as_root("rm").args(["-rf", SYSTEM_LIBRARY]))?;
    process::run(as_root("mv").args([&staging, SYSTEM_LIBRARY]))?;
    fs::remove_dir_all(&folder).context("cannot tidy up")
}

/// Makes every `cargo` in this checkout, also one typed by hand or started by
/// an editor, use the compiler in `/usr`.
fn choose_system_toolchain() -> Result<()> {
    ensure!(
        process::find("rustup").is_some(),
        "the compiler on PATH cannot build for the browser; put /usr/bin first in PATH"
    );
    let rustup = || {
        let mut rustup = process::command("rustup");
        rustup.stdout(Stdio::null());
        rustup
    };
    process::run(rustup().args(["toolchain", "link", SYSTEM_TOOLCHAIN, "/usr"]))?;
    process::run(rustup().args(["override", "set", SYSTEM_TOOLCHAIN]))
}

/// The formatter and the linter, which a minimal rustup leaves out.
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
