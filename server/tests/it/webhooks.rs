//! Stripe announces a change, and the next page shows it.

use axum::body::Body;
use fake_stripe::{Customer, FakeStripe, SignedEvent, Subscription, sign};
use http::{Method, StatusCode};
use orghub::{
    config::{AppEnv, WebhookSecret},
    domain::OrgId,
    routes,
};

use crate::site::{Answer, Site, Visitor};

const SECRET: &str = "whsec_of_this_test";

/// A site, its Stripe, and the owner of its organization `acme`, which has a subscription
/// to `pro` at Stripe that no webhook has announced yet.
struct Fixture {
    site: Site,
    stripe: FakeStripe,
    owner: Visitor,
}

impl Fixture {
    async fn start() -> Self {
        let stripe = FakeStripe::start(fake_stripe::Config::default())
            .await
            .expect("the fake listens");
        let site = Site::start_with(|config| {
            config.stripe.api_base = Some(stripe.url());
            config.stripe.webhook_secrets =
                WebhookSecret::parse_list(SECRET, AppEnv::Development).expect("a secret");
        })
        .await;
        let ada = site.app.user("Ada").await;
        let acme = site.org("acme", &ada).await;
        subscribe(&stripe, acme);
        let owner = site.sign_in(&ada).await;
        Self {
            site,
            stripe,
            owner,
        }
    }

    /// Plan and status as the subscription page shows them.
    async fn plan_and_status(&mut self) -> (String, String) {
        let page = self.owner.open("/orgs/acme/subscription").await;
        (
            page.attribute("data-plan").to_owned(),
            page.attribute("data-status").to_owned(),
        )
    }

    fn event(&self, event_type: &str) -> SignedEvent {
        self.stripe.event(event_type, "sub_acme", SECRET)
    }

    async fn receive(&self, event: &SignedEvent) -> Answer {
        post(
            &self.site,
            event.payload.clone(),
            &[("stripe-signature", &event.signature)],
        )
        .await
    }
}

fn subscribe(stripe: &FakeStripe, org: OrgId) {
    let metadata = [("organization_id".to_owned(), org.to_string())];
    stripe.put_customer(Customer {
        id: "cus_acme".to_owned(),
        metadata: metadata.clone().into(),
        ..Customer::default()
    });
    let mut subscription = Subscription::active("sub_acme", "cus_acme", "price_pro_month");
    subscription.metadata = metadata.into();
    stripe.put_subscription(subscription);
}

async fn post(site: &Site, body: impl Into<Body>, headers: &[(&str, &str)]) -> Answer {
    site.visitor()
        .send(Method::POST, routes::STRIPE_WEBHOOK, headers, body.into())
        .await
}

fn pair(plan: &str, status: &str) -> (String, String) {
    (plan.to_owned(), status.to_owned())
}

#[tokio::test]
async fn a_subscription_shows_as_soon_as_its_event_is_answered() {
    let mut fixture = Fixture::start().await;
    assert_eq!(fixture.plan_and_status().await, pair("free", "free"));
    let event = fixture.event("customer.subscription.created");
    assert_eq!(fixture.receive(&event).await.status, StatusCode::OK);
    assert_eq!(fixture.plan_and_status().await, pair("pro", "active"));

    fixture
        .stripe
        .change_subscription("sub_acme", Subscription::cancel);
    let event = fixture.event("customer.subscription.deleted");
    assert_eq!(fixture.receive(&event).await.status, StatusCode::OK);
    assert_eq!(fixture.plan_and_status().await, pair("free", "canceled"));
}

#[tokio::test]
async fn a_duplicate_event_is_processed_once() {
    let mut fixture = Fixture::start().await;
    let event = fixture.event("customer.subscription.created");
    assert_eq!(fixture.receive(&event).await.status, StatusCode::OK);
    let asked = fixture.stripe.requests().len();
    assert_eq!(fixture.receive(&event).await.status, StatusCode::OK);
    assert_eq!(
        fixture.stripe.requests().len(),
        asked,
        "Stripe was not asked again"
    );
    assert_eq!(fixture.plan_and_status().await, pair("pro", "active"));
}

#[tokio::test]
async fn events_that_stripe_did_not_sign_are_refused() {
    let mut fixture = Fixture::start().await;
    let event = fixture.event("customer.subscription.created");
    let forged = sign(
        "whsec_of_somebody_else",
        &event.payload,
        fixture.site.app.services.clock.now().unix_timestamp(),
    );
    let stale = sign(
        SECRET,
        &event.payload,
        fixture.site.app.services.clock.now().unix_timestamp() - 3600,
    );
    for headers in [
        &[][..],
        &[("stripe-signature", "")],
        &[("stripe-signature", "nonsense")],
        &[("stripe-signature", forged.as_str())],
        &[("stripe-signature", stale.as_str())],
    ] {
        assert_eq!(
            post(&fixture.site, event.payload.clone(), headers)
                .await
                .status,
            StatusCode::BAD_REQUEST,
            "{headers:?}"
        );
    }
    let other_body = event.payload.replace("sub_acme", "sub_evil");
    let signature = [("stripe-signature", event.signature.as_str())];
    assert_eq!(
        post(&fixture.site, other_body, &signature).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(fixture.plan_and_status().await, pair("free", "free"));
}

#[tokio::test]
async fn a_failed_event_is_answered_so_that_stripe_sends_it_again() {
    let mut fixture = Fixture::start().await;
    let event = fixture.event("customer.subscription.created");
    fixture.stripe.fail(fake_stripe::Failure::ServerError);
    let answer = fixture.receive(&event).await;
    assert!(answer.status.is_server_error(), "{}", answer.status);
    assert_eq!(fixture.plan_and_status().await, pair("free", "free"));
    fixture.stripe.recover();
    assert_eq!(fixture.receive(&event).await.status, StatusCode::OK);
    assert_eq!(fixture.plan_and_status().await, pair("pro", "active"));
}

#[tokio::test]
async fn an_oversized_event_is_refused_before_it_is_read() {
    let site = Site::start().await;
    let answer = post(
        &site,
        vec![b' '; 300 * 1024],
        &[("stripe-signature", "t=1,v1=00")],
    )
    .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
