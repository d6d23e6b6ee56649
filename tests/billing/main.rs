//! The mirror of Stripe, against a real PostgreSQL and the Stripe fake over real HTTP: what
//! a webhook leads to, whatever is wrong with it, with Stripe, or with the timing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fake_stripe::{
    CheckoutSession, Customer, Failure, FakeStripe, Invoice, SignedEvent, Subscription,
    WebhookSwitches, sign,
};
use orghub::{
    access::OrgAccess,
    auth::SignedIn,
    billing::WebhookOutcome,
    config::{AppEnv, Config, StripeConfig, StripeKey, WebhookSecret},
    domain::{BillingInterval, Certainty, Conflict, DiscountAmount, Plan, SubscriptionView},
    error::{Error, Result},
    services::Services,
    telemetry::with_request_cost,
};
use orghub_test_support::{TestApp, eventually};
use sqlx::{Connection as _, PgConnection, postgres::PgAdvisoryLock};
use stripe_webhook::{Webhook, WebhookError};
use time::OffsetDateTime;

mod customers;
mod entitlements;
mod events;
mod failures;
mod flows;
mod histories;
mod mirror;
mod reconcile;
mod refresh;
mod signatures;

const SECRET: &str = "whsec_of_these_tests";
const OLD_SECRET: &str = "whsec_being_replaced";
const CUSTOMER: &str = "cus_acme";
const SUBSCRIPTION: &str = "sub_acme";

/// An organization that pays as [`CUSTOMER`], a node, and Stripe.
struct Fixture {
    app: TestApp,
    stripe: FakeStripe,
    owner: SignedIn,
    access: OrgAccess,
}

/// What the ledger has on an event.
#[derive(Debug, PartialEq, Eq)]
struct LedgerEntry {
    attempts: i32,
    processed: bool,
    error: Option<String>,
}

impl Fixture {
    async fn start() -> Self {
        let fixture = Self::start_without_customer().await;
        fixture.stripe.put_customer(Customer {
            id: CUSTOMER.into(),
            ..Customer::default()
        });
        fixture.attach(&fixture.access, CUSTOMER).await;
        fixture
    }

    /// An organization that never paid.
    async fn start_without_customer() -> Self {
        let stripe = FakeStripe::start(fake_stripe::Config::default())
            .await
            .expect("a free port");
        let api_base = Some(stripe.url());
        let app = TestApp::start_with(|config| {
            config.stripe = StripeConfig {
                secret_key: StripeKey::parse("sk_test_fake", AppEnv::Development).expect("a key"),
                api_base,
                webhook_secrets: WebhookSecret::parse_list(
                    &format!("{SECRET},{OLD_SECRET}"),
                    AppEnv::Development,
                )
                .expect("secrets"),
                automatic_tax: false,
                daily_reconcile: true,
                portal_configuration: None,
            };
        })
        .await;
        let owner = app.user("Olive").await;
        let slug = app.org("acme", &owner).await;
        let access = app.access(&owner, &slug).await;
        Self {
            app,
            stripe,
            owner,
            access,
        }
    }

    /// [`Self::start`], with a Pro subscription that a webhook announced.
    async fn start_with_pro() -> Self {
        let fixture = Self::start().await;
        fixture.stripe.put_subscription(Subscription::active(
            SUBSCRIPTION,
            CUSTOMER,
            "price_pro_month",
        ));
        fixture.send("customer.subscription.created").await;
        fixture
    }

    async fn attach(&self, access: &OrgAccess, customer: &str) {
        sqlx::query(
            "insert into billing_customer (organization_id, stripe_customer_id) values ($1, $2)",
        )
        .bind(access.org_id().0)
        .bind(customer)
        .execute(self.app.services.db.pool())
        .await
        .expect("the customer is attached");
    }

    fn event(&self, event_type: &str, object: &str) -> SignedEvent {
        self.stripe.event(event_type, object, SECRET)
    }

    /// Changes [`SUBSCRIPTION`] at Stripe, and announces nothing.
    fn change(&self, change: impl FnOnce(&mut Subscription)) {
        self.stripe.change_subscription(SUBSCRIPTION, change);
    }

    /// Receives a new event about [`SUBSCRIPTION`].
    async fn send(&self, event_type: &str) {
        let outcome = self.accept(&self.event(event_type, SUBSCRIPTION)).await;
        assert_eq!(outcome, WebhookOutcome::Processed, "{event_type}");
    }

    async fn accept(&self, event: &SignedEvent) -> WebhookOutcome {
        self.receive(event).await.expect("the event is accepted")
    }

    async fn receive(&self, event: &SignedEvent) -> Result<WebhookOutcome> {
        self.app
            .services
            .billing
            .receive_webhook(event.payload.as_bytes(), &event.signature)
            .await
    }

    async fn view(&self) -> Arc<SubscriptionView> {
        view(&self.app.services, &self.access).await
    }

    async fn status(&self) -> String {
        self.view().await.status().to_owned()
    }

    async fn ledger(&self, event: &SignedEvent) -> Option<LedgerEntry> {
        let entry = sqlx::query_as(
            "select attempts, processed_at is not null, last_error
             from webhook_event
             where id = $1",
        )
        .bind(&event.id)
        .fetch_optional(self.app.services.db.pool())
        .await
        .expect("the ledger answers");
        entry.map(|(attempts, processed, error)| LedgerEntry {
            attempts,
            processed,
            error,
        })
    }

    /// Changes of the subscription in the audit log, oldest first.
    async fn logged_changes(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select detail
             from activity
             where kind = 'subscription.changed'
             order by created_at, id",
        )
        .fetch_all(self.app.services.db.pool())
        .await
        .expect("the audit log answers")
    }

    /// Makes the mirror so old that a page has it compared with Stripe.
    fn age_mirror(&self) {
        self.app.services.clock.advance(time::Duration::hours(2));
    }

    fn stripe_requests(&self) -> usize {
        self.stripe.requests().len()
    }
}

async fn view(services: &Services, access: &OrgAccess) -> Arc<SubscriptionView> {
    services
        .billing
        .get_org_subscription(access)
        .await
        .expect("there is a view")
}

/// Waits for background work.
async fn until(what: &str, is_so: impl AsyncFnMut() -> bool) {
    eventually(what, Duration::from_secs(8), is_so).await;
}

fn assert_refused(result: Result<WebhookOutcome>, what: &str) {
    match result {
        Err(Error::Invalid(invalid)) => {
            assert_eq!(invalid.field.as_deref(), Some("stripe-signature"), "{what}")
        }
        other => panic!("{what}: {other:?}"),
    }
}
