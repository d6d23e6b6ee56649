//! The project's commands. `cargo xtask` lists them.
//!
//! One module per command (`run`, `test`, `browser`, `check`, `prepare`, `bench`, `fuzz`), and
//! under them: `setup` (what a machine must have), `services` (the private
//! PostgreSQL and Redis), `builds` (which cargo invocation builds what), `site` (what browsers
//! load), `stack` (the server and the Stripe fake), `database`, and the small tools
//! `process`, `aside` (one command beside another), `steps` and `checkout`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program talks to the terminal"
)]

mod aside;
mod bench;
mod browser;
mod builds;
mod check;
mod checkout;
mod database;
mod fuzz;
mod lints;
mod prepare;
mod process;
mod run;
mod services;
mod setup;
mod site;
mod stack;
mod steps;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Commands of this project. Each installs what it finds missing.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build and serve the product with demo data; Ctrl-C stops all of it
    Run(run::Options),
    /// Run everything that must pass: checks, tests, browser tests
    Test,
    /// Run browser tests alone
    Browser(browser::Options),
    /// Format, lints, builds, checked queries, dependencies
    Check,
    /// Describe the SQL queries anew in `.sqlx/`, after changing a query or a migration
    Prepare,
    /// Run the benchmarks
    Bench,
    /// Send random inputs for minutes
    Fuzz(fuzz::Options),
    /// Build what browsers load, for development; `run` does so by itself
    Site,
    /// Install what `cargo leptos watch` needs; `run` does so by itself while it serves
    Tools,
    /// The private PostgreSQL and Redis of this checkout
    #[command(subcommand)]
    Services(services::Command),
}

fn main() -> ExitCode {
    let outcome = process::watch_for_interrupts().and_then(|()| match Cli::parse().command {
        Command::Run(options) => run::run(&options),
        Command::Test => test::run(),
        Command::Browser(options) => browser::run(&options),
        Command::Check => check::run(),
        Command::Prepare => prepare::run(),
        Command::Bench => bench::run(),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Site => site::run(),
        Command::Tools => steps::report(setup::to_watch),
        Command::Services(command) => services::run(&command),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
