//! What the browser loads in development, without cargo-leptos.
//!
//! cargo-leptos takes longer to compile than the product, and does nothing here that the first
//! page needs: it bundles, minifies and compresses. This lays the same files down as they are.
//! `cargo leptos watch` goes on from there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    builds::BROWSER,
    checkout,
    process::{self, cargo},
    setup,
    steps::{self, Step},
};

/// What is there last.
const BINARY: &str = "orghub.wasm";

/// `cargo xtask site`: all of it, from a machine that has a compiler.
pub fn run() -> Result<()> {
    steps::report(|steps| {
        setup::compiler(steps)?;
        let step = Step {
            name: "Browser side",
            what: "compiles the islands to WebAssembly and bundles the styles",
            usually: "10 seconds, 1 minute the first time",
        };
        steps.take(&step, build)
    })
}

/// Whether all of it has been built before.
pub fn is_built() -> bool {
    package().join(BINARY).exists()
}

/// Lays down in `target/site` what needs no compiler: pages work without the rest.
pub fn lay_out() -> Result<()> {
    let site = folder();
    // Whatever a release has left there, compressed files above all, would be served.
    if site.exists() {
        fs::remove_dir_all(&site)?;
    }
    fs::create_dir_all(package())?;
    fs::write(package().join("orghub.css"), style_sheet()?)?;
    copy(&checkout::root().join("public"), &site)
}

/// Builds it into `target/site`.
pub fn build() -> Result<()> {
    lay_out()?;
    process::run(&mut cargo(&format!("build {BROWSER}")))?;
    bind(&package())
}

fn folder() -> PathBuf {
    checkout::target().join("site")
}

fn package() -> PathBuf {
    folder().join("pkg")
}

/// Joins browser code and JavaScript.
fn bind(package: &Path) -> Result<()> {
    let mut bindgen = cargo("run --quiet --package site-bindgen --target-dir target/front --");
    bindgen
        .arg("target/front/wasm32-unknown-unknown/debug/hydrate.wasm")
        .arg(package);
    process::run(&mut bindgen)?;
    // As cargo-leptos calls it, and pages ask for it.
    fs::rename(package.join("orghub_bg.wasm"), package.join(BINARY))
        .context("wasm-bindgen calls its output something else now")
}

/// The style sheet with all that it imports.
fn style_sheet() -> Result<String> {
    let folder = checkout::root().join("style");
    let contents = fs::read_to_string(folder.join("main.css"))?;
    let line = |line: &str| {
        let imported = line
            .strip_prefix("@import \"")
            .and_then(|rest| rest.strip_suffix("\";"));
        match imported {
            Some(file) => fs::read_to_string(folder.join(file))
                .with_context(|| format!("style/main.css imports {file}")),
            None => Ok(format!("{line}\n")),
        }
    };
    contents.lines().map(line).collect()
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
