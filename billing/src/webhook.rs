//! Receiving Stripe's events.

use super::{
    Billing,
    event::{Event, Handling},
    stripe,
    sync::{Cause, Synced},
};
use crate::{
    boxed,
    cache::keys,
    db::{
        orgs, subscriptions,
        webhook_events::{self, NewWebhookEvent, Receipt},
    },
    domain::Invalid,
    error::{Error, Result, chain},
    telemetry::{SPANS, names},
};

/// How long the ledger keeps what events said: as long as Stripe does. It has addresses in it.
const PAYLOADS_KEPT: time::Duration = time::Duration::days(30);

/// The outcome of an event. All of these are answered with 200: Stripe need not send it
/// again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookOutcome {
    /// The mirror was compared with Stripe.
    Processed,
    /// The same, and what Stripe has does not fit together: the page and the ledger say so.
    Conflict,
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
            Self::Conflict => "conflict",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
        }
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
    /// [`Error::Invalid`] if the signature does not fit or is too old, the body is not an
    /// event, or it is of the other mode than our key; [`Error::Unavailable`] if Stripe or the
    /// database does not answer; [`Error::Internal`] if Stripe refuses our questions. The last
    /// two stand in the ledger.
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.receive_webhook", skip_all)]
    #[boxed]
    pub async fn receive_webhook(&self, payload: &[u8], signature: &str) -> Result<WebhookOutcome> {
        stripe::verify_signature(payload, signature, &self.webhook_secrets, self.clock.now())?;
        let event = Event::parse(payload)?;
        if event.livemode.is_some_and(|live| live != self.is_live) {
            return Err(Invalid::new(
                "body",
                "The event is of the other mode (test or live) than the key of this server.",
            )
            .into());
        }
        self.take_event(&event).await
    }

    /// Takes an event that is known to be Stripe's, and counts and logs what came of it.
    ///
    /// # Errors
    /// As [`Self::receive_webhook`].
    pub(super) async fn take_event(&self, event: &Event) -> Result<WebhookOutcome> {
        let result = self.process(event).await;
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
                self.note_failure(event, &error).await;
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
                payload: &event.payload,
            },
        )
        .await?;
        if receipt == Receipt::AlreadyProcessed {
            return Ok(WebhookOutcome::Duplicate);
        }
        // Committed before anything can fail: the ledger shows what arrived.
        tx.commit_unannounced().await?;

        match event.handling() {
            Handling::Ignore => self.acknowledge(event, WebhookOutcome::Ignored).await,
            Handling::Prices => {
                self.fetch_prices().await?;
                self.acknowledge(event, WebhookOutcome::Processed).await
            }
            Handling::Sync => match self.customer_of(event).await? {
                None => self.acknowledge(event, WebhookOutcome::Ignored).await,
                Some(customer) => {
                    let synced = self.sync_customer(&customer, Cause::Event(event)).await?;
                    Ok(match synced {
                        Synced::Compared {
                            in_conflict: true, ..
                        } => WebhookOutcome::Conflict,
                        Synced::Compared { .. } => WebhookOutcome::Processed,
                        Synced::AlreadyDone => WebhookOutcome::Duplicate,
                        Synced::UnknownCustomer => WebhookOutcome::Ignored,
                    })
                }
            },
        }
    }

    /// The customer whose subscription may have changed; `None`: the event names none.
    async fn customer_of(&self, event: &Event) -> Result<Option<String>> {
        if event.customer.is_some() {
            return Ok(event.customer.clone());
        }
        let Some(related) = event.related.as_deref() else {
            return Ok(None);
        };
        if !related.starts_with("sub_") || related.starts_with("sub_sched_") {
            return Ok(None);
        }
        let found = self.stripe.find_subscription(related).await?;
        Ok(found.and_then(|found| found.customer))
    }

    /// Marks an event that changed nothing cached.
    async fn acknowledge(&self, event: &Event, outcome: WebhookOutcome) -> Result<WebhookOutcome> {
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        webhook_events::mark_processed(&mut tx, &event.id, outcome.as_str(), now).await?;
        // The ledger is not cached.
        tx.commit_unannounced().await?;
        Ok(outcome)
    }

    /// Records the failure in the ledger, and on the page of whom it is about. If that fails
    /// as well, the log has both.
    async fn note_failure(&self, event: &Event, failure: &str) {
        let note = async {
            let mut tx = self.db.begin().await?;
            webhook_events::mark_failed(&mut tx, &event.id, failure).await?;
            let org = match &event.customer {
                Some(customer) => {
                    subscriptions::note_delay(&mut tx, customer, self.clock.now()).await?
                }
                None => None,
            };
            let Some(org) = org else {
                return tx.commit_unannounced().await;
            };
            let slug = orgs::find_slug(&mut tx, org).await?;
            let outdated: Vec<_> = slug.iter().map(keys::subscription).collect();
            self.cache.commit(tx, &outdated).await
        };
        if let Err(error) = note.await {
            tracing::warn!(
                event.id,
                error = chain(&error),
                "the failure could not be recorded in the ledger"
            );
        }
    }

    /// Forgets what processed events said after [`PAYLOADS_KEPT`]; that they came stays.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub(super) async fn forget_payloads(&self) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        let before = self.clock.now() - PAYLOADS_KEPT;
        let forgotten = webhook_events::forget_payloads(&mut tx, before).await?;
        // The ledger is not cached.
        tx.commit_unannounced().await?;
        Ok(forgotten)
    }

    /// Processes an event of the ledger once more, as if it had just arrived.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the ledger has no such event; [`Error::Conflict`] if what it
    /// said is not kept any more; as [`Self::receive_webhook`].
    pub async fn retry_webhook(&self, id: &str) -> Result<WebhookOutcome> {
        let entry = webhook_events::find(&self.db.reader(), id).await?;
        let entry = entry.ok_or(Error::NotFound)?;
        let Some(payload) = entry.payload else {
            return Err(Error::refused(
                "What this event said is not kept any more. Run a reconcile instead.",
            ));
        };
        let event = Event::parse(payload.as_bytes())?;
        let mut tx = self.db.begin().await?;
        webhook_events::reopen(&mut tx, id).await?;
        // The ledger is not cached.
        tx.commit_unannounced().await?;
        self.take_event(&event).await
    }
}
