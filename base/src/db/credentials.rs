//! How users prove who they are, as far as the table of users says: the password, and whether
//! signing in takes a second factor.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{CurrentUser, Email, PictureHash, UserId},
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

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.credentials.find_credentials", skip_all)]
#[boxed]
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

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.credentials.find_credentials_by_id", skip_all)]
#[boxed]
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
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.credentials.has_password", skip_all)]
#[boxed]
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
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.credentials.find_password_hash", skip_all)]
#[boxed]
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
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.credentials.renew_password_hash", skip_all)]
#[boxed]
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

/// Sets a password and ends all sessions. Returns the epoch of those that are made from
/// now on.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.credentials.set_password", skip_all)]
#[boxed]
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
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.credentials.remove_password", skip_all)]
#[boxed]
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

/// How a user signs in, as far as `users` says.
pub struct SignInMeans {
    pub has_password: bool,
    pub second_factor_at: Option<OffsetDateTime>,
}

/// `None`: there is no such user.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.credentials.find_sign_in_means", skip_all)]
#[boxed]
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

/// The same, with the user locked until the transaction ends: see [`super::users::lock`].
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.credentials.lock_sign_in_means", skip_all)]
#[boxed]
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
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.credentials.has_second_factor", skip_all)]
#[boxed]
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
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.credentials.set_second_factor", skip_all)]
#[boxed]
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
