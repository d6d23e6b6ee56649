//! What became of each of those who are meant.

use sqlx::PgExecutor;
use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{
        BulkChangeId, BulkCounts, BulkRow, MemberId, NamedMember, OrgId, PAGE_SIZE, PageNumber,
        Role, RowOutcome, UndoOutcome, UserId,
    },
    error::Result,
    telemetry::SPANS,
};

/// In which direction a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    Forth,
    Back,
}

/// Somebody whose turn comes now: what was noted, and what they are.
#[derive(Clone, Debug)]
pub struct PendingRow {
    pub position: i32,
    pub member: MemberId,
    pub user: UserId,
    /// The role that was noted.
    pub role: Role,
    /// When this very change changed them.
    pub changed_at: Option<OffsetDateTime>,
    /// `None`: the account was deleted.
    pub name: Option<String>,
    /// Their membership now; `None`: they have none.
    pub now: Option<MemberNow>,
}

/// A membership as it is now.
#[derive(Clone, Copy, Debug)]
pub struct MemberNow {
    pub id: MemberId,
    pub role: Role,
    pub suspended_at: Option<OffsetDateTime>,
}

/// The next whose turn it is behind this position. Ask only under the organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.list_pending", skip_all)]
#[boxed]
pub async fn list_pending(
    tx: &mut Tx,
    (id, org): (BulkChangeId, OrgId),
    way: Way,
    after: i32,
    limit: i64,
) -> Result<Vec<PendingRow>> {
    let rows = sqlx::query!(
        r#"
        select
            noted.position,
            noted.member_id as "member: MemberId",
            noted.user_id as "user: UserId",
            noted.role as "role: Role",
            noted.changed_at,
            users.name as "name?",
            member.id as "id_now?: MemberId",
            member.role as "role_now?: Role",
            member.suspended_at as "suspended_at_now?"
        from bulk_change_row as noted
        left join users on users.id = noted.user_id
        left join member
            on member.user_id = noted.user_id
            and member.organization_id = $2
        where noted.bulk_change_id = $1
            and noted.position > $3
            and case
                when $4 then noted.outcome = 'done' and noted.undo_outcome is null
                else noted.outcome is null
            end
        order by noted.position
        limit $5
        "#,
        id as BulkChangeId,
        org as OrgId,
        after,
        way == Way::Back,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let rows = rows.into_iter().map(|row| PendingRow {
        position: row.position,
        member: row.member,
        user: row.user,
        role: row.role,
        changed_at: row.changed_at,
        name: row.name,
        now: row.id_now.zip(row.role_now).map(|(id, role)| MemberNow {
            id,
            role,
            suspended_at: row.suspended_at_now,
        }),
    });
    Ok(rows.collect())
}

/// Keeps the accounts of the next to be taken back from ending: whoever becomes a member has
/// their account locked, and everybody locks accounts before organizations.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.hold_users", skip_all)]
#[boxed]
pub async fn hold_users(tx: &mut Tx, id: BulkChangeId, after: i32, limit: i64) -> Result<()> {
    sqlx::query!(
        r#"
        select users.id as "id: UserId"
        from users
        where users.id in (
            select noted.user_id
            from bulk_change_row as noted
            where noted.bulk_change_id = $1
                and noted.position > $2
                and noted.outcome = 'done'
                and noted.undo_outcome is null
            order by noted.position
            limit $3
        )
        order by users.id
        for share
        "#,
        id as BulkChangeId,
        after,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// Notes what became of these.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.mark", skip_all)]
#[boxed]
pub async fn mark(
    tx: &mut Tx,
    id: BulkChangeId,
    outcomes: &[(i32, RowOutcome)],
    now: OffsetDateTime,
) -> Result<()> {
    let (positions, outcomes): (Vec<i32>, Vec<RowOutcome>) = outcomes.iter().copied().unzip();
    sqlx::query!(
        r#"
        update bulk_change_row
        set outcome = became.outcome,
            changed_at = $4
        from unnest($2::int[], $3::text[]) as became (position, outcome)
        where bulk_change_row.bulk_change_id = $1
            and bulk_change_row.position = became.position
        "#,
        id as BulkChangeId,
        &positions,
        &outcomes[..] as &[RowOutcome],
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what became of taking these back.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.mark_undone", skip_all)]
#[boxed]
pub async fn mark_undone(
    tx: &mut Tx,
    id: BulkChangeId,
    outcomes: &[(i32, UndoOutcome)],
) -> Result<()> {
    let (positions, outcomes): (Vec<i32>, Vec<UndoOutcome>) = outcomes.iter().copied().unzip();
    sqlx::query!(
        r#"
        update bulk_change_row
        set undo_outcome = became.outcome
        from unnest($2::int[], $3::text[]) as became (position, outcome)
        where bulk_change_row.bulk_change_id = $1
            and bulk_change_row.position = became.position
        "#,
        id as BulkChangeId,
        &positions,
        &outcomes[..] as &[UndoOutcome],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A row of a count.
struct Counted {
    outcome: Option<RowOutcome>,
    undo: Option<UndoOutcome>,
    count: i64,
}

/// How far a change is.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.count", skip_all)]
#[boxed]
pub async fn count(reader: &Reader, id: BulkChangeId) -> Result<BulkCounts> {
    count_over(reader.conn(), id).await
}

/// The same in the transaction that ends it.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.count_at_end", skip_all)]
#[boxed]
pub async fn count_at_end(tx: &mut Tx, id: BulkChangeId) -> Result<BulkCounts> {
    count_over(tx.conn(), id).await
}

async fn count_over(executor: impl PgExecutor<'_>, id: BulkChangeId) -> Result<BulkCounts> {
    let rows = sqlx::query_as!(
        Counted,
        r#"
        select
            outcome as "outcome: RowOutcome",
            undo_outcome as "undo: UndoOutcome",
            count(*) as "count!"
        from bulk_change_row
        where bulk_change_id = $1
        group by 1, 2
        "#,
        id as BulkChangeId,
    )
    .fetch_all(executor)
    .await?;
    Ok(sum_up(rows))
}

fn sum_up(rows: Vec<Counted>) -> BulkCounts {
    let mut counts = BulkCounts::default();
    for Counted {
        outcome,
        undo,
        count,
    } in rows
    {
        counts.total += count;
        match outcome {
            None => {}
            Some(RowOutcome::Done) => counts.done += count,
            Some(left) => counts.left.push((left, count)),
        }
        if let Some(undo) = undo {
            counts.undone.push((undo, count));
        }
    }
    counts.left.sort_unstable();
    counts.undone.sort_unstable();
    counts
}

/// A page of those who are meant, in their order.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.list_page", skip_all)]
#[boxed]
pub async fn list_page(
    reader: &Reader,
    id: BulkChangeId,
    page: PageNumber,
) -> Result<Vec<BulkRow>> {
    let rows = sqlx::query!(
        r#"
        select
            users.name as "name?",
            users.email as "email?",
            noted.role as "role: Role",
            noted.outcome as "outcome: RowOutcome",
            noted.undo_outcome as "undo: UndoOutcome"
        from bulk_change_row as noted
        left join users on users.id = noted.user_id
        where noted.bulk_change_id = $1
            and noted.position > $2
        order by noted.position
        limit $3
        "#,
        id as BulkChangeId,
        i32::try_from(page.offset()).unwrap_or(i32::MAX),
        i64::from(PAGE_SIZE),
    )
    .fetch_all(reader.conn())
    .await?;
    let rows = rows.into_iter().map(|row| BulkRow {
        who: row
            .name
            .zip(row.email)
            .map(|(name, email)| NamedMember { name, email }),
        role: row.role,
        outcome: row.outcome,
        undo: row.undo,
    });
    Ok(rows.collect())
}
