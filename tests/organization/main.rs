//! The organization as a whole: its logo, the second factor it can require, deleting it,
//! restoring it, and removing it for good.

mod deletion;
mod logo;
mod removal;
mod second_factor;
mod slugs;

use std::io::Cursor;

use fake_stripe::{Customer, FakeStripe, Subscription};
use image::{DynamicImage, ImageFormat};
use orghub::{
    access::{OrgAccess, OrgLookup},
    auth::SignedIn,
    billing::WebhookOutcome,
    config::{AppEnv, StripeConfig, StripeKey, WebhookSecret},
    domain::{CurrentUser, OrgId, OrgSegment, OrgSlug, Role},
    error::{Error, Result},
    services::Services,
};
use orghub_test_support::TestApp;
use sqlx::AssertSqlSafe;

const SECRET: &str = "whsec_of_these_tests";
const CUSTOMER: &str = "cus_acme";
const SUBSCRIPTION: &str = "sub_acme";

/// `acme`: an owner, an admin, a plain member, and a subscription at a Stripe.
struct Acme {
    app: TestApp,
    stripe: FakeStripe,
    slug: OrgSlug,
    id: OrgId,
    owner: SignedIn,
    admin: SignedIn,
    member: SignedIn,
}

impl Acme {
    async fn start() -> Self {
        let stripe = FakeStripe::start(fake_stripe::Config::default());
        let stripe = stripe.await.expect("a free port");
        let api_base = Some(stripe.url());
        let app = TestApp::start_with(|config| {
            config.stripe = StripeConfig {
                secret_key: StripeKey::parse("sk_test_fake", AppEnv::Development).expect("a key"),
                api_base,
                webhook_secrets: WebhookSecret::parse_list(SECRET, AppEnv::Development)
                    .expect("a secret"),
                automatic_tax: false,
                daily_reconcile: false,
                portal_configuration: None,
            };
        })
        .await;
        let owner = app.user("Ada").await;
        let slug = app.org("acme", &owner).await;
        let id = app.access(&owner, &slug).await.org_id();
        let (admin, member) = (app.user("Grace").await, app.user("Joan").await);
        app.add_member(id, &admin, Role::Admin).await;
        app.add_member(id, &member, Role::Member).await;
        Self {
            app,
            stripe,
            slug,
            id,
            owner,
            admin,
            member,
        }
    }

    /// [`Self::start`], and it pays for something.
    async fn start_with_pro() -> Self {
        let acme = Self::start().await;
        acme.stripe.put_customer(Customer {
            id: CUSTOMER.into(),
            ..Customer::default()
        });
        acme.pay(SUBSCRIPTION);
        let attach = "insert into billing_customer (organization_id, stripe_customer_id) \
                      values ($1::uuid, $2)";
        let id = acme.id.to_string();
        acme.app.sql_with(attach, &[&id, CUSTOMER]).await;
        let outcome = acme.webhook("customer.subscription.created", SUBSCRIPTION);
        assert_eq!(outcome.await, WebhookOutcome::Processed);
        acme
    }

    /// Has the customer subscribe at Stripe.
    fn pay(&self, subscription: &str) {
        let price = "price_pro_month";
        let bought = Subscription::active(subscription, CUSTOMER, price);
        self.stripe.put_subscription(bought);
    }

    async fn webhook(&self, event_type: &str, object: &str) -> WebhookOutcome {
        let event = self.stripe.event(event_type, object, SECRET);
        let billing = &self.node().billing;
        let received = billing.receive_webhook(event.payload.as_bytes(), &event.signature);
        received.await.expect("the event is accepted")
    }

    fn node(&self) -> &Services {
        &self.app.services
    }

    async fn access(&self, user: &SignedIn) -> OrgAccess {
        self.app.access(user, &self.slug).await
    }

    async fn delete(&self) -> Result<()> {
        let access = self.node().access.require(&self.owner, &self.slug).await?;
        let slug = self.slug.as_str();
        self.node().orgs.delete(&access, slug).await
    }

    async fn restore(&self, user: &SignedIn) -> Result<OrgSlug> {
        self.node().orgs.restore(user, &self.slug).await
    }

    async fn number(&self, sql: &str) -> i64 {
        let found = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(self.node().db.pool())
            .await;
        found.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    async fn is_deleted(&self) -> bool {
        let sql = "select count(*) from organization where deleted_at is not null";
        self.number(sql).await == 1
    }

    /// What is in its audit log, oldest first.
    async fn logged(&self) -> Vec<String> {
        let kinds = sqlx::query_scalar("select kind from activity order by created_at, id")
            .fetch_all(self.node().db.pool())
            .await;
        kinds.expect("the audit log answers")
    }

    /// The subjects of what was mailed to the user.
    async fn mailed(&self, user: &CurrentUser) -> Vec<String> {
        self.node().worker.run_due().await.expect("the jobs run");
        let letters = self.app.mail_to(user.email.as_str()).await;
        letters.into_iter().map(|letter| letter.subject).collect()
    }

    fn status_at_stripe(&self, subscription: &str) -> String {
        let mut status = String::new();
        self.stripe
            .change_subscription(subscription, |found| status.clone_from(&found.status));
        status
    }
}

async fn find(node: &Services, user: &SignedIn, slug: &OrgSlug) -> OrgLookup {
    let segment = OrgSegment::Slug(slug.clone());
    let found = node.access.find(user, &segment).await;
    found.expect("an answer")
}

fn png(side: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::new_rgb8(side, side);
    let written = picture.write_to(&mut bytes, ImageFormat::Png);
    written.expect("it encodes");
    bytes.into_inner()
}

fn field<T: std::fmt::Debug>(refused: Result<T>) -> String {
    match refused {
        Err(Error::Invalid(invalid)) => invalid.field.expect("about one field"),
        other => panic!("not refused for a field: {other:?}"),
    }
}
