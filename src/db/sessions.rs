//! Sessions, by the SHA-256 of the id in the cookie.

use time::OffsetDateTime;

use crate::{
    db::{Reader, Stamped, Tx},
    domain::{CurrentUser, Email, OrgSlug, SessionSnapshot, UserId},
    error::{Error, Result},
};

/// A session to be made.
pub struct NewSession<'a> {
    /// SHA-256 of the session's id.
    pub id_hash: &'a [u8; 32],
    /// Who signed in, if somebody did.
    pub user_id: Option<UserId>,
    /// The person's session epoch at that moment: the session lives while it is
    /// still the person's.
    pub epoch: i32,
    /// The session's values, the text of a JSON object.
    pub data: &'a str,
    /// What the browser called itself.
    pub user_agent: Option<&'a str>,
    /// Where the request came from.
    pub address: Option<&'a str>,
    /// When the session ends by itself.
    pub expires_at: OffsetDateTime,
}

/// The session and its person, if it is alive at `now`: not ended, made under the
/// person's current epoch, the person not banned. One row by primary keys.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn find_snapshot(
    reader: &Reader,
    id_hash: &[u8; 32],
    now: OffsetDateTime,
) -> Result<Stamped<Option<SessionSnapshot>>> {
    struct Row {
        as_of: i64,
        data: Option<String>,
        expires_at: Option<OffsetDateTime>,
        user_id: Option<uuid::Uuid>,
        name: Option<String>,
        email: Option<String>,
        email_verified: Option<bool>,
        platform_admin: Option<bool>,
    }

    impl Row {
        fn user(&mut self) -> Result<Option<CurrentUser>> {
            let (Some(id), Some(name), Some(email)) =
                (self.user_id, self.name.take(), self.email.take())
            else {
                return Ok(None);
            };
            Ok(Some(CurrentUser {
                id: id.into(),
                name,
                email: Email::parse(&email).map_err(Error::internal)?,
                email_verified: self.email_verified.unwrap_or_default(),
                platform_admin: self.platform_admin.unwrap_or_default(),
            }))
        }
    }

    let mut row = sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            live.data as "data?",
            live.expires_at as "expires_at?",
            live.user_id as "user_id?",
            live.name as "name?",
            live.email as "email?",
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
                and session.expires_at > $2
                and (
                    session.user_id is null
                    or (users.session_epoch = session.epoch and users.banned_at is null)
                )
        ) as live on true
        "#,
        id_hash.as_slice(),
        now,
    )
    .fetch_one(reader.conn())
    .await?;

    let user = row.user()?;
    let value = match (row.data, row.expires_at) {
        (Some(data), Some(expires_at)) => Some(SessionSnapshot {
            user,
            data,
            expires_at,
        }),
        _ => None,
    };
    Ok(Stamped::new(value, row.as_of))
}

/// Stores a new session. `false`: there is one with this hash already, and it was
/// left alone.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn create(tx: &mut Tx, session: NewSession<'_>) -> Result<bool> {
    let created = sqlx::query!(
        r#"
        insert into session (id_hash, user_id, epoch, data, user_agent, address, expires_at)
        values ($1, $2, $3, $4::text::jsonb, $5, $6, $7)
        on conflict (id_hash) do nothing
        "#,
        session.id_hash.as_slice(),
        session.user_id.map(|user| user.0),
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

/// Writes a session's values and end. `false`: the session is gone, and stays so.
/// Whose session it is was settled when it was made and never changes.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
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
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
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

/// Removes up to `limit` sessions that ended before `now`, and says how many:
/// small statements, so that none holds its locks for long.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
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

/// A live session and an organization of its person.
#[derive(Clone, Debug)]
pub struct RecentUse {
    /// SHA-256 of the session's id.
    pub id_hash: [u8; 32],
    /// The organization's slug.
    pub slug: OrgSlug,
}

/// Of the `sessions` live sessions used last, those whose people belong to one of
/// the `organizations` that most of them belong to; the most used organization
/// first. A session's end is moved when it is used, so that the index on it says
/// which were.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn list_recent_use(
    reader: &Reader,
    now: OffsetDateTime,
    sessions: u32,
    organizations: u32,
) -> Result<Vec<RecentUse>> {
    struct Row {
        id_hash: Vec<u8>,
        slug: String,
    }

    impl TryFrom<Row> for RecentUse {
        type Error = Error;

        fn try_from(row: Row) -> Result<Self> {
            Ok(Self {
                id_hash: row
                    .id_hash
                    .try_into()
                    .map_err(|_| Error::internal("a session's hash has 32 bytes"))?,
                slug: OrgSlug::parse(&row.slug).map_err(Error::internal)?,
            })
        }
    }

    sqlx::query_as!(
        Row,
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
            organization.slug
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
    .await?
    .into_iter()
    .map(TryInto::try_into)
    .collect()
}
