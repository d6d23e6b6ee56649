//! How the parts come to life: configuration, logging, the core's services, the
//! router, the listener; and the other things the program can be asked for.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    process::ExitCode,
};

use axum::{Router, serve::ListenerExt as _};
use orghub::{
    Db,
    clock::Clock,
    config::{AppEnv, ConfigError},
    error::{Error, chain},
    seed::{self, SeedOptions},
    services::Services,
};
use tokio::{net::TcpListener, task::JoinSet};
use tracing::{info, warn};

use crate::{
    config::ServerConfig,
    handlers::health::{Report, Status},
    router, shutdown,
    state::AppState,
    telemetry,
};

/// Why the program did not do what it was asked; one line, for whoever started it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It was called with arguments it does not know.
    #[error("{0}")]
    Usage(&'static str),
    /// A variable of the environment is missing or wrong.
    #[error("configuration")]
    Config(#[from] ConfigError),
    /// The core could not start or failed.
    #[error(transparent)]
    Core(#[from] Error),
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

/// TLS to Postgres, Redis and Stripe uses ring. Must come before the first of
/// them: rustls refuses to guess.
pub fn choose_crypto_provider() {
    // The only error is "already chosen", by an earlier call in the same process.
    let _already_chosen = rustls::crypto::ring::default_provider().install_default();
}

/// Tells on standard error, in one line, why the program ends.
pub fn complain(error: &StartError) {
    // Nobody is left to tell if even this fails.
    let _unheard = writeln!(io::stderr(), "orghub-server: {}", chain(error));
}

/// Reads the configuration and starts logging and counting.
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
pub async fn serve(config: ServerConfig) -> Result<(), StartError> {
    let address = config.core.site_addr;
    // First, because a port in use is the commonest reason not to start.
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| StartError::Listen { address, source })?;
    let services = Services::start(config.core.clone()).await?;
    let router = router::router(AppState::new(&config, services.clone()));
    info!(%address, url = config.core.app_url, "serving");
    let mut beside = JoinSet::new();
    beside.spawn(warm_up(services.clone()));
    beside.spawn(telemetry::keep_up());
    let outcome = listen(listener, router).await;
    beside.abort_all();
    // Only now: the last requests still relied on it.
    services.stop().await;
    info!("stopped");
    outcome.map_err(|source| StartError::Listen { address, source })
}

/// Beside the first requests, which get the same values a little later.
async fn warm_up(services: Services) {
    match services.warm_up().await {
        Ok(warmed) => info!(
            organizations = warmed.organizations,
            sessions = warmed.sessions,
            "the cache is warm"
        ),
        Err(error) => warn!(
            error = chain(&error),
            "the cache was not warmed up; it fills as people ask"
        ),
    }
}

async fn listen(listener: TcpListener, router: Router) -> io::Result<()> {
    // Without it the last chunk of a response waits up to 40 ms for the client's
    // delayed acknowledgement of the one before.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            warn!(%error, "a connection stays with Nagle's algorithm");
        }
    });
    shutdown::drain(shutdown::requested(), shutdown::DRAIN, |told| async move {
        axum::serve(
            listener,
            router.into_make_service_with_connect_info::<SocketAddr>(),
        )
        .with_graceful_shutdown(async move {
            // A teller that is gone means the same.
            let _told_or_gone = told.await;
        })
        .await
    })
    .await
}

/// Brings the database to the schema of this program.
///
/// # Errors
/// [`StartError::Core`]; migrations that were applied before the failure stay.
pub async fn migrate(config: ServerConfig) -> Result<(), StartError> {
    let db = Db::open_for_maintenance(&config.core.database_url).await?;
    let applied = db.migrate().await?;
    db.close().await;
    info!(applied, "the database has the schema of this program");
    Ok(())
}

/// Writes the demo data and, if asked, the organization `mega` with `members` members.
///
/// # Errors
/// [`StartError::Core`].
pub async fn seed(config: ServerConfig, members: Option<u32>) -> Result<(), StartError> {
    if config.core.app_env == AppEnv::Production {
        return Err(StartError::Usage(
            "seed: the demo people's password is public; not with APP_ENV=production",
        ));
    }
    let db = Db::open_for_maintenance(&config.core.database_url).await?;
    let options = SeedOptions {
        now: Clock::default().now(),
        mega_members: members,
    };
    let added = seed::run(&db, &options).await?;
    db.close().await;
    info!("{added}");
    Ok(())
}

/// Looks up what is used most, which leaves it in Redis, and stops.
///
/// # Errors
/// [`StartError::Core`]; [`StartError::Usage`] where nothing would be left.
pub async fn warm(config: ServerConfig) -> Result<(), StartError> {
    if config.core.redis.is_none() || config.core.warm_up_organizations == 0 {
        return Err(StartError::Usage(
            "warm: there is nothing to fill with ENABLE_REDIS_CACHE=false or WARM_UP_ORGANIZATIONS=0",
        ));
    }
    let services = Services::start(config.core).await?;
    let outcome = services.warm_up().await;
    services.stop().await;
    let warmed = outcome?;
    info!(
        organizations = warmed.organizations,
        sessions = warmed.sessions,
        "Redis holds what is used most"
    );
    Ok(())
}

/// Starts everything but the listener and prints what `/readyz` would say.
///
/// # Errors
/// [`StartError::NotReady`] if the server could not serve.
pub async fn check(config: ServerConfig) -> Result<(), StartError> {
    let services = Services::start(config.core).await?;
    let report = Report::of(&services).await;
    services.stop().await;
    writeln!(io::stdout(), "{report}")?;
    if report.status == Status::Unavailable {
        Err(StartError::NotReady)
    } else {
        Ok(())
    }
}
