//! Buying on the fake's pages.

#![allow(clippy::unwrap_used, reason = "test helpers may panic, too")]

mod common;

use axum::http::{Method, StatusCode};
use common::{Stripe, in_order, text};
use fake_stripe::{Card, Settings};
use serde_json::Value;

/// An open session of a new customer.
async fn session(stripe: &Stripe, more: &str) -> Value {
    let customer = text(&stripe.post("v1/customers", "name=Acme").await["id"]);
    let form = format!(
        "mode=subscription&customer={customer}&line_items[0][price]=price_pro_month\
         &line_items[0][quantity]=1&success_url=http://shop.test/done?s={{CHECKOUT_SESSION_ID}}\
         &cancel_url=http://shop.test/plans&subscription_data[metadata][organization_id]=7{more}"
    );
    stripe.post("v1/checkout/sessions", &form).await
}

#[tokio::test]
async fn paying_makes_the_subscription_and_leads_to_the_success_page() {
    let stripe = Stripe::start().await;
    let session = session(&stripe, "&client_reference_id=7").await;
    let id = text(&session["id"]);
    assert_eq!(session["status"], "open");
    assert_eq!(session["amount_total"], 4900);
    let page = stripe.page(session["url"].as_str().unwrap()).await;
    for words in ["Stripe fake", "49.00 USD per month", ">Pay<", ">Go back<"] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    stripe.new_events();

    let answer = stripe.submit(&format!("checkout/{id}"), "card=works").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(
        answer.headers["location"],
        format!("http://shop.test/done?s={id}")
    );
    let paid = stripe
        .get(&format!("v1/checkout/sessions/{id}?expand[0]=subscription"))
        .await;
    assert_eq!(
        (&paid["status"], &paid["payment_status"]),
        (&"complete".into(), &"paid".into())
    );
    assert_eq!(paid["url"], Value::Null);
    let subscription = &paid["subscription"];
    assert_eq!(subscription["status"], "active");
    assert_eq!(subscription["metadata"]["organization_id"], "7");
    let events = stripe.new_events();
    let expected = [
        "payment_method.attached",
        "customer.subscription.created",
        "invoice.created",
        "charge.succeeded",
        "invoice.paid",
        "checkout.session.completed",
    ];
    assert!(in_order(&events, &expected), "{events:?}");

    let again = stripe.submit(&format!("checkout/{id}"), "card=works").await;
    assert!(again.text.contains("is complete"), "{}", again.text);
}

#[tokio::test]
async fn a_declined_card_leaves_the_session_open_and_says_so() {
    let stripe = Stripe::start().await;
    let id = text(&session(&stripe, "").await["id"]);
    let answer = stripe
        .submit(&format!("checkout/{id}"), "card=declined")
        .await;
    assert!(answer.text.contains("role=\"alert\""), "{}", answer.text);
    assert!(answer.text.contains("declined"));
    let session = stripe.get(&format!("v1/checkout/sessions/{id}")).await;
    assert_eq!(session["status"], "open");
    assert!(stripe.0.subscriptions().is_empty());
}

#[tokio::test]
async fn a_card_that_wants_it_is_confirmed_or_refused() {
    let stripe = Stripe::start().await;
    let id = text(&session(&stripe, "").await["id"]);
    let answer = stripe
        .submit(&format!("checkout/{id}"), "card=needs_action")
        .await;
    let confirm = format!("/checkout/{id}/confirm");
    assert_eq!(answer.headers["location"], confirm.as_str());
    let page = stripe.page(&confirm[1..]).await;
    assert!(page.text.contains(">Approve<") && page.text.contains(">Refuse<"));
    let refused = stripe.submit(&confirm[1..], "answer=refuse").await;
    assert!(refused.text.contains("did not confirm"));
    assert!(stripe.0.subscriptions().is_empty());
    let approved = stripe.submit(&confirm[1..], "answer=approve").await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER);
    assert_eq!(stripe.0.subscriptions()[0].status, "active");
}

#[tokio::test]
async fn a_trial_costs_nothing_at_first() {
    let stripe = Stripe::start().await;
    let session = session(&stripe, "&subscription_data[trial_period_days]=14").await;
    let id = text(&session["id"]);
    assert_eq!(session["amount_total"], 0);
    let page = stripe.page(session["url"].as_str().unwrap()).await;
    assert!(page.text.contains(">Start trial<"), "{}", page.text);
    assert!(stripe.0.pay_checkout(&id, Card::Works));
    let subscription = stripe.0.subscriptions().remove(0);
    assert_eq!(subscription.status, "trialing");
    assert_eq!(
        subscription.trial_end,
        Some(subscription.created + 14 * 86_400)
    );
    let session = stripe.get(&format!("v1/checkout/sessions/{id}")).await;
    assert_eq!(session["payment_status"], "no_payment_required");
}

#[tokio::test]
async fn the_subscription_may_be_attached_later() {
    let stripe = Stripe::start().await;
    stripe.0.set_settings(Settings {
        attach_after_reads: 2,
        ..Settings::default()
    });
    let id = text(&session(&stripe, "").await["id"]);
    assert!(stripe.0.pay_checkout(&id, Card::Works));
    let read =
        async || stripe.get(&format!("v1/checkout/sessions/{id}")).await["subscription"].clone();
    assert_eq!(read().await, Value::Null);
    assert_eq!(read().await, Value::Null);
    assert!(read().await.is_string(), "from the third read on");
}

#[tokio::test]
async fn sessions_expire_on_demand_and_with_time() {
    let stripe = Stripe::start().await;
    let [one, other] = [session(&stripe, "").await, session(&stripe, "").await];
    let [one, other] = [text(&one["id"]), text(&other["id"])];
    let expired = stripe
        .post(&format!("v1/checkout/sessions/{one}/expire"), "")
        .await;
    assert_eq!(expired["status"], "expired");
    let refused = stripe
        .refused(&format!("v1/checkout/sessions/{one}/expire"), "")
        .await;
    assert_eq!(refused.0, 400);
    assert!(!stripe.0.pay_checkout(&one, Card::Works));
    stripe.0.advance(25 * 3600);
    let other = stripe.get(&format!("v1/checkout/sessions/{other}")).await;
    assert_eq!(other["status"], "expired");
    let events = stripe.new_events();
    let expired = events
        .iter()
        .filter(|event| *event == "checkout.session.expired");
    assert_eq!(expired.count(), 2);
}

#[tokio::test]
async fn what_stripe_would_refuse_is_refused() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    let base = format!("mode=subscription&customer={customer}&success_url=http://shop.test/");
    for (form, code) in [
        (
            format!("{base}&line_items[0][price]=price_none"),
            "resource_missing",
        ),
        (
            format!("{base}&line_items[0][prise]=price_pro_month"),
            "parameter_unknown",
        ),
        (
            "mode=subscription&customer=cus_none".to_owned(),
            "resource_missing",
        ),
        (format!("customer={customer}"), "parameter_missing"),
    ] {
        let refused = stripe.refused("v1/checkout/sessions", &form).await;
        assert_eq!(refused, (400, code.to_owned()), "{form}");
    }
    let (status, _) = stripe
        .call(Method::GET, "v1/checkout/sessions/cs_none", "")
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
