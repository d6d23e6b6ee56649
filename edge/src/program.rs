//! The program; `orghub-server --help` says what it can be asked for.

use std::process::ExitCode;

use clap::Parser as _;
use orghub_ui::application::Application;

use crate::{
    cli::{Cli, Command},
    commands,
    startup::{self, StartError},
    telemetry,
};

/// Does what the command line asks for; what is served is `application`.
#[tokio::main]
pub async fn run(application: Application) -> ExitCode {
    let command = Cli::parse().command.unwrap_or(Command::Serve);
    startup::choose_crypto_provider();
    let outcome = obey(command, application).await;
    telemetry::stop().await;
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            startup::report(&error);
            error.exit_code()
        }
    }
}

async fn obey(command: Command, application: Application) -> Result<(), StartError> {
    let config = startup::configure()?;
    match command {
        Command::Serve => startup::serve(config, application).await,
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
