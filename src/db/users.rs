//! Users.

use time::OffsetDateTime;

use crate::{
    db::{Reader, Tx},
    domain::{CurrentUser, Email, PictureHash, UserId, UserName},
    error::Result,
    telemetry::SPANS,
};

/// What signing in needs to know of a user.
#[derive(Clone)]
pub struct Credentials {
    pub user: CurrentUser,
    /// Argon2id hash of the password, as a PHC string; `None`: there is no password.
    pub password_hash: Option<String>,
    /// The epoch a new session is made under.
    pub session_epoch: i32,
    pub banned: bool,
    /// Whether signing in takes a second factor.
    pub has_second_factor: bool,
}

pub(super) struct CredentialsRow {
    pub id: UserId,
    pub name: String,
    pub email: Email,
    pub email_verified: bool,
    pub platform_admin: bool,
    pub picture: Option<PictureHash>,
    pub password_hash: Option<String>,
    pub session_epoch: i32,
    pub banned: bool,
    pub has_second_factor: bool,
}

impl From<CredentialsRow> for Credentials {
    fn from(row: CredentialsRow) -> Self {
        Self {
            user: CurrentUser {
                id: row.id,
                name: row.name,
                email: row.email,
                email_verified: row.email_verified,
                platform_admin: row.platform_admin,
                has_second_factor: row.has_second_factor,
                picture: row.picture,
            },
            password_hash: row.password_hash,
            session_epoch: row.session_epoch,
            banned: row.banned,
            has_second_factor: row.has_second_factor,
        }
    }
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.find_credentials", skip_all)]
pub async fn find_credentials(reader: &Reader, email: &Email) -> Result<Option<Credentials>> {
    let row = sqlx::query_as!(
        CredentialsRow,
        r#"
        select
            id as "id: UserId",
            name,
            email as "email: Email",
            email_verified_at is not null as "email_verified!",
            platform_admin,
            picture as "picture: PictureHash",
            password_hash,
            session_epoch,
            banned_at is not null as "banned!",
            second_factor_at is not null as "has_second_factor!"
        from users
        where email = $1
        "#,
        email as &Email,
    )
    .fetch_optional(reader.conn())
    .await?;
    Ok(row.map(Credentials::from))
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.find_credentials_by_id", skip_all)]
pub async fn find_credentials_by_id(reader: &Reader, user: UserId) -> Result<Option<Credentials>> {
    let row = sqlx::query_as!(
        CredentialsRow,
        r#"
        select
            id as "id: UserId",
            name,
            email as "email: Email",
            email_verified_at is not null as "email_verified!",
            platform_admin,
            picture as "picture: PictureHash",
            password_hash,
            session_epoch,
            banned_at is not null as "banned!",
            second_factor_at is not null as "has_second_factor!"
        from users
        where id = $1
        "#,
        user as UserId,
    )
    .fetch_optional(reader.conn())
    .await?;
    Ok(row.map(Credentials::from))
}

/// Whether the user can sign in with a password.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.has_password", skip_all)]
pub async fn has_password(tx: &mut Tx, user: UserId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"
        select password_hash is not null as "has_password!"
        from users
        where id = $1
        "#,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.unwrap_or_default())
}

/// `None`: there is no such user, or they have no password.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.find_password_hash", skip_all)]
pub async fn find_password_hash(reader: &Reader, user: UserId) -> Result<Option<String>> {
    let found = sqlx::query_scalar!(
        r#"
        select password_hash
        from users
        where id = $1
        "#,
        user as UserId,
    )
    .fetch_optional(reader.conn())
    .await?;
    Ok(found.flatten())
}

/// Puts a hash in the place of another one of the same password. `false`: the password was
/// changed meanwhile.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.renew_password_hash", skip_all)]
pub async fn renew_password_hash(tx: &mut Tx, user: UserId, old: &str, new: &str) -> Result<bool> {
    let renewed = sqlx::query!(
        r#"
        update users
        set password_hash = $3
        where id = $1
            and password_hash = $2
        "#,
        user as UserId,
        old,
        new,
    )
    .execute(tx.conn())
    .await?;
    Ok(renewed.rows_affected() == 1)
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.find_id_by_email", skip_all)]
pub async fn find_id_by_email(reader: &Reader, email: &Email) -> Result<Option<UserId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: UserId"
        from users
        where email = $1
        "#,
        email as &Email,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// The address the user has now. Ask only with the user held or locked.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.find_email", skip_all)]
pub async fn find_email(tx: &mut Tx, user: UserId) -> Result<Option<Email>> {
    Ok(sqlx::query_scalar!(
        r#"
        select email as "email: Email"
        from users
        where id = $1
        "#,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Somebody whose address is known to be theirs.
#[derive(Clone, Debug)]
pub struct VerifiedUser {
    pub name: String,
    pub email: Email,
}

/// The user, kept from changing until the transaction ends. `None`: there is none, or they were
/// banned, or have not verified their address.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.hold_verified", skip_all)]
pub async fn hold_verified(tx: &mut Tx, user: UserId) -> Result<Option<VerifiedUser>> {
    Ok(sqlx::query_as!(
        VerifiedUser,
        r#"
        select
            name,
            email as "email: Email"
        from users
        where id = $1
            and banned_at is null
            and email_verified_at is not null
        for share
        "#,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Locks a user until the transaction ends: whoever creates something for the same user
/// meanwhile waits, so that what is counted then stays so.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.lock", skip_all)]
pub async fn lock(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query!(
        r#"
        select id
        from users
        where id = $1
        for no key update
        "#,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(())
}

/// The user who has this address, if they may sign in.
#[derive(Clone, Debug)]
pub struct Reachable {
    pub id: UserId,
    pub name: String,
}

/// `None`: nobody has this address, or somebody who was banned.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.find_reachable", skip_all)]
pub async fn find_reachable(tx: &mut Tx, email: &Email) -> Result<Option<Reachable>> {
    Ok(sqlx::query_as!(
        Reachable,
        r#"
        select
            id as "id: UserId",
            name
        from users
        where email = $1
            and banned_at is null
        "#,
        email as &Email,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Makes an account whose address is not verified yet. `None`: somebody has it already.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.insert", skip_all)]
pub async fn insert(
    tx: &mut Tx,
    name: &UserName,
    email: &Email,
    password_hash: &str,
) -> Result<Option<UserId>> {
    let id = UserId::new();
    let inserted = sqlx::query!(
        r#"
        insert into users (id, name, email, password_hash)
        values ($1, $2, $3, $4)
        on conflict (email) do nothing
        "#,
        id as UserId,
        name.as_str(),
        email as &Email,
        password_hash,
    )
    .execute(tx.conn())
    .await?;
    Ok((inserted.rows_affected() == 1).then_some(id))
}

/// Makes an account without a password, whose address somebody else has verified. `None`:
/// somebody has it already.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.insert_verified", skip_all)]
pub async fn insert_verified(
    tx: &mut Tx,
    name: &UserName,
    email: &Email,
    now: OffsetDateTime,
) -> Result<Option<UserId>> {
    let id = UserId::new();
    let inserted = sqlx::query!(
        r#"
        insert into users (id, name, email, email_verified_at)
        values ($1, $2, $3, $4)
        on conflict (email) do nothing
        "#,
        id as UserId,
        name.as_str(),
        email as &Email,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok((inserted.rows_affected() == 1).then_some(id))
}

/// Notes that the address is the user's own, unless it is another one by now.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.verify_email", skip_all)]
pub async fn verify_email(
    tx: &mut Tx,
    user: UserId,
    email: &Email,
    now: OffsetDateTime,
) -> Result<bool> {
    let verified = sqlx::query!(
        r#"
        update users
        set email_verified_at = coalesce(email_verified_at, $3)
        where id = $1
            and email = $2
        "#,
        user as UserId,
        email as &Email,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(verified.rows_affected() == 1)
}

/// Sets a password and ends all sessions. Returns the epoch of those that are made from
/// now on.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.set_password", skip_all)]
pub async fn set_password(tx: &mut Tx, user: UserId, password_hash: &str) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        r#"
        update users
        set password_hash = $2,
            session_epoch = session_epoch + 1
        where id = $1
        returning session_epoch
        "#,
        user as UserId,
        password_hash,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Takes the password away and ends all sessions.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.remove_password", skip_all)]
pub async fn remove_password(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query!(
        r#"
        update users
        set password_hash = null,
            session_epoch = session_epoch + 1
        where id = $1
        "#,
        user as UserId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the user an address that has been verified.
///
/// # Errors
/// [`crate::error::Error::Conflict`] on the field `email` if somebody else has it.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.set_email", skip_all)]
pub async fn set_email(
    tx: &mut Tx,
    user: UserId,
    email: &Email,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        update users
        set email = $2,
            email_verified_at = $3
        where id = $1
        "#,
        user as UserId,
        email as &Email,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.set_name", skip_all)]
pub async fn set_name(tx: &mut Tx, user: UserId, name: &UserName) -> Result<()> {
    sqlx::query!(
        r#"
        update users
        set name = $2
        where id = $1
        "#,
        user as UserId,
        name.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a user with everything that is only theirs. Their memberships and sessions end.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.delete", skip_all)]
pub async fn delete(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query!(
        r#"
        delete from users
        where id = $1
        "#,
        user as UserId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes up to `limit` accounts made before `made_before` whose address was never
/// verified, and says how many. Nobody was ever a member with one.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.delete_unverified", skip_all)]
pub async fn delete_unverified(
    tx: &mut Tx,
    made_before: OffsetDateTime,
    limit: i64,
) -> Result<u64> {
    let deleted = sqlx::query!(
        r#"
        delete from users
        where id in (
            select id
            from users
            where email_verified_at is null
                and created_at < $1
                and not exists (select from member where member.user_id = users.id)
            limit $2
            for update skip locked
        )
        "#,
        made_before,
        limit,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}

/// What is kept about a user, as the text of a JSON object.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.export", skip_all)]
pub async fn export(tx: &mut Tx, user: UserId) -> Result<String> {
    Ok(sqlx::query_scalar!(
        r#"
        select json_build_object(
            'account', json_build_object(
                'id', users.id,
                'name', users.name,
                'email', users.email,
                'email_verified_at', users.email_verified_at,
                'created_at', users.created_at,
                'picture', (
                    select encode(user_picture.content, 'base64')
                    from user_picture
                    where user_picture.user_id = users.id
                )
            ),
            'memberships', (
                select coalesce(json_agg(json_build_object(
                    'organization', organization.name,
                    'slug', organization.slug,
                    'role', member.role,
                    'since', member.created_at,
                    'suspended_at', member.suspended_at,
                    'last_active_at', member_use.last_active_at
                ) order by member.created_at), '[]')
                from member
                join organization on organization.id = member.organization_id
                left join member_use on member_use.member_id = member.id
                where member.user_id = users.id
            ),
            'sessions', (
                select coalesce(json_agg(json_build_object(
                    'browser', session.user_agent,
                    'address', session.address,
                    'began_at', session.created_at,
                    'ends_at', session.expires_at
                ) order by session.created_at), '[]')
                from session
                where session.user_id = users.id
            ),
            'providers', (
                select coalesce(json_agg(json_build_object(
                    'issuer', identity.issuer,
                    'subject', identity.subject,
                    'email', identity.email,
                    'connected_at', identity.created_at,
                    'last_used_at', identity.last_used_at
                ) order by identity.created_at), '[]')
                from identity
                where identity.user_id = users.id
            ),
            'activity', (
                select coalesce(json_agg(json_build_object(
                    'organization', organization.name,
                    'kind', activity.kind,
                    'subject', activity.subject,
                    'detail', activity.detail,
                    'at', activity.created_at
                ) order by activity.created_at), '[]')
                from activity
                join organization on organization.id = activity.organization_id
                where activity.actor_id = users.id
            )
        )::text as "json!"
        from users
        where users.id = $1
        "#,
        user as UserId,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// How a user signs in, as far as `users` says.
pub struct SignInMeans {
    pub has_password: bool,
    pub second_factor_at: Option<OffsetDateTime>,
}

/// `None`: there is no such user.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.find_sign_in_means", skip_all)]
pub async fn find_sign_in_means(reader: &Reader, user: UserId) -> Result<Option<SignInMeans>> {
    Ok(sqlx::query_as!(
        SignInMeans,
        r#"
        select
            password_hash is not null as "has_password!",
            second_factor_at
        from users
        where id = $1
        "#,
        user as UserId,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// The same, with the user locked until the transaction ends: see [`lock`].
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.lock_sign_in_means", skip_all)]
pub async fn lock_sign_in_means(tx: &mut Tx, user: UserId) -> Result<Option<SignInMeans>> {
    Ok(sqlx::query_as!(
        SignInMeans,
        r#"
        select
            password_hash is not null as "has_password!",
            second_factor_at
        from users
        where id = $1
        for no key update
        "#,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Whether signing in takes the user a second factor.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.has_second_factor", skip_all)]
pub async fn has_second_factor(tx: &mut Tx, user: UserId) -> Result<bool> {
    let has_one = sqlx::query_scalar!(
        r#"
        select second_factor_at is not null as "has_one!"
        from users
        where id = $1
        "#,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(has_one.unwrap_or_default())
}

/// Says since when signing in takes a second factor; `None`: it does not.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.set_second_factor", skip_all)]
pub async fn set_second_factor(
    tx: &mut Tx,
    user: UserId,
    since: Option<OffsetDateTime>,
) -> Result<()> {
    sqlx::query!(
        r#"
        update users
        set second_factor_at = $2
        where id = $1
        "#,
        user as UserId,
        since,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
