//! What happens to a subscription as time passes.

#![allow(clippy::unwrap_used, reason = "test helpers may panic, too")]

mod common;

use common::{Stripe, ids, in_order, text};
use fake_stripe::{Card, Settings};
use serde_json::Value;

const DAY: i64 = 86_400;

async fn status(stripe: &Stripe, subscription: &str) -> String {
    let subscription = stripe
        .get(&format!("v1/subscriptions/{subscription}"))
        .await;
    text(&subscription["status"])
}

#[tokio::test]
async fn a_trial_is_announced_ends_and_renews() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    let form = format!("customer={customer}&items[0][price]=price_pro_month&trial_period_days=14");
    let id = text(&stripe.post("v1/subscriptions", &form).await["id"]);
    stripe.new_events();
    stripe.0.advance(12 * DAY);
    assert_eq!(
        stripe.new_events(),
        ["customer.subscription.trial_will_end"]
    );
    stripe.0.advance(3 * DAY);
    let events = stripe.new_events();
    let expected = [
        "customer.subscription.updated",
        "invoice.created",
        "invoice.paid",
    ];
    assert!(in_order(&events, &expected), "{events:?}");
    assert_eq!(status(&stripe, &id).await, "active");
    stripe.0.advance(31 * DAY);
    let invoices = stripe.get(&format!("v1/invoices?subscription={id}")).await;
    let amounts: Vec<_> = invoices["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|invoice| invoice["amount_paid"].as_i64().unwrap())
        .collect();
    assert_eq!(amounts, [4900, 4900, 0], "newest first");
}

#[tokio::test]
async fn a_failed_payment_is_retried_until_the_subscription_is_unpaid() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    let id = stripe.subscribe(&customer, "price_pro_month").await;
    stripe.0.set_card(&customer, Card::Declined);
    stripe.new_events();
    stripe.0.advance(32 * DAY);
    assert_eq!(status(&stripe, &id).await, "past_due");
    let events = stripe.new_events();
    let expected = [
        "invoice.created",
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "customer.subscription.updated",
    ];
    assert!(in_order(&events, &expected), "{events:?}");
    let open = stripe
        .get(&format!("v1/invoices?customer={customer}&status=open"))
        .await;
    assert!(open["data"][0]["next_payment_attempt"].is_i64());
    stripe.0.advance(8 * DAY);
    assert_eq!(status(&stripe, &id).await, "unpaid");
    let open = stripe
        .get(&format!("v1/invoices?customer={customer}&status=open"))
        .await;
    assert_eq!(open["data"][0]["attempt_count"], 4);

    // Paying the invoice brings it back.
    let invoice = ids(&open).remove(0);
    let paid = stripe
        .submit(&format!("invoice/{invoice}"), "card=works")
        .await;
    assert_eq!(paid.headers["location"], format!("/invoice/{invoice}"));
    assert_eq!(status(&stripe, &id).await, "active");
}

#[tokio::test]
async fn the_last_retry_may_cancel() {
    let stripe = Stripe::start().await;
    stripe.0.set_settings(Settings {
        after_retries: "canceled".to_owned(),
        retry_days: vec![1],
        ..Settings::default()
    });
    let customer = stripe.customer().await;
    let id = stripe.subscribe(&customer, "price_pro_month").await;
    stripe.0.set_card(&customer, Card::Declined);
    stripe.0.advance(40 * DAY);
    let subscription = stripe.get(&format!("v1/subscriptions/{id}")).await;
    assert_eq!(subscription["status"], "canceled");
    assert_eq!(
        subscription["cancellation_details"]["reason"],
        "payment_failed"
    );
}

#[tokio::test]
async fn a_payment_that_needs_action_is_approved_on_the_invoices_page() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    let id = stripe.subscribe(&customer, "price_pro_month").await;
    stripe.0.set_card(&customer, Card::NeedsAction);
    stripe.new_events();
    stripe.0.advance(32 * DAY);
    let events = stripe.new_events();
    let expected = [
        "payment_intent.requires_action",
        "invoice.payment_action_required",
    ];
    assert!(in_order(&events, &expected), "{events:?}");
    assert_eq!(status(&stripe, &id).await, "past_due");

    let latest = stripe
        .get(&format!(
            "v1/subscriptions/{id}?expand[0]=latest_invoice.payments.data.payment.payment_intent"
        ))
        .await;
    let invoice = &latest["latest_invoice"];
    let intent = &invoice["payments"]["data"][0]["payment"]["payment_intent"];
    assert_eq!(intent["status"], "requires_action");
    let confirm = text(&intent["next_action"]["redirect_to_url"]["url"]);
    assert!(stripe.page(&confirm).await.text.contains(">Approve<"));
    let path = confirm.strip_prefix(&stripe.0.url()).unwrap();
    stripe.submit(path, "answer=approve").await;
    assert_eq!(status(&stripe, &id).await, "active");
}

