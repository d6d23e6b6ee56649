//! Subscriptions: Stripe is the truth, our row is its mirror, pages read the mirror.
//!
//! Nobody who opens a page waits for Stripe. A page reads one row of Postgres
//! through the cache ([`Billing::get_org_subscription`]); when that row was last
//! compared with Stripe more than an hour ago, a comparison starts in the
//! background. What makes the mirror right within moments of a change are
//! webhooks ([`Billing::receive_webhook`]), and because those come late, twice, in
//! any order or in an older API version's words, they are taken as what they can
//! be trusted to be: a hint that something about a customer changed.
//!
//! So there is one way to change the mirror, whatever the hint was (`sync`):
//!
//! ```text
//! take the customer's lock ─► ask Stripe for the customer's subscriptions
//!                                │
//!         one transaction:  row lock, choose, write, audit log, event processed
//!                                │
//!                 every node has applied it ─► release the lock ─► 200
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
//! The modules: `gateway` has what Stripe answers in our words, `stripe` asks (and
//! is the only file that names the Stripe library's types, which are a quarter of
//! a million lines), `webhook` receives hints, `sync` changes the mirror,
//! `refresh` keeps the mirror fresh where no webhook comes by.

mod gateway;
mod get_org_subscription;
mod refresh;
mod stripe;
mod sync;
mod webhook;

use std::sync::Arc;

use tokio::sync::Semaphore;

use self::{refresh::Refreshes, stripe::Stripe};
use crate::{cache::Cache, clock::Clock, config::StripeConfig, db::Db, error::Result};

pub use self::webhook::WebhookOutcome;

/// Most comparisons with Stripe at a time in one process: each holds a database
/// session of its own for as long as Stripe takes to answer. A checkout brings
/// about five events of one customer at once, which then wait for each other.
const MAX_SYNCS: usize = 8;

/// The use cases of subscriptions. Cheap to clone.
#[derive(Clone)]
pub struct Billing {
    db: Db,
    cache: Cache,
    clock: Clock,
    stripe: Stripe,
    webhook_secrets: Arc<[String]>,
    syncs: Arc<Semaphore>,
    refreshes: Refreshes,
}

impl Billing {
    /// The use cases over this database, cache and Stripe account. Does not talk
    /// to Stripe yet.
    ///
    /// # Errors
    /// [`crate::error::Error::Internal`] if the key or the address cannot be used.
    pub fn new(db: Db, cache: Cache, clock: Clock, config: &StripeConfig) -> Result<Self> {
        Ok(Self {
            db,
            cache,
            clock,
            stripe: Stripe::new(config)?,
            webhook_secrets: config.webhook_secrets.clone().into(),
            syncs: Arc::new(Semaphore::new(MAX_SYNCS)),
            refreshes: Refreshes::default(),
        })
    }
}
