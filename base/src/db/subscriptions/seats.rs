use time::OffsetDateTime;

use super::view::members_limit;
use crate::{
    boxed,
    db::Tx,
    domain::{OrgId, Plan, Seats, SubscriptionStatus},
    error::{Error, Result},
    telemetry::SPANS,
};

/// The organization's seats, and how many are taken: the one answer to "does another fit?".
/// Ask only under the organization's row lock, which everybody holds who adds a member or
/// invites one; what Stripe or a platform admin changes meanwhile counts from the next time.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.subscriptions.find_seats", skip_all)]
#[boxed]
pub async fn find_seats(tx: &mut Tx, org: OrgId, now: OffsetDateTime) -> Result<Seats> {
    let row = sqlx::query!(
        r#"
        select
            subscription.plan as "plan?: Plan",
            subscription.status as "status?: SubscriptionStatus",
            limit_override.members as "override_members?",
            coalesce(organization_member_count.members, 0) as "members!",
            (
                select count(*)
                from invitation
                where invitation.organization_id = organization.id
                    and invitation.state = 'pending'
                    and invitation.expires_at > $2
            ) as "pending!"
        from organization
        left join subscription on subscription.organization_id = organization.id
        left join limit_override on limit_override.organization_id = organization.id
        left join organization_member_count
            on organization_member_count.organization_id = organization.id
        where organization.id = $1
        "#,
        org as OrgId,
        now,
    )
    .fetch_optional(tx.conn())
    .await?;
    let row = row.ok_or(Error::NotFound)?;
    let plan = match (row.plan, row.status) {
        (Some(plan), Some(status)) if status.grants_plan() => plan,
        _ => Plan::Free,
    };
    Ok(Seats {
        limit: members_limit(plan, row.override_members),
        members: row.members,
        pending: row.pending,
    })
}
