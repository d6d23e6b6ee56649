//! Webhooks: events posted as Stripe posts them, signed and with retries.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::{Request, StatusCode, header};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// How long the receiver may take to answer a post.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Waits between the posts of an event that is not answered with 2xx. Stripe goes on for
/// three days; nobody waits that long at a desk.
const RETRY_WAITS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// Where webhooks are sent.
#[derive(Clone, Debug)]
pub struct WebhookTarget {
    /// Address of the endpoint, plain http.
    pub url: String,
    /// Its signing secret.
    pub secret: String,
}

/// How webhooks go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebhookSwitches {
    /// Every event is posted twice.
    pub duplicate: bool,
    /// Milliseconds an event waits before it is posted.
    pub delay_ms: u64,
    /// Events are never posted.
    pub drop: bool,
    /// Events are signed with another secret.
    pub wrong_signature: bool,
    /// Events come in an API version that async-stripe cannot read.
    pub other_api_version: bool,
}

/// An event ready to be posted.
#[derive(Clone, Debug)]
pub struct SignedEvent {
    /// `evt_…`.
    pub id: String,
    pub payload: String,
    /// The header `Stripe-Signature`.
    pub signature: String,
}

/// One post of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    pub event_id: String,
    /// Of the answer. `None`: there was none.
    pub status: Option<u16>,
}

/// The header `Stripe-Signature` for `payload`, as signed at `timestamp` (seconds since
/// 1970).
pub fn sign(secret: &str, payload: &str, timestamp: i64) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key may have any length");
    mac.update(format!("{timestamp}.{payload}").as_bytes());
    let mut header = format!("t={timestamp},v1=");
    for byte in mac.finalize().into_bytes() {
        write!(header, "{byte:02x}").expect("writing to a string cannot fail");
    }
    header
}

/// Posts events and remembers the answers.
#[derive(Clone, Debug)]
pub(crate) struct WebhookSender {
    client: Client<HttpConnector, Full<axum::body::Bytes>>,
    target: Option<WebhookTarget>,
    state: Arc<Mutex<SenderState>>,
}

#[derive(Debug, Default)]
struct SenderState {
    switches: WebhookSwitches,
    deliveries: Vec<Delivery>,
}

impl WebhookSender {
    pub(crate) fn new(target: Option<WebhookTarget>) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            target,
            state: Arc::default(),
        }
    }

    pub(crate) fn target(&self) -> Option<&WebhookTarget> {
        self.target.as_ref()
    }

    pub(crate) fn switches(&self) -> WebhookSwitches {
        self.state().switches
    }

    pub(crate) fn set_switches(&self, switches: WebhookSwitches) {
        self.state().switches = switches;
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.state().deliveries.clone()
    }

    /// Posts in the background, as often as switches and answers demand.
    pub(crate) fn send(&self, event: SignedEvent) {
        let switches = self.switches();
        if switches.drop || self.target.is_none() {
            return;
        }
        for _ in 0..if switches.duplicate { 2 } else { 1 } {
            let sender = self.clone();
            let event = event.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(switches.delay_ms)).await;
                sender.post_until_accepted(&event).await;
            });
        }
    }

    async fn post_until_accepted(&self, event: &SignedEvent) {
        let mut waits = RETRY_WAITS.into_iter();
        while !self
            .post(event)
            .await
            .is_some_and(|status| status.is_success())
        {
            let Some(wait) = waits.next() else { return };
            tokio::time::sleep(wait).await;
        }
    }

    /// Posts once and returns the answer's status.
    pub(crate) async fn post(&self, event: &SignedEvent) -> Option<StatusCode> {
        let request = Request::post(&self.target.as_ref()?.url)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header("Stripe-Signature", &event.signature)
            .body(Full::from(event.payload.clone()))
            .expect("the target's address is valid");
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, self.client.request(request)).await;
        let status = answer
            .ok()
            .and_then(Result::ok)
            .map(|response| response.status());
        self.state().deliveries.push(Delivery {
            event_id: event.id.clone(),
            status: status.map(|status| status.as_u16()),
        });
        status
    }

    fn state(&self) -> std::sync::MutexGuard<'_, SenderState> {
        self.state
            .lock()
            .expect("nothing panics while it holds the state")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_stripes() {
        // Computed with `openssl dgst -sha256 -hmac whsec_test`.
        assert_eq!(
            sign("whsec_test", r#"{"id":"evt_1"}"#, 1_700_000_000),
            "t=1700000000,v1=c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925",
        );
    }
}
