//! Offers of ownership.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::Tx,
    domain::{Email, MemberId, OrgId, Role, UserId},
    error::Result,
    telemetry::SPANS,
};

/// Whoever may be offered ownership.
pub struct Candidate {
    pub id: MemberId,
    pub name: String,
    pub email: Email,
    pub role: Role,
    pub is_suspended: bool,
}

/// The organization's member with this address. Ask only under the organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.ownership.find_candidate", skip_all)]
#[boxed]
pub async fn find_candidate(tx: &mut Tx, org: OrgId, email: &Email) -> Result<Option<Candidate>> {
    Ok(sqlx::query_as!(
        Candidate,
        r#"
        select
            member.id as "id: MemberId",
            users.name,
            users.email as "email: Email",
            member.role as "role: Role",
            member.suspended_at is not null as "is_suspended!"
        from users
        join member on member.user_id = users.id
        where users.email = $2
            and users.banned_at is null
            and member.organization_id = $1
        "#,
        org as OrgId,
        email as &Email,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// An offer as a decision about it sees it.
pub struct PendingOffer {
    pub from_member: MemberId,
    pub from_user: UserId,
    pub from_name: String,
    pub from_email: Email,
    pub to_member: MemberId,
    pub to_user: UserId,
    pub to_name: String,
}

/// The organization's offer that can still be taken: its time is not over, and whoever made
/// it is an owner who could sign in. Ask only under the organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.ownership.find_pending", skip_all)]
#[boxed]
pub async fn find_pending(
    tx: &mut Tx,
    org: OrgId,
    now: OffsetDateTime,
) -> Result<Option<PendingOffer>> {
    Ok(sqlx::query_as!(
        PendingOffer,
        r#"
        select
            offer.from_member as "from_member: MemberId",
            giver.user_id as "from_user: UserId",
            giving.name as from_name,
            giving.email as "from_email: Email",
            offer.to_member as "to_member: MemberId",
            receiver.user_id as "to_user: UserId",
            receiving.name as to_name
        from ownership_transfer as offer
        join member as giver on giver.id = offer.from_member
        join users as giving on giving.id = giver.user_id
        join member as receiver on receiver.id = offer.to_member
        join users as receiving on receiving.id = receiver.user_id
        where offer.organization_id = $1
            and offer.expires_at > $2
            and giver.role = 'owner'
            and giver.suspended_at is null
            and giving.banned_at is null
        "#,
        org as OrgId,
        now,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Writes the organization's offer in the place of one whose time is over.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.ownership.put", skip_all)]
#[boxed]
pub async fn put(
    tx: &mut Tx,
    org: OrgId,
    (from, to): (MemberId, MemberId),
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        insert into ownership_transfer (
            organization_id, from_member, to_member, created_at, expires_at
        )
        values ($1, $2, $3, $4, $5)
        on conflict (organization_id) do update
        set from_member = excluded.from_member,
            to_member = excluded.to_member,
            created_at = excluded.created_at,
            expires_at = excluded.expires_at
        "#,
        org as OrgId,
        from as MemberId,
        to as MemberId,
        now,
        expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the organization's offer.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.ownership.delete", skip_all)]
#[boxed]
pub async fn delete(tx: &mut Tx, org: OrgId) -> Result<()> {
    sqlx::query!(
        r#"
        delete from ownership_transfer
        where organization_id = $1
        "#,
        org as OrgId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
