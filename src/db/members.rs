//! Memberships.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    db::{Reader, Stamped, Tx},
    domain::{
        MemberId, MemberListQuery, MemberRow, MemberSort, Membership, MembershipLookup, OrgId,
        OrgSlug, PAGE_SIZE, Page, Role, UserId,
    },
    error::{Error, Result},
};

/// Counting the rows of a filtered list stops here: "10,000+".
/// Ten thousand index entries count in under 3 ms (docs/architecture.md).
const COUNT_CAP: i64 = 10_000;

/// The organization a slug, current or former, leads to, and the person's
/// membership of it, if there is one. `None`: no such organization. One row by
/// three unique indexes, the last of them `member_user_id_organization_id_key`.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn find_membership(
    reader: &Reader,
    slug: &OrgSlug,
    user: UserId,
) -> Result<Stamped<Option<MembershipLookup>>> {
    struct Row {
        as_of: i64,
        org_id: Option<Uuid>,
        org_slug: Option<String>,
        org_name: Option<String>,
        org_logo_url: Option<String>,
        member_id: Option<Uuid>,
        role: Option<String>,
    }

    let row = sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            organization.id as "org_id?",
            organization.slug as "org_slug?",
            organization.name as "org_name?",
            organization.logo_url as "org_logo_url?",
            member.id as "member_id?",
            member.role as "role?"
        from (select 1) as one
        left join organization_slug on organization_slug.slug = $1
        left join organization on organization.id = organization_slug.organization_id
        left join member on member.organization_id = organization.id and member.user_id = $2
        "#,
        slug.as_str(),
        user.0,
    )
    .fetch_one(reader.conn())
    .await?;

    let (Some(org_id), Some(org_slug), Some(org_name)) = (row.org_id, row.org_slug, row.org_name)
    else {
        return Ok(Stamped::new(None, row.as_of));
    };
    let membership = match row.member_id.zip(row.role) {
        Some((member_id, role)) => Some(Membership {
            member_id: member_id.into(),
            user_id: user,
            role: role.parse().map_err(Error::internal)?,
            org_id: org_id.into(),
            org_slug: OrgSlug::parse(&org_slug).map_err(Error::internal)?,
            org_name,
            org_logo_url: row.org_logo_url,
        }),
        None => None,
    };
    Ok(Stamped::new(
        Some(MembershipLookup {
            org_id: org_id.into(),
            membership,
        }),
        row.as_of,
    ))
}

/// One row of a page; all but the stamp and the total are `None` in the one row
/// of an empty page.
struct PageRow {
    as_of: i64,
    total: i64,
    id: Option<Uuid>,
    user_id: Option<Uuid>,
    name: Option<String>,
    email: Option<String>,
    role: Option<String>,
    joined_at: Option<OffsetDateTime>,
}

impl PageRow {
    fn member(self) -> Result<Option<MemberRow>> {
        let Self {
            id: Some(id),
            user_id: Some(user_id),
            name: Some(name),
            email: Some(email),
            role: Some(role),
            joined_at: Some(joined_at),
            ..
        } = self
        else {
            return Ok(None);
        };
        Ok(Some(MemberRow {
            id: id.into(),
            user_id: user_id.into(),
            name,
            email,
            role: role.parse().map_err(Error::internal)?,
            joined_at,
        }))
    }
}

/// A page of an organization's members: exactly the columns the list shows, and
/// the total, in one statement. The total is exact unless the list is filtered
/// and longer than 10,000.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn list_page(
    reader: &Reader,
    org: OrgId,
    query: &MemberListQuery,
) -> Result<Stamped<Page<MemberRow>>> {
    let filtered = query.role.is_some() || !query.search.is_empty();
    let rows = if !query.search.is_empty() || query.sort == MemberSort::Name {
        list_by_person(reader, org, query).await?
    } else if filtered || query.sort == MemberSort::Role {
        list_by_role(reader, org, query).await?
    } else {
        list_newest(reader, org, query).await?
    };
    let Some((as_of, total)) = rows.first().map(|row| (row.as_of, row.total)) else {
        return Err(Error::internal(
            "the list's statement returns at least one row",
        ));
    };
    let page = Page {
        rows: rows
            .into_iter()
            .filter_map(|row| row.member().transpose())
            .collect::<Result<_>>()?,
        number: query.page,
        total: if filtered {
            total.min(COUNT_CAP)
        } else {
            total
        },
        total_is_capped: filtered && total > COUNT_CAP,
    };
    Ok(Stamped::new(page, as_of))
}

