//! What the program can be asked for besides serving.

use std::io::{self, Write as _};

use orghub::{Db, billing::PriceCheck, queue::FailedJob, services::Services};
use time::OffsetDateTime;
use tracing::info;

use crate::{
    cli::{Flush, Jobs},
    config::ServerConfig,
    handlers::health::{Report, Status},
    startup::StartError,
};

/// Brings the database to the schema of this version, as the owner of its tables, and lets
/// the server's role work with them.
///
/// # Errors
/// [`StartError::Core`]; migrations that were applied before the failure stay.
pub async fn migrate(config: ServerConfig) -> Result<(), StartError> {
    let db = Db::open_for_maintenance(&config.core.database_owner_url).await?;
    let applied = db.migrate_for(&config.core.database_url).await?;
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
    let added = orghub_demo_data::seed(&config.core.database_owner_url, &options).await?;
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
        && !services.flush_org_by_operator(org).await?
    {
        return Err(usage("flush: no organization has this slug"));
    }
    if let Some(user) = &target.user
        && !services.flush_user_by_operator(user).await?
    {
        return Err(usage("flush: no user has this address"));
    }
    if target.all {
        services.flush_all_by_operator().await?;
    }
    Ok(())
}

/// Lists jobs that failed, or does something about one that was given up.
///
/// # Errors
/// [`StartError::Core`]; [`StartError::Usage`] if there is no such job.
pub async fn jobs(config: ServerConfig, order: Jobs) -> Result<(), StartError> {
    let services = Services::start(config.core).await?;
    let outcome = look_after_jobs(&services, &order).await;
    services.stop().await;
    outcome
}

async fn look_after_jobs(services: &Services, order: &Jobs) -> Result<(), StartError> {
    match order {
        Jobs::List => print_jobs(&services.worker.list_failed().await?)?,
        Jobs::Retry(retry) => match services.worker.retry(retry.id).await? {
            0 if retry.id.is_some() => {
                return Err(usage(
                    "jobs retry: no job with this number was given up, or another one like it waits",
                ));
            }
            jobs => info!(jobs, "the nodes run them again"),
        },
        Jobs::Drop { id } => {
            if !services.worker.drop_dead(*id).await? {
                return Err(usage("jobs drop: no job with this number was given up"));
            }
            info!(job = id, "dropped");
        }
    }
    Ok(())
}

fn print_jobs(failed: &[FailedJob]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{:>8}  {:<24}  {:>8}  {:<28}  ERROR",
        "ID", "KIND", "ATTEMPTS", "STATE"
    )?;
    for job in failed {
        let state = match job.dead_at {
            Some(at) => format!("given up {}", to_the_minute(at)),
            None => format!("again    {}", to_the_minute(job.run_at)),
        };
        let error = job.last_error.as_deref().unwrap_or_default();
        // One line each, whatever a mail server answered.
        let error: String = error
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        writeln!(
            out,
            "{:>8}  {:<24}  {:>8}  {state:<28}  {error}",
            job.id, job.kind, job.attempts
        )?;
    }
    Ok(())
}

fn to_the_minute(at: OffsetDateTime) -> String {
    let (date, hour, minute) = (at.date(), at.hour(), at.minute());
    format!("{date} {hour:02}:{minute:02}")
}

/// Ends the sessions of everybody, and returns when no node accepts any of them.
///
/// # Errors
/// [`StartError::Core`]: nobody is signed out then.
pub async fn sign_out_everybody(config: ServerConfig) -> Result<(), StartError> {
    let services = Services::start(config.core).await?;
    let outcome = services.sessions.end_all().await;
    services.stop().await;
    outcome?;
    info!("everybody is signed out, on all nodes");
    Ok(())
}

/// Compares everything with Stripe and prints what was found.
///
/// # Errors
/// [`StartError::Core`] if it is not whole: what was compared stays compared, and the next run
/// goes on from there.
pub async fn reconcile(config: ServerConfig) -> Result<(), StartError> {
    let services = Services::start(config.core).await?;
    let outcome = services.billing.reconcile().await;
    services.stop().await;
    let report = outcome?;
    writeln!(
        io::stdout(),
        "compared with Stripe: {}; showed something else: {}; events that never arrived: {}",
        report.compared,
        report.drifted,
        report.missed_events
    )?;
    Ok(())
}

/// Makes in the Stripe account what is missing there and prints what to set.
///
/// # Errors
/// [`StartError::Core`]: what was made stays, and the next run makes the rest.
pub async fn stripe_setup(config: ServerConfig) -> Result<(), StartError> {
    let services = Services::start(config.core).await?;
    let outcome = services.billing.set_up_account().await;
    services.stop().await;
    let done = outcome?;
    let mut out = io::stdout().lock();
    for made in &done.made {
        writeln!(out, "made: {made}")?;
    }
    if done.made.is_empty() {
        writeln!(out, "everything was there already")?;
    }
    writeln!(
        out,
        "set STRIPE_PORTAL_CONFIGURATION={}",
        done.portal_configuration
    )?;
    match &done.webhook_secret {
        // Stripe tells it this once, and whoever runs this is meant to have it.
        Some(secret) => writeln!(out, "set STRIPE_WEBHOOK_SECRET={secret}")?,
        None => writeln!(
            out,
            "STRIPE_WEBHOOK_SECRET is the signing secret of the endpoint in the dashboard"
        )?,
    }
    Ok(())
}

/// Starts everything but the listener and prints what `/readyz` would say, and how Stripe's
/// prices compare with the price list.
///
/// # Errors
/// [`StartError::NotReady`] if the server could not serve. Without Stripe it can.
pub async fn check(config: ServerConfig) -> Result<(), StartError> {
    let services = Services::start(config.core).await?;
    let report = Report::of(&services).await;
    let prices = services.billing.check_prices().await;
    services.stop().await;
    writeln!(io::stdout(), "{report}")?;
    print_prices(prices)?;
    if report.status == Status::Unavailable {
        Err(StartError::NotReady)
    } else {
        Ok(())
    }
}

fn print_prices(prices: orghub::error::Result<PriceCheck>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let check = match prices {
        Ok(check) => check,
        Err(error) => {
            return writeln!(out, "prices      unknown: {}", orghub::error::chain(&error));
        }
    };
    if check == PriceCheck::default() {
        return writeln!(out, "prices      ok");
    }
    for key in &check.missing {
        writeln!(
            out,
            "prices      degraded: nothing is sold under the look-up key {key}"
        )?;
    }
    for difference in &check.different {
        writeln!(out, "prices      degraded: {difference}")?;
    }
    Ok(())
}

fn usage(problem: &str) -> StartError {
    StartError::Usage(problem.to_owned())
}
