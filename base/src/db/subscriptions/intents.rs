use time::OffsetDateTime;
use uuid::Uuid;

use crate::{boxed, db::Tx, domain::OrgId, error::Result, telemetry::SPANS};

/// Something that is asked of Stripe. Its id is the idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    pub id: Uuid,
    /// What Stripe made for it, if that is known.
    pub stripe_id: Option<String>,
}

/// What is to be asked.
#[derive(Clone, Copy, Debug)]
pub struct NewIntent<'a> {
    pub org: OrgId,
    pub kind: &'static str,
    /// What exactly: only the same is taken up again.
    pub detail: &'a str,
    pub now: OffsetDateTime,
    /// An older one is not taken up again: Stripe has forgotten its key by then.
    pub oldest: OffsetDateTime,
}

/// The open intent of this kind if it asks for the same, otherwise a new one in its place.
/// The caller holds a lock of the organization.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.open_intent", skip_all)]
pub async fn open_intent(tx: &mut Tx, new: NewIntent<'_>) -> Result<Intent> {
    let open = sqlx::query_as!(
        Intent,
        r#"
        select
            id,
            stripe_id
        from billing_intent
        where organization_id = $1
            and kind = $2
            and detail = $3
            and created_at >= $4
            and closed_at is null
        "#,
        new.org as OrgId,
        new.kind,
        new.detail,
        new.oldest,
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(open) = open {
        return Ok(open);
    }
    sqlx::query!(
        r#"
        update billing_intent
        set closed_at = $3
        where organization_id = $1
            and kind = $2
            and closed_at is null
        "#,
        new.org as OrgId,
        new.kind,
        new.now,
    )
    .execute(tx.conn())
    .await?;
    let id = Uuid::now_v7();
    sqlx::query!(
        r#"
        insert into billing_intent (id, organization_id, kind, detail, created_at)
        values ($1, $2, $3, $4, $5)
        "#,
        id,
        new.org as OrgId,
        new.kind,
        new.detail,
        new.now,
    )
    .execute(tx.conn())
    .await?;
    Ok(Intent {
        id,
        stripe_id: None,
    })
}

/// Notes what Stripe made for an intent.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.note_made", skip_all)]
#[boxed]
pub async fn note_made(tx: &mut Tx, intent: Uuid, stripe_id: &str) -> Result<()> {
    sqlx::query!(
        r#"
        update billing_intent
        set stripe_id = $2
        where id = $1
        "#,
        intent,
        stripe_id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends an intent: asking for the same thing later is another one.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.close_intent", skip_all)]
#[boxed]
pub async fn close_intent(tx: &mut Tx, intent: Uuid, at: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        update billing_intent
        set closed_at = $2
        where id = $1
            and closed_at is null
        "#,
        intent,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
