//! Organizations that were deleted: restored in time, or removed for good.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Stamped, Tx, members::MemberForChange, orgs::OrgForChange},
    domain::{DeletedOrg, MemberId, OrgId, OrgSlug, Role, UserId},
    error::Result,
    telemetry::SPANS,
};

/// The deleted organizations that the user owns, the one deleted last at the top. Empty, not
/// `None`, for a user without any.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.deleted_orgs.list_of_owner", skip_all)]
#[boxed]
pub async fn list_of_owner(
    reader: &Reader,
    user: UserId,
) -> Result<Stamped<Option<Vec<DeletedOrg>>>> {
    struct Row {
        as_of: i64,
        id: Option<OrgId>,
        slug: Option<OrgSlug>,
        name: Option<String>,
        deleted_at: Option<OffsetDateTime>,
    }

    impl Row {
        fn deleted_org(self) -> Option<DeletedOrg> {
            Some(DeletedOrg {
                id: self.id?,
                slug: self.slug?,
                name: self.name?,
                deleted_at: self.deleted_at?,
            })
        }
    }

    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            deleted.id as "id?: OrgId",
            deleted.slug as "slug?: OrgSlug",
            deleted.name as "name?",
            deleted.deleted_at as "deleted_at?"
        from (select 1) as one
        left join (
            select
                organization.id,
                organization.slug,
                organization.name,
                organization.deleted_at
            from member
            join organization on organization.id = member.organization_id
            where member.user_id = $1
                and member.role = 'owner'
                and member.suspended_at is null
                and organization.deleted_at is not null
        ) as deleted on true
        order by deleted.deleted_at desc, deleted.id
        "#,
        user as UserId,
    )
    .fetch_all(reader.conn())
    .await?;
    Ok(Stamped::rows(rows, |row| row.as_of)?
        .map(|rows| Some(rows.filter_map(Row::deleted_org).collect())))
}

/// Marks the organization as deleted. Ask only under its row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.deleted_orgs.mark", skip_all)]
#[boxed]
pub async fn mark(tx: &mut Tx, org: OrgId, by: UserId, at: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        update organization
        set deleted_at = $3,
            deleted_by = $2,
            updated_at = now()
        where id = $1
        "#,
        org as OrgId,
        by as UserId,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the mark away. Ask only under the organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.deleted_orgs.unmark", skip_all)]
#[boxed]
pub async fn unmark(tx: &mut Tx, org: OrgId) -> Result<()> {
    sqlx::query!(
        r#"
        update organization
        set deleted_at = null,
            deleted_by = null,
            updated_at = now()
        where id = $1
        "#,
        org as OrgId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The organization that a slug, current or former, belongs to, with its row locked until the
/// transaction ends; see [`super::orgs::lock`].
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.deleted_orgs.lock_by_slug", skip_all)]
#[boxed]
pub async fn lock_by_slug(tx: &mut Tx, slug: &OrgSlug) -> Result<Option<(OrgId, OrgForChange)>> {
    let row = sqlx::query!(
        r#"
        select
            organization.id as "id: OrgId",
            organization.slug as "slug: OrgSlug",
            organization.name,
            organization.deleted_at,
            organization.second_factor_from
        from organization_slug
        join organization on organization.id = organization_slug.organization_id
        where organization_slug.slug = $1
        for update of organization
        "#,
        slug as &OrgSlug,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| {
        let org = OrgForChange {
            slug: row.slug,
            name: row.name,
            deleted_at: row.deleted_at,
            second_factor_from: row.second_factor_from,
        };
        (row.id, org)
    }))
}

/// An owner, whatever became of the organization.
pub struct Owner {
    pub member: MemberForChange,
    pub has_second_factor: bool,
}

/// The user's own membership if they own the organization, and are neither suspended nor
/// banned. Ask only under the organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.deleted_orgs.find_owner", skip_all)]
#[boxed]
pub async fn find_owner(tx: &mut Tx, org: OrgId, user: UserId) -> Result<Option<Owner>> {
    let row = sqlx::query!(
        r#"
        select
            member.id as "id: MemberId",
            member.role as "role: Role",
            users.name,
            users.second_factor_at is not null as "has_second_factor!"
        from member
        join users on users.id = member.user_id
        where member.organization_id = $1
            and member.user_id = $2
            and member.role = 'owner'
            and member.suspended_at is null
            and users.banned_at is null
        "#,
        org as OrgId,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Owner {
        member: MemberForChange {
            id: row.id,
            user_id: user,
            name: row.name,
            role: row.role,
            is_suspended: false,
        },
        has_second_factor: row.has_second_factor,
    }))
}

/// One that was deleted before that moment, of those behind `after` in the order of their ids.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.deleted_orgs.find_next", skip_all)]
#[boxed]
pub async fn find_next(
    reader: &Reader,
    deleted_before: OffsetDateTime,
    after: Option<OrgId>,
) -> Result<Option<OrgId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: OrgId"
        from organization
        where deleted_at < $1
            and ($2::uuid is null or id > $2)
        order by id
        limit 1
        "#,
        deleted_before,
        after as Option<OrgId>,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// Locks the row of an organization that was deleted before that moment, and its billing row
/// first, as whoever compares it with Stripe does. `false`: it is gone, or was restored.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.deleted_orgs.lock", skip_all)]
#[boxed]
pub async fn lock(tx: &mut Tx, org: OrgId, deleted_before: OffsetDateTime) -> Result<bool> {
    sqlx::query!(
        r#"
        select organization_id
        from billing_customer
        where organization_id = $1
        for update
        "#,
        org as OrgId,
    )
    .fetch_optional(tx.conn())
    .await?;
    let locked = sqlx::query!(
        r#"
        select id
        from organization
        where id = $1
            and deleted_at < $2
        for update
        "#,
        org as OrgId,
        deleted_before,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(locked.is_some())
}

/// Removes members, as many as `limit` says, and tells how many there were.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.deleted_orgs.delete_members", skip_all)]
#[boxed]
pub async fn delete_members(tx: &mut Tx, org: OrgId, limit: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        r#"
        delete from member
        where id in (
            select id
            from member
            where organization_id = $1
            limit $2
        )
        "#,
        org as OrgId,
        limit,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}

/// The same of invitations.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.deleted_orgs.delete_invitations", skip_all)]
#[boxed]
pub async fn delete_invitations(tx: &mut Tx, org: OrgId, limit: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        r#"
        delete from invitation
        where id in (
            select id
            from invitation
            where organization_id = $1
            limit $2
        )
        "#,
        org as OrgId,
        limit,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}
