//! Organizations.

use time::OffsetDateTime;

use crate::{
    db::{Reader, Stamped, Tx},
    domain::{
        Activity, ActivityId, ActivityKind, OrgId, OrgName, OrgOverview, OrgSlug, OrgSummary,
        OwnerContact, Role, UserId,
    },
    error::Result,
    telemetry::SPANS,
};

/// What the overview of the organization with this current slug shows beyond the
/// membership: the oldest owner, the exact number of members and the five latest
/// entries of the audit log, in one statement by four indexes. `None`: no such
/// organization.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.find_overview", skip_all)]
pub async fn find_overview(
    reader: &Reader,
    slug: &OrgSlug,
) -> Result<Stamped<Option<OrgOverview>>> {
    struct Row {
        as_of: i64,
        org_id: Option<OrgId>,
        created_at: Option<OffsetDateTime>,
        owner_name: Option<String>,
        owner_email: Option<String>,
        members: i64,
        activity_id: Option<ActivityId>,
        activity_actor: Option<String>,
        activity_kind: Option<ActivityKind>,
        activity_subject: Option<String>,
        activity_detail: Option<String>,
        activity_at: Option<OffsetDateTime>,
    }

    impl Row {
        fn activity(self) -> Option<Activity> {
            Some(Activity {
                id: self.activity_id?,
                actor: self.activity_actor?,
                kind: self.activity_kind?,
                subject: self.activity_subject?,
                detail: self.activity_detail?,
                at: self.activity_at?,
            })
        }
    }

    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            organization.id as "org_id?: OrgId",
            organization.created_at as "created_at?",
            owner.name as "owner_name?",
            owner.email as "owner_email?",
            coalesce(counted.members, 0) as "members!",
            latest.id as "activity_id?: ActivityId",
            latest.actor_name as "activity_actor?",
            latest.kind as "activity_kind?: ActivityKind",
            latest.subject as "activity_subject?",
            latest.detail as "activity_detail?",
            latest.created_at as "activity_at?"
        from (select 1) as one
        left join organization on organization.slug = $1
        left join organization_member_count as counted
            on counted.organization_id = organization.id
        left join lateral (
            select
                users.name,
                users.email
            from member
            join users on users.id = member.user_id
            where member.organization_id = organization.id
                and member.role = 'owner'
            order by member.created_at, member.id
            limit 1
        ) as owner on true
        left join lateral (
            select
                id,
                actor_name,
                kind,
                subject,
                detail,
                created_at
            from activity
            where organization_id = organization.id
            order by created_at desc, id desc
            limit 5
        ) as latest on true
        order by latest.created_at desc, latest.id desc
        "#,
        slug as &OrgSlug,
    )
    .fetch_all(reader.conn())
    .await?;
    Ok(Stamped::rows(rows, |row| row.as_of)?.map(|mut rows| {
        let first = rows.peek_mut()?;
        let owner = first.owner_name.take().zip(first.owner_email.take());
        Some(OrgOverview {
            org_id: first.org_id?,
            owner: owner.map(|(name, email)| OwnerContact { name, email }),
            member_count: first.members,
            created_at: first.created_at?,
            recent_activity: rows.filter_map(Row::activity).collect(),
        })
    }))
}

/// The user's organizations, the one joined first at the top: it is what
/// `/orgs/default` means. Empty, not `None`, for a user without any.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.list_for_user", skip_all)]
pub async fn list_for_user(
    reader: &Reader,
    user: UserId,
) -> Result<Stamped<Option<Vec<OrgSummary>>>> {
    struct Row {
        as_of: i64,
        id: Option<OrgId>,
        slug: Option<OrgSlug>,
        name: Option<String>,
        logo_url: Option<String>,
        role: Option<Role>,
    }

    impl Row {
        fn summary(self) -> Option<OrgSummary> {
            Some(OrgSummary {
                id: self.id?,
                slug: self.slug?,
                name: self.name?,
                logo_url: self.logo_url,
                role: self.role?,
            })
        }
    }

    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            organization.id as "id?: OrgId",
            organization.slug as "slug?: OrgSlug",
            organization.name as "name?",
            organization.logo_url as "logo_url?",
            member.role as "role?: Role"
        from (select 1) as one
        left join member on member.user_id = $1
        left join organization on organization.id = member.organization_id
        order by member.created_at, member.id
        "#,
        user as UserId,
    )
    .fetch_all(reader.conn())
    .await?;
    Ok(Stamped::rows(rows, |row| row.as_of)?
        .map(|rows| Some(rows.filter_map(Row::summary).collect())))
}

/// The organization's current slug.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.find_slug", skip_all)]
pub async fn find_slug(tx: &mut Tx, org: OrgId) -> Result<Option<OrgSlug>> {
    Ok(sqlx::query_scalar!(
        r#"
        select slug as "slug: OrgSlug"
        from organization
        where id = $1
        "#,
        org as OrgId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The organization that a slug, current or former, belongs to.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.find_id_by_slug", skip_all)]
pub async fn find_id_by_slug(reader: &Reader, slug: &OrgSlug) -> Result<Option<OrgId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select organization_id as "id: OrgId"
        from organization_slug
        where slug = $1
        "#,
        slug as &OrgSlug,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// An organization as a change to it sees it.
pub struct OrgForChange {
    pub slug: OrgSlug,
    pub name: String,
}

/// Locks the organization's row until the transaction ends: whoever changes its
/// members, name or slug waits here for whoever came first.
///
/// What depends on the row must be read by a *later* statement: this one's snapshot
/// is as old as its beginning, however long it waited.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.lock", skip_all)]
pub async fn lock(tx: &mut Tx, org: OrgId) -> Result<Option<OrgForChange>> {
    Ok(sqlx::query_as!(
        OrgForChange,
        r#"
        select
            slug as "slug: OrgSlug",
            name
        from organization
        where id = $1
        for update
        "#,
        org as OrgId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Inserts an organization without members. A trigger records its slug.
///
/// # Errors
/// [`crate::error::Error::Conflict`] on the field `slug` if it is, or once was,
/// another organization's.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.insert", skip_all)]
pub async fn insert(tx: &mut Tx, name: &OrgName, slug: &OrgSlug) -> Result<OrgId> {
    let id = OrgId::new();
    sqlx::query!(
        r#"
        insert into organization (id, slug, name)
        values ($1, $2, $3)
        "#,
        id as OrgId,
        slug as &OrgSlug,
        name as &OrgName,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// Writes name and slug. A trigger records the slug; the former one still leads here.
///
/// # Errors
/// As [`insert`].
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.update", skip_all)]
pub async fn update(tx: &mut Tx, org: OrgId, name: &OrgName, slug: &OrgSlug) -> Result<()> {
    sqlx::query!(
        r#"
        update organization
        set name = $2,
            slug = $3,
            updated_at = now()
        where id = $1
        "#,
        org as OrgId,
        name as &OrgName,
        slug as &OrgSlug,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
