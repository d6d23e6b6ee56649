//! `cargo xtask bench`: how fast it is.

use anyhow::Result;

use crate::builds::Profile;
use crate::process;
use crate::services::Services;
use crate::setup;
use crate::steps::{self, Step};

pub fn run() -> Result<()> {
    steps::report(|steps| {
        setup::to_compile(steps)?;
        let services = Services::start()?;
        let step = Step {
            name: "Benchmarks",
            what: "measures the core, optimised as deployed",
            usually: "3 minutes, 15 minutes the first time",
        };
        steps.take(&step, || {
            process::run(
                // The bench profile is the release profile.
                Profile::Dev
                    .cargo("bench --package orghub --features testing")
                    .env("RUSTFLAGS", "")
                    .env("DATABASE_URL", &services.database_url)
                    .env("REDIS_URL", &services.redis_url),
            )
        })
    })
}
