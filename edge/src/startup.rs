//! How the server comes to life: configuration, logging, the core's services, the router,
//! the listener. [`crate::commands`] has what else the program can be asked for.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    process::ExitCode,
};

use axum::Router;
use orghub::{
    config::ConfigError,
    error::{Error, chain},
    services::Services,
};
use orghub_ui::application::Application;
use tokio::{net::TcpListener, task::JoinSet};
use tracing::{info, warn};

use crate::{config::ServerConfig, listener, router, shutdown, state::AppState, telemetry};

/// Why the program did not do what it was asked; one line, for whoever started it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What was asked for makes no sense here.
    #[error("{0}")]
    Usage(String),
    /// A variable of the environment is missing or wrong.
    #[error("configuration")]
    Config(#[from] ConfigError),
    /// The core could not start or failed.
    #[error(transparent)]
    Core(#[from] Error),
    /// The demo data could not be written.
    #[cfg(feature = "demo-data")]
    #[error("writing the demo data")]
    DemoData(#[from] orghub_demo_data::Error),
    /// The address cannot be listened on, or listening ended.
    #[error("listening on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// `check` found something that does not work.
    #[error("not ready; see above")]
    NotReady,
    /// The report could not be printed.
    #[error("writing to standard output")]
    Print(#[from] io::Error),
}

impl StartError {
    /// 2 where the caller has to change something before trying again, 1 otherwise.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Config(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

/// TLS to PostgreSQL, Redis and Stripe uses ring. Must come before the first connection:
/// rustls refuses to guess.
pub fn choose_crypto_provider() {
    // The only error is "already chosen", by an earlier call in the same process.
    let _already_chosen = rustls::crypto::ring::default_provider().install_default();
}

/// Says on standard error, in one line, why the program ends.
pub fn report(error: &StartError) {
    // If even this fails, nobody is left to tell.
    let _unwritten = writeln!(io::stderr(), "orghub-server: {}", chain(error));
}

/// Reads the configuration, and starts logging and metrics.
///
/// # Errors
/// [`StartError::Config`].
pub fn configure() -> Result<ServerConfig, StartError> {
    let config = ServerConfig::from_env()?;
    telemetry::start(&config)?;
    telemetry::metrics();
    Ok(config)
}

/// Serves until told to stop, then stops in order.
///
/// # Errors
/// [`StartError::Listen`]; [`StartError::Core`], also when migrations are missing.
pub async fn serve(config: ServerConfig, application: Application) -> Result<(), StartError> {
    let address = config.core.site_addr;
    // First, because a port in use is the commonest reason not to start.
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| StartError::Listen { address, source })?;
    let services = Services::start(config.core.clone()).await?;
    let router = router::router(AppState::new(&config, services.clone(), application));
    services.worker.start();
    info!(%address, url = %config.core.app_url, "serving");
    let mut background = JoinSet::new();
    background.spawn(warm_up(services.clone()));
    background.spawn(telemetry::keep_up());
    background.spawn(check_prices(services.clone()));
    let most_connections = listener::most_connections(config.max_connections);
    let outcome = listen(listener, router, most_connections).await;
    background.abort_all();
    // Only now: the last requests still relied on it.
    services.stop().await;
    info!("stopped");
    outcome.map_err(|source| StartError::Listen { address, source })
}

/// While the first requests are served already, a little slower.
async fn warm_up(services: Services) {
    match services.warm_up().await {
        Ok(warmed) => info!(
            organizations = warmed.organizations,
            sessions = warmed.sessions,
            "the cache is warm"
        ),
        Err(error) => warn!(
            error = chain(&error),
            "the cache was not warmed up; it fills as users ask"
        ),
    }
}

/// While requests are served: nobody waits for Stripe to start.
async fn check_prices(services: Services) {
    services.billing.check_prices_at_start().await;
}

async fn listen(listener: TcpListener, router: Router, most_connections: usize) -> io::Result<()> {
    shutdown::drain(shutdown::requested(), shutdown::DRAIN, |stop| async move {
        listener::serve(listener, router, most_connections, stop).await;
        Ok(())
    })
    .await
}
