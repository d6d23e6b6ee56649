use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{
        COUNT_CAP, LimitOverride, OrgId, OrgSlug, PAGE_SIZE, Page, PageSize, Plan, RecordQuery,
        UserId,
        platform::{OrgLine, OrgOwner, PlatformCounts},
    },
    error::Result,
    telemetry::SPANS,
};

/// Most owners that are shown of an organization.
const MOST_OWNERS: i64 = 20;

/// How many there are of everything. Reads `users` and `organization` from end to end.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.platform.count_all", skip_all)]
#[boxed]
pub async fn count_all(reader: &Reader) -> Result<PlatformCounts> {
    Ok(sqlx::query_as!(
        PlatformCounts,
        r#"
        select
            known.users as "users!",
            known.suspended_users as "suspended_users!",
            had.orgs as "orgs!",
            had.deleted_orgs as "deleted_orgs!",
            (
                select count(*)
                from subscription
                where status not in ('canceled', 'incomplete_expired')
            ) as "subscribed_orgs!"
        from (
            select
                count(*) as users,
                count(banned_at) as suspended_users
            from users
        ) as known
        cross join (
            select
                count(*) filter (where deleted_at is null) as orgs,
                count(deleted_at) as deleted_orgs
            from organization
        ) as had
        "#,
    )
    .fetch_one(reader.conn())
    .await?)
}

/// A page of the organizations that have the search in their name or slug, or whose id or
/// former slug it is; the newest first. Deleted ones are there, too.
///
/// All come by the index; a search reads the table until it has found as many as it counts, so
/// it may read all.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.platform.list_orgs", skip_all)]
#[boxed]
pub async fn list_orgs(reader: &Reader, query: &RecordQuery) -> Result<Page<OrgLine>> {
    struct Row {
        total: i64,
        id: Option<OrgId>,
        slug: Option<OrgSlug>,
        name: Option<String>,
        plan: Option<Plan>,
        members: Option<i64>,
        created_at: Option<OffsetDateTime>,
        is_deleted: Option<bool>,
    }

    impl Row {
        fn line(self) -> Option<OrgLine> {
            Some(OrgLine {
                id: self.id?,
                slug: self.slug?,
                name: self.name?,
                plan: self.plan.unwrap_or(Plan::Free),
                members: self.members.unwrap_or_default(),
                created_at: self.created_at?,
                is_deleted: self.is_deleted?,
            })
        }
    }

    let search = (!query.search.is_empty()).then_some(query.search.as_str());
    let id: Option<OrgId> = query.search.parse().ok();
    let rows = sqlx::query_as!(
        Row,
        r#"
        with search as materialized (
            select text_key($1) as key
        ), matching as materialized (
            (
                select organization.id
                from organization
                where $1::text is null
                order by organization.id desc
                limit $3
            )
            union all
            (
                select organization.id
                from organization
                where $1::text is not null
                    and (
                        organization.id = $2
                        or strpos(organization.slug, (select key from search)) > 0
                        or strpos(text_key(organization.name), (select key from search)) > 0
                        or organization.id = (
                            select former.organization_id
                            from organization_slug as former
                            where former.slug = $1
                        )
                    )
                limit $3
            )
        )
        select
            counted.total as "total!",
            page.id as "id?: OrgId",
            organization.slug as "slug?: OrgSlug",
            organization.name as "name?",
            subscription.plan as "plan?: Plan",
            organization_member_count.members as "members?",
            organization.created_at as "created_at?",
            organization.deleted_at is not null as "is_deleted?"
        from (select count(*) as total from matching) as counted
        left join lateral (
            select matching.id
            from matching
            order by matching.id desc
            limit $4
            offset $5
        ) as page on true
        left join organization on organization.id = page.id
        left join subscription on subscription.organization_id = page.id
            and subscription.status not in ('canceled', 'incomplete_expired')
        left join organization_member_count
            on organization_member_count.organization_id = page.id
        order by page.id desc
        "#,
        search,
        id as Option<OrgId>,
        COUNT_CAP + 1,
        i64::from(PAGE_SIZE),
        query.page.offset().min(COUNT_CAP),
    )
    .fetch_all(reader.conn())
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    Ok(Page::of_counted(total, query.page, PageSize::default())
        .with(rows.into_iter().filter_map(Row::line).collect()))
}

