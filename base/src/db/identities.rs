//! Who users are at providers of sign-in.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{Email, Identity, IdentityId, UserId},
    error::Result,
    telemetry::SPANS,
};

pub struct NewIdentity<'a> {
    pub user: UserId,
    pub issuer: &'a str,
    pub subject: &'a str,
    pub email: &'a Email,
    pub now: OffsetDateTime,
}

/// Stores an identity. `false`: somebody has it already, or the user has another one of the
/// issuer; nothing was changed.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.identities.insert", skip_all)]
pub async fn insert(tx: &mut Tx, identity: NewIdentity<'_>) -> Result<bool> {
    let inserted = sqlx::query!(
        r#"
        insert into identity (id, user_id, issuer, subject, email, created_at, last_used_at)
        values ($1, $2, $3, $4, $5, $6, $6)
        on conflict do nothing
        "#,
        IdentityId::new() as IdentityId,
        identity.user as UserId,
        identity.issuer,
        identity.subject,
        identity.email as &Email,
        identity.now,
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Whose identity it is.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.identities.find_user", skip_all)]
#[boxed]
pub async fn find_user(reader: &Reader, issuer: &str, subject: &str) -> Result<Option<UserId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select user_id as "user_id: UserId"
        from identity
        where issuer = $1
            and subject = $2
        "#,
        issuer,
        subject,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// The same within a transaction.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.identities.find_owner", skip_all)]
#[boxed]
pub async fn find_owner(tx: &mut Tx, issuer: &str, subject: &str) -> Result<Option<UserId>> {
    Ok(sqlx::query_scalar!(
        r#"
        select user_id as "user_id: UserId"
        from identity
        where issuer = $1
            and subject = $2
        "#,
        issuer,
        subject,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Notes that somebody came with it.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.identities.use_now", skip_all)]
#[boxed]
pub async fn use_now(tx: &mut Tx, issuer: &str, subject: &str, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        update identity
        set last_used_at = $3
        where issuer = $1
            and subject = $2
        "#,
        issuer,
        subject,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The user's identities, the oldest first.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.identities.list_of", skip_all)]
#[boxed]
pub async fn list_of(reader: &Reader, user: UserId) -> Result<Vec<Identity>> {
    Ok(sqlx::query_as!(
        Identity,
        r#"
        select
            id as "id: IdentityId",
            issuer,
            email as "email: Email",
            last_used_at
        from identity
        where user_id = $1
        order by created_at, id
        "#,
        user as UserId,
    )
    .fetch_all(reader.conn())
    .await?)
}

/// Whether the user has an identity of one of `issuers`.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.identities.has_one_of", skip_all)]
#[boxed]
pub async fn has_one_of(tx: &mut Tx, user: UserId, issuers: &[String]) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select
            from identity
            where user_id = $1
                and issuer = any($2)
        ) as "has_one!"
        "#,
        user as UserId,
        issuers,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Removes an identity, and returns its issuer. `None`: the user has no such identity.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.identities.delete", skip_all)]
#[boxed]
pub async fn delete(tx: &mut Tx, user: UserId, id: IdentityId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"
        delete from identity
        where id = $1
            and user_id = $2
        returning issuer
        "#,
        id as IdentityId,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Removes all identities of the user.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.identities.delete_all", skip_all)]
#[boxed]
pub async fn delete_all(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query!(
        r#"
        delete from identity
        where user_id = $1
        "#,
        user as UserId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
