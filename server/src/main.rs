//! The program: `orghub-server [serve | migrate | seed [--members N] | warm | check]`.

use std::{env, process::ExitCode};

use orghub_server::{
    command::{Command, USAGE},
    startup::{self, StartError},
};

#[tokio::main]
async fn main() -> ExitCode {
    startup::choose_crypto_provider();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            startup::complain(&error);
            error.exit_code()
        }
    }
}

async fn run() -> Result<(), StartError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let command = Command::parse(&arguments).ok_or(StartError::Usage(USAGE))?;
    let config = startup::configure()?;
    match command {
        Command::Serve => startup::serve(config).await,
        Command::Migrate => startup::migrate(config).await,
        Command::Seed { members } => startup::seed(config, members).await,
        Command::Warm => startup::warm(config).await,
        Command::Check => startup::check(config).await,
    }
}
