//! `cargo xtask test`: everything that must pass.

use std::{
    fs::{self, File},
    process::Command,
};

use anyhow::{Context, Result};
use local_services::ports;

use crate::{
    builds::{self, NATIVE, Profile},
    check, checkout, database,
    process::{self, cargo},
    services::{self, Services},
    setup,
    stack::{Audience, Plan},
    steps::{self, Step, Steps},
};

pub fn run() -> Result<()> {
    steps::report(|steps| {
        setup::to_test(steps)?;
        let services = steps.take(
            &Step {
                name: "Services",
                what: "starts this checkout's PostgreSQL and Redis",
                usually: "2 seconds",
            },
            Services::start,
        )?;
        check::without_builds(steps, &services);
        rust_tests(steps, &services);
        browser_tests(steps, &services);
        Ok(())
    })
}

fn rust_tests(steps: &mut Steps, services: &Services) {
    let step = Step {
        name: "Tests",
        what: "runs the tests in Rust, with near cache and Redis",
        usually: "6 minutes, 15 minutes the first time",
    };
    steps.attempt(&step, || process::run(&mut nextest(services, "default")));

    // Caching may be switched off in parts, and nothing may come to depend on it.
    // `.config/nextest.toml` says which tests the levels can make a difference to.
    for (name, what, redis, near) in [
        (
            "Tests without Redis",
            "runs those to which it could make a difference, with the near cache alone",
            false,
            true,
        ),
        (
            "Tests without near cache",
            "runs them again, with Redis alone",
            true,
            false,
        ),
        (
            "Tests without cache",
            "runs them again, straight from PostgreSQL",
            false,
            false,
        ),
    ] {
        let step = Step {
            name,
            what,
            usually: "40 seconds",
        };
        steps.attempt(&step, || {
            let mut nextest = nextest(services, "levels");
            nextest.env("ENABLE_REDIS_CACHE", redis.to_string());
            if !near {
                nextest.env("NEAR_CACHE_BYTES", "0");
            }
            process::run(&mut nextest)
        });
    }
    let step = Step {
        name: "Doc tests",
        what: "runs the examples in the documentation",
        usually: "30 seconds",
    };
    steps.attempt(&step, || {
        process::run(&mut cargo(&format!("test {NATIVE} --doc")))
    });
}

/// Each test makes its own database in the cluster it is pointed at.
fn nextest(services: &Services, profile: &str) -> Command {
    let mut nextest = cargo(&format!("nextest run {NATIVE} --profile {profile}"));
    nextest
        .env("DATABASE_URL", &services.database_url)
        .env("REDIS_URL", &services.redis_url);
    nextest
}

fn browser_tests(steps: &mut Steps, services: &Services) {
    let step = Step {
        name: "Browser bundle",
        what: "builds what browsers load, as deployed",
        usually: "1 minute, 4 minutes the first time",
    };
    steps.attempt(&step, || builds::site(Profile::Release));
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
        usually: "3 minutes",
    };
    steps.attempt(&step, || playwright(services));
}

/// Serves from a database of its own, so that the one people look at in
/// `cargo xtask run` stays as they left it.
fn playwright(services: &Services) -> Result<()> {
    let database_url = database::sibling(&services.database_url, "orghub_end2end")?;
    let redis_url = database::sibling(&services.redis_url, "1")?;
    database::recreate(&database_url)?;
    services::flush_redis(&redis_url)?;

    let log = checkout::target().join("end2end-server.log");
    fs::create_dir_all(checkout::target())?;
    let plan = Plan {
        profile: Profile::Dev,
        port: ports::free_port()?,
        database_url: &database_url,
        redis_url: &redis_url,
        audience: Audience::Tests(File::create(&log)?),
    };
    plan.fill()?;
    let _stack = plan.start()?;
    let mut playwright = process::command(setup::node().context("there is no Node.js")?);
    playwright
        .current_dir(checkout::root().join("tests/end2end"))
        .args(["node_modules/@playwright/test/cli.js", "test"])
        .env("BASE_URL", plan.url())
        .env(
            "CHROMIUM_PATH",
            setup::chromium().context("there is no Chromium")?,
        );
    process::run(&mut playwright)
        .with_context(|| format!("the server's log is in {}", log.display()))
}
