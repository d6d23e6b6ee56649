//! The ledger of Stripe's events, by event id.

use time::OffsetDateTime;

use super::Tx;
use crate::error::Result;
use crate::telemetry::SPANS;

/// What the ledger keeps of an event.
#[derive(Clone, Copy, Debug)]
pub struct NewWebhookEvent<'a> {
    /// Stripe's id, `evt_…`.
    pub id: &'a str,
    /// Such as `invoice.paid`.
    pub event_type: &'a str,
    pub object_id: Option<&'a str>,
    pub customer_id: Option<&'a str>,
    /// When Stripe made it.
    pub created: OffsetDateTime,
}

/// Whether the ledger knew an event that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    New,
    /// It arrived before and was not processed to its end.
    Retry,
    AlreadyProcessed,
}

/// Records an event that arrived. A processed one is left as it is.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.webhook_events.record", skip_all)]
pub async fn record(tx: &mut Tx, event: NewWebhookEvent<'_>) -> Result<Receipt> {
    let attempts = sqlx::query_scalar!(
        r#"
        insert into webhook_event (id, type, object_id, customer_id, event_created)
        values ($1, $2, $3, $4, $5)
        on conflict (id) do update
            set attempts = webhook_event.attempts + 1
            where webhook_event.processed_at is null
        returning attempts
        "#,
        event.id,
        event.event_type,
        event.object_id,
        event.customer_id,
        event.created,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(match attempts {
        Some(1) => Receipt::New,
        Some(_) => Receipt::Retry,
        None => Receipt::AlreadyProcessed,
    })
}

/// Marks an event processed, in the transaction of what it led to. `false`: it was
/// processed already.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.webhook_events.mark_processed", skip_all)]
pub async fn mark_processed(tx: &mut Tx, id: &str, at: OffsetDateTime) -> Result<bool> {
    let marked = sqlx::query!(
        r#"
        update webhook_event
        set processed_at = $2,
            last_error = null
        where id = $1
            and processed_at is null
        "#,
        id,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// Records why an event could not be processed; Stripe will send it again.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.webhook_events.mark_failed", skip_all)]
pub async fn mark_failed(tx: &mut Tx, id: &str, error: &str) -> Result<()> {
    sqlx::query!(
        r#"
        update webhook_event
        set last_error = $2
        where id = $1
            and processed_at is null
        "#,
        id,
        error,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
