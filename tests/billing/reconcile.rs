//! Comparing everything: what webhooks missed is found and repaired, and a comparison that was
//! cut off goes on and counts as done only when it is whole.

use fake_stripe::FailureRule;
use orghub::billing::ReconcileReport;

use super::*;

impl Fixture {
    async fn reconcile(&self) -> Result<ReconcileReport> {
        self.app.services.billing.reconcile().await
    }

    async fn reconcile_age(&self) -> Option<time::Duration> {
        let age = self.app.services.billing.reconcile_age().await;
        age.expect("the database answers")
    }
}

#[tokio::test]
async fn drift_is_repaired_and_told_and_a_second_run_finds_none() {
    let fixture = Fixture::start_with_pro().await;
    fixture.change(|subscription| subscription.status = "past_due".into());
    let report = fixture.reconcile().await.expect("it is whole");
    assert_eq!((report.compared, report.drifted), (1, 1));
    assert_eq!(fixture.status().await, "past_due");
    let report = fixture.reconcile().await.expect("it is whole");
    assert_eq!((report.compared, report.drifted), (1, 0));
}

#[tokio::test]
async fn a_job_compares_everything_each_day() {
    let fixture = Fixture::start_with_pro().await;
    let statuses = ["past_due", "unpaid"];
    for status in statuses {
        fixture.change(|subscription| subscription.status = status.into());
        let worker = &fixture.app.services.worker;
        worker.run_due().await.expect("the queue answers");
        assert_eq!(fixture.status().await, status);
        fixture.app.services.clock.advance(time::Duration::DAY);
    }
}

#[tokio::test]
async fn what_was_bought_under_a_customer_that_nobody_knows_is_found() {
    let fixture = Fixture::start().await;
    fixture.stripe.put_customer(Customer {
        id: "cus_new".into(),
        ..Customer::default()
    });
    let mut bought = Subscription::active("sub_new", "cus_new", "price_ultra_month");
    let org = fixture.access.org_id().to_string();
    bought.metadata.insert("organization_id".into(), org);
    fixture.stripe.put_subscription(bought);
    fixture.reconcile().await.expect("it is whole");
    assert_eq!(fixture.view().await.plan(), Plan::Ultra);
}

#[tokio::test]
async fn events_that_never_arrived_are_caught_up_with_once() {
    let fixture = Fixture::start_with_pro().await;
    // Made, and never posted.
    let missed = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    let report = fixture.reconcile().await.expect("it is whole");
    assert!(report.missed_events >= 1, "{report:?}");
    let entry = fixture.ledger(&missed).await.expect("it is in the ledger");
    assert!(entry.processed);
    let report = fixture.reconcile().await.expect("it is whole");
    assert_eq!(report.missed_events, 0);
}

#[tokio::test]
async fn a_run_that_was_cut_off_is_not_done_and_goes_on_from_there() {
    let fixture = Fixture::start_with_pro().await;
    let mut others = Vec::new();
    for name in ["globex", "initech", "hooli"] {
        let slug = fixture.app.org(name, &fixture.owner).await;
        let access = fixture.app.access(&fixture.owner, &slug).await;
        let customer = format!("cus_{name}");
        fixture.stripe.put_customer(Customer {
            id: customer.clone(),
            ..Customer::default()
        });
        fixture.attach(&access, &customer).await;
        fixture.stripe.put_subscription(Subscription::active(
            &format!("sub_{name}"),
            &customer,
            "price_pro_month",
        ));
        others.push(access);
    }
    fixture.stripe.fail_on(FailureRule {
        skip: 2,
        ..FailureRule::always(Failure::RateLimitedFor(60))
    });
    let cut_off = fixture.reconcile().await;
    assert!(
        matches!(cut_off, Err(Error::Unavailable("Stripe", _))),
        "{cut_off:?}"
    );
    assert_eq!(fixture.reconcile_age().await, None, "it is not done");
    let compared = |seen: &[Arc<SubscriptionView>]| {
        seen.iter().filter(|view| view.plan() == Plan::Pro).count()
    };
    let mut seen = Vec::new();
    for access in &others {
        seen.push(view(&fixture.app.services, access).await);
    }
    assert!(compared(&seen) < others.len());

    fixture.stripe.recover();
    let asked_before = fixture.stripe_requests();
    let report = fixture.reconcile().await.expect("it is whole");
    assert_eq!(report.compared, 4, "over both runs");
    let lists = fixture.stripe.requests()[asked_before..]
        .iter()
        .filter(|request| request.target.contains("customer=cus_"))
        .count();
    assert!(
        lists <= 3,
        "what was compared is not compared again: {lists}"
    );
    for access in &others {
        assert_eq!(view(&fixture.app.services, access).await.plan(), Plan::Pro);
    }
    assert!(fixture.reconcile_age().await.is_some());
}

#[tokio::test]
async fn a_failed_event_shows_on_the_page_until_it_succeeds() {
    let fixture = Fixture::start_with_pro().await;
    fixture.stripe.fail(Failure::ServerError);
    let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    assert!(fixture.receive(&event).await.is_err());
    let now = fixture.app.services.clock.now();
    let certainty = fixture.view().await.certainty(now);
    assert!(
        matches!(certainty, Certainty::Delayed { .. }),
        "{certainty:?}"
    );
    fixture.stripe.recover();
    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Processed);
    assert_eq!(fixture.view().await.certainty(now), Certainty::InStep);
}

#[tokio::test]
async fn an_account_is_set_up_once() {
    let stripe = FakeStripe::start(fake_stripe::Config {
        catalog: false,
        ..fake_stripe::Config::default()
    })
    .await
    .expect("a free port");
    let api_base = Some(stripe.url());
    let app = TestApp::start_with(|config| config.stripe.api_base = api_base).await;
    let billing = &app.services.billing;
    let missing = billing
        .check_prices()
        .await
        .expect("Stripe answers")
        .missing;
    assert_eq!(missing.len(), 4);

    let done = billing.set_up_account().await.expect("it is set up");
    assert_eq!(done.made.len(), 8, "{:?}", done.made);
    assert!(
        done.webhook_secret
            .is_some_and(|secret| secret.starts_with("whsec_"))
    );
    let check = billing.check_prices().await.expect("Stripe answers");
    assert_eq!(check, orghub::billing::PriceCheck::default());

    let again = billing.set_up_account().await.expect("it is set up");
    assert_eq!(again.made, Vec::<String>::new());
    assert_eq!(again.portal_configuration, done.portal_configuration);

    stripe.raise_price("pro_month", 5_900);
    let different = billing
        .check_prices()
        .await
        .expect("Stripe answers")
        .different;
    assert_eq!(different.len(), 1, "{different:?}");
}
