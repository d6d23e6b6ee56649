//! The plan that the features of a product say, where price and product say none.

use fake_stripe::{FailureRule, Price, Product};

use super::*;

const PRODUCT: &str = "prod_bundle";
const PRICE: &str = "price_bundle";
const SUMMARY: &str = "entitlements.active_entitlement_summary.updated";

impl Fixture {
    /// Somebody sells the subscription at a price that is on no list.
    async fn start_with_bundle(plan_in_metadata: Option<&str>) -> Self {
        let fixture = Self::start_with_pro().await;
        let metadata = plan_in_metadata.map(|plan| ("plan".to_owned(), plan.to_owned()));
        fixture.stripe.put_product(Product {
            id: PRODUCT.into(),
            name: "Everything for a price".into(),
            active: true,
            metadata: metadata.into_iter().collect(),
            ..Product::default()
        });
        let price = Price::new(PRICE, PRODUCT, "usd", 9_900, "month");
        fixture.stripe.put_price(price);
        fixture.change(|subscription| subscription.price = PRICE.into());
        fixture
    }

    /// Delivers what Stripe tells of entitlements; how often it did.
    async fn receive_summaries(&self) -> usize {
        let events = self.stripe.take_events(SECRET);
        let mut received = 0;
        for event in events
            .iter()
            .filter(|event| event.payload.contains(SUMMARY))
        {
            assert_eq!(self.accept(event).await, WebhookOutcome::Processed);
            received += 1;
        }
        received
    }

    fn asked_for_features(&self) -> usize {
        let requests = self.stripe.requests();
        let of_features = requests
            .iter()
            .filter(|request| request.target.contains("/features"));
        of_features.count()
    }
}

#[tokio::test]
async fn a_feature_gives_the_plan_where_nothing_else_does() {
    let fixture = Fixture::start_with_bundle(None).await;
    // One that is about something else.
    fixture.stripe.entitle(PRODUCT, "reports");
    let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Conflict);
    assert_eq!(fixture.view().await.plan(), Plan::Free);
    fixture.stripe.take_events(SECRET);

    fixture.stripe.entitle(PRODUCT, "pro");
    assert_eq!(fixture.receive_summaries().await, 1);
    let seen = fixture.view().await;
    assert_eq!(seen.plan(), Plan::Pro);
    let now = fixture.app.services.clock.now();
    assert!(!matches!(seen.certainty(now), Certainty::Conflicting(_)));

    fixture.stripe.entitle(PRODUCT, "ultra");
    assert_eq!(fixture.receive_summaries().await, 1);
    assert_eq!(fixture.view().await.plan(), Plan::Ultra, "the greatest");
}

#[tokio::test]
async fn what_a_product_says_itself_comes_before_its_features() {
    let fixture = Fixture::start_with_bundle(Some("pro")).await;
    fixture.stripe.entitle(PRODUCT, "ultra");
    fixture.send("customer.subscription.updated").await;
    assert_eq!(fixture.view().await.plan(), Plan::Pro);
    assert_eq!(fixture.asked_for_features(), 0);
}

#[tokio::test]
async fn who_may_not_read_features_reads_everything_else() {
    let fixture = Fixture::start_with_bundle(None).await;
    fixture.stripe.entitle(PRODUCT, "ultra");
    fixture.change(|subscription| subscription.status = "past_due".into());
    let features = format!("/v1/products/{PRODUCT}/features");
    fixture
        .stripe
        .fail_on(FailureRule::on(&features, Failure::Forbidden));
    let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Conflict);
    assert_eq!(fixture.asked_for_features(), 1);
    let seen = fixture.view().await;
    assert_eq!((seen.status(), seen.plan()), ("past_due", Plan::Free));
}

#[tokio::test]
async fn while_features_are_away_nothing_is_decided_without_them() {
    let fixture = Fixture::start_with_bundle(None).await;
    fixture.stripe.entitle(PRODUCT, "ultra");
    let features = format!("/v1/products/{PRODUCT}/features");
    fixture
        .stripe
        .fail_on(FailureRule::on(&features, Failure::KeyRevoked));
    let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    let failed = fixture.receive(&event).await;
    assert!(matches!(failed, Err(Error::Unavailable("Stripe", _))));
    assert_eq!(fixture.view().await.plan(), Plan::Pro, "as it was");
    fixture.stripe.recover();
    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Processed);
    assert_eq!(fixture.view().await.plan(), Plan::Ultra);
}
