//! `cargo xtask check`: what can be said without running the product.

use anyhow::Result;

use crate::{
    builds::{self, Profile},
    lints, prepare,
    process::{self, cargo},
    services::Services,
    setup, site,
    steps::{self, Step, Steps},
};

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
        steps.attempt(&step, site::build);
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
        name: "Dependencies",
        what: "holds their licenses and sources to deny.toml; advisories are left to the \
               public workflow, because their list comes from the network",
        usually: "3 seconds",
    };
    steps.attempt(&step, || {
        process::run(&mut cargo("deny --workspace check licenses bans sources"))
    });
    let step = Step {
        name: "Queries",
        what: "compares .sqlx/ with what the migrated schema says",
        usually: "40 seconds, 4 minutes the first time",
    };
    steps.attempt(&step, || prepare::verify(services));
    lints::run(steps);
    // With erased component types, as everything here: whole ones would mean another build of
    // all dependencies. The public workflow builds the image with them, and so does `bench`.
    let step = Step {
        name: "As deployed",
        what: "compiles the server without demo data and failpoints; nothing is linked",
        usually: "10 seconds, 1 minute the first time",
    };
    steps.attempt(&step, || {
        process::run(&mut cargo("check --package orghub-server"))
    });
}
