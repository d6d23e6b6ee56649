//! The program's parts, put together once.
//!
//! Only the application and the edge take this; inside the core every part is given
//! what it needs and nothing more.

use std::{ops::Deref, sync::Arc, time::Duration};

use tokio::task::AbortHandle;

use crate::{
    access::Access,
    auth::{Auth, Sessions},
    billing::{self, Billing},
    cache::{Cache, Companions},
    clock::Clock,
    config::{AppEnv, Config},
    db::{self, Db},
    domain::{ActivityListQuery, Email, MemberListQuery, OrgSlug},
    error::{Error, Result},
    invitations::Invitations,
    jobs,
    joining::Joining,
    mail::Mail,
    orgs::{self, ActivityPageOf, FormerSlugsOf, MemberPageOf, Orgs, OverviewOf},
    pictures::Pictures,
    platform::Platform,
    queue::{Queue, Worker},
    routes::OrgPage,
    submissions::Submissions,
};

/// How long the start waits until cached values may be used; after that pages are served
/// from PostgreSQL until they may.
const CACHE_PATIENCE: Duration = Duration::from_secs(3);

/// Everything a request can ask for.
///
/// A pointer, because every layer that a request passes gets one of its own: cloning the
/// parts each time took a third of a page's time.
#[derive(Clone)]
pub struct Services(Arc<Parts>);

/// What [`Services`] points to.
pub struct Parts {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub db: Db,
    pub cache: Cache,
    pub sessions: Sessions,
    pub access: Access,
    pub orgs: Orgs,
    pub invitations: Invitations,
    pub joining: Joining,
    pub auth: Auth,
    pub billing: Billing,
    pub platform: Platform,
    pub mail: Mail,
    pub pictures: Pictures,
    pub queue: Queue,
    /// Does what is queued, once it is started.
    pub worker: Worker,
    pub submissions: Submissions,
    write_last_seen: AbortHandle,
}

impl Deref for Services {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The schema is older than the program.
#[derive(Debug, thiserror::Error)]
#[error("the database lacks {0} migration(s) of this version; run `orghub-server migrate` first")]
struct NotMigrated(usize);

async fn open_database(config: &Config) -> Result<Db> {
    let db = Db::open(config)?;
    match db.pending_migrations().await? {
        0 => {}
        missing => return Err(Error::internal(NotMigrated(missing))),
    }
    match db.find_excess().await? {
        None => {}
        Some(excess) if config.app_env == AppEnv::Production => {
            return Err(Error::internal(excess));
        }
        Some(excess) => tracing::warn!("{excess}; in production the server does not start so"),
    }
    Ok(db)
}

async fn start_cache(config: &Config, db: &Db) -> Result<Cache> {
    let cache = Cache::start(config, db.clone()).await?;
    cache.check_triggers().await?;
    if !cache.wait_until_ready(CACHE_PATIENCE).await {
        tracing::warn!("the cache is not ready yet; pages are served from PostgreSQL");
    }
    Ok(cache)
}

impl Services {
    /// Opens and checks everything, and starts the work of the cache. A node that serves
    /// starts the [worker](Parts::worker), too.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without a database; [`Error::Internal`] if its schema or its
    /// triggers are not this version's, or, in production, if the server's role may do more
    /// than it should.
    pub async fn start(config: Config) -> Result<Self> {
        let db = open_database(&config).await?;
        let cache = start_cache(&config, &db).await?;
        Self::assemble(config, db, cache)
    }

