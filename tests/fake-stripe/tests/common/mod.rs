//! A client for the fake, and a receiver of its webhooks.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "test helpers may panic, too")]

use axum::{
    body::Bytes,
    http::{Method, Request, StatusCode},
};
use fake_stripe::{Config, FakeStripe};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;

pub const SECRET: &str = "whsec_test";

/// A fake, and requests to it.
pub struct Stripe(pub FakeStripe);

/// An answer, before anybody looks into it.
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub text: String,
}

impl Stripe {
    pub async fn start() -> Self {
        Self(FakeStripe::start(Config::default()).await.unwrap())
    }

    pub async fn request(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{target}", self.0.url()))
            .header("authorization", "Bearer sk_test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::<Bytes>::from(body.to_owned())).unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let response = client.request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(body.into()).unwrap(),
        }
    }

    /// An API call, and its answer as JSON.
    pub async fn call(&self, method: Method, target: &str, form: &str) -> (StatusCode, Value) {
        let answer = self.request(method, target, &[], form).await;
        (
            answer.status,
            serde_json::from_str(&answer.text).unwrap_or_default(),
        )
    }

    /// What the API has, which must be there.
    pub async fn get(&self, target: &str) -> Value {
        let (status, body) = self.call(Method::GET, target, "").await;
        assert_eq!(status, StatusCode::OK, "{target}: {body}");
        body
    }

    /// A call that must succeed.
    pub async fn post(&self, target: &str, form: &str) -> Value {
        let (status, body) = self.call(Method::POST, target, form).await;
        assert_eq!(status, StatusCode::OK, "{target}: {body}");
        body
    }

    /// A call that must be refused: its status and code.
    pub async fn refused(&self, target: &str, form: &str) -> (u16, String) {
        let (status, body) = self.call(Method::POST, target, form).await;
        let error = &body["error"];
        let code = error["code"].as_str().or(error["type"].as_str());
        (status.as_u16(), code.unwrap_or_default().to_owned())
    }

    /// One of the fake's pages.
    pub async fn page(&self, address: &str) -> Answer {
        let path = address.strip_prefix(&self.0.url()).unwrap_or(address);
        self.request(Method::GET, path, &[], "").await
    }

    /// Sends a form of a page.
    pub async fn submit(&self, path: &str, form: &str) -> Answer {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.request(Method::POST, path, &[kind], form).await
    }

    /// The types of the events since the last call.
    pub fn new_events(&self) -> Vec<String> {
        let events = self.0.take_events(SECRET);
        events
            .iter()
            .map(|event| {
                let event: Value = serde_json::from_str(&event.payload).unwrap();
                event["type"].as_str().unwrap().to_owned()
            })
            .collect()
    }

    /// A customer with a card that works.
    pub async fn customer(&self) -> String {
        let customer = self
            .post("v1/customers", "name=Acme&payment_method=pm_card_visa")
            .await;
        text(&customer["id"])
    }

    /// A subscription of a customer to a price.
    pub async fn subscribe(&self, customer: &str, price: &str) -> String {
        let form = format!("customer={customer}&items[0][price]={price}");
        text(&self.post("v1/subscriptions", &form).await["id"])
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The `id`s of a list.
pub fn ids(list: &Value) -> Vec<String> {
    let objects = list["data"].as_array().unwrap();
    objects.iter().map(|object| text(&object["id"])).collect()
}

/// Whether all of `wanted` are in `found`, in that order.
pub fn in_order(found: &[String], wanted: &[&str]) -> bool {
    let mut found = found.iter();
    wanted
        .iter()
        .all(|wanted| found.any(|event| event == wanted))
}
