//! `cargo xtask fuzz`: random inputs for minutes instead of a second.

use anyhow::Result;
use clap::Args;

use crate::{
    process::{self, cargo},
    services::Services,
    setup,
    steps::{self, Step},
};

#[derive(Args)]
pub struct Options {
    /// How long each kind of input is tried, in minutes
    #[arg(long, default_value_t = 2)]
    minutes: u32,
}

pub fn run(options: &Options) -> Result<()> {
    steps::report(|steps| {
        setup::to_compile(steps)?;
        let services = Services::start()?;
        let step = Step {
            name: "Fuzz",
            what: "sends random addresses, cookies, forms and events, and looks for mistakes of ours",
            usually: "as long as asked for, times the kinds of input by the cores",
        };
        steps.take(&step, || {
            process::run(
                cargo("nextest run --package orghub-server --features demo-data --profile fuzz --no-fail-fast -E test(fuzz::)")
                    .env("FUZZ_SECONDS", (u64::from(options.minutes) * 60).to_string())
                    .env("DATABASE_URL", &services.database_url)
                    .env("DATABASE_OWNER_URL", &services.database_owner_url)
                    .env("REDIS_URL", &services.redis_url),
            )
        })
    })
}
