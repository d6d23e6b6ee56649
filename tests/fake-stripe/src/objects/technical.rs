//! Clocks and endpoints.

use serde_json::{Value, json};

use super::Metadata;
use crate::calendar::DAY;

/// A time of its own for the customers that have it.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestClock {
    /// `clock_…`.
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) frozen_time: i64,
    pub(crate) created: i64,
}

impl TestClock {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "test_helpers.test_clock",
            "created": self.created,
            "deletes_after": self.created + 30 * DAY,
            "frozen_time": self.frozen_time,
            "livemode": false,
            "name": self.name,
            "status": "ready",
            "status_details": {},
        })
    }
}

/// Where events go, as set up by the API.
#[derive(Clone, Debug, Default)]
pub(crate) struct WebhookEndpoint {
    /// `we_…`.
    pub(crate) id: String,
    pub(crate) url: String,
    /// Types, or `*`.
    pub(crate) enabled_events: Vec<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) disabled: bool,
    pub(crate) description: Option<String>,
    /// Told once, when it is made.
    pub(crate) secret: String,
    pub(crate) metadata: Metadata,
    pub(crate) created: i64,
}

impl WebhookEndpoint {
    /// Whether events of the type go there.
    pub(crate) fn wants(&self, event_type: &str) -> bool {
        !self.disabled
            && self
                .enabled_events
                .iter()
                .any(|enabled| enabled == "*" || enabled == event_type)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "webhook_endpoint",
            "api_version": self.api_version,
            "application": null,
            "created": self.created,
            "description": self.description,
            "enabled_events": self.enabled_events,
            "livemode": false,
            "metadata": self.metadata,
            "status": if self.disabled { "disabled" } else { "enabled" },
            "url": self.url,
        })
    }
}
