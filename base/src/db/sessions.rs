//! Sessions, by the SHA-256 of the id in the cookie.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Stamped, Tx},
    domain::{CurrentUser, Email, OrgSlug, PictureHash, SessionId, SessionSnapshot, UserId},
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
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

/// What a write finds of the session it comes with.
pub struct HeldSession {
    /// The name the user has now.
    pub user_name: String,
    pub email_verified: bool,
    /// When the person last proved who they are.
    pub confirmed_at: OffsetDateTime,
    /// Whether the user is a platform admin now.
    pub platform_admin: bool,
    pub has_second_factor: bool,
}

/// What a session's browser said of itself, and when.
pub struct LiveSession {
    pub id: SessionId,
    pub id_hash: [u8; 32],
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub created_at: OffsetDateTime,
    /// To the hour; `None`: nobody has noted it yet.
    pub last_seen_at: Option<OffsetDateTime>,
}

/// A session's values, the text of a JSON object, and its end.
pub struct SessionValues {
    pub data: String,
    pub expires_at: OffsetDateTime,
}

/// The session and its user, unless it was ended: deleted, made under an earlier
/// epoch, or the user banned. The caller compares the times. One row by primary
/// keys.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.find_snapshot", skip_all)]
#[boxed]
pub async fn find_snapshot(
    reader: &Reader,
    id_hash: &[u8; 32],
) -> Result<Stamped<Option<SessionSnapshot>>> {
    let row = sqlx::query!(
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            live.created_at as "created_at?",
            live.expires_at as "expires_at?",
            live.user_id as "user_id?: UserId",
            live.name as "name?",
            live.email as "email?: Email",
            live.email_verified as "email_verified?",
            live.platform_admin as "platform_admin?",
            live.has_second_factor as "has_second_factor?",
            live.picture as "picture?: PictureHash"
        from (select 1) as one
        left join lateral (
            select
                session.created_at,
                session.expires_at,
                users.id as user_id,
                users.name,
                users.email,
                users.email_verified_at is not null as email_verified,
                users.platform_admin,
                users.second_factor_at is not null as has_second_factor,
                users.picture
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
            has_second_factor: row.has_second_factor.unwrap_or_default(),
            picture: row.picture,
        }),
        _ => None,
    };
    let snapshot = match (row.created_at, row.expires_at) {
        (Some(created_at), Some(expires_at)) => Some(SessionSnapshot {
            user,
            created_at,
            expires_at,
        }),
        _ => None,
    };
    Ok(Stamped::new(snapshot, row.as_of))
}

