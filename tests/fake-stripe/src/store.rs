//! All state: objects, failures to come, recorded requests.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    failure::Failures,
    objects::{API_VERSION, CheckoutSession, Customer, Invoice, Subscription},
    webhooks::SignedEvent,
};

/// For events that are to come in an older API version.
const OLD_API_VERSION: &str = "2019-02-19";

/// An API request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordedRequest {
    /// `GET`, `POST`, `DELETE`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The form, percent-encoded; empty without one.
    pub body: String,
    /// The header `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The header `Stripe-Version`.
    pub api_version: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) customers: BTreeMap<String, Customer>,
    pub(crate) subscriptions: BTreeMap<String, Subscription>,
    pub(crate) checkout_sessions: BTreeMap<String, CheckoutSession>,
    pub(crate) invoices: BTreeMap<String, Invoice>,
    pub(crate) failures: Failures,
    pub(crate) requests: Vec<RecordedRequest>,
    /// Part of every id, so that a restart does not repeat an event.
    run: u128,
    made: u64,
}

impl Store {
    pub(crate) fn new() -> Self {
        Self {
            customers: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            checkout_sessions: BTreeMap::new(),
            invoices: BTreeMap::new(),
            failures: Failures::default(),
            requests: Vec::new(),
            run: since_epoch().as_micros(),
            made: 0,
        }
    }

    /// A new id: `evt_…`, `sub_…`.
    pub(crate) fn new_id(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}_{:x}_{}", self.run, self.made)
    }

    /// A new event about an object as it is now; `None` if there is no such object.
    pub(crate) fn event(
        &mut self,
        event_type: &str,
        object_id: &str,
        in_old_version: bool,
    ) -> Option<UnsignedEvent> {
        let object = match object_id.split('_').next()? {
            "sub" => {
                let subscription = self.subscriptions.get(object_id)?;
                if in_old_version {
                    subscription.to_old_json()
                } else {
                    subscription.to_json()
                }
            }
            "cus" => self.customers.get(object_id)?.to_json(),
            "cs" => self.checkout_sessions.get(object_id)?.to_json(),
            "in" => self.invoices.get(object_id)?.to_json(),
            _ => return None,
        };
        let id = self.new_id("evt");
        let payload = json!({
            "id": id,
            "object": "event",
            "api_version": if in_old_version { OLD_API_VERSION } else { API_VERSION },
            "created": now(),
            "data": { "object": object },
            "livemode": false,
            "pending_webhooks": 1,
            "request": { "id": null, "idempotency_key": null },
            "type": event_type,
        });
        Some(UnsignedEvent { id, payload })
    }
}

/// An event before it is signed.
#[derive(Debug)]
pub(crate) struct UnsignedEvent {
    id: String,
    payload: Value,
}

impl UnsignedEvent {
    /// Signs the event's exact bytes; `wrongly`: with another secret.
    pub(crate) fn signed(self, secret: &str, wrongly: bool) -> SignedEvent {
        let payload = self.payload.to_string();
        let secret = if wrongly {
            "whsec_of_somebody_else"
        } else {
            secret
        };
        let signature = crate::webhooks::sign(secret, &payload, now());
        SignedEvent {
            id: self.id,
            payload,
            signature,
        }
    }
}

fn since_epoch() -> std::time::Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is later than 1970")
}

/// Now, in seconds since 1970.
pub(crate) fn now() -> i64 {
    i64::try_from(since_epoch().as_secs()).expect("seconds since 1970 fit for a long time")
}
