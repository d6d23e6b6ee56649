use time::OffsetDateTime;

use super::InvitationForChange;
use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{Email, InvitationDetails, InvitationId, InvitationState, OrgId, Role},
    error::Result,
    telemetry::SPANS,
};

/// Links of one invitation that work at the same time: the one that was mailed, the one in
/// the reminder, and some that were copied.
const LINKS: i64 = 5;

/// Stores the hash of another link of the invitation. The newest five are kept.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.insert_token", skip_all)]
#[boxed]
pub async fn insert_token(
    tx: &mut Tx,
    invitation: InvitationId,
    hash: &[u8; 32],
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        with older as (
            select token_hash
            from invitation_token
            where invitation_id = $2
            order by created_at desc, token_hash
            offset $4
        ), ended as (
            delete from invitation_token
            using older
            where invitation_token.token_hash = older.token_hash
        )
        insert into invitation_token (token_hash, invitation_id, created_at)
        values ($1, $2, $3)
        "#,
        hash.as_slice(),
        invitation as InvitationId,
        now,
        LINKS - 1,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What the link with this hash is about. `None`: it leads to nothing that can be accepted.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.find_by_token", skip_all)]
#[boxed]
pub async fn find_by_token(
    reader: &Reader,
    hash: &[u8; 32],
    now: OffsetDateTime,
) -> Result<Option<InvitationDetails>> {
    Ok(sqlx::query_as!(
        InvitationDetails,
        r#"
        select
            organization.name as org_name,
            users.name as "invited_by?",
            invitation.email as "email: Email",
            invitation.role as "role: Role",
            invitation.expires_at
        from invitation_token
        join invitation on invitation.id = invitation_token.invitation_id
        join organization on organization.id = invitation.organization_id
        left join users on users.id = invitation.invited_by
        where invitation_token.token_hash = $1
            and invitation.state = 'pending'
            and invitation.expires_at > $2
            and organization.deleted_at is null
        "#,
        hash.as_slice(),
        now,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// The organization that the link with this hash invites to, so that it can be locked.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.find_org_by_token", skip_all)]
#[boxed]
pub async fn find_org_by_token(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<OrgId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select invitation.organization_id as "org: OrgId"
        from invitation_token
        join invitation on invitation.id = invitation_token.invitation_id
        where invitation_token.token_hash = $1
        "#,
        hash.as_slice(),
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The invitation behind the link, if it can be decided. Ask only under the organization's
/// row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.find_to_decide", skip_all)]
#[boxed]
pub async fn find_to_decide(
    tx: &mut Tx,
    org: OrgId,
    hash: &[u8; 32],
    now: OffsetDateTime,
) -> Result<Option<InvitationForChange>> {
    Ok(sqlx::query_as!(
        InvitationForChange,
        r#"
        select
            invitation.id as "id: InvitationId",
            invitation.email as "email: Email",
            invitation.role as "role: Role",
            invitation.state as "state: InvitationState",
            invitation.sent_at
        from invitation_token
        join invitation on invitation.id = invitation_token.invitation_id
        join organization on organization.id = invitation.organization_id
        where invitation_token.token_hash = $2
            and invitation.organization_id = $1
            and invitation.state = 'pending'
            and invitation.expires_at > $3
            and organization.deleted_at is null
        "#,
        org as OrgId,
        hash.as_slice(),
        now,
    )
    .fetch_optional(tx.conn())
    .await?)
}
