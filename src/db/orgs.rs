//! Organizations.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    db::{Reader, Stamped, Tx},
    domain::{
        Activity, ActivityKind, OrgId, OrgName, OrgOverview, OrgSlug, OrgSummary, OwnerContact,
        UserId,
    },
    error::{Error, Result},
};

/// What the overview shows beyond the membership: the oldest owner, the exact
/// number of members and the five latest entries of the audit log, in one
/// statement by four indexes. `None`: no such organization.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn find_overview(reader: &Reader, org: OrgId) -> Result<Stamped<Option<OrgOverview>>> {
    struct Row {
        as_of: i64,
        created_at: Option<OffsetDateTime>,
        owner_name: Option<String>,
        owner_email: Option<String>,
        members: i64,
        activity_id: Option<Uuid>,
        activity_actor: Option<String>,
        activity_kind: Option<String>,
        activity_subject: Option<String>,
        activity_detail: Option<String>,
        activity_at: Option<OffsetDateTime>,
    }

    impl Row {
        fn activity(self) -> Option<Activity> {
            Some(Activity {
                id: self.activity_id?.into(),
                actor: self.activity_actor?,
                kind: ActivityKind::parse(&self.activity_kind?),
                subject: self.activity_subject?,
                detail: self.activity_detail?,
                at: self.activity_at?,
            })
        }
    }

    let mut rows = sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            organization.created_at as "created_at?",
            owner.name as "owner_name?",
            owner.email as "owner_email?",
            coalesce(counted.members, 0) as "members!",
            latest.id as "activity_id?",
            latest.actor_name as "activity_actor?",
            latest.kind as "activity_kind?",
            latest.subject as "activity_subject?",
            latest.detail as "activity_detail?",
            latest.created_at as "activity_at?"
        from (select 1) as one
        left join organization on organization.id = $1
        left join organization_member_count as counted on counted.organization_id = organization.id
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
        org.0,
    )
    .fetch_all(reader.conn())
    .await?
    .into_iter()
    .peekable();

    let Some(first) = rows.peek_mut() else {
        return Err(Error::internal(
            "the overview's statement returns at least one row",
        ));
    };
    let as_of = first.as_of;
    let Some(created_at) = first.created_at else {
        return Ok(Stamped::new(None, as_of));
    };
    let owner = first
        .owner_name
        .take()
        .zip(first.owner_email.take())
        .map(|(name, email)| OwnerContact { name, email });
    let member_count = first.members;
    let recent_activity = rows.filter_map(Row::activity).collect();
    Ok(Stamped::new(
        Some(OrgOverview {
            owner,
            member_count,
            created_at,
            recent_activity,
        }),
        as_of,
    ))
}

/// The person's organizations, the one joined first at the top: it is what
/// `/orgs/default` means. Empty, not `None`, for a person without any.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn list_for_user(
    reader: &Reader,
    user: UserId,
) -> Result<Stamped<Option<Vec<OrgSummary>>>> {
    struct Row {
        as_of: i64,
        id: Option<Uuid>,
        slug: Option<String>,
        name: Option<String>,
        logo_url: Option<String>,
        role: Option<String>,
    }

    impl Row {
        fn summary(self) -> Result<Option<OrgSummary>> {
            let Self {
                id: Some(id),
                slug: Some(slug),
                name: Some(name),
                logo_url,
                role: Some(role),
                ..
            } = self
            else {
                return Ok(None);
            };
            Ok(Some(OrgSummary {
                id: id.into(),
                slug: OrgSlug::parse(&slug).map_err(Error::internal)?,
                name,
                logo_url,
                role: role.parse().map_err(Error::internal)?,
            }))
        }
    }

    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            organization.id as "id?",
            organization.slug as "slug?",
            organization.name as "name?",
            organization.logo_url as "logo_url?",
            member.role as "role?"
        from (select 1) as one
        left join member on member.user_id = $1
        left join organization on organization.id = member.organization_id
        order by member.created_at, member.id
        "#,
        user.0,
    )
    .fetch_all(reader.conn())
    .await?;

    let Some(as_of) = rows.first().map(|row| row.as_of) else {
        return Err(Error::internal(
            "the list's statement returns at least one row",
        ));
    };
    let orgs = rows
        .into_iter()
        .filter_map(|row| row.summary().transpose())
        .collect::<Result<_>>()?;
    Ok(Stamped::new(Some(orgs), as_of))
}

