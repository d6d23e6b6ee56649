//! `cargo xtask test`: everything that must pass.

use std::process::Command;

use anyhow::Result;

use crate::{
    browser,
    builds::NATIVE,
    check, database,
    process::{self, cargo},
    services::Services,
    setup,
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
        browser::tests(steps, &services, &[]);
        Ok(())
    })
}

fn rust_tests(steps: &mut Steps, services: &Services) {
    let step = Step {
        name: "Tests",
        what: "runs the tests in Rust, with near cache and Redis",
        usually: "6 minutes, 15 minutes the first time",
    };
    steps.attempt(&step, || {
        run_tests(services, &mut nextest(services, "default"))
    });

    // `.config/nextest.toml` says which tests the levels can make a difference to; the
    // others ran once.
    for (name, what, redis, near) in [
        (
            "Tests without Redis",
            "proves that each node's own entries end by the change log alone, and that nothing needs Redis",
            false,
            true,
        ),
        (
            "Tests without near cache",
            "proves that what comes from Redis is checked each time, as if another node had stored it",
            true,
            false,
        ),
        (
            "Tests without cache",
            "proves that no right and no answer has come to depend on a cached value",
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
            // Ten times as many were tried with both levels.
            nextest.env("ORGHUB_RENDERED_CHANGES", "100");
            if !near {
                nextest.env("NEAR_CACHE_BYTES", "0");
            }
            run_tests(services, &mut nextest)
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

fn run_tests(services: &Services, nextest: &mut Command) -> Result<()> {
    database::sweeping_after(&services.database_owner_url, || process::run(nextest))
}

/// Each test makes its own database in the cluster it is pointed at.
fn nextest(services: &Services, profile: &str) -> Command {
    let mut nextest = cargo(&format!("nextest run {NATIVE} --profile {profile}"));
    nextest
        .env("DATABASE_URL", &services.database_url)
        .env("DATABASE_OWNER_URL", &services.database_owner_url)
        .env("REDIS_URL", &services.redis_url);
    nextest
}
