//! Money that goes back, and requests that are made twice.

#![allow(clippy::unwrap_used, reason = "test helpers may panic, too")]

mod common;

use axum::http::Method;
use common::{Stripe, in_order, text};
use fake_stripe::{Failure, FailureRule};

#[tokio::test]
async fn money_goes_back_once() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    let id = stripe.subscribe(&customer, "price_pro_month").await;
    let subscription = stripe
        .get(&format!(
            "v1/subscriptions/{id}?expand[0]=latest_invoice.payments"
        ))
        .await;
    let invoice = &subscription["latest_invoice"];
    let intent = text(&invoice["payments"]["data"][0]["payment"]["payment_intent"]);
    let refund = stripe
        .post("v1/refunds", &format!("payment_intent={intent}&amount=900"))
        .await;
    assert_eq!(refund["status"], "succeeded");
    stripe
        .post("v1/refunds", &format!("payment_intent={intent}"))
        .await;
    let refused = stripe
        .refused("v1/refunds", &format!("payment_intent={intent}"))
        .await;
    assert_eq!(refused, (400, "charge_already_refunded".to_owned()));
    let charge = text(&refund["charge"]);
    let charge = stripe
        .get(&format!("v1/charges/{charge}?expand[0]=refunds"))
        .await;
    assert_eq!(
        (&charge["refunded"], &charge["amount_refunded"]),
        (&true.into(), &4900.into())
    );
    assert_eq!(charge["refunds"]["data"].as_array().unwrap().len(), 2);
    let dispute = stripe.0.dispute(invoice["id"].as_str().unwrap());
    assert_eq!(
        stripe.get(&format!("v1/disputes/{dispute}")).await["status"],
        "needs_response"
    );
    let events = stripe.new_events();
    let expected = ["charge.refunded", "charge.dispute.created"];
    assert!(in_order(&events, &expected), "{events:?}");
}

#[tokio::test]
async fn a_lost_answer_was_done_and_is_repeated_by_its_key() {
    let stripe = Stripe::start().await;
    stripe
        .0
        .fail_on(FailureRule::on("/v1/customers", Failure::Lost).times(1));
    let key = [("idempotency-key", "k1")];
    let lost = stripe.request(Method::POST, "v1/customers", &key, "name=Acme");
    let done = async {
        while stripe.0.events().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        _ = lost => panic!("it was answered"),
        () = done => {}
    }
    let again = stripe
        .request(Method::POST, "v1/customers", &key, "name=Acme")
        .await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let all = stripe.get("v1/customers").await;
    assert_eq!(all["data"].as_array().unwrap().len(), 1, "made once");
    let other = stripe
        .request(Method::POST, "v1/customers", &key, "name=Other")
        .await;
    assert_eq!(other.status, 400);
    assert!(other.text.contains("idempotency_error"), "{}", other.text);
}