/// Everybody, newest first: 50 steps along `member_organization_id_created_at_id_idx`,
/// people joined only for the rows shown, the total from its counter.
///
/// The offset is walked: 0.2 ms for the first pages, 23 ms for page 2,000 of an
/// organization that has so many.
async fn list_newest(reader: &Reader, org: OrgId, query: &MemberListQuery) -> Result<Vec<PageRow>> {
    Ok(sqlx::query_as!(
        PageRow,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            coalesce(counted.members, 0) as "total!",
            page.id as "id?",
            page.user_id as "user_id?",
            users.name as "name?",
            users.email as "email?",
            page.role as "role?",
            page.created_at as "joined_at?"
        from (select 1) as one
        left join organization_member_count as counted on counted.organization_id = $1
        left join lateral (
            select
                id,
                user_id,
                role,
                created_at
            from member
            where organization_id = $1
            order by created_at desc, id desc
            limit $2
            offset $3
        ) as page on true
        left join users on users.id = page.user_id
        order by page.created_at desc, page.id desc
        "#,
        org.0,
        i64::from(PAGE_SIZE),
        query.page.offset(),
    )
    .fetch_all(reader.conn())
    .await?)
}

/// Everybody by role, or one role's members: the organization's memberships are
/// read and sorted, people joined only for the rows shown.
async fn list_by_role(
    reader: &Reader,
    org: OrgId,
    query: &MemberListQuery,
) -> Result<Vec<PageRow>> {
    Ok(sqlx::query_as!(
        PageRow,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            counted.total as "total!",
            page.id as "id?",
            page.user_id as "user_id?",
            users.name as "name?",
            users.email as "email?",
            page.role as "role?",
            page.created_at as "joined_at?"
        from (
            select case
                when $2::text is null then coalesce(
                    (select members from organization_member_count where organization_id = $1),
                    0
                )
                else (
                    select count(*)
                    from (select 1 from member where organization_id = $1 and role = $2 limit $3) as capped
                )
            end as total
        ) as counted
        left join lateral (
            select
                id,
                user_id,
                role,
                created_at,
                case when $4 = 'role' then case role when 'owner' then 1 when 'admin' then 2 else 3 end end as rank
            from member
            where organization_id = $1
                and ($2::text is null or role = $2)
            order by rank, created_at desc, id desc
            limit $5
            offset $6
        ) as page on true
        left join users on users.id = page.user_id
        order by page.rank, page.created_at desc, page.id desc
        "#,
        org.0,
        query.role.map(Role::as_str),
        COUNT_CAP + 1,
        query.sort.as_str(),
        i64::from(PAGE_SIZE),
        query.page.offset(),
    )
    .fetch_all(reader.conn())
    .await?)
}

