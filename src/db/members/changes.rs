use crate::{
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
}

/// The user's own membership as it is now, unless the user is banned. Ask only under
/// the organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.find_actor", skip_all)]
pub async fn find_actor(tx: &mut Tx, org: OrgId, user: UserId) -> Result<Option<MemberForChange>> {
    Ok(sqlx::query_as!(
        MemberForChange,
        r#"
        select
            member.id as "id: MemberId",
            member.user_id as "user_id: UserId",
            users.name,
            member.role as "role: Role"
        from member
        join users on users.id = member.user_id
        where member.organization_id = $1
            and member.user_id = $2
            and users.banned_at is null
        "#,
        org as OrgId,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// A membership of this very organization. Ask only under the organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.find_in_org", skip_all)]
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
            member.role as "role: Role"
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

/// Whether the organization has an owner besides this member. Ask only under the
/// organization's row lock, or the answer is old when it arrives.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.has_another_owner", skip_all)]
pub async fn has_another_owner(tx: &mut Tx, org: OrgId, member: MemberId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from member
            where organization_id = $1
                and role = 'owner'
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

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.delete", skip_all)]
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
