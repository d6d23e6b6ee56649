use time::OffsetDateTime;

use crate::{
    boxed,
    db::Tx,
    domain::{Email, InvitationDetails, InvitationId, Role},
    error::Result,
    telemetry::SPANS,
};

/// Somebody to remind.
pub struct DueReminder {
    pub id: InvitationId,
    pub details: InvitationDetails,
}

/// Up to `limit` invitations that were sent before then, can still be accepted, and whose
/// recipients were not reminded. Locks them; what others hold is left to them.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.list_due", skip_all)]
#[boxed]
pub async fn list_due(
    tx: &mut Tx,
    sent_before: OffsetDateTime,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<DueReminder>> {
    let rows = sqlx::query!(
        r#"
        select
            invitation.id as "id: InvitationId",
            organization.name as org_name,
            users.name as "invited_by?",
            invitation.email as "email: Email",
            invitation.role as "role: Role",
            invitation.expires_at
        from invitation
        join organization on organization.id = invitation.organization_id
        left join users on users.id = invitation.invited_by
        where invitation.state = 'pending'
            and invitation.reminded_at is null
            and invitation.sent_at <= $1
            and invitation.expires_at > $2
            and organization.deleted_at is null
        order by invitation.sent_at
        limit $3
        for no key update of invitation skip locked
        "#,
        sent_before,
        now,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let due = rows.into_iter().map(|row| DueReminder {
        id: row.id,
        details: InvitationDetails {
            org_name: row.org_name,
            invited_by: row.invited_by,
            email: row.email,
            role: row.role,
            expires_at: row.expires_at,
        },
    });
    Ok(due.collect())
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.invitations.note_reminded", skip_all)]
#[boxed]
pub async fn note_reminded(
    tx: &mut Tx,
    invitation: InvitationId,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        update invitation
        set reminded_at = $2
        where id = $1
        "#,
        invitation as InvitationId,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