/// What only the names and addresses can tell: everybody by name, or those a
/// search finds. All of the organization's people are read, and nobody else's:
/// left to itself, the planner would search the whole of `users` first.
async fn list_by_person(
    reader: &Reader,
    org: OrgId,
    query: &MemberListQuery,
) -> Result<Vec<PageRow>> {
    let pattern = (!query.search.is_empty()).then(|| containing(&query.search));
    Ok(sqlx::query_as!(
        PageRow,
        r#"
        with people as materialized (
            select
                member.id,
                member.user_id,
                users.name,
                users.email,
                member.role,
                member.created_at
            from member
            join users on users.id = member.user_id
            where member.organization_id = $1
                and ($2::text is null or member.role = $2)
        ), matching as (
            select
                *,
                case when $4 = 'name' then lower(name) end as sort_name,
                case when $4 = 'role' then case role when 'owner' then 1 when 'admin' then 2 else 3 end end as rank
            from people
            where $3::text is null or name ilike $3 or email ilike $3
        )
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            counted.total as "total!",
            page.id as "id?",
            page.user_id as "user_id?",
            page.name as "name?",
            page.email as "email?",
            page.role as "role?",
            page.created_at as "joined_at?"
        from (select count(*) as total from matching) as counted
        left join lateral (
            select *
            from matching
            order by sort_name, rank, created_at desc, id desc
            limit $5
            offset $6
        ) as page on true
        order by page.sort_name, page.rank, page.created_at desc, page.id desc
        "#,
        org.0,
        query.role.map(Role::as_str),
        pattern,
        query.sort.as_str(),
        i64::from(PAGE_SIZE),
        query.page.offset(),
    )
    .fetch_all(reader.conn())
    .await?)
}

/// The `ilike` pattern for texts that contain `text` as it stands.
fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// A membership as a change to it sees it.
#[derive(Clone, Debug)]
pub struct MemberForChange {
    /// The membership.
    pub id: MemberId,
    /// The person.
    pub user_id: UserId,
    /// The person's name, for the audit log.
    pub name: String,
    /// The role at this moment.
    pub role: Role,
}

struct MemberForChangeRow {
    id: Uuid,
    user_id: Uuid,
    name: String,
    role: String,
}

impl TryFrom<MemberForChangeRow> for MemberForChange {
    type Error = Error;

    fn try_from(row: MemberForChangeRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            user_id: row.user_id.into(),
            name: row.name,
            role: row.role.parse().map_err(Error::internal)?,
        })
    }
}

/// The person's own membership as it is now, if they may still act: not banned.
/// Ask only under the organization's row lock.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn find_actor(tx: &mut Tx, org: OrgId, user: UserId) -> Result<Option<MemberForChange>> {
    sqlx::query_as!(
        MemberForChangeRow,
        r#"
        select
            member.id,
            member.user_id,
            users.name,
            member.role
        from member
        join users on users.id = member.user_id
        where member.organization_id = $1
            and member.user_id = $2
            and users.banned_at is null
        "#,
        org.0,
        user.0,
    )
    .fetch_optional(tx.conn())
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// A membership of this very organization. Ask only under the organization's row
/// lock.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn find_in_org(
    tx: &mut Tx,
    org: OrgId,
    member: MemberId,
) -> Result<Option<MemberForChange>> {
    sqlx::query_as!(
        MemberForChangeRow,
        r#"
        select
            member.id,
            member.user_id,
            users.name,
            member.role
        from member
        join users on users.id = member.user_id
        where member.id = $2
            and member.organization_id = $1
        "#,
        org.0,
        member.0,
    )
    .fetch_optional(tx.conn())
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// Whether the organization has an owner besides this member. Ask only under the
/// organization's row lock, or the answer is old when it arrives.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
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
        org.0,
        member.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Makes the person a member, and says under which id.
///
/// # Errors
/// [`Error::Conflict`] when the person is a member already;
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn insert(tx: &mut Tx, org: OrgId, user: UserId, role: Role) -> Result<MemberId> {
    let id = MemberId::new();
    sqlx::query!(
        r#"
        insert into member (id, organization_id, user_id, role)
        values ($1, $2, $3, $4)
        "#,
        id.0,
        org.0,
        user.0,
        role.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// Writes a member's role.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn set_role(tx: &mut Tx, member: MemberId, role: Role) -> Result<()> {
    sqlx::query!(
        r#"
        update member
        set role = $2
        where id = $1
        "#,
        member.0,
        role.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a membership.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn delete(tx: &mut Tx, member: MemberId) -> Result<()> {
    sqlx::query!(
        r#"
        delete from member
        where id = $1
        "#,
        member.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_taken_literally() {
        assert_eq!(containing(r"50%_\"), r"%50\%\_\\%");
    }
}
