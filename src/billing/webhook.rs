//! Receiving Stripe's events.
//!
//! Of an event only the envelope is read: its id, its type, and which customer
//! it is about. That much is the same in every API version, and the rest would be
//! outdated as soon as the next event is on its way.

use serde::Deserialize;
use time::OffsetDateTime;

use super::{
    Billing, stripe,
    sync::{Cause, Synced},
};
use crate::{
    db::webhook_events::{self, NewWebhookEvent, Receipt},
    domain::Invalid,
    error::{Result, chain},
    telemetry::{SPANS, names},
};

/// The events that can change what we mirror. Others are acknowledged and kept
/// in the ledger.
const RELEVANT_TYPES: [&str; 6] = [
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.updated",
    "invoice.paid",
    "invoice.payment_failed",
];

/// The outcome of an event. All of these are answered with 200: Stripe need not send it
/// again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookOutcome {
    /// The mirror was compared with Stripe.
    Processed,
    /// It was processed before; nothing changed.
    Duplicate,
    /// It cannot change what we mirror.
    Ignored,
}

impl WebhookOutcome {
    /// The outcome in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
        }
    }
}

/// The part of an event that is read.
#[derive(Debug)]
pub(super) struct Event {
    pub id: String,
    pub event_type: String,
    pub created: OffsetDateTime,
    pub object_id: Option<String>,
    pub customer: Option<String>,
}

impl Event {
    fn parse(payload: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Envelope {
            id: String,
            r#type: String,
            created: i64,
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            object: Object,
        }
        #[derive(Deserialize)]
        struct Object {
            id: Option<String>,
            customer: Option<Reference>,
        }
        /// An object's id, or the object itself where it was expanded.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Reference {
            Id(String),
            Object { id: String },
        }

        let no_event =
            |problem: String| Invalid::new("body", format!("This is not an event: {problem}."));
        let envelope: Envelope =
            serde_json::from_slice(payload).map_err(|error| no_event(error.to_string()))?;
        Ok(Self {
            id: envelope.id,
            event_type: envelope.r#type,
            created: OffsetDateTime::from_unix_timestamp(envelope.created)
                .map_err(|error| no_event(error.to_string()))?,
            object_id: envelope.data.object.id,
            customer: envelope
                .data
                .object
                .customer
                .map(|(Reference::Id(id) | Reference::Object { id })| id),
        })
    }

    /// The customer whose subscription may have changed.
    fn concerns(&self) -> Option<&str> {
        self.customer
            .as_deref()
            .filter(|_| RELEVANT_TYPES.contains(&self.event_type.as_str()))
    }
}

impl Billing {
    /// Takes an event from Stripe: `payload` is the request's body, byte for byte,
    /// `signature` its header `Stripe-Signature`.
    ///
    /// When this returns, what the event led to is committed and every node has applied
    /// it. On an error the event stays unprocessed and must be answered with anything but
    /// 2xx, so that Stripe sends it again.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the signature does not fit or is too old, or the body
    /// is not an event; [`Error::Unavailable`] if Stripe or the database does not answer;
    /// [`Error::Internal`] if the mirror cannot hold what Stripe has. The last two
    /// stand in the ledger.
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.receive_webhook", skip_all)]
    pub async fn receive_webhook(&self, payload: &[u8], signature: &str) -> Result<WebhookOutcome> {
        stripe::verify_signature(payload, signature, &self.webhook_secrets, self.clock.now())?;
        let event = Event::parse(payload)?;
        let result = self.process(&event).await;
        match &result {
            Ok(outcome) => {
                tracing::info!(
                    event.id,
                    event.r#type = event.event_type,
                    outcome = outcome.as_str(),
                    "webhook received"
                );
            }
            Err(error) => {
                let error = chain(error);
                tracing::warn!(
                    event.id,
                    event.r#type = event.event_type,
                    error,
                    "webhook failed, Stripe will send it again"
                );
                self.note_failure(&event, &error).await;
            }
        }
        let outcome = result.as_ref().map_or("failed", |outcome| outcome.as_str());
        metrics::counter!(names::WEBHOOK_EVENTS, "outcome" => outcome).increment(1);
        result
    }

    async fn process(&self, event: &Event) -> Result<WebhookOutcome> {
        let mut tx = self.db.begin().await?;
        let receipt = webhook_events::record(
            &mut tx,
            NewWebhookEvent {
                id: &event.id,
                event_type: &event.event_type,
                object_id: event.object_id.as_deref(),
                customer_id: event.customer.as_deref(),
                created: event.created,
            },
        )
        .await?;
        if receipt == Receipt::AlreadyProcessed {
            return Ok(WebhookOutcome::Duplicate);
        }
        let Some(customer) = event.concerns() else {
            webhook_events::mark_processed(&mut tx, &event.id, self.clock.now()).await?;
            // The ledger is not cached.
            tx.commit_unannounced().await?;
            return Ok(WebhookOutcome::Ignored);
        };
        // Committed before anything can fail: the ledger shows what arrived.
        tx.commit_unannounced().await?;

        Ok(
            match self.sync_customer(customer, Cause::Event(event)).await? {
                Synced::Compared => WebhookOutcome::Processed,
                Synced::AlreadyDone => WebhookOutcome::Duplicate,
                Synced::UnknownCustomer => WebhookOutcome::Ignored,
            },
        )
    }

    /// Records the failure in the ledger. If that fails as well, the log has both.
    async fn note_failure(&self, event: &Event, failure: &str) {
        let note = async {
            let mut tx = self.db.begin().await?;
            webhook_events::mark_failed(&mut tx, &event.id, failure).await?;
            tx.commit_unannounced().await
        };
        if let Err(error) = note.await {
            tracing::warn!(
                event.id,
                error = chain(&error),
                "the failure could not be recorded in the ledger"
            );
        }
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
        assert_eq!(
            event(r#"{"id":"in_1","customer":"cus_1"}"#).concerns(),
            Some("cus_1")
        );
        assert_eq!(
            event(r#"{"customer":{"id":"cus_1","object":"customer"}}"#).concerns(),
            Some("cus_1")
        );
        assert_eq!(event(r#"{"id":"in_1","customer":null}"#).concerns(), None);
        assert_eq!(event(r#"{"id":"in_1"}"#).concerns(), None);
    }

    #[test]
    fn malformed_events_are_refused() {
        for payload in [
            "",
            "[]",
            "{}",
            r#"{"id":"evt_1","type":"invoice.paid","created":1,"data":{}}"#,
        ] {
            assert!(
                matches!(Event::parse(payload.as_bytes()), Err(Error::Invalid(_))),
                "{payload}"
            );
        }
    }
}
