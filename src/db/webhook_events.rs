//! The ledger of what Stripe told us, by event id.

use time::OffsetDateTime;

use super::Tx;
use crate::error::Result;

/// An event, as far as the ledger keeps it.
#[derive(Clone, Copy, Debug)]
pub struct NewWebhookEvent<'a> {
    /// Stripe's id, `evt_…`.
    pub id: &'a str,
    /// Its type, such as `invoice.paid`.
    pub event_type: &'a str,
    /// The object it is about, if that has an id.
    pub object_id: Option<&'a str>,
    /// The customer it is about, if it is about one.
    pub customer_id: Option<&'a str>,
    /// When Stripe made it.
    pub created: OffsetDateTime,
}

/// What the ledger knew of an event that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Nothing: it is the first time.
    New,
    /// It arrived before and was not finished.
    Retry,
    /// It is done.
    AlreadyProcessed,
}

/// Writes an arrived event down. A processed one is left as it is.
///
/// # Errors
/// [`crate::error::Error::Unavailable`] when the database cannot be reached.
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

/// Marks an event done, in the transaction of what it led to. `false`: it was
/// done already.
///
/// # Errors
/// [`crate::error::Error::Unavailable`] when the database cannot be reached.
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

/// Notes why an event could not be finished; Stripe sends it again.
///
/// # Errors
/// [`crate::error::Error::Unavailable`] when the database cannot be reached.
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
