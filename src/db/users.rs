//! Users.

use crate::{
    db::{Reader, Tx},
    domain::{CurrentUser, Email, UserId},
    error::Result,
    telemetry::SPANS,
};

/// What signing in needs to know of a user.
#[derive(Clone)]
pub struct Credentials {
    pub user: CurrentUser,
    /// Argon2id hash of the password, as a PHC string.
    pub password_hash: String,
    /// The epoch a new session is made under.
    pub session_epoch: i32,
    pub banned: bool,
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.find_credentials", skip_all)]
pub async fn find_credentials(reader: &Reader, email: &Email) -> Result<Option<Credentials>> {
    let row = sqlx::query!(
        r#"
        select
            id as "id: UserId",
            name,
            email as "email: Email",
            email_verified_at is not null as "email_verified!",
            platform_admin,
            password_hash,
            session_epoch,
            banned_at is not null as "banned!"
        from users
        where email = $1
        "#,
        email as &Email,
    )
    .fetch_optional(reader.conn())
    .await?;
    Ok(row.map(|row| Credentials {
        user: CurrentUser {
            id: row.id,
            name: row.name,
            email: row.email,
            email_verified: row.email_verified,
            platform_admin: row.platform_admin,
        },
        password_hash: row.password_hash,
        session_epoch: row.session_epoch,
        banned: row.banned,
    }))
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

/// The name of a user who exists and is not banned, locked until the transaction
/// ends: the final say on whether the user may still act at all.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.users.find_active_name", skip_all)]
pub async fn find_active_name(tx: &mut Tx, user: UserId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"
        select name
        from users
        where id = $1
            and banned_at is null
        for share
        "#,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?)
}
