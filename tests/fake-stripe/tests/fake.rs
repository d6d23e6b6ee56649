//! The stand-in, asked and listened to over real HTTP.

#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise, its helpers too"
)]

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

/// What a program heard, and what it answers next.
#[derive(Clone, Default)]
struct Program {
    heard: Arc<Mutex<Vec<(String, String)>>>,
    answers: Arc<Mutex<Vec<StatusCode>>>,
}

impl Program {
    /// Listens; the first posts are answered with `answers`, the others with 200.
    async fn start(answers: &[StatusCode]) -> (Self, WebhookTarget) {
        let program = Self::default();
        program.answers.lock().unwrap().extend(answers.iter().rev());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/stripe", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/webhooks/stripe", post(Self::hear))
            .with_state(program.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (
            program,
            WebhookTarget {
                url,
                secret: SECRET.into(),
            },
        )
    }

    async fn hear(State(program): State<Self>, headers: HeaderMap, body: Bytes) -> StatusCode {
        let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
        program
            .heard
            .lock()
            .unwrap()
            .push((signature, String::from_utf8(body.into()).unwrap()));
        program
            .answers
            .lock()
            .unwrap()
            .pop()
            .unwrap_or(StatusCode::OK)
    }

    async fn hears(&self, posts: usize) -> Vec<(String, String)> {
        for _ in 0..500 {
            let heard = self.heard.lock().unwrap().clone();
            if heard.len() >= posts {
                return heard;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{posts} posts: not within 5 s");
    }
}

async fn ask(stripe: &FakeStripe, method: Method, target: &str, form: &str) -> (StatusCode, Value) {
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
async fn a_change_is_seen_by_the_next_question_and_told_by_a_signed_post() {
    let (program, target) = Program::start(&[]).await;
    let stripe = demo(Some(target)).await;
    let (status, _) = ask(
        &stripe,
        Method::DELETE,
        "v1/subscriptions/sub_demo_acme",
        "",
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    let (_, subscription) = ask(&stripe, Method::GET, "v1/subscriptions/sub_demo_acme", "").await;
    assert_eq!(subscription["status"], "canceled");

    let (signature, payload) = program.hears(1).await.remove(0);
    let event: Value = serde_json::from_str(&payload).unwrap();
    assert_eq!(event["type"], "customer.subscription.deleted");
    assert_eq!(event["data"]["object"]["status"], "canceled");
    let timestamp = signature.split_once(',').unwrap().0[2..].parse().unwrap();
    assert_eq!(sign(SECRET, &payload, timestamp), signature);
}

#[tokio::test]
async fn an_event_is_posted_again_until_it_is_taken_and_twice_if_asked_to() {
    let (program, target) = Program::start(&[StatusCode::INTERNAL_SERVER_ERROR]).await;
    let stripe = demo(Some(target)).await;
    ask(
        &stripe,
        Method::POST,
        "v1/subscriptions/sub_demo_acme",
        "cancel_at_period_end=true",
    )
    .await;
    let heard = program.hears(2).await;
    assert_eq!(heard[0], heard[1], "the same event");
    // The last answer is noted when it has arrived, a moment after it was given.
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
        delay_ms: 100,
        ..WebhookSwitches::default()
    });
    ask(
        &stripe,
        Method::POST,
        "v1/subscriptions/sub_demo_acme",
        "cancel_at_period_end=false",
    )
    .await;
    assert_eq!(program.heard.lock().unwrap().len(), 2, "it waits");
    let heard = program.hears(4).await;
    assert_eq!(heard[2], heard[3]);

    stripe.set_webhook_switches(WebhookSwitches {
        drop: true,
        ..WebhookSwitches::default()
    });
    ask(
        &stripe,
        Method::POST,
        "v1/subscriptions/sub_demo_acme",
        "cancel_at_period_end=true",
    )
    .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(program.heard.lock().unwrap().len(), 4, "never sent");
}

#[tokio::test]
async fn what_it_does_not_know_is_refused_in_stripes_words() {
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
        let (answered, body) = ask(&stripe, method, target, form).await;
        assert_eq!(
            (answered.as_u16(), body["error"]["code"].as_str()),
            (status, Some(code)),
            "{target}"
        );
    }
    let (status, _) = ask(&stripe, Method::GET, "v1/charges", "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(
        stripe.requests().len(),
        5,
        "refused ones are written down as well"
    );
}

#[tokio::test]
async fn lists_come_newest_first_and_in_pages() {
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
    let (_, first) = ask(
        &stripe,
        Method::GET,
        "v1/subscriptions?status=all&limit=5",
        "",
    )
    .await;
    assert_eq!(first["has_more"], true);
    let last = ids(&first).pop().unwrap();
    let (_, rest) = ask(
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
    let (_, living) = ask(&stripe, Method::GET, "v1/subscriptions", "").await;
    assert!(!ids(&living).contains(&"sub_2".to_owned()));
}

#[tokio::test]
async fn failures_last_as_long_as_they_were_asked_to() {
    let stripe = demo(None).await;
    let status = async || {
        ask(&stripe, Method::GET, "v1/prices/price_pro_month", "")
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
