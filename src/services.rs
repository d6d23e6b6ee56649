//! The program's parts, put together once.
//!
//! Only the application and the server take this; inside the core every part is given
//! what it needs and nothing more.

use std::{sync::Arc, time::Duration};

use tokio::task::AbortHandle;

use crate::{
    access::Access,
    auth::{Auth, Sessions},
    billing::Billing,
    cache::{Cache, Companions},
    clock::Clock,
    config::Config,
    db::{self, Db},
    domain::{Email, MemberListQuery, OrgSlug},
    error::{Error, Result},
    jobs,
    orgs::{MemberPageOf, Orgs, OverviewOf},
    routes::OrgPage,
};

/// How long the start waits until cached values may be used; after that pages are served
/// from PostgreSQL until they may.
const CACHE_PATIENCE: Duration = Duration::from_secs(3);

/// Everything a request can ask for. Clones share it.
#[derive(Clone)]
pub struct Services {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub db: Db,
    pub cache: Cache,
    pub sessions: Sessions,
    pub access: Access,
    pub orgs: Orgs,
    pub auth: Auth,
    pub billing: Billing,
    clean_up: AbortHandle,
}

/// The schema is older than the program.
#[derive(Debug, thiserror::Error)]
#[error("the database lacks {0} migration(s) of this version; run `orghub-server migrate` first")]
struct NotMigrated(usize);

impl Services {
    /// Opens and checks everything, and starts the background work.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without a database; [`Error::Internal`] if its schema or its
    /// triggers are not this version's.
    pub async fn start(config: Config) -> Result<Self> {
        let db = Db::open(&config)?;
        match db.pending_migrations().await? {
            0 => {}
            missing => return Err(Error::internal(NotMigrated(missing))),
        }
        let cache = Cache::start(&config, db.clone()).await?;
        cache.check_triggers().await?;
        if !cache.wait_until_ready(CACHE_PATIENCE).await {
            tracing::warn!("the cache is not ready yet; pages are served from PostgreSQL");
        }
        let clock = Clock::default();
        let sessions = Sessions::new(db.clone(), cache.clone(), clock.clone());
        let clean_up = jobs::remove_expired_sessions_forever(sessions.clone());
        Ok(Self {
            clean_up: tokio::spawn(clean_up).abort_handle(),
            sessions,
            access: Access::new(cache.clone()),
            orgs: Orgs::new(db.clone(), cache.clone()),
            auth: Auth::new(db.clone(), clock.clone(), config.sign_in),
            billing: Billing::new(db.clone(), cache.clone(), clock.clone(), &config.stripe)?,
            config: Arc::new(config),
            clock,
            db,
            cache,
        })
    }

    /// What a page of the organization with this slug will ask the cache for, beside the
    /// membership.
    pub fn companions(&self, page: OrgPage, slug: &OrgSlug, query: &str) -> Companions {
        let companions = Companions::default();
        let subscription = || self.billing.subscription_of(slug);
        match page {
            OrgPage::Overview => companions
                .and(OverviewOf { slug: slug.clone() })
                .and(subscription()),
            OrgPage::Members => {
                match MemberPageOf::new(slug, &MemberListQuery::from_query(query)) {
                    Some(members) => companions.and(members),
                    None => companions,
                }
            }
            OrgPage::Subscription => companions.and(subscription()),
            OrgPage::Settings => companions,
        }
    }

    /// Ends every cached value of an organization, on all nodes. `false`: there is no such
    /// organization.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn flush_org(&self, slug: &OrgSlug) -> Result<bool> {
        let Some(org) = db::orgs::find_id_by_slug(&self.db.reader(), slug).await? else {
            return Ok(false);
        };
        // Every value of an organization depends on one of the two scopes this ends.
        self.cache.invalidate_all_org_members(org).await?;
        Ok(true)
    }

    /// Ends every cached value of a user, on all nodes. `false`: there is no such user.
    ///
    /// # Errors
    /// As [`Self::flush_org`].
    pub async fn flush_user(&self, email: &Email) -> Result<bool> {
        let Some(user) = db::users::find_id_by_email(&self.db.reader(), email).await? else {
            return Ok(false);
        };
        self.cache.invalidate_all_user_caches(user).await?;
        Ok(true)
    }

    /// Ends every cached value, on all nodes.
    ///
    /// # Errors
    /// As [`Self::flush_org`].
    pub async fn flush_all(&self) -> Result<()> {
        self.cache.invalidate_everything().await
    }

    /// Ends the background work and closes the connections. Requests should be done.
    pub async fn stop(&self) {
        self.clean_up.abort();
        self.cache.stop().await;
        self.db.close().await;
    }
}
