//! A stand-in for Stripe, small enough to read in one sitting.
//!
//! It speaks real HTTP, so the program under test uses its own Stripe client
//! unchanged, only with another base address. It is stateful: what one request
//! changes, the next one sees, and the change is told by a signed webhook, as
//! Stripe does. It is strict: a request for something it does not know, or
//! with a parameter it does not know, is refused in Stripe's words, so that a
//! new call of the program is noticed here and not in production. And it fails
//! on demand ([`Failure`], [`WebhookSwitches`]): slow, down, limiting, saying
//! things twice, late, wrongly signed or in another API version's words.
//!
//! Two ways to run it: in a test's own process with [`FakeStripe::start`], whose
//! methods are the test's hand on Stripe's side; or as the program
//! `fake-stripe`, where the same switches are found under `/control` (see
//! [`control`]).
//!
//! It knows customers, products, prices, subscriptions, checkout sessions and
//! invoices, each as far as Orghub asks for them.

mod api;
pub mod control;
mod demo;
mod failure;
mod objects;
mod params;
mod webhooks;
mod world;

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
    webhooks::{Delivery, SignedEvent, WebhookSwitches, WebhookTarget, sign},
    world::RecordedRequest,
};
use self::{webhooks::Courier, world::World};

/// How to start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes any that is free.
    pub addr: SocketAddr,
    /// Whom to tell what changed; nobody, if none.
    pub webhook: Option<WebhookTarget>,
    /// Whether the demo organizations' customers and subscriptions exist from the start.
    pub demo: bool,
}

impl Default for Config {
    /// On loopback at a free port, empty, telling nobody: what most tests want.
    fn default() -> Self {
        Self {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            webhook: None,
            demo: false,
        }
    }
}

/// A running stand-in; dropping the handle stops it.
#[derive(Debug)]
pub struct FakeStripe {
    addr: SocketAddr,
    shared: Shared,
    server: JoinHandle<()>,
}

impl FakeStripe {
    /// Starts listening and answers from the moment this returns.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(config.addr).await?;
        let addr = listener.local_addr()?;
        let mut world = World::new();
        if config.demo {
            demo::fill(&mut world);
        }
        let shared = Shared {
            world: Arc::new(Mutex::new(world)),
            courier: Courier::new(config.webhook),
        };
        let app = api::router(shared.clone());
        let server = tokio::spawn(async move {
            // Accept errors are retried inside; it ends only with the task.
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

    /// Ends when the listener does: never, unless its task is aborted.
    pub async fn wait(mut self) {
        // An aborted task is how it is meant to end.
        let _ = (&mut self.server).await;
    }

    /// Adds or replaces a customer, without telling anybody.
    pub fn put_customer(&self, customer: Customer) {
        self.shared
            .world()
            .customers
            .insert(customer.id.clone(), customer);
    }

    /// Adds or replaces a subscription, without telling anybody.
    pub fn put_subscription(&self, subscription: Subscription) {
        self.shared
            .world()
            .subscriptions
            .insert(subscription.id.clone(), subscription);
    }

    /// Adds or replaces a checkout session, without telling anybody.
    pub fn put_checkout_session(&self, session: CheckoutSession) {
        self.shared
            .world()
            .checkout_sessions
            .insert(session.id.clone(), session);
    }

    /// Adds or replaces an invoice, without telling anybody.
    pub fn put_invoice(&self, invoice: Invoice) {
        self.shared
            .world()
            .invoices
            .insert(invoice.id.clone(), invoice);
    }

    /// Changes a subscription, without telling anybody.
    ///
    /// # Panics
    /// When there is no such subscription.
    pub fn change_subscription(&self, id: &str, change: impl FnOnce(&mut Subscription)) {
        change(
            self.shared
                .world()
                .subscriptions
                .get_mut(id)
                .expect("the test names an existing subscription"),
        );
    }

    /// A new event of type `event_type` about an object as it is now, signed for
    /// the webhook target's secret (or `secret` if there is no target) and not
    /// sent. The switches for another API version and a wrong signature apply.
    ///
    /// # Panics
    /// When there is no such object.
    pub fn event(&self, event_type: &str, object_id: &str, secret: &str) -> SignedEvent {
        let switches = self.shared.courier.switches();
        self.shared
            .world()
            .event(event_type, object_id, switches.other_api_version)
            .expect("the test names an existing object")
            .signed(secret, switches.wrong_signature)
    }

    /// Posts an event to the webhook target once and waits for the answer;
    /// `None` when nobody answered.
    pub async fn deliver(&self, event: &SignedEvent) -> Option<StatusCode> {
        self.shared.courier.post(event).await
    }

    /// Lets every following API request fail, until [`Self::recover`].
    pub fn fail(&self, failure: Failure) {
        self.shared.world().failures.set(failure, None);
    }

    /// Lets the next `times` API requests fail.
    pub fn fail_next(&self, times: u32, failure: Failure) {
        self.shared.world().failures.set(failure, Some(times));
    }

    /// Ends all API failures.
    pub fn recover(&self) {
        self.shared.world().failures.clear();
    }

    /// Sets how webhooks go wrong from now on.
    pub fn set_webhook_switches(&self, switches: WebhookSwitches) {
        self.shared.courier.set_switches(switches);
    }

    /// The API requests so far, failed ones included, oldest first.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.world().requests.clone()
    }

    /// The webhook posts so far, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.courier.deliveries()
    }
}

impl Drop for FakeStripe {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What requests, control and handle share.
#[derive(Clone, Debug)]
struct Shared {
    world: Arc<Mutex<World>>,
    courier: Courier,
}

impl Shared {
    /// The state. Never held across an await.
    fn world(&self) -> MutexGuard<'_, World> {
        self.world
            .lock()
            .expect("nothing panics while it holds the state")
    }
}
