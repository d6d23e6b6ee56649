//! Recovery codes, by their hashes, and those that are still to be shown, sealed.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::UserId,
    error::Result,
    telemetry::SPANS,
};

/// Puts new codes in the place of all earlier ones; without any, the user has none.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.recovery_codes.replace", skip_all)]
#[boxed]
pub async fn replace(tx: &mut Tx, user: UserId, hashes: &[Vec<u8>]) -> Result<()> {
    sqlx::query!(
        r#"
        delete from recovery_code
        where user_id = $1
        "#,
        user as UserId,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"
        insert into recovery_code (user_id, code_hash)
        select
            $1,
            code_hash
        from unnest($2::bytea[]) as code_hash
        "#,
        user as UserId,
        hashes,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Uses up a code. `false`: the user has no such code, or it was used.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.recovery_codes.use_up", skip_all)]
#[boxed]
pub async fn use_up(tx: &mut Tx, user: UserId, hash: &[u8; 32]) -> Result<bool> {
    let used = sqlx::query!(
        r#"
        delete from recovery_code
        where user_id = $1
            and code_hash = $2
        "#,
        user as UserId,
        hash.as_slice(),
    )
    .execute(tx.conn())
    .await?;
    Ok(used.rows_affected() == 1)
}

/// How many are left.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.recovery_codes.count", skip_all)]
#[boxed]
pub async fn count(reader: &Reader, user: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from recovery_code
        where user_id = $1
        "#,
        user as UserId,
    )
    .fetch_one(reader.conn())
    .await?)
}

/// Keeps new codes for the page that shows them to `session`.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.recovery_codes.keep_new", skip_all)]
#[boxed]
pub async fn keep_new(
    tx: &mut Tx,
    user: UserId,
    session: &[u8; 32],
    sealed: &[u8],
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        insert into new_recovery_codes (user_id, session, sealed, expires_at)
        values ($1, $2, $3, $4)
        on conflict (user_id) do update
        set session = $2,
            sealed = $3,
            expires_at = $4
        "#,
        user as UserId,
        session.as_slice(),
        sealed,
        expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was kept for this session, if it is still to be shown.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.recovery_codes.find_new", skip_all)]
#[boxed]
pub async fn find_new(
    tx: &mut Tx,
    user: UserId,
    session: &[u8; 32],
    now: OffsetDateTime,
) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!(
        r#"
        select sealed
        from new_recovery_codes
        where user_id = $1
            and session = $2
            and expires_at > $3
        "#,
        user as UserId,
        session.as_slice(),
        now,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Forgets what was kept to be shown.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.recovery_codes.forget_new", skip_all)]
#[boxed]
pub async fn forget_new(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query!(
        r#"
        delete from new_recovery_codes
        where user_id = $1
        "#,
        user as UserId,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets what nobody came to see.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.recovery_codes.delete_expired", skip_all)]
#[boxed]
pub async fn delete_expired(tx: &mut Tx, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        delete from new_recovery_codes
        where expires_at <= $1
        "#,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
