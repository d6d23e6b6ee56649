use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{
        COUNT_CAP, Email, OrgId, OrgSlug, PAGE_SIZE, Page, PageSize, RecordQuery, Role, UserId,
        platform::{UserLine, UserMembership, UserRecord},
    },
    error::Result,
    telemetry::SPANS,
};

/// Most memberships that are shown of a user.
const MOST_MEMBERSHIPS: i64 = 100;

/// A page of the users who have the search in their name or address, or whose id it is; the
/// newest first.
///
/// Everybody comes by the index; a search reads the table until it has found as many as it
/// counts, so it may read all: 0.2 s for a million users on an idle machine. If it finds more
/// than it counts, the newest of those are not all there.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.platform.list_users", skip_all)]
#[boxed]
pub async fn list_users(reader: &Reader, query: &RecordQuery) -> Result<Page<UserLine>> {
    struct Row {
        total: i64,
        id: Option<UserId>,
        name: Option<String>,
        email: Option<Email>,
        created_at: Option<OffsetDateTime>,
        is_suspended: Option<bool>,
        is_platform_admin: Option<bool>,
    }

    impl Row {
        fn line(self) -> Option<UserLine> {
            Some(UserLine {
                id: self.id?,
                name: self.name?,
                email: self.email?,
                created_at: self.created_at?,
                is_suspended: self.is_suspended?,
                is_platform_admin: self.is_platform_admin?,
            })
        }
    }

    let search = (!query.search.is_empty()).then_some(query.search.as_str());
    let id: Option<UserId> = query.search.parse().ok();
    let rows = sqlx::query_as!(
        Row,
        r#"
        with search as materialized (
            select text_key($1) as key
        ), matching as materialized (
            (
                select id
                from users
                where $1::text is null
                order by id desc
                limit $3
            )
            union all
            (
                select id
                from users
                where $1::text is not null
                    and (id = $2 or strpos(search_key, (select key from search)) > 0)
                limit $3
            )
        )
        select
            counted.total as "total!",
            page.id as "id?: UserId",
            users.name as "name?",
            users.email as "email?: Email",
            users.created_at as "created_at?",
            users.banned_at is not null as "is_suspended?",
            users.platform_admin as "is_platform_admin?"
        from (select count(*) as total from matching) as counted
        left join lateral (
            select matching.id
            from matching
            order by matching.id desc
            limit $4
            offset $5
        ) as page on true
        left join users on users.id = page.id
        order by page.id desc
        "#,
        search,
        id as Option<UserId>,
        COUNT_CAP + 1,
        i64::from(PAGE_SIZE),
        query.page.offset().min(COUNT_CAP),
    )
    .fetch_all(reader.conn())
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    Ok(Page::of_counted(total, query.page, PageSize::default())
        .with(rows.into_iter().filter_map(Row::line).collect()))
}

/// All that is shown of one user; sessions are live at `now` if they began after
/// `began_after`. `None`: there is no such user.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.platform.find_user", skip_all)]
#[boxed]
pub async fn find_user(
    reader: &Reader,
    user: UserId,
    now: OffsetDateTime,
    began_after: OffsetDateTime,
) -> Result<Option<UserRecord>> {
    let row = sqlx::query!(
        r#"
        select
            name,
            email as "email: Email",
            email_verified_at is not null as "email_verified!",
            created_at,
            banned_at,
            platform_admin,
            password_hash is not null as "has_password!",
            second_factor_at is not null as "has_second_factor!",
            (
                select count(*)
                from session
                where session.user_id = users.id
                    and session.epoch = users.session_epoch
                    and session.expires_at > $2
                    and session.created_at > $3
                    and users.banned_at is null
            ) as "sessions!"
        from users
        where id = $1
        "#,
        user as UserId,
        now,
        began_after,
    )
    .fetch_optional(reader.conn())
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let memberships = sqlx::query_as!(
        UserMembership,
        r#"
        select
            organization.id as "org_id: OrgId",
            organization.slug as "slug: OrgSlug",
            organization.name as org_name,
            member.role as "role: Role",
            member.created_at as joined_at,
            member.suspended_at is not null as "is_suspended!",
            organization.deleted_at is not null as "is_deleted!"
        from member
        join organization on organization.id = member.organization_id
        where member.user_id = $1
        order by member.created_at, member.id
        limit $2
        "#,
        user as UserId,
        MOST_MEMBERSHIPS,
    )
    .fetch_all(reader.conn())
    .await?;
    Ok(Some(UserRecord {
        id: user,
        name: row.name,
        email: row.email,
        email_verified: row.email_verified,
        created_at: row.created_at,
        suspended_at: row.banned_at,
        is_platform_admin: row.platform_admin,
        has_password: row.has_password,
        has_second_factor: row.has_second_factor,
        sessions: row.sessions,
        memberships,
    }))
}

/// A user as an act on them sees them.
pub struct UserForAct {
    pub email: Email,
    pub is_suspended: bool,
    pub is_platform_admin: bool,
}

/// Locks the user's row until the transaction ends.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.platform.lock_user", skip_all)]
#[boxed]
pub async fn lock_user(tx: &mut Tx, user: UserId) -> Result<Option<UserForAct>> {
    Ok(sqlx::query_as!(
        UserForAct,
        r#"
        select
            email as "email: Email",
            banned_at is not null as "is_suspended!",
            platform_admin as is_platform_admin
        from users
        where id = $1
        for no key update
        "#,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Bans the user and ends all of their sessions: those of now do not come back with a
/// reinstatement.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.platform.suspend_user", skip_all)]
#[boxed]
pub async fn suspend_user(tx: &mut Tx, user: UserId, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        update users
        set banned_at = $2,
            session_epoch = session_epoch + 1
        where id = $1
        "#,
        user as UserId,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the ban back.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.platform.reinstate_user", skip_all)]
#[boxed]
pub async fn reinstate_user(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query!(
        r#"
        update users
        set banned_at = null
        where id = $1
        "#,
        user as UserId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends all sessions of the user.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.platform.end_sessions", skip_all)]
#[boxed]
pub async fn end_sessions(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query!(
        r#"
        update users
        set session_epoch = session_epoch + 1
        where id = $1
        "#,
        user as UserId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
