//! `cargo xtask check`: what can be said without running the product.

use anyhow::Result;

use crate::builds::{self, BROWSER, NATIVE, Profile};
use crate::licenses;
use crate::prepare;
use crate::process::{self, cargo};
use crate::services::Services;
use crate::setup;
use crate::steps::{self, Step, Steps};

pub fn run() -> Result<()> {
    steps::report(|steps| {
        setup::to_check(steps)?;
        let services = Services::start()?;
        without_builds(steps, &services);
        let step = Step {
            name: "Server build",
            what: "links the server",
            usually: "30 seconds, 10 minutes the first time",
        };
        steps.attempt(&step, || builds::server(Profile::Dev));
        let step = Step {
            name: "Browser build",
            what: "compiles the islands to WebAssembly and bundles the styles",
            usually: "15 seconds, 3 minutes the first time",
        };
        steps.attempt(&step, || builds::site(Profile::Dev));
        Ok(())
    })
}

/// The checks that `test` shares; it has builds of its own.
pub fn without_builds(steps: &mut Steps, services: &Services) {
    let step = Step {
        name: "Format",
        what: "names the sources that `cargo fmt` would change",
        usually: "1 second",
    };
    steps.attempt(&step, || {
        process::run(&mut cargo("fmt --all --check -- --files-with-diff"))
    });
    let step = Step {
        name: "Licenses",
        what: "compares those of all dependencies with the list in deny.toml",
        usually: "1 second",
    };
    steps.attempt(&step, licenses::check);
    let step = Step {
        name: "Queries",
        what: "compares .sqlx/ with what the migrated schema says",
        usually: "30 seconds, 5 minutes the first time",
    };
    steps.attempt(&step, || prepare::verify(services));
    let step = Step {
        name: "Lint server side",
        what: "runs clippy on it, warnings denied",
        usually: "20 seconds, 5 minutes the first time",
    };
    steps.attempt(&step, || {
        process::run(&mut cargo(&format!(
            "clippy {NATIVE} --all-targets -- -D warnings"
        )))
    });
    let step = Step {
        name: "Lint browser side",
        what: "runs clippy on it, warnings denied",
        usually: "10 seconds, 2 minutes the first time",
    };
    steps.attempt(&step, || {
        process::run(&mut cargo(&format!("clippy {BROWSER} -- -D warnings")))
    });
    // Erased component types forgive what whole ones do not.
    let step = Step {
        name: "As deployed",
        what: "compiles the server once with whole component types, without linking it",
        usually: "10 seconds, 3 minutes the first time",
    };
    steps.attempt(&step, || {
        process::run(cargo("check --package orghub-server").env("RUSTFLAGS", ""))
    });
}
