//! Sessions, by the SHA-256 of the id in the cookie.

use time::OffsetDateTime;

use crate::{
    db::{Reader, Stamped, Tx},
    domain::{CurrentUser, Email, OrgSlug, SessionSnapshot, UserId},
    error::{Error, Result},
    telemetry::SPANS,
};

pub struct NewSession<'a> {
    pub id_hash: &'a [u8; 32],
    /// Who signed in; `None`: a visitor's session.
    pub user_id: Option<UserId>,
    /// The user's session epoch at that moment: the session ends when it rises.
    pub epoch: i32,
    /// The session's values, the text of a JSON object.
    pub data: &'a str,
    pub user_agent: Option<&'a str>,
    /// The network address the request came from.
    pub address: Option<&'a str>,
    pub expires_at: OffsetDateTime,
}

/// The session and its user, unless it was ended: deleted, made under an earlier
/// epoch, or the user banned. The caller compares `expires_at`. One row by primary
/// keys.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.find_snapshot", skip_all)]
pub async fn find_snapshot(
    reader: &Reader,
    id_hash: &[u8; 32],
) -> Result<Stamped<Option<SessionSnapshot>>> {
    let row = sqlx::query!(
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            live.data as "data?",
            live.expires_at as "expires_at?",
            live.user_id as "user_id?: UserId",
            live.name as "name?",
            live.email as "email?: Email",
            live.email_verified as "email_verified?",
            live.platform_admin as "platform_admin?"
        from (select 1) as one
        left join lateral (
            select
                session.data::text as data,
                session.expires_at,
                users.id as user_id,
                users.name,
                users.email,
                users.email_verified_at is not null as email_verified,
                users.platform_admin
            from session
            left join users on users.id = session.user_id
            where session.id_hash = $1
                and (
                    session.user_id is null
                    or (users.session_epoch = session.epoch and users.banned_at is null)
                )
        ) as live on true
        "#,
        id_hash.as_slice(),
    )
    .fetch_one(reader.conn())
    .await?;

    let user = match (row.user_id, row.name, row.email) {
        (Some(id), Some(name), Some(email)) => Some(CurrentUser {
            id,
            name,
            email,
            email_verified: row.email_verified.unwrap_or_default(),
            platform_admin: row.platform_admin.unwrap_or_default(),
        }),
        _ => None,
    };
    let snapshot = row.data.zip(row.expires_at);
    let snapshot = snapshot.map(|(data, expires_at)| SessionSnapshot {
        user,
        data,
        expires_at,
    });
    Ok(Stamped::new(snapshot, row.as_of))
}

/// Stores a new session. `false`: there is one with this hash already, and it was
/// left alone.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.create", skip_all)]
pub async fn create(tx: &mut Tx, session: NewSession<'_>) -> Result<bool> {
    let created = sqlx::query!(
        r#"
        insert into session (id_hash, user_id, epoch, data, user_agent, address, expires_at)
        values ($1, $2, $3, $4::text::jsonb, $5, $6, $7)
        on conflict (id_hash) do nothing
        "#,
        session.id_hash.as_slice(),
        session.user_id as Option<UserId>,
        session.epoch,
        session.data,
        session.user_agent,
        session.address,
        session.expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(created.rows_affected() == 1)
}

/// Writes a session's values and end. `false`: the session is gone, and stays gone.
/// Whose session it is was settled when it was made and never changes.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.update", skip_all)]
pub async fn update(
    tx: &mut Tx,
    id_hash: &[u8; 32],
    data: &str,
    expires_at: OffsetDateTime,
) -> Result<bool> {
    let updated = sqlx::query!(
        r#"
        update session
        set data = $2::text::jsonb,
            expires_at = $3
        where id_hash = $1
        "#,
        id_hash.as_slice(),
        data,
        expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Ends a session. `false`: there was none.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.delete", skip_all)]
pub async fn delete(tx: &mut Tx, id_hash: &[u8; 32]) -> Result<bool> {
    let deleted = sqlx::query!(
        r#"
        delete from session
        where id_hash = $1
        "#,
        id_hash.as_slice(),
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Removes up to `limit` sessions that expired before `now`, and says how many. Small
/// statements, so that none holds its locks for long.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.delete_expired", skip_all)]
pub async fn delete_expired(tx: &mut Tx, now: OffsetDateTime, limit: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        r#"
        delete from session
        where id_hash in (
            select id_hash
            from session
            where expires_at <= $1
            order by expires_at
            limit $2
            for update skip locked
        )
        "#,
        now,
        limit,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}

/// A live session and an organization of its user.
#[derive(Clone, Debug)]
pub struct RecentUse {
    pub id_hash: [u8; 32],
    pub slug: OrgSlug,
}

/// Of the `sessions` live sessions used last, those whose users belong to one of the
/// `organizations` that most of them belong to; the most used organization first. A
/// session's end moves when it is used, so the index on it tells which were.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.list_recent_use", skip_all)]
pub async fn list_recent_use(
    reader: &Reader,
    now: OffsetDateTime,
    sessions: u32,
    organizations: u32,
) -> Result<Vec<RecentUse>> {
    let rows = sqlx::query!(
        r#"
        with recent as materialized (
            select
                id_hash,
                user_id,
                expires_at
            from session
            where user_id is not null
                and expires_at > $1
            order by expires_at desc
            limit $2
        ), used as (
            select
                member.organization_id,
                count(*) as sessions
            from recent
            join member on member.user_id = recent.user_id
            group by member.organization_id
            order by sessions desc, member.organization_id
            limit $3
        )
        select
            recent.id_hash,
            organization.slug as "slug: OrgSlug"
        from used
        join organization on organization.id = used.organization_id
        join member on member.organization_id = used.organization_id
        join recent on recent.user_id = member.user_id
        order by used.sessions desc, used.organization_id, recent.expires_at desc
        "#,
        now,
        i64::from(sessions),
        i64::from(organizations),
    )
    .fetch_all(reader.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let id_hash = row.id_hash.try_into();
            let id_hash = id_hash.map_err(|_| Error::internal("a session's hash has 32 bytes"))?;
            Ok(RecentUse {
                id_hash,
                slug: row.slug,
            })
        })
        .collect()
}
