//! Which invocation of cargo builds what.
//!
//! Cargo keeps one build of a dependency per set of features and flags. So the
//! packages are always selected together in the same way, and flags come from
//! `.cargo/config.toml` alone: then tests, lints and the server share their
//! dependencies, the largest of which take minutes.

use std::{path::PathBuf, process::Command};

use anyhow::Result;

use crate::{checkout, process};

/// Everything but the browser's entry, which makes sense only for wasm32; the server
/// with its subcommand `seed`, which what is deployed does not have.
pub const NATIVE: &str = "--workspace --exclude hydrate --features orghub-server/demo-data";

/// The browser's side: the entry, and with it the islands.
///
/// The target directory is the one cargo-leptos uses.
pub const BROWSER: &str =
    "--package hydrate --target wasm32-unknown-unknown --target-dir target/front";

/// How the product is built.
#[derive(Clone, Copy)]
pub enum Profile {
    /// Soon ready.
    Dev,
    /// As deployed.
    Release,
}

impl Profile {
    /// The option that asks cargo for it.
    fn option(self) -> &'static str {
        match self {
            Self::Dev => "",
            Self::Release => "--release",
        }
    }

    /// Where a program of the workspace is, once built.
    pub fn program(self, name: &str) -> PathBuf {
        let folder = match self {
            Self::Dev => "debug",
            Self::Release => "release",
        };
        checkout::target().join(folder).join(name)
    }

    /// Cargo in this profile. Erased component types (`.cargo/config.toml`)
    /// save compile time; what is deployed does without.
    pub fn cargo(self, arguments: &str) -> Command {
        let mut cargo = process::cargo(&format!("{arguments} {}", self.option()));
        if let Self::Release = self {
            cargo.env("RUSTFLAGS", "");
        }
        cargo
    }
}

/// Builds the server, with its subcommand `seed`, and the fakes.
pub fn server(profile: Profile) -> Result<()> {
    process::run(&mut profile.cargo(
        "build --package orghub-server --package fake-stripe --package fake-issuer \
         --features orghub-server/demo-data",
    ))
}

/// Builds what the browser loads as deployed, into `target/site`. For development
/// `cargo xtask site` does.
pub fn release_site() -> Result<()> {
    // Compressed once here, so that the server never does it for a request.
    process::run(&mut Profile::Release.cargo("leptos build --frontend-only --precompress"))
}