/// The session's values, unless it has ended by any of the rules of [`find_snapshot`] or by
/// the times.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.find_values", skip_all)]
#[boxed]
pub async fn find_values(
    reader: &Reader,
    id_hash: &[u8; 32],
    now: OffsetDateTime,
    began_after: OffsetDateTime,
) -> Result<Option<SessionValues>> {
    Ok(sqlx::query_as!(
        SessionValues,
        r#"
        select
            session.data::text as "data!",
            session.expires_at
        from session
        left join users on users.id = session.user_id
        where session.id_hash = $1
            and session.expires_at > $2
            and session.created_at > $3
            and (
                session.user_id is null
                or (session.epoch = users.session_epoch and users.banned_at is null)
            )
        "#,
        id_hash.as_slice(),
        now,
        began_after,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// The user's live sessions, the newest first.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.list_live", skip_all)]
#[boxed]
pub async fn list_live(
    reader: &Reader,
    user: UserId,
    now: OffsetDateTime,
    began_after: OffsetDateTime,
) -> Result<Vec<LiveSession>> {
    let rows = sqlx::query!(
        r#"
        select
            session.id as "id: SessionId",
            session.id_hash,
            session.user_agent,
            session.address,
            session.created_at,
            session_use.last_seen_at as "last_seen_at?"
        from session
        join users on users.id = session.user_id
        left join session_use on session_use.id_hash = session.id_hash
        where session.user_id = $1
            and session.expires_at > $2
            and session.created_at > $3
            and session.epoch = users.session_epoch
        order by session.created_at desc, session.id_hash
        "#,
        user as UserId,
        now,
        began_after,
    )
    .fetch_all(reader.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LiveSession {
                id: row.id,
                id_hash: to_hash(row.id_hash)?,
                user_agent: row.user_agent,
                address: row.address,
                created_at: row.created_at,
                last_seen_at: row.last_seen_at,
            })
        })
        .collect()
}

/// The user's live session, with session and user locked against ending until the
/// transaction does. `None`: it is not there, not that user's, or it has ended by any of the
/// rules of [`find_snapshot`] or by `now`.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.hold", skip_all)]
#[boxed]
pub async fn hold(
    tx: &mut Tx,
    id_hash: &[u8; 32],
    user: UserId,
    now: OffsetDateTime,
    began_after: OffsetDateTime,
) -> Result<Option<HeldSession>> {
    // The user first, as whoever deletes one does it, and each no more than is needed: pages
    // may move the session's end meanwhile, and other writes of the user go on.
    Ok(sqlx::query_as!(
        HeldSession,
        r#"
        select
            users.name as user_name,
            users.email_verified_at is not null as "email_verified!",
            session.confirmed_at,
            users.platform_admin,
            users.second_factor_at is not null as "has_second_factor!"
        from users
        join session on session.user_id = users.id
        where session.id_hash = $1
            and users.id = $2
            and session.expires_at > $3
            and session.created_at > $4
            and session.epoch = users.session_epoch
            and users.banned_at is null
        for share of users
        for key share of session
        "#,
        id_hash.as_slice(),
        user as UserId,
        now,
        began_after,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Stores a new session. `false`: there is one with this hash already, and it was
/// left alone.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.create", skip_all)]
pub async fn create(tx: &mut Tx, session: NewSession<'_>) -> Result<bool> {
    let created = sqlx::query!(
        r#"
        insert into session (
            id_hash, user_id, epoch, data, user_agent, address, created_at, confirmed_at, expires_at
        )
        values ($1, $2, $3, $4::text::jsonb, $5, $6, $7, $7, $8)
        on conflict (id_hash) do nothing
        "#,
        session.id_hash.as_slice(),
        session.user_id as Option<UserId>,
        session.epoch,
        session.data,
        session.user_agent,
        session.address,
        session.created_at,
        session.expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(created.rows_affected() == 1)
}

/// Writes a session's values and end. `false`: the session is gone, and stays gone.
/// Whose session it is was settled when it was made and never changes.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.update", skip_all)]
#[boxed]
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

/// Notes that the person behind the session has just proved who they are.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.confirm", skip_all)]
#[boxed]
pub async fn confirm(tx: &mut Tx, id_hash: &[u8; 32], now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        update session
        set confirmed_at = $2
        where id_hash = $1
        "#,
        id_hash.as_slice(),
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps a session when its user's epoch rises to `epoch`, in the same transaction.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.keep", skip_all)]
#[boxed]
pub async fn keep(tx: &mut Tx, id_hash: &[u8; 32], epoch: i32) -> Result<()> {
    sqlx::query!(
        r#"
        update session
        set epoch = $2
        where id_hash = $1
        "#,
        id_hash.as_slice(),
        epoch,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a session. `false`: there was none.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.delete", skip_all)]
#[boxed]
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

/// Ends one of the user's sessions, and returns the hash of its id. `None`: the user has
/// none of that name.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.delete_of_user", skip_all)]
#[boxed]
pub async fn delete_of_user(
    tx: &mut Tx,
    user: UserId,
    session: SessionId,
) -> Result<Option<[u8; 32]>> {
    let deleted = sqlx::query_scalar!(
        r#"
        delete from session
        where user_id = $1
            and id = $2
        returning id_hash
        "#,
        user as UserId,
        session as SessionId,
    )
    .fetch_optional(tx.conn())
    .await?;
    deleted.map(to_hash).transpose()
}

/// Ends all sessions of the user but the one whose id has the hash `kept`, and returns the
/// hashes of their ids.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.delete_others", skip_all)]
#[boxed]
pub async fn delete_others(tx: &mut Tx, user: UserId, kept: &[u8; 32]) -> Result<Vec<[u8; 32]>> {
    // Locked in the order of `delete_oldest`, which a sign-in may be at.
    let deleted = sqlx::query_scalar!(
        r#"
        delete from session
        where id_hash in (
            select id_hash
            from session
            where user_id = $1
                and id_hash <> $2
            order by created_at desc, id_hash
            for update
        )
        returning id_hash
        "#,
        user as UserId,
        kept.as_slice(),
    )
    .fetch_all(tx.conn())
    .await?;
    deleted.into_iter().map(to_hash).collect()
}

/// Lets nobody else begin to end all sessions before the transaction ends. Reads and writes
/// go on.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.lock_all", skip_all)]
#[boxed]
pub async fn lock_all(tx: &mut Tx) -> Result<()> {
    sqlx::query!("lock table session in share update exclusive mode")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Ends all sessions of everybody. To be called after [`lock_all`]: two that did this at once
/// would wait for each other. However many there are, it takes no longer, and is one line in
/// the change log.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.delete_all", skip_all)]
#[boxed]
pub async fn delete_all(tx: &mut Tx) -> Result<()> {
    // The server's role can truncate nothing by itself.
    sqlx::query!(r#"select end_all_sessions()::text as "nothing""#)
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}

/// Notes when sessions were last seen, unless a later time is noted. Those that are ending
/// at this moment are left out; nobody is waited for.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.note_use", skip_all)]
#[boxed]
pub async fn note_use(
    tx: &mut Tx,
    id_hashes: &[Vec<u8>],
    seen_at: &[OffsetDateTime],
) -> Result<()> {
    // In the order of the hashes, so that two nodes that write the same rows take turns.
    sqlx::query!(
        r#"
        with live as (
            select
                session.id_hash,
                seen.at
            from session
            join unnest($1::bytea[], $2::timestamptz[]) as seen (id_hash, at)
                on seen.id_hash = session.id_hash
            order by session.id_hash
            for key share of session skip locked
        )
        insert into session_use (id_hash, last_seen_at)
        select
            id_hash,
            at
        from live
        on conflict (id_hash) do update
        set last_seen_at = excluded.last_seen_at
        where session_use.last_seen_at < excluded.last_seen_at
        "#,
        id_hashes,
        seen_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the oldest live sessions of the user beyond the newest `keep`, and returns the hashes
/// of their ids. Those of an earlier epoch are none any more.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.delete_oldest", skip_all)]
#[boxed]
pub async fn delete_oldest(
    tx: &mut Tx,
    user: UserId,
    epoch: i32,
    keep: u32,
    now: OffsetDateTime,
) -> Result<Vec<[u8; 32]>> {
    let deleted = sqlx::query_scalar!(
        r#"
        delete from session
        where id_hash in (
            select id_hash
            from session
            where user_id = $1
                and epoch = $2
                and expires_at > $4
            order by created_at desc, id_hash
            offset $3
            for update
        )
        returning id_hash
        "#,
        user as UserId,
        epoch,
        i64::from(keep),
        now,
    )
    .fetch_all(tx.conn())
    .await?;
    deleted.into_iter().map(to_hash).collect()
}

/// Removes up to `limit` sessions that expired before `now`, and says how many. Small
/// statements, so that none holds its locks for long.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.sessions.delete_expired", skip_all)]
#[boxed]
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
#[boxed]
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
            Ok(RecentUse {
                id_hash: to_hash(row.id_hash)?,
                slug: row.slug,
            })
        })
        .collect()
}

fn to_hash(bytes: Vec<u8>) -> Result<[u8; 32]> {
    let hash = bytes.try_into();
    hash.map_err(|_| Error::internal("a session's hash has 32 bytes"))
}
