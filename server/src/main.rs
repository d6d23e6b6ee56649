//! The program; `orghub-server --help` says what it can be asked for.

use std::process::ExitCode;

use clap::Parser as _;
use orghub_server::{
    cli::{Cli, Command},
    commands,
    startup::{self, StartError},
    telemetry,
};

#[tokio::main]
async fn main() -> ExitCode {
    let command = Cli::parse().command.unwrap_or(Command::Serve);
    startup::choose_crypto_provider();
    let outcome = run(command).await;
    telemetry::stop().await;
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            startup::report(&error);
            error.exit_code()
        }
    }
}

async fn run(command: Command) -> Result<(), StartError> {
    let config = startup::configure()?;
    match command {
        Command::Serve => startup::serve(config).await,
        Command::Migrate => commands::migrate(config).await,
        Command::Seed { members } => commands::seed(config, members).await,
        Command::Warm => commands::warm(config).await,
        Command::Flush(target) => commands::flush(config, target).await,
        Command::Jobs(order) => commands::jobs(config, order).await,
        Command::SignOutEverybody => commands::sign_out_everybody(config).await,
        Command::Reconcile => commands::reconcile(config).await,
        Command::StripeSetup => commands::stripe_setup(config).await,
        Command::Check => commands::check(config).await,
    }
}
