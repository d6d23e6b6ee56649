//! The fake, over real HTTP: its API, and the webhooks it sends.

#![allow(clippy::unwrap_used, reason = "test helpers may panic, too")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Request, StatusCode},
    routing::post,
};
use fake_stripe::{
    Config, Delivery, Failure, FakeStripe, Subscription, WebhookSwitches, WebhookTarget, sign,
};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;

const SECRET: &str = "whsec_test";

/// A webhook endpoint.
#[derive(Clone, Default)]
struct Receiver {
    /// Signatures and bodies.
    received: Arc<Mutex<Vec<(String, String)>>>,
    /// What it answers next, last first.
    answers: Arc<Mutex<Vec<StatusCode>>>,
}

impl Receiver {
    /// Listens; the first posts are answered with `answers`, the others with 200.
    async fn start(answers: &[StatusCode]) -> (Self, WebhookTarget) {
        let receiver = Self::default();
        receiver
            .answers
            .lock()
            .unwrap()
            .extend(answers.iter().rev());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/stripe", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/webhooks/stripe", post(Self::receive))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (
            receiver,
            WebhookTarget {
                url,
                secret: SECRET.into(),
            },
        )
    }

    async fn receive(State(receiver): State<Self>, headers: HeaderMap, body: Bytes) -> StatusCode {
        let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
        receiver
            .received
            .lock()
            .unwrap()
            .push((signature, String::from_utf8(body.into()).unwrap()));
        receiver
            .answers
            .lock()
            .unwrap()
            .pop()
            .unwrap_or(StatusCode::OK)
    }

    async fn wait_for(&self, posts: usize) -> Vec<(String, String)> {
        for _ in 0..500 {
            let received = self.received.lock().unwrap().clone();
            if received.len() >= posts {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{posts} posts: not within 5 s");
    }
}

async fn send(
    stripe: &FakeStripe,
    method: Method,
    target: &str,
    form: &str,
) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{target}", stripe.url()))
        .header("authorization", "Bearer sk_test")
        .body(Full::<Bytes>::from(form.to_owned()))
        .unwrap();
    let response = Client::builder(TokioExecutor::new())
        .build_http()
        .request(request)
        .await
        .unwrap();
    let status = response.status();
    (
        status,
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap(),
    )
}

