//! Changes of some memberships by one statement each: a hundred single ones would hold the
//! organization's row lock a hundred times as long. So few at a time that the change log names
//! each of them (migrations/0011_cache_watch.sql).

use time::OffsetDateTime;

use crate::{
    boxed,
    db::Tx,
    domain::{BulkChangeId, MemberId, OrgId, Role, UserId},
    error::Result,
    telemetry::SPANS,
};

/// Gives each of these members a role.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.set_roles", skip_all)]
#[boxed]
pub async fn set_roles(tx: &mut Tx, members: &[MemberId], roles: &[Role]) -> Result<()> {
    sqlx::query!(
        r#"
        update member
        set role = given.role
        from unnest($1::uuid[], $2::text[]) as given (id, role)
        where member.id = given.id
        "#,
        members as &[MemberId],
        roles as &[Role],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Suspends these memberships at `at`, or, for `None`, reinstates them.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.set_suspended", skip_all)]
#[boxed]
pub async fn set_suspended(
    tx: &mut Tx,
    members: &[MemberId],
    at: Option<OffsetDateTime>,
) -> Result<()> {
    sqlx::query!(
        r#"
        update member
        set suspended_at = $2
        where id = any($1)
        "#,
        members as &[MemberId],
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.delete", skip_all)]
#[boxed]
pub async fn delete(tx: &mut Tx, members: &[MemberId]) -> Result<()> {
    sqlx::query!(
        r#"
        delete from member
        where id = any($1)
        "#,
        members as &[MemberId],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Cancels what invites the addresses that these users have now, as the removal of one does.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.cancel_invitations", skip_all)]
#[boxed]
pub async fn cancel_invitations(
    tx: &mut Tx,
    org: OrgId,
    users: &[UserId],
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        with cancelled as (
            update invitation
            set state = 'cancelled',
                decided_at = $3
            from users
            where users.id = any($2)
                and invitation.organization_id = $1
                and invitation.email = users.email
                and invitation.state = 'pending'
            returning invitation.id
        )
        delete from invitation_token
        using cancelled
        where invitation_token.invitation_id = cancelled.id
        "#,
        org as OrgId,
        users as &[UserId],
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes these removed members members again, as they were noted: the same membership, with
/// the day they joined and when they were last active.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.restore", skip_all)]
#[boxed]
pub async fn restore(tx: &mut Tx, id: BulkChangeId, org: OrgId, positions: &[i32]) -> Result<()> {
    sqlx::query!(
        r#"
        insert into member (id, organization_id, user_id, role, created_at, suspended_at)
        select
            member_id,
            $2,
            user_id,
            role,
            joined_at,
            suspended_at
        from bulk_change_row
        where bulk_change_id = $1
            and position = any($3)
        "#,
        id as BulkChangeId,
        org as OrgId,
        positions,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"
        insert into member_use (member_id, last_active_at)
        select
            member_id,
            last_active_at
        from bulk_change_row
        where bulk_change_id = $1
            and position = any($2)
            and last_active_at is not null
        on conflict (member_id) do nothing
        "#,
        id as BulkChangeId,
        positions,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
