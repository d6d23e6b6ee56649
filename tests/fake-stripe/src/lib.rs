//! A Stripe fake, small enough to read in one sitting.
//!
//! It speaks real HTTP, so the program under test uses its own Stripe client, unchanged
//! but for the base address. It is stateful: the next request sees what this one changed,
//! and a signed webhook announces the change, as Stripe's do. It is strict: it refuses an
//! unknown path or parameter with Stripe's error, so that a new kind of call fails here and
//! not in production. And it fails on demand ([`Failure`], [`WebhookSwitches`]): slow, down,
//! rate-limited; webhooks duplicated, late, wrongly signed or of another API version.
//!
//! There are two ways to run it: in the test's own process, with [`FakeStripe::start`],
//! whose methods change what Stripe has; or as the program `fake-stripe`, which offers the
//! same switches under `/control` (see [`control`]).
//!
//! It has customers, products, prices, subscriptions, checkout sessions and invoices, each
//! as far as Orghub uses them.

mod api;
pub mod control;
mod demo;
mod failure;
mod objects;
mod params;
mod store;
mod webhooks;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::http::StatusCode;
use tokio::{net::TcpListener, task::JoinHandle};

pub use self::{
    failure::Failure,
    objects::{CheckoutSession, Customer, Invoice, Subscription},
    store::RecordedRequest,
    webhooks::{Delivery, SignedEvent, WebhookSwitches, WebhookTarget, sign},
};
use self::{store::Store, webhooks::WebhookSender};

#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen. Port 0: any free one.
    pub addr: SocketAddr,
    /// Where to send webhooks. `None`: nowhere.
    pub webhook: Option<WebhookTarget>,
    /// Whether the demo organizations' customers and subscriptions exist from the start.
    pub demo: bool,
}

impl Default for Config {
    /// On loopback at a free port, empty and without webhooks: what most tests want.
    fn default() -> Self {
        Self {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            webhook: None,
            demo: false,
        }
    }
}

/// A running fake; dropping it stops it.
#[derive(Debug)]
pub struct FakeStripe {
    addr: SocketAddr,
    shared: Shared,
    server: JoinHandle<()>,
}

impl FakeStripe {
    /// Starts listening; requests are answered as soon as this returns.
    ///
    /// # Errors
    /// If it cannot listen on the address.
    pub async fn start(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(config.addr).await?;
        let addr = listener.local_addr()?;
        let mut store = Store::new();
        if config.demo {
            demo::fill(&mut store);
        }
        let shared = Shared {
            store: Arc::new(Mutex::new(store)),
            sender: WebhookSender::new(config.webhook),
        };
        let app = api::router(shared.clone());
        let server = tokio::spawn(async move {
            // Retries accept errors itself, so it ends only with the task.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self {
            addr,
            shared,
            server,
        })
    }

    /// The base address for a Stripe client, such as `http://127.0.0.1:12111/`.
    pub fn url(&self) -> String {
        format!("http://{}/", self.addr)
    }

    /// Returns when the listener's task is aborted, and never before.
    pub async fn wait(mut self) {
        // The error is the abort.
        let _ = (&mut self.server).await;
    }

    /// Adds or replaces a customer, without a webhook.
    pub fn put_customer(&self, customer: Customer) {
        self.shared
            .store()
            .customers
            .insert(customer.id.clone(), customer);
    }

    /// Adds or replaces a subscription, without a webhook.
    pub fn put_subscription(&self, subscription: Subscription) {
        self.shared
            .store()
            .subscriptions
            .insert(subscription.id.clone(), subscription);
    }

    /// Adds or replaces a checkout session, without a webhook.
    pub fn put_checkout_session(&self, session: CheckoutSession) {
        self.shared
            .store()
            .checkout_sessions
            .insert(session.id.clone(), session);
    }

    /// Adds or replaces an invoice, without a webhook.
    pub fn put_invoice(&self, invoice: Invoice) {
        self.shared
            .store()
            .invoices
            .insert(invoice.id.clone(), invoice);
    }

    /// Changes a subscription, without a webhook.
    ///
    /// # Panics
    /// If there is no such subscription.
    pub fn change_subscription(&self, id: &str, change: impl FnOnce(&mut Subscription)) {
        change(
            self.shared
                .store()
                .subscriptions
                .get_mut(id)
                .expect("the test names an existing subscription"),
        );
    }

    /// A new event about an object as it is now, signed with `secret` and not sent. The
    /// switches for another API version and a wrong signature apply.
    ///
    /// # Panics
    /// If there is no such object.
    pub fn event(&self, event_type: &str, object_id: &str, secret: &str) -> SignedEvent {
        let switches = self.shared.sender.switches();
        self.shared
            .store()
            .event(event_type, object_id, switches.other_api_version)
            .expect("the test names an existing object")
            .signed(secret, switches.wrong_signature)
    }

    /// Posts an event to the webhook target once and returns the answer's status. `None`:
    /// there was no answer.
    pub async fn deliver(&self, event: &SignedEvent) -> Option<StatusCode> {
        self.shared.sender.post(event).await
    }

    /// Makes every API request fail from now on, until [`Self::recover`].
    pub fn fail(&self, failure: Failure) {
        self.shared.store().failures.set(failure, None);
    }

    /// Makes the next `times` API requests fail.
    pub fn fail_next(&self, times: u32, failure: Failure) {
        self.shared.store().failures.set(failure, Some(times));
    }

    /// Lets API requests succeed again.
    pub fn recover(&self) {
        self.shared.store().failures.clear();
    }

    /// Sets how webhooks go wrong from now on.
    pub fn set_webhook_switches(&self, switches: WebhookSwitches) {
        self.shared.sender.set_switches(switches);
    }

    /// The API requests so far, failed ones included, oldest first.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.store().requests.clone()
    }

    /// The webhook posts so far, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.sender.deliveries()
    }
}

impl Drop for FakeStripe {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Shared by the request handlers, `/control` and [`FakeStripe`].
#[derive(Clone, Debug)]
struct Shared {
    store: Arc<Mutex<Store>>,
    sender: WebhookSender,
}

impl Shared {
    /// Never held across an await.
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store
            .lock()
            .expect("nothing panics while it holds the state")
    }
}
