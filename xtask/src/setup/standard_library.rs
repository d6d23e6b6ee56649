//! The last resort: Rust's standard library for the browser, built from its sources.
//!
//! For machines whose packages have a compiler and its sources but no such library, and
//! from which Rust's own server cannot be reached. It leans on what Rust calls unstable,
//! so it happens only where rustup has failed, and it says what it does. All it makes lies
//! in the checkout: `.tools/rust` is a toolchain of links to an installed one, beside the
//! library that was built. Commands use it while it is there.

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{debian, toolchain::TARGET};
use crate::{
    checkout, process,
    steps::{Step, Steps},
};

/// Debian's compiler for browsers, its sources and companions; `lld` links what it compiles.
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

/// What a toolchain consists of.
const PROGRAMS: [&str; 6] = [
    "cargo",
    "cargo-clippy",
    "cargo-fmt",
    "clippy-driver",
    "rustdoc",
    "rustfmt",
];

/// Has `command` use the toolchain that was made here, if there is one.
pub fn offer(command: &mut Command) {
    if !toolchain().exists() {
        return;
    }
    let rest = env::var_os("PATH").unwrap_or_default();
    let folders = [toolchain().join("bin")]
        .into_iter()
        .chain(env::split_paths(&rest));
    if let Ok(path) = env::join_paths(folders) {
        // Clippy asks for the second one.
        command.env("PATH", path).env("SYSROOT", toolchain());
    }
}

pub fn ensure(steps: &mut Steps, builds_for_browser: impl Fn() -> bool) -> Result<()> {
    eprintln!(
        "\n*** LAST RESORT, because rustup cannot add the target {TARGET}: building Rust's standard \
         library for the browser with unstable options of the compiler.\n*** For commands of your own: export \
         PATH={toolchain}/bin:$PATH SYSROOT={toolchain}",
        toolchain = toolchain().display(),
    );
    if sources(&installed("rustc")?).is_none() {
        let packages = Step {
            name: "Compiler packages",
            what: "installs Debian's current Rust compiler and its sources",
            usually: "1 minute",
        };
        steps.ensure(
            &packages,
            || process::succeeds(process::command("dpkg").arg("--status").args(PACKAGES)),
            || {
                debian::install(
                    &PACKAGES,
                    "the sources of Rust's standard library (rust-src)",
                )
            },
        )?;
    }
    steps.ensure(
        &Step {
            name: "Browser library",
            what: "builds Rust's standard library for wasm32, into .tools/rust",
            usually: "1 minute",
        },
        builds_for_browser,
        build,
    )
}

fn toolchain() -> PathBuf {
    checkout::root().join(".tools/rust")
}

/// A folder of installed programs: those of the compiler on `PATH`, if its sources are
/// there, or else Debian's.
fn compiler() -> Result<PathBuf> {
    let rustc = installed("rustc")?;
    Ok(match sources(&rustc) {
        Some(_there) => sysroot(&rustc)?.join("bin"),
        None => "/usr/bin".into(),
    })
}

/// A program on `PATH`, past the toolchain that is made here.
fn installed(program: &str) -> Result<PathBuf> {
    process::find(program).with_context(|| format!("there is no {program} on PATH"))
}

fn sysroot(rustc: &Path) -> Result<PathBuf> {
    let sysroot = process::read(Command::new(rustc).args(["--print", "sysroot"]))?;
    Ok(sysroot.trim().into())
}

/// The sources of a compiler's standard library.
fn sources(rustc: &Path) -> Option<PathBuf> {
    let sources = sysroot(rustc).ok()?.join("lib/rustlib/src/rust/library");
    sources.exists().then_some(sources)
}

fn build() -> Result<()> {
    let programs = compiler()?;
    let rustc = programs.join("rustc");
    let folder = checkout::target().join("standard-library");
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    fs::write(
        folder.join("Cargo.toml"),
        "[package]\nname = \"nothing\"\nedition = \"2024\"\n[workspace]\n",
    )?;
    let mut cargo = Command::new(programs.join("cargo"));
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
        .env("RUSTC", &rustc)
        // `-Zbuild-std` is not stable, and building std is what it is for.
        .env("RUSTC_BOOTSTRAP", "1")
        // Release builds optimize across crates, which needs the bitcode.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes");
    process::run(&mut cargo)?;

    // Filled beside its place and then renamed, so that an interruption cannot leave half
    // of it behind.
    let staging = toolchain().with_added_extension("new");
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    let library = staging.join("lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&library)?;
    for file in fs::read_dir(folder.join("target").join(TARGET).join("release/deps"))? {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default();
        let text = name.to_string_lossy();
        if text.ends_with(".rlib") && !text.starts_with("libnothing") {
            fs::copy(&path, library.join(name))?;
        }
    }
    let host = process::read(Command::new(&rustc).args(["--print", "host-tuple"]))?;
    let installed = sysroot(&rustc)?.join("lib/rustlib").join(host.trim());
    symlink(installed, staging.join("lib/rustlib").join(host.trim()))?;
    link_programs(&programs, &staging.join("bin"))?;
    if toolchain().exists() {
        fs::remove_dir_all(toolchain())?;
    }
    fs::rename(&staging, toolchain())?;
    fs::remove_dir_all(&folder).context("cannot tidy up")
}

fn link_programs(installed: &Path, bin: &Path) -> Result<()> {
    fs::create_dir_all(bin)?;
    for program in PROGRAMS {
        symlink(installed.join(program), bin.join(program))?;
    }
    // The compiler looks for its library beside itself unless it is told otherwise.
    let script = format!(
        "#!/bin/sh\nexec '{}' --sysroot '{}' \"$@\"\n",
        installed.join("rustc").display(),
        toolchain().display(),
    );
    fs::write(bin.join("rustc"), script)?;
    fs::set_permissions(bin.join("rustc"), fs::Permissions::from_mode(0o755))?;
    Ok(())
}