async fn demo(webhook: Option<WebhookTarget>) -> FakeStripe {
    FakeStripe::start(Config {
        webhook,
        demo: true,
        ..Config::default()
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn the_next_request_sees_a_change_and_a_signed_webhook_announces_it() {
    let (receiver, target) = Receiver::start(&[]).await;
    let stripe = demo(Some(target)).await;
    let (status, _) = send(
        &stripe,
        Method::DELETE,
        "v1/subscriptions/sub_demo_acme",
        "",
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    let (_, subscription) = send(&stripe, Method::GET, "v1/subscriptions/sub_demo_acme", "").await;
    assert_eq!(subscription["status"], "canceled");

    let (signature, payload) = receiver.wait_for(1).await.remove(0);
    let event: Value = serde_json::from_str(&payload).unwrap();
    assert_eq!(event["type"], "customer.subscription.deleted");
    assert_eq!(event["data"]["object"]["status"], "canceled");
    let timestamp = signature.split_once(',').unwrap().0[2..].parse().unwrap();
    assert_eq!(sign(SECRET, &payload, timestamp), signature);
}

#[tokio::test]
async fn an_event_is_posted_until_it_is_accepted_and_twice_on_demand() {
    let (receiver, target) = Receiver::start(&[StatusCode::INTERNAL_SERVER_ERROR]).await;
    let stripe = demo(Some(target)).await;
    send(
        &stripe,
        Method::POST,
        "v1/subscriptions/sub_demo_acme",
        "cancel_at_period_end=true",
    )
    .await;
    let received = receiver.wait_for(2).await;
    assert_eq!(received[0], received[1], "the same event");
    // The sender records an answer a moment after the receiver gave it.
    while stripe.deliveries().len() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let statuses: Vec<_> = stripe
        .deliveries()
        .into_iter()
        .map(|Delivery { status, .. }| status)
        .collect();
    assert_eq!(statuses, [Some(500), Some(200)]);

    stripe.set_webhook_switches(WebhookSwitches {
        duplicate: true,
        delay_ms: 1500,
        ..WebhookSwitches::default()
    });
    send(
        &stripe,
        Method::POST,
        "v1/subscriptions/sub_demo_acme",
        "cancel_at_period_end=false",
    )
    .await;
    assert_eq!(receiver.received.lock().unwrap().len(), 2, "delayed");
    let received = receiver.wait_for(4).await;
    assert_eq!(received[2], received[3]);

    stripe.set_webhook_switches(WebhookSwitches {
        drop: true,
        ..WebhookSwitches::default()
    });
    send(
        &stripe,
        Method::POST,
        "v1/subscriptions/sub_demo_acme",
        "cancel_at_period_end=true",
    )
    .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(receiver.received.lock().unwrap().len(), 4, "dropped");
}

#[tokio::test]
async fn unknown_paths_parameters_and_objects_get_stripes_errors() {
    let stripe = demo(None).await;
    for (method, target, form, status, code) in [
        (
            Method::GET,
            "v1/subscriptions?customr=cus_demo_acme",
            "",
            400,
            "parameter_unknown",
        ),
        (
            Method::POST,
            "v1/subscriptions/sub_demo_acme",
            "status=active",
            400,
            "parameter_unknown",
        ),
        (
            Method::GET,
            "v1/subscriptions?customer=cus_nobody",
            "",
            400,
            "resource_missing",
        ),
        (
            Method::GET,
            "v1/subscriptions/sub_nothing",
            "",
            404,
            "resource_missing",
        ),
    ] {
        let (answered, body) = send(&stripe, method, target, form).await;
        assert_eq!(
            (answered.as_u16(), body["error"]["code"].as_str()),
            (status, Some(code)),
            "{target}"
        );
    }
    let (status, _) = send(&stripe, Method::GET, "v1/quotes", "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(
        stripe.requests().len(),
        5,
        "refused requests are recorded, too"
    );
}

#[tokio::test]
async fn lists_are_paged_newest_first() {
    let stripe = demo(None).await;
    for (id, created) in [("sub_1", 1), ("sub_2", 2), ("sub_3", 3)] {
        let mut subscription = Subscription::active(id, "cus_demo_hooli", "price_pro_month");
        subscription.created = created;
        stripe.put_subscription(subscription);
    }
    stripe.change_subscription("sub_2", Subscription::cancel);
    let ids = |list: &Value| -> Vec<String> {
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|object| object["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let (_, first) = send(
        &stripe,
        Method::GET,
        "v1/subscriptions?status=all&limit=5",
        "",
    )
    .await;
    assert_eq!(first["has_more"], true);
    let last = ids(&first).pop().unwrap();
    let (_, rest) = send(
        &stripe,
        Method::GET,
        &format!("v1/subscriptions?status=all&starting_after={last}"),
        "",
    )
    .await;
    let all = [ids(&first), ids(&rest)].concat();
    assert_eq!(
        (all.len(), rest["has_more"].clone()),
        (7, Value::Bool(false))
    );
    assert_eq!(all[4..], ["sub_3", "sub_2", "sub_1"]);
    let (_, current) = send(&stripe, Method::GET, "v1/subscriptions", "").await;
    assert!(!ids(&current).contains(&"sub_2".to_owned()));
}

#[tokio::test]
async fn failures_last_as_long_as_demanded() {
    let stripe = demo(None).await;
    let status = async || {
        send(&stripe, Method::GET, "v1/prices/price_pro_month", "")
            .await
            .0
            .as_u16()
    };
    stripe.fail_next(2, Failure::RateLimited);
    assert_eq!(
        [status().await, status().await, status().await],
        [429, 429, 200]
    );
    stripe.fail(Failure::ServerError);
    assert_eq!([status().await, status().await], [500, 500]);
    stripe.recover();
    assert_eq!(status().await, 200);
}
