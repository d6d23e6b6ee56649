//! Organizations.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Stamped, Tx},
    domain::{
        Activity, ActivityId, ActivityKind, FormerSlugs, MemberId, OrgId, OrgName, OrgOverview,
        OrgSlug, OrgSummary, OwnerContact, OwnershipOffer, PictureHash, Role, UserId,
    },
    error::Result,
    telemetry::SPANS,
};

/// What the overview of the organization with this current slug shows beyond the
/// membership: the oldest owner, the exact number of members, the five latest entries of
/// the audit log and an offer of ownership, in one statement by indexes alone. `None`: no
/// such organization.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.find_overview", skip_all)]
#[boxed]
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
        offer_from: Option<MemberId>,
        offer_from_name: Option<String>,
        offer_to: Option<MemberId>,
        offer_to_name: Option<String>,
        offer_expires_at: Option<OffsetDateTime>,
    }

    impl Row {
        fn offer(&mut self) -> Option<OwnershipOffer> {
            Some(OwnershipOffer {
                from: self.offer_from?,
                from_name: self.offer_from_name.take()?,
                to: self.offer_to?,
                to_name: self.offer_to_name.take()?,
                expires_at: self.offer_expires_at?,
            })
        }

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
            latest.created_at as "activity_at?",
            offer.from_member as "offer_from?: MemberId",
            giving.name as "offer_from_name?",
            offer.to_member as "offer_to?: MemberId",
            receiving.name as "offer_to_name?",
            offer.expires_at as "offer_expires_at?"
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
                and member.suspended_at is null
            order by member.created_at, member.id
            limit 1
        ) as owner on true
        left join ownership_transfer as offer on offer.organization_id = organization.id
        left join member as giver on giver.id = offer.from_member
        left join users as giving on giving.id = giver.user_id
        left join member as receiver on receiver.id = offer.to_member
        left join users as receiving on receiving.id = receiver.user_id
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
            ownership_offer: first.offer(),
            recent_activity: rows.filter_map(Row::activity).collect(),
        })
    }))
}

/// The user's organizations, the one joined first at the top: it is what
/// `/orgs/default` means. Empty, not `None`, for a user without any. Without those that were
/// deleted, and those where the user is suspended.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.list_for_user", skip_all)]
#[boxed]
pub async fn list_for_user(
    reader: &Reader,
    user: UserId,
) -> Result<Stamped<Option<Vec<OrgSummary>>>> {
    struct Row {
        as_of: i64,
        id: Option<OrgId>,
        slug: Option<OrgSlug>,
        name: Option<String>,
        logo: Option<PictureHash>,
        role: Option<Role>,
    }

    impl Row {
        fn summary(self) -> Option<OrgSummary> {
            Some(OrgSummary {
                id: self.id?,
                slug: self.slug?,
                name: self.name?,
                logo: self.logo,
                role: self.role?,
            })
        }
    }

    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            mine.id as "id?: OrgId",
            mine.slug as "slug?: OrgSlug",
            mine.name as "name?",
            mine.logo as "logo?: PictureHash",
            mine.role as "role?: Role"
        from (select 1) as one
        left join (
            select
                organization.id,
                organization.slug,
                organization.name,
                organization.logo,
                member.role,
                member.created_at as joined_at,
                member.id as member_id
            from member
            join organization on organization.id = member.organization_id
            where member.user_id = $1
                and member.suspended_at is null
                and organization.deleted_at is null
        ) as mine on true
        order by mine.joined_at, mine.member_id
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
#[boxed]
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
#[boxed]
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

/// The former slugs of the organization with this current slug. `None`: no such
/// organization.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.find_former_slugs", skip_all)]
#[boxed]
pub async fn find_former_slugs(
    reader: &Reader,
    slug: &OrgSlug,
) -> Result<Stamped<Option<FormerSlugs>>> {
    struct Row {
        as_of: i64,
        org_id: Option<OrgId>,
        slug: Option<OrgSlug>,
    }

    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            organization.id as "org_id?: OrgId",
            former.slug as "slug?: OrgSlug"
        from (select 1) as one
        left join organization on organization.slug = $1
        left join organization_slug as former
            on former.organization_id = organization.id
            and former.slug <> organization.slug
        order by former.created_at, former.slug
        "#,
        slug as &OrgSlug,
    )
    .fetch_all(reader.conn())
    .await?;
    Ok(Stamped::rows(rows, |row| row.as_of)?.map(|mut rows| {
        let org_id = rows.peek_mut()?.org_id?;
        let slugs = rows.filter_map(|row| row.slug).collect();
        Some(FormerSlugs { org_id, slugs })
    }))
}

