//! What is read of Stripe's events, and which of them matter.
//!
//! Only the envelope: an event's id, its type, and what it is about. That much is the same in
//! every API version, and the rest would be outdated as soon as the next event is on its way.

use serde::Deserialize;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{domain::Invalid, error::Result};

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handling {
    /// The customer is compared with Stripe.
    Sync,
    /// The price list is read again.
    Prices,
    /// Acknowledged and kept in the ledger: it cannot change what is mirrored.
    Ignore,
}

/// Types of events that are taken. `docs/billing.md` has the reasons, and those that are
/// ignored on purpose. Stripe lists at most 20 types at a time.
pub(super) const SYNCED_TYPES: [&str; 20] = [
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "customer.deleted",
    "customer.source.expiring",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "subscription_schedule.aborted",
    "subscription_schedule.canceled",
    "subscription_schedule.released",
    "subscription_schedule.updated",
];

/// Types that are taken as well and that the comparison of everything does not look for: it asks
/// for all that they could say. These objects have no id and name their customer.
pub(super) const ENTITLEMENT_TYPES: [&str; 1] = ["entitlements.active_entitlement_summary.updated"];

/// Types that say that the price list changed.
pub(super) const PRICE_TYPES: [&str; 5] = [
    "price.created",
    "price.deleted",
    "price.updated",
    "product.deleted",
    "product.updated",
];

/// The part of an event that is read.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub id: String,
    pub event_type: String,
    pub created: OffsetDateTime,
    /// `None`: it does not say.
    pub livemode: Option<bool>,
    pub object_id: Option<String>,
    pub customer: Option<String>,
    /// What a thin event names instead of a customer: a subscription's or an invoice's id.
    pub related: Option<String>,
    /// As it was received.
    pub payload: String,
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    r#type: String,
    created: Created,
    livemode: Option<bool>,
    data: Option<Data>,
    related_object: Option<Related>,
}

/// Seconds since 1970; in thin events a date and time.
#[derive(Deserialize)]
#[serde(untagged)]
enum Created {
    Seconds(i64),
    Text(String),
}

#[derive(Deserialize)]
struct Data {
    object: Option<Value>,
}

#[derive(Deserialize)]
struct Related {
    id: String,
}

impl Event {
    /// # Errors
    /// [`crate::error::Error::Invalid`] if it is not an event.
    pub fn parse(payload: &[u8]) -> Result<Self> {
        let no_event =
            |problem: String| Invalid::new("body", format!("This is not an event: {problem}."));
        let envelope: Envelope =
            serde_json::from_slice(payload).map_err(|error| no_event(error.to_string()))?;
        // The ledger cannot hold it, and Stripe never sends it.
        if payload.windows(6).any(|bytes| bytes == b"\\u0000") {
            return Err(no_event("it contains a zero".to_owned()).into());
        }
        let created = match envelope.created {
            Created::Seconds(seconds) => OffsetDateTime::from_unix_timestamp(seconds)
                .map_err(|error| no_event(error.to_string()))?,
            Created::Text(text) => OffsetDateTime::parse(&text, &Rfc3339)
                .map_err(|error| no_event(error.to_string()))?,
        };
        let object = envelope.data.and_then(|data| data.object);
        let field = |name: &str| object.as_ref()?.get(name);
        let object_id = field("id").and_then(Value::as_str).map(str::to_owned);
        // A reference is an id, or the object itself where it was expanded.
        let customer = field("customer").and_then(|customer| match customer {
            Value::String(id) => Some(id.clone()),
            object => object.get("id")?.as_str().map(str::to_owned),
        });
        let is_customer = field("object").and_then(Value::as_str) == Some("customer");
        let related = envelope.related_object.map(|related| related.id);
        let is_customers_id = |id: &String| id.starts_with("cus_");
        Ok(Self {
            id: envelope.id,
            event_type: envelope.r#type,
            created,
            livemode: envelope.livemode,
            customer: customer
                .or_else(|| object_id.clone().filter(|_| is_customer))
                .or_else(|| related.clone().filter(is_customers_id)),
            object_id: object_id.or_else(|| related.clone()),
            related: related.filter(|id| !is_customers_id(id)),
            payload: String::from_utf8_lossy(payload).into_owned(),
        })
    }

    /// What becomes of it. A thin event's type is a snapshot event's behind a version:
    /// `v1.customer.subscription.updated`.
    pub fn handling(&self) -> Handling {
        let name = self
            .event_type
            .split_once('.')
            .filter(|(version, _)| matches!(*version, "v1" | "v2"))
            .map_or(self.event_type.as_str(), |(_, name)| name);
        if PRICE_TYPES.contains(&name) {
            Handling::Prices
        } else if SYNCED_TYPES.contains(&name) || ENTITLEMENT_TYPES.contains(&name) {
            Handling::Sync
        } else {
            Handling::Ignore
        }
    }

    /// A text of the object it is about.
    pub fn text(&self, field: &str) -> Option<String> {
        let payload: Value = serde_json::from_str(&self.payload).ok()?;
        let object = payload.get("data")?.get("object")?;
        Some(object.get(field)?.as_str()?.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn event(object: &str) -> Event {
        let payload = format!(
            r#"{{"id":"evt_1","type":"invoice.paid","created":1,"data":{{"object":{object}}}}}"#
        );
        Event::parse(payload.as_bytes()).expect("an event")
    }

    #[test]
    fn the_customer_is_found_as_id_and_as_object() {
        let customer = |object| event(object).customer;
        assert_eq!(
            customer(r#"{"id":"in_1","customer":"cus_1"}"#).as_deref(),
            Some("cus_1")
        );
        assert_eq!(
            customer(r#"{"customer":{"id":"cus_1","object":"customer"}}"#).as_deref(),
            Some("cus_1")
        );
        assert_eq!(
            customer(r#"{"id":"cus_1","object":"customer"}"#).as_deref(),
            Some("cus_1")
        );
        assert_eq!(customer(r#"{"id":"in_1","customer":null}"#), None);
        assert_eq!(customer(r#"{"amount_due":1}"#), None);
    }

    #[test]
    fn an_event_without_an_object_is_an_event() {
        for data in [r#"{}"#, r#"{"object":null}"#, r#"{"object":{}}"#] {
            let payload =
                format!(r#"{{"id":"evt_1","type":"invoice.upcoming","created":1,"data":{data}}}"#);
            let event = Event::parse(payload.as_bytes()).expect(data);
            assert_eq!((event.object_id, event.customer), (None, None));
        }
    }

    #[test]
    fn a_thin_event_names_its_object() {
        let payload = r#"{"id":"evt_1","object":"v2.core.event",
            "type":"v1.customer.subscription.updated","created":"2027-01-01T10:00:00.000Z",
            "livemode":false,"related_object":{"id":"sub_1","type":"subscription","url":"/v1/x"}}"#;
        let event = Event::parse(payload.as_bytes()).expect("an event");
        assert_eq!(event.related.as_deref(), Some("sub_1"));
        assert_eq!(event.handling(), Handling::Sync);
        assert_eq!(event.livemode, Some(false));
    }

    #[test]
    fn malformed_events_are_refused() {
        for payload in ["", "[]", "{}", r#"{"id":"evt_1","type":"invoice.paid"}"#] {
            assert!(
                matches!(Event::parse(payload.as_bytes()), Err(Error::Invalid(_))),
                "{payload}"
            );
        }
    }
}
