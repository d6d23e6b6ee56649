use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{Email, MemberId, NamedMember, OrgId, WithoutSecondFactor},
    error::Result,
    telemetry::SPANS,
};

/// The organization's members without a second factor, suspended ones aside: how many, and
/// the first of them. Reads all members, so it is a heavy read.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.list_without_second_factor", skip_all)]
#[boxed]
pub async fn list_without_second_factor(
    reader: &Reader,
    org: OrgId,
) -> Result<WithoutSecondFactor> {
    let rows = sqlx::query!(
        r#"
        select
            users.name,
            users.email,
            count(*) over () as "total!"
        from member
        join users on users.id = member.user_id
        where member.organization_id = $1
            and member.suspended_at is null
            and users.second_factor_at is null
        order by member.created_at, member.id
        limit $2
        "#,
        org as OrgId,
        WithoutSecondFactor::MOST,
    )
    .fetch_all(reader.conn())
    .await?;
    Ok(WithoutSecondFactor {
        total: rows.first().map_or(0, |row| row.total),
        first: rows
            .into_iter()
            .map(|row| NamedMember {
                name: row.name,
                email: row.email,
            })
            .collect(),
    })
}

/// A member who is written to.
pub struct Recipient {
    pub joined_at: OffsetDateTime,
    pub member: MemberId,
    pub name: String,
    pub email: Email,
}

/// Behind whom a list of recipients goes on: the newest come first.
pub type Place = (OffsetDateTime, MemberId);

/// The organization's owners, suspended and banned ones aside; at most `limit`.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.list_owners", skip_all)]
#[boxed]
pub async fn list_owners(
    tx: &mut Tx,
    org: OrgId,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Recipient>> {
    let (joined_at, member) = after.unzip();
    Ok(sqlx::query_as!(
        Recipient,
        r#"
        select
            member.created_at as joined_at,
            member.id as "member: MemberId",
            users.name,
            users.email as "email: Email"
        from member
        join users on users.id = member.user_id
        where member.organization_id = $1
            and member.role = 'owner'
            and member.suspended_at is null
            and users.banned_at is null
            and ($2::timestamptz is null or (member.created_at, member.id) < ($2, $3))
        order by member.created_at desc, member.id desc
        limit $4
        "#,
        org as OrgId,
        joined_at,
        member as Option<MemberId>,
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The same of members without a second factor.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.list_to_be_barred", skip_all)]
#[boxed]
pub async fn list_to_be_barred(
    tx: &mut Tx,
    org: OrgId,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Recipient>> {
    let (joined_at, member) = after.unzip();
    Ok(sqlx::query_as!(
        Recipient,
        r#"
        select
            member.created_at as joined_at,
            member.id as "member: MemberId",
            users.name,
            users.email as "email: Email"
        from member
        join users on users.id = member.user_id
        where member.organization_id = $1
            and member.suspended_at is null
            and users.banned_at is null
            and users.second_factor_at is null
            and ($2::timestamptz is null or (member.created_at, member.id) < ($2, $3))
        order by member.created_at desc, member.id desc
        limit $4
        "#,
        org as OrgId,
        joined_at,
        member as Option<MemberId>,
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}
