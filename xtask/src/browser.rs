//! `cargo xtask browser`: the browser tests alone, or some of them.

use std::fs::{self, File};

use anyhow::{Context, Result};
use clap::Args;
use local_services::ports;

use crate::{
    builds::{self, NATIVE, Profile},
    checkout, database,
    process::{self, cargo},
    services::{self, Services},
    setup,
    stack::{Audience, Plan},
    steps::{self, Step, Steps},
};

#[derive(Args)]
pub struct Options {
    /// Which tests, as Playwright takes it: `specs/sign-in.spec.ts`, `-g passkey`,
    /// `--config screenshots.config.ts`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub fn run(options: &Options) -> Result<()> {
    steps::report(|steps| {
        setup::to_test(steps)?;
        let services = Services::start()?;
        tests(steps, &services, &options.arguments);
        Ok(())
    })
}

/// Builds what is deployed and tries it, with Playwright's `arguments`.
pub fn tests(steps: &mut Steps, services: &Services, arguments: &[String]) {
    let step = Step {
        name: "Browser bundle",
        what: "builds what browsers load, as deployed",
        usually: "1 minute, 4 minutes the first time",
    };
    steps.attempt(&step, builds::release_site);
    let step = Step {
        name: "Server build",
        what: "links the server for the browser tests",
        usually: "10 seconds, 1 minute the first time",
    };
    // Selected as the tests are, so that it is made of what they have compiled.
    let build = format!("build {NATIVE} --bins --tests");
    steps.attempt(&step, || process::run(&mut cargo(&build)));
    let step = Step {
        name: "Browser tests",
        what: "drives Chromium through the product with fresh demo data",
        usually: "8 minutes",
    };
    steps.attempt(&step, || playwright(services, arguments));
}

/// Serves from a database of its own, so that the one people look at in
/// `cargo xtask run` stays as they left it.
fn playwright(services: &Services, arguments: &[String]) -> Result<()> {
    let database_url = database::sibling(&services.database_url, "orghub_end2end")?;
    let database_owner_url = database::sibling(&services.database_owner_url, "orghub_end2end")?;
    let redis_url = database::sibling(&services.redis_url, "1")?;
    database::recreate(&database_owner_url)?;
    services::flush_redis(&redis_url)?;

    let log = checkout::target().join("end2end-server.log");
    fs::create_dir_all(checkout::target())?;
    let plan = Plan {
        profile: Profile::Dev,
        port: ports::free_port()?,
        database_url: &database_url,
        database_owner_url: &database_owner_url,
        redis_url: &redis_url,
        audience: Audience::Tests(File::create(&log)?),
    };
    plan.fill()?;
    let stack = plan.start()?;
    let mut playwright = process::command(setup::node().context("there is no Node.js")?);
    playwright
        .current_dir(checkout::root().join("tests/end2end"))
        .args(["node_modules/@playwright/test/cli.js", "test"])
        .args(arguments)
        .env("BASE_URL", plan.url())
        .env("STRIPE_URL", stack.stripe.as_deref().unwrap_or_default())
        .env("ISSUER_URL", stack.issuer.as_deref().unwrap_or_default())
        .env(
            "CHROMIUM_PATH",
            setup::chromium().context("there is no Chromium")?,
        );
    process::run(&mut playwright)
        .with_context(|| format!("the server's log is in {}", log.display()))
}
