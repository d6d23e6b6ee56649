//! What happened, as webhooks and the events API tell it.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    calendar::real_now,
    objects::API_VERSION,
    store::Store,
    webhooks::{SignedEvent, WebhookSwitches, sign},
};

/// For events that are to come in an older API version.
const OLD_API_VERSION: &str = "2019-02-19";

/// An event, for tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventRecord {
    /// `evt_…`.
    pub id: String,
    pub event_type: String,
    pub object_id: Option<String>,
    pub created: i64,
    /// Whether every receiver accepted it.
    pub delivered: bool,
}

#[derive(Debug)]
pub(crate) struct StoredEvent {
    pub(crate) id: String,
    pub(crate) event_type: String,
    pub(crate) object_id: Option<String>,
    /// As it was then.
    object: Value,
    /// The same in the words of an older API version.
    old_object: Option<Value>,
    /// What changed, as it was before.
    previous: Option<Value>,
    pub(crate) created: i64,
    /// Addresses it is to be posted to, and those that accepted it.
    pub(crate) receivers: BTreeSet<String>,
    pub(crate) accepted_by: BTreeSet<String>,
    /// A test said so.
    pub(crate) marked_delivered: bool,
    /// A test got it signed when it was made, and delivers it itself.
    pub(crate) given_away: bool,
}

impl StoredEvent {
    pub(crate) fn is_delivered(&self) -> bool {
        self.marked_delivered
            || (!self.receivers.is_empty() && self.receivers.is_subset(&self.accepted_by))
    }

    pub(crate) fn record(&self) -> EventRecord {
        EventRecord {
            id: self.id.clone(),
            event_type: self.event_type.clone(),
            object_id: self.object_id.clone(),
            created: self.created,
            delivered: self.is_delivered(),
        }
    }

    /// As the events API has it: always whole, and in today's version.
    pub(crate) fn to_json(&self) -> Value {
        self.envelope(&self.object, API_VERSION, false)
    }

    fn envelope(&self, object: &Value, version: &str, live_mode: bool) -> Value {
        let mut data = json!({ "object": object });
        if let Some(previous) = &self.previous {
            data["previous_attributes"] = previous.clone();
        }
        json!({
            "id": self.id,
            "object": "event",
            "api_version": version,
            "created": self.created,
            "data": data,
            "livemode": live_mode,
            "pending_webhooks": u8::from(!self.is_delivered()),
            "request": { "id": null, "idempotency_key": null },
            "type": self.event_type,
        })
    }

    /// Names its object instead of containing it.
    fn thin(&self, live_mode: bool) -> Value {
        let created = time::OffsetDateTime::from_unix_timestamp(self.created)
            .ok()
            .and_then(|at| {
                at.format(&time::format_description::well_known::Rfc3339)
                    .ok()
            });
        let kind = self.object["object"].as_str().unwrap_or("object");
        let related = self.object_id.as_ref().map(|id| {
            json!({
                "id": id,
                "type": kind,
                "url": format!("/v1/{}s/{id}", kind.replace('.', "/")),
            })
        });
        json!({
            "id": self.id,
            "object": "v2.core.event",
            "context": null,
            "created": created,
            "livemode": live_mode,
            "reason": null,
            "related_object": related,
            "type": format!("v1.{}", self.event_type),
        })
    }

    /// As it is posted, with the signature of its exact bytes.
    pub(crate) fn signed(&self, secret: &str, switches: WebhookSwitches) -> SignedEvent {
        let payload = if switches.thin {
            self.thin(switches.live_mode)
        } else if switches.other_api_version {
            let object = self.old_object.as_ref().unwrap_or(&self.object);
            self.envelope(object, OLD_API_VERSION, switches.live_mode)
        } else {
            self.envelope(&self.object, API_VERSION, switches.live_mode)
        };
        let payload = payload.to_string();
        let secret = if switches.wrong_signature {
            "whsec_of_somebody_else"
        } else {
            secret
        };
        let at = real_now() + switches.signed_ahead_seconds;
        SignedEvent {
            id: self.id.clone(),
            signature: sign(secret, &payload, at),
            payload,
        }
    }
}

impl Store {
    /// Notes that something happened to an object; `None` if there is no such object. The
    /// events of a call are sent when it is done.
    pub(crate) fn emit(&mut self, event_type: &str, object_id: &str) -> Option<&StoredEvent> {
        let object = self.render(object_id)?;
        Some(self.push_event(event_type, Some(object_id), object, None))
    }

    /// The events that were just made are with a test: they are not sent.
    pub(crate) fn skip_events(&mut self) {
        self.sent = self.events.len();
        if let Some(event) = self.events.last_mut() {
            event.given_away = true;
        }
    }

    /// [`Self::emit`] with what changed since `before`; nothing if nothing did.
    pub(crate) fn emit_change(&mut self, event_type: &str, object_id: &str, before: &Value) {
        let Some(object) = self.render(object_id) else {
            return;
        };
        let previous = changes(before, &object);
        if previous.as_object().is_some_and(|map| !map.is_empty()) {
            self.push_event(event_type, Some(object_id), object, Some(previous));
        }
    }

    /// [`Self::emit`] about any JSON.
    pub(crate) fn push_event(
        &mut self,
        event_type: &str,
        object_id: Option<&str>,
        object: Value,
        previous: Option<Value>,
    ) -> &StoredEvent {
        let old_object = object_id
            .and_then(|id| self.subscriptions.get(id))
            .map(|subscription| subscription.to_old_json(self));
        let customer = object["customer"].as_str().unwrap_or_default().to_owned();
        let event = StoredEvent {
            id: self.new_id("evt"),
            event_type: event_type.to_owned(),
            object_id: object_id.map(str::to_owned),
            object,
            old_object,
            previous,
            created: self.now_of(&customer),
            receivers: BTreeSet::new(),
            accepted_by: BTreeSet::new(),
            marked_delivered: false,
            given_away: false,
        };
        self.events.push(event);
        self.events.last().expect("it was just pushed")
    }
}

/// The fields of `before` that are different in `after`.
fn changes(before: &Value, after: &Value) -> Value {
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return json!({});
    };
    let changed = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(value))
        .map(|(key, _)| (key.clone(), before.get(key).cloned().unwrap_or(Value::Null)));
    Value::Object(changed.collect())
}
