//! The ledger of Stripe's events, by event id.

use time::OffsetDateTime;

use super::{Reader, Tx};
use crate::{
    boxed,
    domain::{
        COUNT_CAP, LedgerEntry, LedgerEvent, LedgerFilter, PAGE_SIZE, Page, PageNumber, PageSize,
    },
    error::Result,
    telemetry::SPANS,
};

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
    /// As it was received.
    pub payload: &'a str,
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
        insert into webhook_event (id, type, object_id, customer_id, event_created, payload)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (id) do update
            set attempts = webhook_event.attempts + 1,
                payload = excluded.payload
            where webhook_event.processed_at is null
        returning attempts
        "#,
        event.id,
        event.event_type,
        event.object_id,
        event.customer_id,
        event.created,
        event.payload,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(match attempts {
        Some(1) => Receipt::New,
        Some(_) => Receipt::Retry,
        None => Receipt::AlreadyProcessed,
    })
}

/// Marks an event processed with this outcome, in the transaction of what it led to.
/// `false`: it was processed already.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.webhook_events.mark_processed", skip_all)]
#[boxed]
pub async fn mark_processed(
    tx: &mut Tx,
    id: &str,
    outcome: &str,
    at: OffsetDateTime,
) -> Result<bool> {
    let marked = sqlx::query!(
        r#"
        update webhook_event
        set processed_at = $2,
            outcome = $3,
            last_error = null
        where id = $1
            and processed_at is null
        "#,
        id,
        at,
        outcome,
    )
    .execute(tx.conn())
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// Records why an event could not be processed; Stripe will send it again.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.webhook_events.mark_failed", skip_all)]
#[boxed]
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

/// Makes a processed event one that waits, so that it is processed once more. `false`: there
/// is no such event.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.webhook_events.reopen", skip_all)]
#[boxed]
pub async fn reopen(tx: &mut Tx, id: &str) -> Result<bool> {
    let reopened = sqlx::query!(
        r#"
        update webhook_event
        set processed_at = null,
            outcome = null
        where id = $1
        "#,
        id,
    )
    .execute(tx.conn())
    .await?;
    Ok(reopened.rows_affected() == 1)
}

/// Of these events, those that were processed.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.webhook_events.list_processed", skip_all)]
#[boxed]
pub async fn list_processed(reader: &Reader, ids: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"
        select id
        from webhook_event
        where id = any($1)
            and processed_at is not null
        "#,
        ids,
    )
    .fetch_all(reader.conn())
    .await?)
}

/// Forgets what processed events said, and keeps that they came. How many.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.webhook_events.forget_payloads", skip_all)]
#[boxed]
pub async fn forget_payloads(tx: &mut Tx, before: OffsetDateTime) -> Result<u64> {
    let forgotten = sqlx::query!(
        r#"
        update webhook_event
        set payload = null
        where received_at < $1
            and payload is not null
            and processed_at is not null
        "#,
        before,
    )
    .execute(tx.conn())
    .await?;
    Ok(forgotten.rows_affected())
}

struct Row {
    id: String,
    event_type: String,
    object_id: Option<String>,
    customer_id: Option<String>,
    created: OffsetDateTime,
    received_at: OffsetDateTime,
    attempts: i32,
    processed_at: Option<OffsetDateTime>,
    outcome: Option<String>,
    last_error: Option<String>,
}

impl From<Row> for LedgerEvent {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            event_type: row.event_type,
            object_id: row.object_id,
            customer_id: row.customer_id,
            created: row.created,
            received_at: row.received_at,
            attempts: row.attempts.unsigned_abs(),
            processed_at: row.processed_at,
            outcome: row.outcome,
            last_error: row.last_error,
        }
    }
}

/// A page of the ledger, newest first, by `webhook_event_list_idx`.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.webhook_events.list", skip_all)]
#[boxed]
pub async fn list(
    reader: &Reader,
    filter: LedgerFilter,
    number: PageNumber,
) -> Result<Page<LedgerEvent>> {
    let filter: &'static str = filter.into();
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            id,
            type as event_type,
            object_id,
            customer_id,
            event_created as created,
            received_at,
            attempts,
            processed_at,
            outcome,
            last_error
        from webhook_event
        where $1 = 'all'
            or ($1 = 'failed' and processed_at is null)
            or ($1 = 'conflict' and outcome = 'conflict')
        order by received_at desc, id desc
        limit $2
        offset $3
        "#,
        filter,
        i64::from(PAGE_SIZE),
        number.offset(),
    )
    .fetch_all(reader.conn())
    .await?;
    let total = sqlx::query_scalar!(
        r#"
        select count(*) as "total!"
        from (
            select
            from webhook_event
            where $1 = 'all'
                or ($1 = 'failed' and processed_at is null)
                or ($1 = 'conflict' and outcome = 'conflict')
            limit $2::bigint + 1
        ) as counted
        "#,
        filter,
        COUNT_CAP,
    )
    .fetch_one(reader.conn())
    .await?;
    Ok(Page::of_counted(total, number, PageSize::default())
        .with(rows.into_iter().map(LedgerEvent::from).collect()))
}

/// An event with what was received.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.webhook_events.find", skip_all)]
#[boxed]
pub async fn find(reader: &Reader, id: &str) -> Result<Option<LedgerEntry>> {
    let row = sqlx::query!(
        r#"
        select
            id,
            type as event_type,
            object_id,
            customer_id,
            event_created as created,
            received_at,
            attempts,
            processed_at,
            outcome,
            last_error,
            payload
        from webhook_event
        where id = $1
        "#,
        id,
    )
    .fetch_optional(reader.conn())
    .await?;
    Ok(row.map(|row| LedgerEntry {
        payload: row.payload,
        event: Row {
            id: row.id,
            event_type: row.event_type,
            object_id: row.object_id,
            customer_id: row.customer_id,
            created: row.created,
            received_at: row.received_at,
            attempts: row.attempts,
            processed_at: row.processed_at,
            outcome: row.outcome,
            last_error: row.last_error,
        }
        .into(),
    }))
}
