//! What the program can be asked for besides serving.

use std::io::{self, Write as _};

use orghub::{
    Db,
    domain::{Email, OrgSlug},
    services::Services,
};
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

/// Looks up what is used most, which leaves it in Redis, and stops.
///
/// # Errors
/// [`StartError::Core`]; [`StartError::Usage`] where nothing would be left.
pub async fn warm(config: ServerConfig) -> Result<(), StartError> {
    if config.core.redis.is_none() || config.core.warm_up_organizations == 0 {
        return Err(usage(
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

/// Ends cached values on all nodes, and returns when they have.
///
/// # Errors
/// [`StartError::Core`]; [`StartError::Usage`] if there is no such organization or user.
pub async fn flush(config: ServerConfig, target: Flush) -> Result<(), StartError> {
    let target = Target::parse(target)?;
    let services = Services::start(config.core).await?;
    let flushed = match &target {
        Target::Org(slug) => services.flush_org(slug).await,
        Target::User(email) => services.flush_user(email).await,
        Target::Everything => services.flush_all().await.map(|()| true),
    };
    services.stop().await;
    if !flushed? {
        return Err(usage("flush: there is no such organization or user"));
    }
    info!("no node uses a value cached before now");
    Ok(())
}

enum Target {
    Org(OrgSlug),
    User(Email),
    Everything,
}

impl Target {
    fn parse(flush: Flush) -> Result<Self, StartError> {
        let invalid = |error: orghub::domain::Invalid| StartError::Usage(format!("flush: {error}"));
        match (flush.org, flush.user) {
            (Some(slug), _) => OrgSlug::parse(&slug).map(Self::Org).map_err(invalid),
            (None, Some(email)) => Email::parse(&email).map(Self::User).map_err(invalid),
            (None, None) => Ok(Self::Everything),
        }
    }
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
