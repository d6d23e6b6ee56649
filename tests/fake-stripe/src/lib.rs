//! A Stripe fake.
//!
//! It speaks real HTTP, so the program under test uses its own Stripe client, unchanged
//! but for the base address. It is stateful: the next request sees what this one changed,
//! and a signed webhook announces the change, as Stripe's do. It is strict: it refuses an
//! unknown path or parameter with Stripe's error, so that a new kind of call fails here and
//! not in production. It has pages to click through. And it fails on demand ([`Failure`],
//! [`WebhookSwitches`]): slow, down, rate-limited; webhooks duplicated, late, out of order,
//! wrongly signed or of another API version.
//!
//! There are two ways to run it: in the test's own process, with [`FakeStripe::start`],
//! whose methods change what Stripe has; or as the program `fake-stripe`, which offers the
//! same under `/control`. `README.md` describes both.
//!
//! The rooms: `objects` is what there is and its JSON, `store` keeps it, `engine` is what
//! Stripe does by itself, `api` answers requests, `pages` are for people, `events` and
//! `delivery` tell what happened, and `handle` and `control` steer all of it.

// An invoice has many fields.
#![recursion_limit = "256"]

mod api;
mod calendar;
mod control;
mod delivery;
mod demo;
mod engine;
mod error;
mod events;
mod failure;
mod handle;
mod idempotency;
mod money;
mod objects;
mod pages;
mod params;
mod settings;
mod store;
mod webhooks;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::Router;
use tokio::{net::TcpListener, task::JoinHandle};

use self::{delivery::Sender, store::Store};
pub use self::{
    events::EventRecord,
    failure::{Failure, FailureRule},
    objects::{
        Address, CancellationDetails, Card, Charge, CheckoutSession, Coupon, Customer, Dispute,
        Invoice, InvoiceLine, PauseCollection, PaymentIntent, PaymentMethod, PendingUpdate, Price,
        Product, Refund, Subscription, SubscriptionItem, TaxId,
    },
    settings::Settings,
    store::RecordedRequest,
    webhooks::{Delivery, SignedEvent, WebhookSwitches, WebhookTarget, sign},
};

#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen. Port 0: any free one.
    pub addr: SocketAddr,
    /// Where to send webhooks. `None`: only to endpoints that are made by the API.
    pub webhook: Option<WebhookTarget>,
    /// Whether Orghub's products and prices exist from the start.
    pub catalog: bool,
    /// Whether the demo organizations' customers and subscriptions exist from the start.
    pub demo: bool,
}

impl Default for Config {
    /// On loopback at a free port, with products and prices and without webhooks: what most
    /// tests want.
    fn default() -> Self {
        Self {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            webhook: None,
            catalog: true,
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
        let mut store = Store::new(base(addr));
        if config.catalog {
            demo::fill_catalog(&mut store);
        }
        if config.demo {
            demo::fill(&mut store);
        }
        let shared = Shared {
            store: Arc::new(Mutex::new(store)),
            sender: Sender::new(config.webhook),
        };
        let app = Router::new()
            .nest("/control", control::router())
            .merge(pages::router())
            .fallback(api::receive)
            .with_state(shared.clone());
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
        base(self.addr)
    }

    /// Returns when the listener's task is aborted, and never before.
    pub async fn wait(mut self) {
        // The error is the abort.
        let _ = (&mut self.server).await;
    }
}

impl Drop for FakeStripe {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The address at which this machine reaches the listener.
fn base(addr: SocketAddr) -> String {
    if addr.ip().is_unspecified() {
        return format!("http://127.0.0.1:{}/", addr.port());
    }
    format!("http://{addr}/")
}

/// Shared by the request handlers, the pages, `/control` and [`FakeStripe`].
#[derive(Clone, Debug)]
struct Shared {
    store: Arc<Mutex<Store>>,
    sender: Sender,
}

impl Shared {
    /// Never held across an await.
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store
            .lock()
            .expect("nothing panics while it holds the state")
    }
}

/// Whether a process with this `APP_ENV` may run the fake: everywhere but in production.
pub fn may_run(app_env: Option<&str>) -> bool {
    !app_env.is_some_and(|env| env.trim().eq_ignore_ascii_case("production"))
}
