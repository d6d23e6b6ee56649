//! Domains of organizations, and the codes that were mailed to show that they are theirs.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    boxed,
    db::{Reader, Stamped, Tx},
    domain::{
        DomainPolicy, Email, JoinableOrg, MailDomain, OrgDomain, OrgId, PendingDomain, PictureHash,
        UserId,
    },
    error::Result,
    telemetry::SPANS,
};

/// The organization's domains, by name.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.list", skip_all)]
#[boxed]
pub async fn list(reader: &Reader, org: OrgId) -> Result<Vec<OrgDomain>> {
    Ok(sqlx::query_as!(
        OrgDomain,
        r#"
        select
            domain as "domain: MailDomain",
            policy as "policy: DomainPolicy",
            verified_at
        from org_domain
        where organization_id = $1
        order by domain
        "#,
        org as OrgId,
    )
    .fetch_all(reader.conn())
    .await?)
}

/// How many domains the organization has. Ask only under its row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.count", skip_all)]
#[boxed]
pub async fn count(tx: &mut Tx, org: OrgId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "domains!"
        from org_domain
        where organization_id = $1
        "#,
        org as OrgId,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// What the organization has decided about a domain; `None`: it is not its domain. Ask only
/// under its row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.find_policy", skip_all)]
#[boxed]
pub async fn find_policy(
    tx: &mut Tx,
    org: OrgId,
    domain: &MailDomain,
) -> Result<Option<DomainPolicy>> {
    Ok(sqlx::query_scalar!(
        r#"
        select policy as "policy: DomainPolicy"
        from org_domain
        where organization_id = $1
            and domain = $2
        "#,
        org as OrgId,
        domain as &MailDomain,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Notes that a domain is the organization's. Nobody joins by it yet.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.insert", skip_all)]
#[boxed]
pub async fn insert(
    tx: &mut Tx,
    org: OrgId,
    domain: &MailDomain,
    verified_by: UserId,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        insert into org_domain (organization_id, domain, policy, verified_by, verified_at)
        values ($1, $2, $3, $4, $5)
        "#,
        org as OrgId,
        domain as &MailDomain,
        DomainPolicy::Off as DomainPolicy,
        verified_by as UserId,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// # Errors
/// [`crate::error::Error::Conflict`] on the field `policy` if people of the domain join another
/// organization by themselves.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.set_policy", skip_all)]
#[boxed]
pub async fn set_policy(
    tx: &mut Tx,
    org: OrgId,
    domain: &MailDomain,
    policy: DomainPolicy,
) -> Result<()> {
    sqlx::query!(
        r#"
        update org_domain
        set policy = $3
        where organization_id = $1
            and domain = $2
        "#,
        org as OrgId,
        domain as &MailDomain,
        policy as DomainPolicy,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// `false`: it is not the organization's.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.delete", skip_all)]
#[boxed]
pub async fn delete(tx: &mut Tx, org: OrgId, domain: &MailDomain) -> Result<bool> {
    let deleted = sqlx::query!(
        r#"
        delete from org_domain
        where organization_id = $1
            and domain = $2
        "#,
        org as OrgId,
        domain as &MailDomain,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected() > 0)
}

/// The organization that people of the domain join by themselves: there is one at most.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.find_joined", skip_all)]
#[boxed]
pub async fn find_joined(tx: &mut Tx, domain: &MailDomain) -> Result<Option<OrgId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select organization_id as "org: OrgId"
        from org_domain
        where domain = $1
            and policy = 'joins'
        "#,
        domain as &MailDomain,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Most organizations of one domain that somebody is shown.
const MOST_JOINABLE: i64 = 20;

/// The organizations that the user could join by an address at the domain, by name. They are
/// no member of them, not even a suspended one. Those that were deleted are there, too: when
/// one is restored, its row changes and nothing else.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.list_joinable", skip_all)]
#[boxed]
pub async fn list_joinable(
    reader: &Reader,
    user: UserId,
    domain: &MailDomain,
) -> Result<Stamped<Option<Vec<JoinableOrg>>>> {
    struct Row {
        as_of: i64,
        id: Option<OrgId>,
        name: Option<String>,
        logo: Option<PictureHash>,
        policy: Option<DomainPolicy>,
        has_asked: bool,
        is_deleted: bool,
    }

    impl Row {
        fn org(self) -> Option<JoinableOrg> {
            Some(JoinableOrg {
                id: self.id?,
                name: self.name?,
                logo: self.logo,
                policy: self.policy?,
                has_asked: self.has_asked,
                is_deleted: self.is_deleted,
            })
        }
    }

    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            found.id as "id?: OrgId",
            found.name as "name?",
            found.logo as "logo?: PictureHash",
            found.policy as "policy?: DomainPolicy",
            coalesce(found.has_asked, false) as "has_asked!",
            coalesce(found.is_deleted, false) as "is_deleted!"
        from (select 1) as one
        left join (
            select
                organization.id,
                organization.name,
                organization.logo,
                organization.deleted_at is not null as is_deleted,
                org_domain.policy,
                exists (
                    select
                    from join_request
                    where join_request.organization_id = organization.id
                        and join_request.user_id = $1
                        and join_request.declined_at is null
                ) as has_asked
            from org_domain
            join organization on organization.id = org_domain.organization_id
            where org_domain.domain = $2
                and org_domain.policy <> 'off'
                and not exists (
                    select
                    from member
                    where member.organization_id = organization.id
                        and member.user_id = $1
                )
            order by organization.name, organization.id
            limit $3
        ) as found on true
        order by found.name, found.id
        "#,
        user as UserId,
        domain as &MailDomain,
        MOST_JOINABLE,
    )
    .fetch_all(reader.conn())
    .await?;
    Ok(Stamped::rows(rows, |row| row.as_of)?.map(|rows| Some(rows.filter_map(Row::org).collect())))
}

/// Codes that were mailed, one way or another.
pub struct MailedCodes {
    pub of_org: i64,
    pub by_user: i64,
    pub to_address: i64,
}

/// How many codes were mailed since then: for the organization, by the user, and to the
/// address, whoever asked for them.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.count_codes", skip_all)]
#[boxed]
pub async fn count_codes(
    tx: &mut Tx,
    org: OrgId,
    user: UserId,
    address: &Email,
    since: OffsetDateTime,
) -> Result<MailedCodes> {
    Ok(sqlx::query_as!(
        MailedCodes,
        r#"
        select
            (
                select count(*)
                from domain_code
                where organization_id = $1
                    and created_at > $4
            ) as "of_org!",
            (
                select count(*)
                from domain_code
                where sent_by = $2
                    and created_at > $4
            ) as "by_user!",
            (
                select count(*)
                from domain_code
                where sent_to = $3
                    and created_at > $4
            ) as "to_address!"
        "#,
        org as OrgId,
        user as UserId,
        address as &Email,
        since,
    )
    .fetch_one(tx.conn())
    .await?)
}

pub struct NewCode<'a> {
    pub org: OrgId,
    pub domain: &'a MailDomain,
    pub sent_to: &'a Email,
    pub sent_by: UserId,
    pub hash: &'a [u8; 32],
    pub now: OffsetDateTime,
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.insert_code", skip_all)]
pub async fn insert_code(tx: &mut Tx, new: NewCode<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        insert into domain_code
            (id, organization_id, domain, sent_to, sent_by, code_hash, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        Uuid::now_v7(),
        new.org as OrgId,
        new.domain as &MailDomain,
        new.sent_to as &Email,
        new.sent_by as UserId,
        new.hash.as_slice(),
        new.now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A code that was mailed, as a guess at it sees it.
pub struct MailedCode {
    pub id: Uuid,
    pub hash: Vec<u8>,
    pub tries: i32,
}

/// The latest code for the domain, unless it was used or mailed before then. Ask only under the
/// organization's row lock.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.find_code", skip_all)]
#[boxed]
pub async fn find_code(
    tx: &mut Tx,
    org: OrgId,
    domain: &MailDomain,
    since: OffsetDateTime,
) -> Result<Option<MailedCode>> {
    Ok(sqlx::query_as!(
        MailedCode,
        r#"
        select
            id as "id!",
            code_hash as "hash!",
            tries as "tries!"
        from (
            select *
            from domain_code
            where organization_id = $1
                and domain = $2
            order by created_at desc, id desc
            limit 1
        ) as latest
        where used_at is null
            and created_at > $3
        "#,
        org as OrgId,
        domain as &MailDomain,
        since,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Counts a guess.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.count_try", skip_all)]
#[boxed]
pub async fn count_try(tx: &mut Tx, code: Uuid) -> Result<()> {
    sqlx::query!(
        r#"
        update domain_code
        set tries = tries + 1
        where id = $1
        "#,
        code,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.use_code", skip_all)]
#[boxed]
pub async fn use_code(tx: &mut Tx, code: Uuid, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        update domain_code
        set used_at = $2
        where id = $1
        "#,
        code,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Domains for which a code was mailed since then that was not used; `expires_at` is when it
/// was mailed.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.list_pending", skip_all)]
#[boxed]
pub async fn list_pending(
    reader: &Reader,
    org: OrgId,
    since: OffsetDateTime,
) -> Result<Vec<PendingDomain>> {
    Ok(sqlx::query_as!(
        PendingDomain,
        r#"
        select
            latest.domain as "domain!: MailDomain",
            latest.sent_to as "sent_to!: Email",
            latest.created_at as "expires_at!"
        from (
            select distinct on (domain) *
            from domain_code
            where organization_id = $1
                and created_at > $2
            order by domain, created_at desc, id desc
        ) as latest
        where latest.used_at is null
            and not exists (
                select
                from org_domain
                where org_domain.organization_id = $1
                    and org_domain.domain = latest.domain
            )
        order by latest.domain
        "#,
        org as OrgId,
        since,
    )
    .fetch_all(reader.conn())
    .await?)
}

/// Forgets codes that were mailed before then, and says how many.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.org_domains.delete_codes", skip_all)]
#[boxed]
pub async fn delete_codes(tx: &mut Tx, before: OffsetDateTime) -> Result<u64> {
    let deleted = sqlx::query!(
        r#"
        delete from domain_code
        where created_at <= $1
        "#,
        before,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}
