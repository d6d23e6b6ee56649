//! Subscriptions: Stripe is the truth, our row is its mirror, pages read the mirror.
//!
//! Nobody who opens a page waits for Stripe. A page reads one row of Postgres
//! through the cache ([`Billing::get_org_subscription`]); when that row was last
//! compared with Stripe more than five minutes ago, a comparison starts in the
//! background. What makes the mirror right within moments of a change are
//! webhooks ([`Billing::receive_webhook`]), and because those come late, twice, in
//! any order or in an older API version's words, they are taken as what they can
//! be trusted to be: a hint that something about a customer changed.
//!
//! So there is one way to change the mirror, whatever the hint was (`sync`):
//!
//! ```text
//! take the organization's lock ─► ask Stripe for the customer's subscriptions
//!                                    │
//!             one transaction:  row lock, choose, write, audit log, event processed
//!                                    │
//!                     every node has applied it ─► release the lock ─► 200
//! ```
//!
//! * The lock is taken *before* Stripe is asked. Two handlers cannot ask in one
//!   order and write in the other; whoever writes last has asked last.
//! * No transaction is open while Stripe is asked, so a slow Stripe holds back
//!   nothing but this customer's events.
//! * A subscription that ended stays ended. Only another subscription can take
//!   its place.
//! * The event is marked processed by the transaction that wrote what it led to. A
//!   crash anywhere leaves it unprocessed; Stripe sends it again, and the same steps
//!   are taken once more.
//!
//! What people want changed is asked of Stripe and seen by a comparison, like everything else
//! (`wishes`): nothing here writes into the mirror what it hopes that Stripe did.
//!
//! The modules: `gateway` has what Stripe answers in our words, `stripe` asks (and
//! is the only one that names the Stripe library's types, which are a quarter of
//! a million lines). `webhook` receives hints, of which `event` reads the envelope; `sync`
//! changes the mirror by the rules of `decide`; `notices` tells by mail. `refresh` and
//! `reconcile` keep the mirror fresh where no webhook comes by. `checkout`, `change_plan`,
//! `cancel`, `portal` and `change_contact` are what people do, `customer` who pays, `prices`
//! what is sold, and `end_subscription` cancels what an organization pays for before it is
//! deleted.

/// On use cases; `orghub_base` says why.
use async_recursion::async_recursion as boxed;
use orghub_auth::access;
use orghub_base::{cache, clock, config, db, error, mail, queue, recording, telemetry};
use orghub_domain::{self as domain, routes};

mod cancel;
mod change_contact;
mod change_plan;
mod checkout;
mod customer;
mod decide;
mod end_subscription;
mod event;
mod gateway;
mod get_org_subscription;
mod letters;
mod notices;
mod portal;
mod prices;
mod reconcile;
mod refresh;
mod stripe;
mod sync;
mod webhook;
mod wishes;

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

pub use self::{
    get_org_subscription::SubscriptionOf, prices::PriceCheck, reconcile::ReconcileReport,
    stripe::SetUp, webhook::WebhookOutcome,
};
use self::{prices::Prices, refresh::Refreshes, stripe::Stripe};
use crate::{
    cache::Cache,
    clock::Clock,
    config::{AppUrl, Config, WebhookSecret},
    db::Db,
    error::Result,
    mail::Mail,
    queue::{BackOff, Kind, Queue},
    telemetry::names,
};

/// Most comparisons with Stripe at a time in one process: each holds a database
/// session of its own for as long as Stripe takes to answer. A checkout brings
/// about five events of one customer at once, which then wait for each other.
const MAX_SYNCS: usize = 8;

/// The job that compares everything with Stripe, how often, and how long a run may take. What
/// is cut off goes on from there.
const RECONCILE: &str = "billing.reconcile";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const RECONCILE_LIMIT: Duration = Duration::from_secs(30 * 60);
const RECONCILE_BACK_OFF: BackOff =
    BackOff::new(Duration::from_secs(60), Duration::from_secs(30 * 60));

/// What the use cases work with.
pub struct Parts<'a> {
    pub db: Db,
    pub cache: Cache,
    pub clock: Clock,
    pub mail: Mail,
    pub queue: Queue,
    pub config: &'a Config,
}

/// The use cases of subscriptions. Cheap to clone.
#[derive(Clone)]
pub struct Billing {
    db: Db,
    cache: Cache,
    clock: Clock,
    mail: Mail,
    queue: Queue,
    stripe: Stripe,
    webhook_secrets: Arc<[WebhookSecret]>,
    /// Whether the key is one of live mode.
    is_live: bool,
    automatic_tax: bool,
    daily_reconcile: bool,
    portal_configuration: Option<Arc<str>>,
    app_url: AppUrl,
    syncs: Arc<Semaphore>,
    refreshes: Refreshes,
    prices: Prices,
}

impl Billing {
    /// The use cases over this database, cache and Stripe account. Does not talk
    /// to Stripe yet.
    ///
    /// # Errors
    /// [`crate::error::Error::Internal`] if the key or the address cannot be used.
    pub fn new(parts: Parts<'_>) -> Result<Self> {
        let config = &parts.config.stripe;
        Ok(Self {
            db: parts.db,
            cache: parts.cache,
            clock: parts.clock,
            mail: parts.mail,
            queue: parts.queue,
            stripe: Stripe::new(config)?,
            webhook_secrets: config.webhook_secrets.clone().into(),
            is_live: config.secret_key.is_live(),
            automatic_tax: config.automatic_tax,
            daily_reconcile: config.daily_reconcile,
            portal_configuration: config.portal_configuration.as_deref().map(Arc::from),
            app_url: parts.config.app_url.clone(),
            syncs: Arc::new(Semaphore::new(MAX_SYNCS)),
            refreshes: Refreshes::default(),
            prices: Prices::default(),
        })
    }

    /// Makes in the Stripe account what is missing there.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] if Stripe does not answer;
    /// [`crate::error::Error::Internal`] if it refuses.
    pub async fn set_up_account(&self) -> Result<SetUp> {
        let webhook_url = format!("{}{}", self.app_url, routes::STRIPE_WEBHOOK);
        self.stripe.set_up(&webhook_url, &self.app_url).await
    }

    /// Sets the gauges that describe the moment; called before each scrape.
    pub async fn publish_gauges(&self) {
        let Ok(age) = self.reconcile_age().await else {
            // Operators hear of it by other gauges.
            return;
        };
        // One that never was is older than any.
        let seconds = age.map_or(f64::INFINITY, |age| age.as_seconds_f64());
        metrics::gauge!(names::STRIPE_RECONCILE_AGE).set(seconds);
    }

    pub fn kinds_of_jobs(&self) -> Vec<Kind> {
        let (everything, payloads) = (self.clone(), self.clone());
        let reconcile = Kind::every(DAY, RECONCILE, move || {
            let billing = everything.clone();
            async move {
                billing.reconcile().await?;
                Ok(())
            }
        });
        let forget_payloads = Kind::every(DAY, "billing.forget_payloads", move || {
            let billing = payloads.clone();
            async move {
                billing.forget_payloads().await?;
                Ok(())
            }
        });
        let reconcile = reconcile
            .time_limit(RECONCILE_LIMIT)
            .attempts(u32::MAX, RECONCILE_BACK_OFF);
        let mut kinds = vec![self.update_customers(), forget_payloads];
        kinds.extend(self.daily_reconcile.then_some(reconcile));
        kinds
    }
}
