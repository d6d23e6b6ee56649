//! The program's parts, put together once.
//!
//! Only the application and the server take this; inside the core every part is
//! given what it needs and nothing more.

use std::{sync::Arc, time::Duration};

use tokio::task::AbortHandle;

use crate::{
    access::Access,
    accounts::Accounts,
    billing::Billing,
    cache::Cache,
    clock::Clock,
    config::Config,
    db::{self, Db},
    error::{Error, Result, chain},
    orgs::Orgs,
    session::Sessions,
};

mod warm_up;

pub use warm_up::WarmedUp;

/// How long the start waits for the cache to be entitled to its copies; after
/// that pages are served from Postgres until it is.
const CACHE_PATIENCE: Duration = Duration::from_secs(3);

/// Time between two removals of expired sessions. They open nothing meanwhile.
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(60 * 60);

/// Everything a request can ask for. Clones share it.
#[derive(Clone)]
pub struct Services {
    /// What the program was told.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// The database.
    pub db: Db,
    /// The cache.
    pub cache: Cache,
    /// Sessions.
    pub sessions: Sessions,
    /// The membership check.
    pub access: Access,
    /// Organizations and their members.
    pub orgs: Orgs,
    /// People's accounts.
    pub accounts: Accounts,
    /// Subscriptions.
    pub billing: Billing,
    housekeeping: AbortHandle,
}

/// The schema is older than the program.
#[derive(Debug, thiserror::Error)]
#[error("the database lacks {0} migration(s) of this version; run `orghub-server migrate` first")]
struct NotMigrated(usize);

impl Services {
    /// Opens and checks everything, and starts the background work.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without a database; [`Error::Internal`] if its schema
    /// or its triggers are not this version's.
    pub async fn start(config: Config) -> Result<Self> {
        let db = Db::open(&config)?;
        match db::pending_migrations(db.pool()).await? {
            0 => {}
            missing => return Err(Error::internal(NotMigrated(missing))),
        }
        let cache = Cache::start(&config, db.clone()).await?;
        cache.check_triggers().await?;
        if !cache.wait_until_ready(CACHE_PATIENCE).await {
            tracing::warn!(
                "the cache is not ready yet; pages are served from Postgres until it is"
            );
        }
        let clock = Clock::default();
        let sessions = Sessions::new(db.clone(), cache.clone(), clock.clone());
        Ok(Self {
            housekeeping: tokio::spawn(remove_expired_sessions(sessions.clone())).abort_handle(),
            sessions,
            access: Access::new(db.clone(), cache.clone()),
            orgs: Orgs::new(db.clone(), cache.clone()),
            accounts: Accounts::new(db.clone(), clock.clone(), config.sign_in),
            billing: Billing::new(db.clone(), cache.clone(), clock.clone(), &config.stripe)?,
            config: Arc::new(config),
            clock,
            db,
            cache,
        })
    }

    /// Ends the background work and closes the connections. Requests should be done.
    pub async fn stop(&self) {
        self.housekeeping.abort();
        self.cache.stop().await;
        self.db.close().await;
    }
}

async fn remove_expired_sessions(sessions: Sessions) {
    loop {
        tokio::time::sleep(HOUSEKEEPING_EVERY).await;
        match sessions.delete_expired().await {
            Ok(sessions) => tracing::info!(sessions, "expired sessions were removed"),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "expired sessions stay until the next try")
            }
        }
    }
}