    fn assemble(config: Config, db: Db, cache: Cache) -> Result<Self> {
        let clock = Clock::default();
        let limits = config.per_user;
        let (per_user, life) = (limits.sessions, config.session_life);
        let sessions = Sessions::new(db.clone(), cache.clone(), clock.clone(), per_user, life);
        let submissions = Submissions::new(db.clone(), clock.clone());
        let queue = Queue::new(clock.clone());
        let mail = Mail::new(db.clone(), clock.clone(), queue.clone(), &config)?;
        let pictures = Pictures::new(db.clone());
        let billing = Billing::new(billing::Parts {
            db: db.clone(),
            cache: cache.clone(),
            clock: clock.clone(),
            mail: mail.clone(),
            queue: queue.clone(),
            config: &config,
        })?;
        let auth = Auth::start(
            &config,
            db.clone(),
            cache.clone(),
            clock.clone(),
            mail.clone(),
            queue.clone(),
            pictures.clone(),
        )?;
        let orgs = Orgs::new(orgs::Parts {
            db: db.clone(),
            cache: cache.clone(),
            clock: clock.clone(),
            mail: mail.clone(),
            queue: queue.clone(),
            billing: billing.clone(),
            pictures: pictures.clone(),
            limits,
        });
        let invitations = Invitations::new(
            db.clone(),
            cache.clone(),
            clock.clone(),
            mail.clone(),
            orgs.clone(),
        );
        let joining = Joining::new(
            db.clone(),
            cache.clone(),
            clock.clone(),
            mail.clone(),
            orgs.clone(),
            &config,
        );
        let kinds = jobs::kinds(&jobs::Parts {
            auth: &auth,
            sessions: &sessions,
            orgs: &orgs,
            invitations: &invitations,
            joining: &joining,
            submissions: &submissions,
            mail: &mail,
            billing: &billing,
            activity_kept: config.activity_kept,
        });
        let access = Access::new(db.clone(), cache.clone(), clock.clone());
        let write_last_seen = jobs::write_last_seen_forever(sessions.clone(), access.clone());
        Ok(Self(Arc::new(Parts {
            worker: Worker::new(db.clone(), clock.clone(), queue.clone(), kinds),
            write_last_seen: tokio::spawn(write_last_seen).abort_handle(),
            sessions,
            submissions,
            access,
            orgs,
            invitations,
            joining,
            auth,
            platform: Platform::new(
                db.clone(),
                cache.clone(),
                clock.clone(),
                billing.clone(),
                life,
            ),
            billing,
            mail,
            pictures,
            queue,
            config: Arc::new(config),
            clock,
            db,
            cache,
        })))
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
            // They show how many seats are taken.
            OrgPage::Invitations
            | OrgPage::Subscription
            | OrgPage::Plans
            | OrgPage::ChangePlan
            | OrgPage::CancelPlan => companions.and(subscription()),
            OrgPage::Activity => {
                match ActivityPageOf::new(slug, &ActivityListQuery::from_query(query)) {
                    Some(activity) => companions.and(activity),
                    None => companions,
                }
            }
            // Former slugs, and whether ownership is on offer.
            OrgPage::Settings => companions
                .and(FormerSlugsOf { slug: slug.clone() })
                .and(OverviewOf { slug: slug.clone() }),
            OrgPage::Joining
            | OrgPage::ChangeMembers
            | OrgPage::BulkChange
            | OrgPage::SecondFactor
            | OrgPage::ToStripe
            | OrgPage::CheckoutDone
            | OrgPage::Invoices => companions,
        }
    }

    /// Ends every cached value of an organization, on all nodes. `false`: there is no such
    /// organization.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn flush_org_by_operator(&self, slug: &OrgSlug) -> Result<bool> {
        let Some(org) = db::orgs::find_id_by_slug(&self.db.reader(), slug).await? else {
            return Ok(false);
        };
        self.cache.flush_org(org, slug).await?;
        Ok(true)
    }

    /// Ends every cached value of a user, on all nodes. `false`: there is no such user.
    ///
    /// # Errors
    /// As [`Self::flush_org_by_operator`].
    pub async fn flush_user_by_operator(&self, email: &Email) -> Result<bool> {
        let Some(user) = db::users::find_id_by_email(&self.db.reader(), email).await? else {
            return Ok(false);
        };
        self.cache.flush_user(user).await?;
        Ok(true)
    }

    /// Ends every cached value, on all nodes.
    ///
    /// # Errors
    /// As [`Self::flush_org_by_operator`].
    pub async fn flush_all_by_operator(&self) -> Result<()> {
        self.cache.invalidate_everything().await
    }

    /// Ends the background work, jobs under way first, and closes the connections. Requests
    /// should be done.
    pub async fn stop(&self) {
        self.worker.stop().await;
        self.write_last_seen.abort();
        jobs::write_last_seen(&self.sessions, &self.access).await;
        self.cache.stop().await;
        self.db.close().await;
    }
}
