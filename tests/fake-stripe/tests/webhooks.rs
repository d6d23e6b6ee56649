//! Events: those that are posted, those that are missed, and how they go wrong.

#![allow(clippy::unwrap_used, reason = "test helpers may panic, too")]

mod common;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use common::{SECRET, Stripe, ids, text};
use fake_stripe::{Config, FakeStripe, WebhookSwitches, WebhookTarget};
use serde_json::{Value, json};

type Received = Arc<Mutex<Vec<Value>>>;

/// A webhook endpoint that accepts everything.
async fn receiver() -> (String, Received) {
    async fn receive(State(received): State<Received>, body: String) -> StatusCode {
        let event = serde_json::from_str(&body).unwrap();
        received.lock().unwrap().push(event);
        StatusCode::OK
    }
    let received = Received::default();
    let router = Router::new()
        .route("/hook", post(receive))
        .with_state(received.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

async fn with_receiver() -> (Stripe, Received) {
    let (url, received) = receiver().await;
    let webhook = Some(WebhookTarget {
        url,
        secret: SECRET.to_owned(),
    });
    let config = Config {
        webhook,
        ..Config::default()
    };
    (Stripe(FakeStripe::start(config).await.unwrap()), received)
}

/// Waits for so many posts.
async fn posts(received: &Received, count: usize) -> Vec<Value> {
    for _ in 0..500 {
        let posts = received.lock().unwrap().clone();
        if posts.len() >= count {
            return posts;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{count} posts: not within 5 s");
}

#[tokio::test]
async fn two_events_change_places() {
    let (stripe, received) = with_receiver().await;
    stripe.0.set_webhook_switches(WebhookSwitches {
        reorder: true,
        ..WebhookSwitches::default()
    });
    // Three events at once: the third has nobody to change places with.
    stripe
        .post("v1/customers", "payment_method=pm_card_visa")
        .await;
    let posts = posts(&received, 3).await;
    let place = |event: &str| posts.iter().position(|post| post["type"] == event);
    assert!(place("payment_method.attached") < place("customer.created"));
    assert!(place("customer.updated").is_some());
}

#[tokio::test]
async fn missed_events_are_listed_and_can_be_sent_again() {
    let (stripe, received) = with_receiver().await;
    stripe.post("v1/customers", "name=Seen").await;
    posts(&received, 1).await;
    stripe.0.set_webhook_switches(WebhookSwitches {
        drop: true,
        ..WebhookSwitches::default()
    });
    stripe.post("v1/customers", "name=Missed").await;
    stripe.post("v1/products", "name=Missed").await;
    // The sender notes an answer a moment after the receiver gave it.
    while !stripe.0.events()[0].delivered {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let missed = stripe
        .get("v1/events?delivery_success=false&types[0]=customer.created&types[1]=customer.updated")
        .await;
    assert_eq!(ids(&missed).len(), 1);
    assert_eq!(missed["data"][0]["data"]["object"]["name"], "Missed");
    assert_eq!(ids(&stripe.get("v1/events?type=product.*").await).len(), 1);
    let from = stripe.0.events()[0].created;
    let since = format!("v1/events?created[gte]={from}&limit=2");
    let page = stripe.get(&since).await;
    assert_eq!(page["has_more"], true);
    assert!(
        ids(&stripe
            .get(&format!("v1/events?created[gt]={}", from + 60))
            .await)
        .is_empty()
    );

    let id = ids(&missed).remove(0);
    assert!(stripe.0.redeliver(&id).await);
    assert_eq!(posts(&received, 2).await[1]["id"], id.as_str());
    let left = stripe.get("v1/events?delivery_success=false").await;
    assert_eq!(ids(&left).len(), 1, "the product's");
}

#[tokio::test]
async fn an_events_form_can_be_strange() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    let id = stripe.subscribe(&customer, "price_pro_month").await;
    let event = |switches: WebhookSwitches| -> Value {
        stripe.0.set_webhook_switches(switches);
        let event = stripe.0.event("customer.subscription.updated", &id, SECRET);
        serde_json::from_str(&event.payload).unwrap()
    };
    let thin = event(WebhookSwitches {
        thin: true,
        ..WebhookSwitches::default()
    });
    assert_eq!(thin["type"], "v1.customer.subscription.updated");
    assert_eq!(thin["related_object"]["id"], id.as_str());
    assert_eq!(thin["data"], Value::Null);
    let live = event(WebhookSwitches {
        live_mode: true,
        ..WebhookSwitches::default()
    });
    assert_eq!(
        (&live["livemode"], &live["data"]["object"]["livemode"]),
        (&json!(true), &json!(false))
    );
    let old = event(WebhookSwitches {
        other_api_version: true,
        ..WebhookSwitches::default()
    });
    assert!(old["data"]["object"]["current_period_end"].is_i64());
    let raw = stripe.0.raw_event(
        "invoice.upcoming",
        json!({ "object": "invoice", "customer": null }),
        SECRET,
    );
    let raw: Value = serde_json::from_str(&raw.payload).unwrap();
    assert_eq!(raw["data"]["object"]["id"], Value::Null);
}

#[tokio::test]
async fn a_test_takes_the_events_and_delivers_them_itself() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    stripe.0.take_events(SECRET);
    let path = format!("v1/customers/{customer}");
    stripe.post(&path, "name=New").await;
    let own = stripe.0.event("customer.updated", &customer, SECRET);
    let taken = stripe.0.take_events(SECRET);
    assert_eq!(
        taken.len(),
        1,
        "what the test made itself is not among them"
    );
    let event: Value = serde_json::from_str(&taken[0].payload).unwrap();
    assert_eq!(event["data"]["previous_attributes"]["name"], "Acme");
    assert_ne!(taken[0].id, own.id);
    assert!(stripe.0.take_events(SECRET).is_empty());
    stripe.post(&path, "name=New").await;
    assert!(stripe.0.take_events(SECRET).is_empty(), "nothing changed");

    let undelivered = async || {
        ids(&stripe
            .get("v1/events?delivery_success=false&type=customer.updated")
            .await)
    };
    assert!(undelivered().await.contains(&own.id));
    stripe.0.mark_delivered(&own.id);
    assert!(!undelivered().await.contains(&own.id));
}

#[tokio::test]
async fn endpoints_made_by_the_api_get_what_they_want() {
    let stripe = Stripe::start().await;
    let (url, received) = receiver().await;
    let form = format!("url={url}&enabled_events[0]=product.created");
    let endpoint = text(&stripe.post("v1/webhook_endpoints", &form).await["id"]);
    stripe.post("v1/customers", "").await;
    stripe.post("v1/products", "name=Wanted").await;
    assert_eq!(posts(&received, 1).await[0]["type"], "product.created");
    let path = format!("v1/webhook_endpoints/{endpoint}");
    stripe.post(&path, "disabled=true").await;
    stripe.post("v1/products", "name=Unwanted").await;
    stripe.post(&path, "disabled=false").await;
    stripe.post("v1/products", "name=Last").await;
    let names: Vec<_> = posts(&received, 2)
        .await
        .iter()
        .map(|event| text(&event["data"]["object"]["name"]))
        .collect();
    assert_eq!(names, ["Wanted", "Last"]);
}