/// An organization as a change to it sees it.
pub struct OrgForChange {
    pub slug: OrgSlug,
    pub name: String,
    /// `None`: it is not deleted.
    pub deleted_at: Option<OffsetDateTime>,
    /// From when on members need a second factor; `None`: they do not.
    pub second_factor_from: Option<OffsetDateTime>,
}

/// The organization as it is, without a lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.find", skip_all)]
#[boxed]
pub async fn find(tx: &mut Tx, org: OrgId) -> Result<Option<OrgForChange>> {
    Ok(sqlx::query_as!(
        OrgForChange,
        r#"
        select
            slug as "slug: OrgSlug",
            name,
            deleted_at,
            second_factor_from
        from organization
        where id = $1
        "#,
        org as OrgId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Locks the organization's row until the transaction ends: whoever changes its
/// members, name or slug waits here for whoever came first. `None`: there is none, or it was
/// deleted.
///
/// What depends on the row must be read by a *later* statement: this one's snapshot
/// is as old as its beginning, however long it waited.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.lock", skip_all)]
#[boxed]
pub async fn lock(tx: &mut Tx, org: OrgId) -> Result<Option<OrgForChange>> {
    Ok(sqlx::query_as!(
        OrgForChange,
        r#"
        select
            slug as "slug: OrgSlug",
            name,
            deleted_at,
            second_factor_from
        from organization
        where id = $1
            and deleted_at is null
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
#[boxed]
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
#[boxed]
pub async fn update(
    tx: &mut Tx,
    org: OrgId,
    name: Option<&OrgName>,
    slug: Option<&OrgSlug>,
) -> Result<()> {
    sqlx::query!(
        r#"
        update organization
        set name = coalesce($2, name),
            slug = coalesce($3, slug),
            updated_at = now()
        where id = $1
        "#,
        org as OrgId,
        name as Option<&OrgName>,
        slug as Option<&OrgSlug>,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Says from when on members need a second factor; `None`: they do not.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.set_second_factor_from", skip_all)]
#[boxed]
pub async fn set_second_factor_from(
    tx: &mut Tx,
    org: OrgId,
    from: Option<OffsetDateTime>,
) -> Result<()> {
    sqlx::query!(
        r#"
        update organization
        set second_factor_from = $2,
            updated_at = now()
        where id = $1
        "#,
        org as OrgId,
        from,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An organization that has no other owner than one user.
pub struct OwnedOrg {
    pub id: OrgId,
    pub slug: OrgSlug,
    pub name: String,
    pub is_deleted: bool,
    pub has_other_members: bool,
    /// It has not ended, whatever its state.
    pub has_subscription: bool,
}

/// The organizations whose only owner is the user, each with its row locked. An owner who is
/// suspended is nobody to leave one to.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.lock_owned_alone", skip_all)]
#[boxed]
pub async fn lock_owned_alone(tx: &mut Tx, user: UserId) -> Result<Vec<OwnedOrg>> {
    Ok(sqlx::query_as!(
        OwnedOrg,
        r#"
        select
            organization.id as "id: OrgId",
            organization.slug as "slug: OrgSlug",
            organization.name,
            organization.deleted_at is not null as "is_deleted!",
            exists (
                select
                from member as other
                where other.organization_id = organization.id
                    and other.user_id <> $1
            ) as "has_other_members!",
            exists (
                select
                from subscription
                where subscription.organization_id = organization.id
                    and subscription.status not in ('canceled', 'incomplete_expired')
            ) as "has_subscription!"
        from member
        join organization on organization.id = member.organization_id
        where member.user_id = $1
            and member.role = 'owner'
            and not exists (
                select
                from member as other
                where other.organization_id = organization.id
                    and other.role = 'owner'
                    and other.suspended_at is null
                    and other.user_id <> $1
            )
        order by organization.id
        for no key update of organization
        "#,
        user as UserId,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Removes an organization with everything that is only its own. That may be years of activity,
/// which only a cascade can delete, so it has more time than other statements.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.orgs.delete", skip_all)]
#[boxed]
pub async fn delete(tx: &mut Tx, org: OrgId) -> Result<()> {
    sqlx::raw_sql("set local statement_timeout = '2min'")
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        r#"
        delete from organization
        where id = $1
        "#,
        org as OrgId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
