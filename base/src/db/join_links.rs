//! Links by which whoever has one can join, by the SHA-256 of their secret.
//!
//! One works until it is revoked, its time is over, or as many have used it as may.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{JoinLink, JoinLinkId, MailDomain, OrgId, OrgSlug, UserId},
    error::Result,
    telemetry::SPANS,
};

pub struct NewJoinLink<'a> {
    pub org: OrgId,
    pub hash: &'a [u8; 32],
    pub made_by: UserId,
    pub now: OffsetDateTime,
    pub expires_at: Option<OffsetDateTime>,
    pub most_uses: Option<i32>,
    pub allowed_domains: &'a [MailDomain],
    pub asks_first: bool,
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_links.insert", skip_all)]
pub async fn insert(tx: &mut Tx, new: NewJoinLink<'_>) -> Result<JoinLinkId> {
    let id = JoinLinkId::new();
    let domains: Vec<String> = new
        .allowed_domains
        .iter()
        .map(ToString::to_string)
        .collect();
    sqlx::query!(
        r#"
        insert into join_link (
            id,
            organization_id,
            token_hash,
            made_by,
            created_at,
            expires_at,
            most_uses,
            allowed_domains,
            asks_first
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        "#,
        id as JoinLinkId,
        new.org as OrgId,
        new.hash.as_slice(),
        new.made_by as UserId,
        new.now,
        new.expires_at,
        new.most_uses,
        &domains,
        new.asks_first,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// How many of the organization's links work. Ask only under its row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_links.count_live", skip_all)]
#[boxed]
pub async fn count_live(tx: &mut Tx, org: OrgId, now: OffsetDateTime) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "links!"
        from join_link
        where organization_id = $1
            and revoked_at is null
            and coalesce(expires_at > $2, true)
            and coalesce(uses < most_uses, true)
        "#,
        org as OrgId,
        now,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The organization's links that work, the newest first.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_links.list_live", skip_all)]
#[boxed]
pub async fn list_live(reader: &Reader, org: OrgId, now: OffsetDateTime) -> Result<Vec<JoinLink>> {
    Ok(sqlx::query_as!(
        JoinLink,
        r#"
        select
            join_link.id as "id: JoinLinkId",
            users.name as "made_by?",
            join_link.created_at,
            join_link.expires_at,
            join_link.most_uses,
            join_link.uses,
            join_link.allowed_domains as "allowed_domains: Vec<MailDomain>",
            join_link.asks_first
        from join_link
        left join users on users.id = join_link.made_by
        where join_link.organization_id = $1
            and join_link.revoked_at is null
            and coalesce(join_link.expires_at > $2, true)
            and coalesce(join_link.uses < join_link.most_uses, true)
        order by join_link.created_at desc, join_link.id desc
        "#,
        org as OrgId,
        now,
    )
    .fetch_all(reader.conn())
    .await?)
}

/// Ends a link of this very organization. `false`: there is none that was not revoked before.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_links.revoke", skip_all)]
#[boxed]
pub async fn revoke(
    tx: &mut Tx,
    org: OrgId,
    link: JoinLinkId,
    now: OffsetDateTime,
) -> Result<bool> {
    let revoked = sqlx::query!(
        r#"
        update join_link
        set revoked_at = $3
        where id = $2
            and organization_id = $1
            and revoked_at is null
        "#,
        org as OrgId,
        link as JoinLinkId,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(revoked.rows_affected() > 0)
}

/// The organization that a link leads to, whether it works or not.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_links.find_org", skip_all)]
#[boxed]
pub async fn find_org(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<OrgId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select organization_id as "org: OrgId"
        from join_link
        where token_hash = $1
        "#,
        hash.as_slice(),
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// A link that works, as whoever follows it sees it.
#[derive(Clone, Debug)]
pub struct LiveLink {
    pub id: JoinLinkId,
    pub allowed_domains: Vec<MailDomain>,
    pub asks_first: bool,
}

/// `None`: it does not work. Ask only under the organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_links.find_live", skip_all)]
#[boxed]
pub async fn find_live(
    tx: &mut Tx,
    hash: &[u8; 32],
    now: OffsetDateTime,
) -> Result<Option<LiveLink>> {
    Ok(sqlx::query_as!(
        LiveLink,
        r#"
        select
            id as "id: JoinLinkId",
            allowed_domains as "allowed_domains: Vec<MailDomain>",
            asks_first
        from join_link
        where token_hash = $1
            and revoked_at is null
            and coalesce(expires_at > $2, true)
            and coalesce(uses < most_uses, true)
        "#,
        hash.as_slice(),
        now,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Counts somebody whom the link let in, or had ask. Only under the organization's row lock,
/// after [`find_live`].
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_links.count_use", skip_all)]
#[boxed]
pub async fn count_use(tx: &mut Tx, link: JoinLinkId) -> Result<()> {
    sqlx::query!(
        r#"
        update join_link
        set uses = uses + 1
        where id = $1
        "#,
        link as JoinLinkId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A link that works, for its page.
#[derive(Clone, Debug)]
pub struct OfferedLink {
    pub id: JoinLinkId,
    pub org: OrgId,
    pub org_name: String,
    pub org_slug: OrgSlug,
    pub allowed_domains: Vec<MailDomain>,
    pub asks_first: bool,
}

/// `None`: it does not work, or its organization was deleted.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.join_links.find_offered", skip_all)]
#[boxed]
pub async fn find_offered(
    tx: &mut Tx,
    hash: &[u8; 32],
    now: OffsetDateTime,
) -> Result<Option<OfferedLink>> {
    Ok(sqlx::query_as!(
        OfferedLink,
        r#"
        select
            join_link.id as "id: JoinLinkId",
            organization.id as "org: OrgId",
            organization.name as org_name,
            organization.slug as "org_slug: OrgSlug",
            join_link.allowed_domains as "allowed_domains: Vec<MailDomain>",
            join_link.asks_first
        from join_link
        join organization on organization.id = join_link.organization_id
        where join_link.token_hash = $1
            and organization.deleted_at is null
            and join_link.revoked_at is null
            and coalesce(join_link.expires_at > $2, true)
            and coalesce(join_link.uses < join_link.most_uses, true)
        "#,
        hash.as_slice(),
        now,
    )
    .fetch_optional(tx.conn())
    .await?)
}
