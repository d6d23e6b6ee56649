//! What the program can be asked for besides serving.

use std::io::{self, Write as _};

use orghub::{Db, services::Services};
use tracing::info;

use crate::{
    cli::Flush,
    config::ServerConfig,
    handlers::health::{Report, Status},
    startup::StartError,
};

/// Brings the database to the schema of this version.
///
/// # Errors
/// [`StartError::Core`]; migrations that were applied before the failure stay.
pub async fn migrate(config: ServerConfig) -> Result<(), StartError> {
    let db = Db::open_for_maintenance(&config.core.database_url).await?;
    let applied = db.migrate().await?;
    db.close().await;
    info!(applied, "the database has the schema of this version");
    Ok(())
}

/// Writes the demo data and, if asked, the organization `mega` with `members` members.
///
/// # Errors
/// [`StartError::DemoData`]; [`StartError::Usage`] in production.
#[cfg(feature = "demo-data")]
pub async fn seed(config: ServerConfig, members: Option<u32>) -> Result<(), StartError> {
    if config.core.app_env == orghub::config::AppEnv::Production {
        return Err(usage(
            "seed: the password of the demo users is public; not with APP_ENV=production",
        ));
    }
    let options = orghub_demo_data::Options {
        now: orghub::clock::Clock::default().now(),
        mega_members: members,
    };
    let added = orghub_demo_data::seed(&config.core.database_url, &options).await?;
    info!("{added}");
    Ok(())
}

/// Says how to get demo data.
///
/// # Errors
/// [`StartError::Usage`].
#[cfg(not(feature = "demo-data"))]
pub async fn seed(_config: ServerConfig, _members: Option<u32>) -> Result<(), StartError> {
    Err(usage(
        "seed: this program was built without demo data; build it with `--features demo-data`",
    ))
}

/// Looks up what is used most, which leaves it in Redis, and stops.
///
/// # Errors
/// [`StartError::Core`]; [`StartError::Usage`] where nothing would be left.
pub async fn warm(config: ServerConfig) -> Result<(), StartError> {
    if config.core.redis.is_none() || config.core.warm_up_organizations == 0 {
        return Err(usage(
            "warm: with ENABLE_REDIS_CACHE=false or WARM_UP_ORGANIZATIONS=0 there is nothing to fill",
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

/// Ends cached values, and returns when no node uses them any more.
///
/// # Errors
/// [`StartError::Core`]; [`StartError::Usage`] if there is no such organization or user.
pub async fn flush(config: ServerConfig, target: Flush) -> Result<(), StartError> {
    let services = Services::start(config.core).await?;
    let outcome = end_cached_values(&services, &target).await;
    services.stop().await;
    outcome?;
    info!("flushed; all nodes have ended what they had cached");
    Ok(())
}

async fn end_cached_values(services: &Services, target: &Flush) -> Result<(), StartError> {
    if let Some(org) = &target.org
        && !services.flush_org(org).await?
    {
        return Err(usage("flush: no organization has this slug"));
    }
    if let Some(user) = &target.user
        && !services.flush_user(user).await?
    {
        return Err(usage("flush: no user has this address"));
    }
    if target.all {
        services.flush_all().await?;
    }
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

fn usage(problem: &str) -> StartError {
    StartError::Usage(problem.to_owned())
}
