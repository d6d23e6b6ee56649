use time::OffsetDateTime;

use crate::{
    boxed,
    db::Tx,
    domain::{MemberId, OrgId, Role, UserId},
    error::Result,
    telemetry::SPANS,
};

/// A membership as a change to it sees it.
#[derive(Clone, Debug)]
pub struct MemberForChange {
    pub id: MemberId,
    pub user_id: UserId,
    /// The user's name, for the audit log.
    pub name: String,
    pub role: Role,
    pub is_suspended: bool,
}

/// The user's own membership as it is now, if it gives them access: they are neither banned
/// nor suspended, the organization is not deleted, and they have a second factor if it
/// requires one by `now`. Ask only under the organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.find_actor", skip_all)]
#[boxed]
pub async fn find_actor(
    tx: &mut Tx,
    org: OrgId,
    user: UserId,
    now: OffsetDateTime,
) -> Result<Option<MemberForChange>> {
    Ok(sqlx::query_as!(
        MemberForChange,
        r#"
        select
            member.id as "id: MemberId",
            member.user_id as "user_id: UserId",
            users.name,
            member.role as "role: Role",
            member.suspended_at is not null as "is_suspended!"
        from member
        join users on users.id = member.user_id
        join organization on organization.id = member.organization_id
        where member.organization_id = $1
            and member.user_id = $2
            and member.suspended_at is null
            and users.banned_at is null
            and organization.deleted_at is null
            and (
                users.second_factor_at is not null
                or coalesce(organization.second_factor_from > $3, true)
            )
        "#,
        org as OrgId,
        user as UserId,
        now,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// A membership of this very organization. Ask only under the organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.find_in_org", skip_all)]
#[boxed]
pub async fn find_in_org(
    tx: &mut Tx,
    org: OrgId,
    member: MemberId,
) -> Result<Option<MemberForChange>> {
    Ok(sqlx::query_as!(
        MemberForChange,
        r#"
        select
            member.id as "id: MemberId",
            member.user_id as "user_id: UserId",
            users.name,
            member.role as "role: Role",
            member.suspended_at is not null as "is_suspended!"
        from member
        join users on users.id = member.user_id
        where member.id = $2
            and member.organization_id = $1
        "#,
        org as OrgId,
        member as MemberId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether the user is suspended; `None`: they are no member. Ask only under the organization's
/// row lock, unless it is only to be shown.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.find_suspension", skip_all)]
#[boxed]
pub async fn find_suspension(tx: &mut Tx, org: OrgId, user: UserId) -> Result<Option<bool>> {
    Ok(sqlx::query_scalar!(
        r#"
        select suspended_at is not null as "is_suspended!"
        from member
        where user_id = $2
            and organization_id = $1
        "#,
        org as OrgId,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether the organization has an owner besides this member who is not suspended. Ask only under the
/// organization's row lock, or the answer is old when it arrives.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.has_another_owner", skip_all)]
#[boxed]
pub async fn has_another_owner(tx: &mut Tx, org: OrgId, member: MemberId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from member
            where organization_id = $1
                and role = 'owner'
                and suspended_at is null
                and id <> $2
        ) as "exists!"
        "#,
        org as OrgId,
        member as MemberId,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Makes the user a member, and returns the membership's id.
///
/// # Errors
/// [`crate::error::Error::Conflict`] if the user is a member already.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.insert", skip_all)]
#[boxed]
pub async fn insert(tx: &mut Tx, org: OrgId, user: UserId, role: Role) -> Result<MemberId> {
    let id = MemberId::new();
    sqlx::query!(
        r#"
        insert into member (id, organization_id, user_id, role)
        values ($1, $2, $3, $4)
        "#,
        id as MemberId,
        org as OrgId,
        user as UserId,
        role as Role,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.set_role", skip_all)]
#[boxed]
pub async fn set_role(tx: &mut Tx, member: MemberId, role: Role) -> Result<()> {
    sqlx::query!(
        r#"
        update member
        set role = $2
        where id = $1
        "#,
        member as MemberId,
        role as Role,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Suspends the membership at `at`, or, for `None`, reinstates it.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.set_suspended", skip_all)]
#[boxed]
pub async fn set_suspended(
    tx: &mut Tx,
    member: MemberId,
    at: Option<OffsetDateTime>,
) -> Result<()> {
    sqlx::query!(
        r#"
        update member
        set suspended_at = $2
        where id = $1
        "#,
        member as MemberId,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.delete", skip_all)]
#[boxed]
pub async fn delete(tx: &mut Tx, member: MemberId) -> Result<()> {
    sqlx::query!(
        r#"
        delete from member
        where id = $1
        "#,
        member as MemberId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many organizations the user owns, alone or with others. One in which the user is
/// suspended counts: reinstating must not fail for a limit of the reinstated.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.count_owned", skip_all)]
#[boxed]
pub async fn count_owned(tx: &mut Tx, user: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "organizations!"
        from member
        where user_id = $1
            and role = 'owner'
        "#,
        user as UserId,
    )
    .fetch_one(tx.conn())
    .await?)
}