/// The slug of the organization the person joined first.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn find_oldest_slug_for_user(reader: &Reader, user: UserId) -> Result<Option<OrgSlug>> {
    sqlx::query_scalar!(
        r#"
        select organization.slug
        from member
        join organization on organization.id = member.organization_id
        where member.user_id = $1
        order by member.created_at, member.id
        limit 1
        "#,
        user.0,
    )
    .fetch_optional(reader.conn())
    .await?
    .map(|slug| OrgSlug::parse(&slug).map_err(Error::internal))
    .transpose()
}

/// The organization's slug, for its members only: to everybody else an id says
/// nothing.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn find_slug_by_id_for_member(
    reader: &Reader,
    org: OrgId,
    user: UserId,
) -> Result<Option<OrgSlug>> {
    sqlx::query_scalar!(
        r#"
        select organization.slug
        from member
        join organization on organization.id = member.organization_id
        where member.user_id = $2
            and member.organization_id = $1
        "#,
        org.0,
        user.0,
    )
    .fetch_optional(reader.conn())
    .await?
    .map(|slug| OrgSlug::parse(&slug).map_err(Error::internal))
    .transpose()
}

/// The organization's current slug.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn find_slug(tx: &mut Tx, org: OrgId) -> Result<Option<OrgSlug>> {
    sqlx::query_scalar!(
        r#"
        select slug
        from organization
        where id = $1
        "#,
        org.0,
    )
    .fetch_optional(tx.conn())
    .await?
    .map(|slug| OrgSlug::parse(&slug).map_err(Error::internal))
    .transpose()
}

/// Which organization a slug, current or former, belongs to.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn find_id_by_slug(reader: &Reader, slug: &OrgSlug) -> Result<Option<OrgId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select organization_id
        from organization_slug
        where slug = $1
        "#,
        slug.as_str(),
    )
    .fetch_optional(reader.conn())
    .await?
    .map(OrgId))
}

/// An organization as a change to it sees it.
pub struct OrgForChange {
    /// Its current slug.
    pub slug: OrgSlug,
    /// Its name.
    pub name: String,
}

/// Locks the organization's row until the transaction ends: whoever changes its
/// members, name or slug waits here for whoever came first.
///
/// What hangs on the row must be read by a *later* statement: this one's snapshot
/// is as old as its beginning, however long it waited.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn lock(tx: &mut Tx, org: OrgId) -> Result<Option<OrgForChange>> {
    struct Row {
        slug: String,
        name: String,
    }

    sqlx::query_as!(
        Row,
        r#"
        select
            slug,
            name
        from organization
        where id = $1
        for update
        "#,
        org.0,
    )
    .fetch_optional(tx.conn())
    .await?
    .map(|row| {
        Ok(OrgForChange {
            slug: OrgSlug::parse(&row.slug).map_err(Error::internal)?,
            name: row.name,
        })
    })
    .transpose()
}

/// Makes an organization, without members yet. A trigger records its slug.
///
/// # Errors
/// [`Error::Conflict`] on the field `slug` when it is, or once was, another
/// organization's; [`Error::Unavailable`] when the database cannot be reached.
pub async fn insert(tx: &mut Tx, name: &OrgName, slug: &OrgSlug) -> Result<OrgId> {
    let id = OrgId::new();
    sqlx::query!(
        r#"
        insert into organization (id, slug, name)
        values ($1, $2, $3)
        "#,
        id.0,
        slug.as_str(),
        name.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// Writes name and slug. A trigger records the slug; the former one keeps leading
/// here.
///
/// # Errors
/// [`Error::Conflict`] on the field `slug` when it is, or once was, another
/// organization's; [`Error::Unavailable`] when the database cannot be reached.
pub async fn update(tx: &mut Tx, org: OrgId, name: &OrgName, slug: &OrgSlug) -> Result<()> {
    sqlx::query!(
        r#"
        update organization
        set name = $2,
            slug = $3,
            updated_at = now()
        where id = $1
        "#,
        org.0,
        name.as_str(),
        slug.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