#[tokio::test]
async fn ends_restored_and_real_are_told_apart() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    let id = stripe.subscribe(&customer, "price_pro_month").await;
    let path = format!("v1/subscriptions/{id}");
    let ending = stripe
        .post(
            &path,
            "cancel_at_period_end=true&cancellation_details[feedback]=unused\
             &cancellation_details[comment]=Bye",
        )
        .await;
    assert_eq!(ending["cancel_at_period_end"], true);
    assert_eq!(ending["cancellation_details"]["feedback"], "unused");
    assert_eq!(ending["cancellation_details"]["comment"], "Bye");
    let kept = stripe.post(&path, "cancel_at_period_end=false").await;
    assert_eq!(
        (&kept["cancel_at"], &kept["canceled_at"]),
        (&Value::Null, &Value::Null)
    );
    stripe.post(&path, "cancel_at_period_end=true").await;
    stripe.0.advance(32 * DAY);
    assert_eq!(status(&stripe, &id).await, "canceled");
    assert_eq!(
        stripe.refused(&path, "cancel_at_period_end=false").await.0,
        400
    );
    let noted = stripe.post(&path, "metadata[note]=late").await;
    assert_eq!(noted["metadata"]["note"], "late");
}

#[tokio::test]
async fn a_paused_collection_makes_invoices_that_nobody_pays() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    let id = stripe.subscribe(&customer, "price_pro_month").await;
    let path = format!("v1/subscriptions/{id}");
    let paused = stripe.post(&path, "pause_collection[behavior]=void").await;
    assert_eq!(paused["pause_collection"]["behavior"], "void");
    assert_eq!(paused["status"], "active");
    stripe.0.advance(32 * DAY);
    let invoices = stripe.get(&format!("v1/invoices?subscription={id}")).await;
    assert_eq!(invoices["data"][0]["status"], "void");
    let resumed = stripe.post(&path, "pause_collection=").await;
    assert_eq!(resumed["pause_collection"], Value::Null);
}

#[tokio::test]
async fn a_trial_without_a_card_pauses_and_resumes() {
    let stripe = Stripe::start().await;
    let customer = text(&stripe.post("v1/customers", "").await["id"]);
    let form = format!(
        "customer={customer}&items[0][price]=price_pro_month&trial_period_days=1\
         &trial_settings[end_behavior][missing_payment_method]=pause"
    );
    let id = text(&stripe.post("v1/subscriptions", &form).await["id"]);
    stripe.0.advance(2 * DAY);
    assert_eq!(status(&stripe, &id).await, "paused");
    stripe.0.set_card(&customer, Card::Works);
    stripe
        .post(&format!("v1/subscriptions/{id}/resume"), "")
        .await;
    assert_eq!(status(&stripe, &id).await, "active");
    let events = stripe.new_events();
    let expected = [
        "customer.subscription.paused",
        "customer.subscription.resumed",
    ];
    assert!(in_order(&events, &expected), "{events:?}");
}

#[tokio::test]
async fn a_test_clock_moves_its_customers_only() {
    let stripe = Stripe::start().await;
    let clock = text(
        &stripe
            .post("v1/test_helpers/test_clocks", "frozen_time=1800000000")
            .await["id"],
    );
    let form = format!("test_clock={clock}&payment_method=pm_card_visa");
    let theirs = text(&stripe.post("v1/customers", &form).await["id"]);
    let theirs = stripe.subscribe(&theirs, "price_pro_month").await;
    let ours = stripe.customer().await;
    let ours = stripe.subscribe(&ours, "price_pro_month").await;
    let period = async |id: &str| {
        let subscription = stripe.get(&format!("v1/subscriptions/{id}")).await;
        subscription["items"]["data"][0]["current_period_start"]
            .as_i64()
            .unwrap()
    };
    let before = (period(&theirs).await, period(&ours).await);
    assert_eq!(before.0, 1_800_000_000);
    let path = format!("v1/test_helpers/test_clocks/{clock}/advance");
    let target = 1_800_000_000 + 40 * DAY;
    let advanced = stripe.post(&path, &format!("frozen_time={target}")).await;
    assert_eq!(advanced["frozen_time"], target);
    assert!(period(&theirs).await > before.0);
    assert_eq!(period(&ours).await, before.1);
    assert_eq!(stripe.refused(&path, "frozen_time=1").await.0, 400);
}

#[tokio::test]
async fn an_incomplete_subscription_expires() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    stripe.0.set_card(&customer, Card::Declined);
    let id = stripe.subscribe(&customer, "price_pro_month").await;
    assert_eq!(status(&stripe, &id).await, "incomplete");
    stripe.0.advance(DAY);
    assert_eq!(status(&stripe, &id).await, "incomplete_expired");
}
