//! The secrets of authenticator apps, sealed.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::UserId,
    error::Result,
    telemetry::SPANS,
};

/// A user's authenticator app.
pub struct StoredTotp {
    /// Sealed.
    pub secret: Vec<u8>,
    /// `None`: it is being set up.
    pub confirmed_at: Option<OffsetDateTime>,
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.totp.find", skip_all)]
#[boxed]
pub async fn find(reader: &Reader, user: UserId) -> Result<Option<StoredTotp>> {
    Ok(sqlx::query_as!(
        StoredTotp,
        r#"
        select
            secret,
            confirmed_at
        from totp
        where user_id = $1
        "#,
        user as UserId,
    )
    .fetch_optional(reader.conn())
    .await?)
}

/// The same, locked until the transaction ends: of two codes at once, the second one waits.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.totp.hold", skip_all)]
#[boxed]
pub async fn hold(tx: &mut Tx, user: UserId) -> Result<Option<StoredTotp>> {
    Ok(sqlx::query_as!(
        StoredTotp,
        r#"
        select
            secret,
            confirmed_at
        from totp
        where user_id = $1
        for update
        "#,
        user as UserId,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Keeps the secret of an app that is being set up, in place of an earlier one that never
/// was. `false`: there is an app already, and it was left alone.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.totp.begin", skip_all)]
#[boxed]
pub async fn begin(tx: &mut Tx, user: UserId, secret: &[u8], now: OffsetDateTime) -> Result<bool> {
    let begun = sqlx::query!(
        r#"
        insert into totp (user_id, secret, created_at)
        values ($1, $2, $3)
        on conflict (user_id) do update
        set secret = $2,
            created_at = $3
        where totp.confirmed_at is null
        "#,
        user as UserId,
        secret,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// The app showed a code of `step`: from now on it counts.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.totp.confirm", skip_all)]
#[boxed]
pub async fn confirm(tx: &mut Tx, user: UserId, step: i64, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        update totp
        set confirmed_at = $3,
            last_step = $2
        where user_id = $1
        "#,
        user as UserId,
        step,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Uses up the code of `step`, with all earlier ones. `false`: it is used up already.
/// `resealed` is the secret under a newer key, if it was under an old one.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.totp.use_step", skip_all)]
#[boxed]
pub async fn use_step(
    tx: &mut Tx,
    user: UserId,
    step: i64,
    resealed: Option<&[u8]>,
) -> Result<bool> {
    let used = sqlx::query!(
        r#"
        update totp
        set last_step = $2,
            secret = coalesce($3, secret)
        where user_id = $1
            and confirmed_at is not null
            and last_step < $2
        "#,
        user as UserId,
        step,
        resealed,
    )
    .execute(tx.conn())
    .await?;
    Ok(used.rows_affected() == 1)
}

/// `false`: there was none.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.totp.delete", skip_all)]
#[boxed]
pub async fn delete(tx: &mut Tx, user: UserId) -> Result<bool> {
    let deleted = sqlx::query!(
        r#"
        delete from totp
        where user_id = $1
        "#,
        user as UserId,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Removes the secret if it was made since then.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.totp.delete_since", skip_all)]
#[boxed]
pub async fn delete_since(tx: &mut Tx, user: UserId, since: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        delete from totp
        where user_id = $1
            and created_at >= $2
        "#,
        user as UserId,
        since,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
