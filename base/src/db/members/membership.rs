use crate::{
    boxed,
    db::{Reader, Stamped},
    domain::{MemberId, Membership, MembershipLookup, OrgId, OrgSlug, PictureHash, Role, UserId},
    error::Result,
    telemetry::SPANS,
};

/// The organization that a slug, current or former, names, and the user's membership
/// of it. `None`: no such organization. One row by three unique indexes, the last of
/// them `member_user_id_organization_id_key`.
///
/// Whoever is suspended has no membership here, and of an organization that was deleted
/// only owners have one.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.find_membership", skip_all)]
#[boxed]
pub async fn find_membership(
    reader: &Reader,
    slug: &OrgSlug,
    user: UserId,
) -> Result<Stamped<Option<MembershipLookup>>> {
    let row = sqlx::query!(
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            organization.id as "org_id?: OrgId",
            organization.slug as "org_slug?: OrgSlug",
            organization.name as "org_name?",
            organization.logo as "org_logo?: PictureHash",
            member.id as "member_id?: MemberId",
            organization.second_factor_from as "second_factor_from?",
            organization.deleted_at as "deleted_at?",
            member.role as "role?: Role"
        from (select 1) as one
        left join organization_slug on organization_slug.slug = $1
        left join organization on organization.id = organization_slug.organization_id
        left join member
            on member.organization_id = organization.id
            and member.user_id = $2
            and member.suspended_at is null
            and (organization.deleted_at is null or member.role = 'owner')
        "#,
        slug as &OrgSlug,
        user as UserId,
    )
    .fetch_one(reader.conn())
    .await?;

    let (Some(org_id), Some(org_slug), Some(org_name)) = (row.org_id, row.org_slug, row.org_name)
    else {
        return Ok(Stamped::new(None, row.as_of));
    };
    let membership = row
        .member_id
        .zip(row.role)
        .map(|(member_id, role)| Membership {
            member_id,
            user_id: user,
            role,
            org_id,
            org_slug,
            org_name,
            org_logo: row.org_logo,
            second_factor_from: row.second_factor_from,
            deleted_at: row.deleted_at,
        });
    Ok(Stamped::new(
        Some(MembershipLookup { org_id, membership }),
        row.as_of,
    ))
}
