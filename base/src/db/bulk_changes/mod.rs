//! Changes of many members at once: the change itself, who is meant (`meant`), what became
//! of each (`rows`), and the changes of memberships, some at a time (`apply`).

mod apply;
mod meant;
mod rows;

pub use apply::{cancel_invitations, delete, restore, set_roles, set_suspended};
pub use meant::{Group, insert_rows, list_groups, list_meant};
pub use rows::{
    MemberNow, PendingRow, Way, count, count_at_end, hold_users, list_page, list_pending, mark,
    mark_undone,
};

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{BulkAction, BulkChangeId, BulkEnd, Email, OrgId, UserId},
    error::Result,
    telemetry::SPANS,
};

/// A change as it stands.
#[derive(Clone, Debug)]
pub struct BulkChangeRow {
    pub id: BulkChangeId,
    /// Who asked for it.
    pub user: UserId,
    pub user_name: String,
    pub action: BulkAction,
    pub created_at: OffsetDateTime,
    pub ended_as: Option<BulkEnd>,
    pub ended_at: Option<OffsetDateTime>,
    /// Who takes it back.
    pub undo_user: Option<UserId>,
    pub undo_ended_as: Option<BulkEnd>,
}

/// Notes a change that is asked for. Ask only under the organization's row lock, and when none
/// is under way.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.insert", skip_all)]
#[boxed]
pub async fn insert(
    tx: &mut Tx,
    (org, user): (OrgId, UserId),
    action: BulkAction,
    now: OffsetDateTime,
) -> Result<BulkChangeId> {
    let id = BulkChangeId::new();
    sqlx::query!(
        r#"
        insert into bulk_change (id, organization_id, user_id, action, created_at)
        values ($1, $2, $3, $4, $5)
        "#,
        id as BulkChangeId,
        org as OrgId,
        user as UserId,
        action as BulkAction,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// The change of this organization that is under way, or is being taken back.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.find_under_way", skip_all)]
#[boxed]
pub async fn find_under_way(tx: &mut Tx, org: OrgId) -> Result<Option<BulkChangeId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: BulkChangeId"
        from bulk_change
        where organization_id = $1
            and (
                ended_at is null
                or (undo_user_id is not null and undo_ended_at is null)
            )
        limit 1
        "#,
        org as OrgId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// A change of this very organization; for no id the one that was asked for last.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.find", skip_all)]
#[boxed]
pub async fn find(
    reader: &Reader,
    org: OrgId,
    id: Option<BulkChangeId>,
) -> Result<Option<BulkChangeRow>> {
    Ok(sqlx::query_as!(
        BulkChangeRow,
        r#"
        select
            bulk_change.id as "id: BulkChangeId",
            bulk_change.user_id as "user: UserId",
            users.name as user_name,
            bulk_change.action as "action: BulkAction",
            bulk_change.created_at,
            bulk_change.ended_as as "ended_as: BulkEnd",
            bulk_change.ended_at,
            bulk_change.undo_user_id as "undo_user: UserId",
            bulk_change.undo_ended_as as "undo_ended_as: BulkEnd"
        from bulk_change
        join users on users.id = bulk_change.user_id
        where bulk_change.organization_id = $1
            and ($2::uuid is null or bulk_change.id = $2)
        order by bulk_change.created_at desc, bulk_change.id desc
        limit 1
        "#,
        org as OrgId,
        id as Option<BulkChangeId>,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// The same, to go on with it or to end it. Ask only under the organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.find_in_org", skip_all)]
#[boxed]
pub async fn find_in_org(
    tx: &mut Tx,
    org: OrgId,
    id: BulkChangeId,
) -> Result<Option<BulkChangeRow>> {
    Ok(sqlx::query_as!(
        BulkChangeRow,
        r#"
        select
            bulk_change.id as "id: BulkChangeId",
            bulk_change.user_id as "user: UserId",
            users.name as user_name,
            bulk_change.action as "action: BulkAction",
            bulk_change.created_at,
            bulk_change.ended_as as "ended_as: BulkEnd",
            bulk_change.ended_at,
            bulk_change.undo_user_id as "undo_user: UserId",
            bulk_change.undo_ended_as as "undo_ended_as: BulkEnd"
        from bulk_change
        join users on users.id = bulk_change.user_id
        where bulk_change.organization_id = $1
            and bulk_change.id = $2
        "#,
        org as OrgId,
        id as BulkChangeId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Notes how a change ended.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.end", skip_all)]
#[boxed]
pub async fn end(tx: &mut Tx, id: BulkChangeId, how: BulkEnd, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        update bulk_change
        set ended_as = $2,
            ended_at = $3
        where id = $1
            and ended_at is null
        "#,
        id as BulkChangeId,
        how as BulkEnd,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes who takes a change back.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.begin_undo", skip_all)]
#[boxed]
pub async fn begin_undo(tx: &mut Tx, id: BulkChangeId, user: UserId) -> Result<()> {
    sqlx::query!(
        r#"
        update bulk_change
        set undo_user_id = $2
        where id = $1
        "#,
        id as BulkChangeId,
        user as UserId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes how taking it back ended.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.end_undo", skip_all)]
#[boxed]
pub async fn end_undo(
    tx: &mut Tx,
    id: BulkChangeId,
    how: BulkEnd,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        update bulk_change
        set undo_ended_as = $2,
            undo_ended_at = $3
        where id = $1
            and undo_ended_at is null
        "#,
        id as BulkChangeId,
        how as BulkEnd,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Name and address of a user, to write to them.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.find_recipient", skip_all)]
#[boxed]
pub async fn find_recipient(tx: &mut Tx, user: UserId) -> Result<Option<(String, Email)>> {
    let row = sqlx::query!(
        r#"
        select
            name,
            email as "email: Email"
        from users
        where id = $1
            and banned_at is null
        "#,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.name, row.email)))
}

/// Forgets changes that ended before then, taking them back included, and says how many. One
/// that is being taken back for that long comes to no end.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.delete_before", skip_all)]
#[boxed]
pub async fn delete_before(tx: &mut Tx, before: OffsetDateTime, at_most: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        r#"
        delete from bulk_change
        where id in (
            select id
            from bulk_change
            where created_at < $1
                and greatest(ended_at, undo_ended_at) < $1
            order by created_at
            limit $2
        )
        "#,
        before,
        at_most,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}
