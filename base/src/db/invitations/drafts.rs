//! Lists of people to invite that were not sent yet.

use sqlx::types::Json;
use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{DraftId, OrgId, SentRow, UserId},
    error::Result,
    telemetry::SPANS,
};

/// Lists of one user in one organization that are kept; an older one makes way.
const DRAFTS: i64 = 5;

pub struct Draft {
    pub rows: Vec<SentRow>,
    /// Rows of the file that were too many to be kept.
    pub left_out: u32,
    /// Not from a file.
    pub is_pasted: bool,
}

/// Keeps a list for the user who sent it.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.drafts.insert", skip_all)]
#[boxed]
pub async fn insert(
    tx: &mut Tx,
    (org, user): (OrgId, UserId),
    draft: &Draft,
    now: OffsetDateTime,
) -> Result<DraftId> {
    let id = DraftId::new();
    sqlx::query!(
        r#"
        with older as (
            select id
            from invitation_draft
            where user_id = $3
                and organization_id = $2
            order by created_at desc, id desc
            offset $8
        ), forgotten as (
            delete from invitation_draft
            using older
            where invitation_draft.id = older.id
        )
        insert into invitation_draft
            (id, organization_id, user_id, rows, left_out, is_pasted, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        id as DraftId,
        org as OrgId,
        user as UserId,
        Json(&draft.rows) as _,
        i32::try_from(draft.left_out).unwrap_or(i32::MAX),
        draft.is_pasted,
        now,
        DRAFTS - 1,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// A list of this user in this organization that was made after then.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.drafts.find", skip_all)]
#[boxed]
pub async fn find(
    reader: &Reader,
    (org, user): (OrgId, UserId),
    draft: DraftId,
    made_after: OffsetDateTime,
) -> Result<Option<Draft>> {
    let row = sqlx::query!(
        r#"
        select
            rows as "rows: Json<Vec<SentRow>>",
            left_out,
            is_pasted
        from invitation_draft
        where id = $3
            and organization_id = $1
            and user_id = $2
            and created_at > $4
        "#,
        org as OrgId,
        user as UserId,
        draft as DraftId,
        made_after,
    )
    .fetch_optional(reader.conn())
    .await?;
    Ok(row.map(|row| Draft {
        rows: row.rows.0,
        left_out: row.left_out.unsigned_abs(),
        is_pasted: row.is_pasted,
    }))
}

/// The same, and uses it up: of several at once one gets it.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.drafts.take", skip_all)]
#[boxed]
pub async fn take(
    tx: &mut Tx,
    (org, user): (OrgId, UserId),
    draft: DraftId,
    made_after: OffsetDateTime,
) -> Result<Option<Draft>> {
    let row = sqlx::query!(
        r#"
        delete from invitation_draft
        where id = $3
            and organization_id = $1
            and user_id = $2
            and created_at > $4
        returning
            rows as "rows: Json<Vec<SentRow>>",
            left_out,
            is_pasted
        "#,
        org as OrgId,
        user as UserId,
        draft as DraftId,
        made_after,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Draft {
        rows: row.rows.0,
        left_out: row.left_out.unsigned_abs(),
        is_pasted: row.is_pasted,
    }))
}

/// Forgets lists that were made before then, and says how many.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.drafts.delete_before", skip_all)]
#[boxed]
pub async fn delete_before(tx: &mut Tx, before: OffsetDateTime) -> Result<u64> {
    let deleted = sqlx::query!(
        r#"
        delete from invitation_draft
        where created_at <= $1
        "#,
        before,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}
