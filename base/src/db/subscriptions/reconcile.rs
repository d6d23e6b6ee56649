use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::OrgId,
    error::Result,
    telemetry::SPANS,
};

/// How far the comparison of everything with Stripe has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReconcileState {
    pub started_at: OffsetDateTime,
    /// The organization it came to.
    pub came_to: Option<OrgId>,
    pub compared: i64,
    pub drifted: i64,
    pub missed_events: i64,
    /// `None`: it is under way, or was cut off.
    pub finished_at: Option<OffsetDateTime>,
    /// When the last whole one began.
    pub whole_since: Option<OffsetDateTime>,
}

/// `None`: there never was one.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.find_reconcile", skip_all)]
#[boxed]
pub async fn find_reconcile(reader: &Reader) -> Result<Option<ReconcileState>> {
    Ok(sqlx::query_as!(
        ReconcileState,
        r#"
        select
            started_at,
            came_to as "came_to: OrgId",
            compared,
            drifted,
            missed_events,
            finished_at,
            whole_since
        from billing_reconcile
        "#,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// Keeps how far it has come.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.keep_reconcile", skip_all)]
#[boxed]
pub async fn keep_reconcile(tx: &mut Tx, state: &ReconcileState) -> Result<()> {
    sqlx::query!(
        r#"
        insert into billing_reconcile
            (started_at, came_to, compared, drifted, missed_events, finished_at, whole_since)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (is_only) do update set
            started_at = excluded.started_at,
            came_to = excluded.came_to,
            compared = excluded.compared,
            drifted = excluded.drifted,
            missed_events = excluded.missed_events,
            finished_at = excluded.finished_at,
            whole_since = excluded.whole_since
        "#,
        state.started_at,
        state.came_to as Option<OrgId>,
        state.compared,
        state.drifted,
        state.missed_events,
        state.finished_at,
        state.whole_since,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
