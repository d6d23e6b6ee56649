//! The same over HTTP, as browser tests steer it.

#![allow(clippy::unwrap_used, reason = "test helpers may panic, too")]

mod common;

use axum::http::Method;
use common::{Answer, Stripe, text};
use serde_json::{Value, json};

async fn control(stripe: &Stripe, method: Method, path: &str, body: Value) -> Answer {
    let kind = [("content-type", "application/json")];
    let path = format!("control/{path}");
    stripe
        .request(method, &path, &kind, &body.to_string())
        .await
}

#[tokio::test]
async fn everything_is_steered_over_http() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    let id = stripe.subscribe(&customer, "price_pro_month").await;
    let invoice = text(&stripe.get(&format!("v1/subscriptions/{id}")).await["latest_invoice"]);
    for (method, path, body) in [
        (
            Method::PUT,
            "settings".to_owned(),
            json!({ "retry_days": [1] }),
        ),
        (
            Method::PUT,
            "webhooks".to_owned(),
            json!({ "duplicate": true }),
        ),
        (
            Method::POST,
            format!("customers/{customer}/card"),
            json!({ "card": "needs_action" }),
        ),
        (
            Method::POST,
            format!("customers/{customer}/card_expiring"),
            json!({}),
        ),
        (
            Method::POST,
            "disputes".to_owned(),
            json!({ "invoice": invoice }),
        ),
        (
            Method::POST,
            "raise_price".to_owned(),
            json!({ "lookup_key": "pro_month", "unit_amount": 5900 }),
        ),
        (
            Method::POST,
            "events".to_owned(),
            json!({ "type": "invoice.paid", "object": invoice }),
        ),
        (
            Method::POST,
            "events".to_owned(),
            json!({ "type": "invoice.upcoming", "data": {} }),
        ),
        (
            Method::PUT,
            format!("patches/{id}"),
            json!({ "status": "hibernating" }),
        ),
        (Method::POST, "advance".to_owned(), json!({ "seconds": 60 })),
        (
            Method::POST,
            "failures".to_owned(),
            json!({ "failure": "server_error", "path": "/v1/customers", "times": 1 }),
        ),
    ] {
        let answer = control(&stripe, method, &path, body).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
    }
    let object = control(&stripe, Method::GET, &format!("objects/{id}"), json!({})).await;
    assert!(object.text.contains("hibernating"));
    assert_eq!(stripe.call(Method::GET, "v1/customers", "").await.0, 500);
    let key = stripe.get("v1/prices?lookup_keys[0]=pro_month").await;
    assert_eq!(key["data"][0]["unit_amount"], 5900);
    let events = control(&stripe, Method::GET, "events", json!({}))
        .await
        .text;
    for event in [
        "customer.source.expiring",
        "charge.dispute.created",
        "invoice.upcoming",
    ] {
        assert!(events.contains(event), "{event}");
    }
}

#[tokio::test]
async fn what_does_not_exist_is_an_error() {
    let stripe = Stripe::start().await;
    for (path, body) in [
        ("customers/cus_none/card", json!({ "card": "works" })),
        ("customers/cus_none/card_expiring", json!({})),
        ("checkout/cs_none/pay", json!({ "card": "works" })),
        ("subscriptions/sub_none", json!({ "status": "active" })),
        (
            "events",
            json!({ "type": "invoice.paid", "object": "in_none" }),
        ),
        ("events/evt_none/redeliver", json!({})),
        (
            "raise_price",
            json!({ "lookup_key": "none", "unit_amount": 1 }),
        ),
    ] {
        let answer = control(&stripe, Method::POST, path, body).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
    }
    let wrong = control(&stripe, Method::PUT, "webhooks", json!({ "drpo": true })).await;
    assert!(wrong.status.is_client_error(), "a misspelled switch");
}