/// What one organization's page shows beside its subscription.
pub struct OrgFacts {
    pub slug: OrgSlug,
    pub name: String,
    pub created_at: OffsetDateTime,
    pub deleted_at: Option<OffsetDateTime>,
    pub members: i64,
    pub owners: Vec<OrgOwner>,
    pub limit_override: LimitOverride,
}

/// `None`: there is no such organization.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.platform.find_org", skip_all)]
#[boxed]
pub async fn find_org(reader: &Reader, org: OrgId) -> Result<Option<OrgFacts>> {
    let row = sqlx::query!(
        r#"
        select
            organization.slug as "slug: OrgSlug",
            organization.name,
            organization.created_at,
            organization.deleted_at,
            coalesce(organization_member_count.members, 0) as "members!",
            limit_override.members as "override_members?",
            limit_override.projects as "override_projects?",
            limit_override.storage_gb as "override_storage_gb?"
        from organization
        left join organization_member_count
            on organization_member_count.organization_id = organization.id
        left join limit_override on limit_override.organization_id = organization.id
        where organization.id = $1
        "#,
        org as OrgId,
    )
    .fetch_optional(reader.conn())
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let owners = sqlx::query_as!(
        OrgOwner,
        r#"
        select
            users.id as "user_id: UserId",
            users.name,
            users.email
        from member
        join users on users.id = member.user_id
        where member.organization_id = $1
            and member.role = 'owner'
        order by member.created_at, member.id
        limit $2
        "#,
        org as OrgId,
        MOST_OWNERS,
    )
    .fetch_all(reader.conn())
    .await?;
    // Checks of the table keep them from being negative.
    let limit = |limit: Option<i32>| limit.map(i32::cast_unsigned);
    Ok(Some(OrgFacts {
        slug: row.slug,
        name: row.name,
        created_at: row.created_at,
        deleted_at: row.deleted_at,
        members: row.members,
        owners,
        limit_override: LimitOverride {
            members: limit(row.override_members),
            projects: limit(row.override_projects),
            storage_gb: limit(row.override_storage_gb),
        },
    }))
}

/// An organization as an act on it sees it.
pub struct OrgForAct {
    pub slug: OrgSlug,
    pub is_deleted: bool,
}

/// Locks the organization's row, deleted or not, until the transaction ends.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.platform.lock_org", skip_all)]
#[boxed]
pub async fn lock_org(tx: &mut Tx, org: OrgId) -> Result<Option<OrgForAct>> {
    Ok(sqlx::query_as!(
        OrgForAct,
        r#"
        select
            slug as "slug: OrgSlug",
            deleted_at is not null as "is_deleted!"
        from organization
        where id = $1
        for update
        "#,
        org as OrgId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Puts these limits in the place of those the organization had of its own.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.platform.set_limit_override", skip_all)]
#[boxed]
pub async fn set_limit_override(tx: &mut Tx, org: OrgId, limits: LimitOverride) -> Result<()> {
    // `LimitOverride::MOST` is far below what the column holds.
    let column = |limit: Option<u32>| limit.map(u32::cast_signed);
    sqlx::query!(
        r#"
        insert into limit_override (organization_id, members, projects, storage_gb, updated_at)
        values ($1, $2, $3, $4, now())
        on conflict (organization_id) do update
        set members = excluded.members,
            projects = excluded.projects,
            storage_gb = excluded.storage_gb,
            updated_at = excluded.updated_at
        "#,
        org as OrgId,
        column(limits.members),
        column(limits.projects),
        column(limits.storage_gb),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
