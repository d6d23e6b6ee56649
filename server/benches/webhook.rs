//! From Stripe's event to the page on the other node: two servers in processes of their own, an
//! event to one of them, and somebody who looks at the subscription on the other.
//!
//! Writes its table to standard output. `cargo xtask bench` runs it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a report for whoever ran it"
)]

#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../tests/it/process.rs"]
mod process;

use std::{
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Body;
use fake_stripe::{Customer, FakeStripe, SignedEvent, Subscription};
use http::{Method, Request, StatusCode};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use orghub::{domain::OrgId, routes};
use orghub_test_support::{PrivateRedis, TestApp};

use crate::process::Server;

/// Changes that are measured, after some that are not.
const CHANGES: usize = 100;
const FIRST: usize = 10;

const SECRET: &str = "whsec_of_this_bench";
const PAGE: &str = "/orgs/acme/subscription";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let redis = PrivateRedis::start();
    let stripe = FakeStripe::start(fake_stripe::Config::default())
        .await
        .expect("the fake listens");
    let app = TestApp::start_with(|config| config.redis = None).await;
    let olive = app.user("Olive").await;
    let slug = app.org("acme", &olive).await;
    subscribe(&stripe, app.access(&olive, &slug).await.org_id());
    // It is no node of this site.
    app.services.cache.stop().await;

    let stripe_url = stripe.url();
    let settings = [
        ("STRIPE_API_BASE", stripe_url.as_str()),
        ("STRIPE_WEBHOOK_SECRET", SECRET),
        ("LOG_LEVEL", "error"),
    ];
    let redis_url = redis.url();
    // Standard output is the report's.
    let start = || Server::start_into(app.database_url(), &redis_url, &settings, Stdio::null());
    let (told, looked_at) = (start().await, Arc::new(start().await));
    let cookie = looked_at.sign_in(&olive).await;

    let http = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    let (mut answered, mut seen, mut late) = (Vec::new(), Vec::new(), 0);
    for change in 0..FIRST + CHANGES {
        let status = ["past_due", "active"][change % 2];
        stripe.change_subscription("sub_acme", |one| one.status = status.to_owned());
        let event = stripe.event("customer.subscription.updated", "sub_acme", SECRET);
        let began = Instant::now();
        let look = tokio::spawn(look_until(looked_at.clone(), cookie.clone(), status, began));
        let answer = send(&http, &told.address, event).await;
        let time = began.elapsed();
        assert_eq!(answer, StatusCode::OK, "the event is taken");
        // What the first look after the answer shows.
        let shown = looked_at.open(PAGE, &cookie).await;
        let shows = String::from_utf8_lossy(shown.body()).contains(&marker(status));
        let until_seen = look.await.expect("it is seen");
        if change >= FIRST {
            answered.push(time);
            seen.push(until_seen);
            late += usize::from(!shows);
        }
    }

    println!("### From Stripe's event to the page on the other node\n");
    println!(
        "Two nodes; {CHANGES} changes of a subscription, each announced to one node while somebody \
         looks at its page on the other, again and again. Stripe's fake answers at once.\n"
    );
    println!("| | half | 99 of 100 | longest |");
    println!("|---|--:|--:|--:|");
    println!(
        "| from the event until the other node shows it | {} |",
        times(seen)
    );
    println!("| until the event is answered | {} |", times(answered));
    println!("\nLooks after an answer that did not show it: {late}.\n");
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

fn marker(status: &str) -> String {
    format!("data-status=\"{status}\"")
}

/// Looks at the page until it shows the status; how long that took.
async fn look_until(
    node: Arc<Server>,
    cookie: String,
    status: &'static str,
    began: Instant,
) -> Duration {
    let marker = marker(status);
    loop {
        let page = node.open(PAGE, &cookie).await;
        if String::from_utf8_lossy(page.body()).contains(&marker) {
            return began.elapsed();
        }
    }
}

/// Posts an event as Stripe does.
async fn send(http: &Client<HttpConnector, Body>, address: &str, event: SignedEvent) -> StatusCode {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("http://{address}{}", routes::STRIPE_WEBHOOK))
        .header("stripe-signature", event.signature)
        .body(Body::from(event.payload))
        .expect("a well-formed request");
    let answer = http.request(request).await.expect("the server is there");
    answer.status()
}

/// `half | 99 of 100 | longest`.
fn times(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: usize| {
        let time = times[(times.len() - 1) * part / 100];
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    };
    format!("{} | {} | {}", at(50), at(99), at(100))
}
