//! Sign-ins that owe a second factor.

use time::OffsetDateTime;
use uuid::Uuid;

use super::credentials::{Credentials, CredentialsRow};
use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{Email, FactorChoice, PictureHash, UserId},
    error::Result,
    telemetry::SPANS,
};

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.pending_sign_ins.begin", skip_all)]
#[boxed]
pub async fn begin(
    tx: &mut Tx,
    id: Uuid,
    user: UserId,
    epoch: i32,
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        insert into pending_sign_in (id, user_id, epoch, expires_at)
        values ($1, $2, $3, $4)
        "#,
        id,
        user as UserId,
        epoch,
        expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Who owes a second factor, and which ones they have. `None`: it is over, by `now`, by
/// `most` attempts, or by anything that ends the user's sessions.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.pending_sign_ins.find", skip_all)]
#[boxed]
pub async fn find(
    reader: &Reader,
    id: Uuid,
    most: i32,
    now: OffsetDateTime,
) -> Result<Option<(UserId, FactorChoice)>> {
    let row = sqlx::query!(
        r#"
        select
            users.id as "user_id: UserId",
            exists (
                select 1 from totp where totp.user_id = users.id and confirmed_at is not null
            ) or exists (
                select 1 from recovery_code where recovery_code.user_id = users.id
            ) as "code!",
            exists (select 1 from passkey where passkey.user_id = users.id) as "passkey!"
        from pending_sign_in
        join users on users.id = pending_sign_in.user_id
        where pending_sign_in.id = $1
            and pending_sign_in.attempts < $2
            and pending_sign_in.expires_at > $3
            and pending_sign_in.epoch = users.session_epoch
            and users.banned_at is null
        "#,
        id,
        most,
        now,
    )
    .fetch_optional(reader.conn())
    .await?;
    Ok(row.map(|row| {
        let (code, passkey) = (row.code, row.passkey);
        (row.user_id, FactorChoice { code, passkey })
    }))
}

/// Counts an attempt and returns who makes it, locked against another one until the
/// transaction ends. `None` as for [`find`].
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.pending_sign_ins.attempt", skip_all)]
#[boxed]
pub async fn attempt(
    tx: &mut Tx,
    id: Uuid,
    most: i32,
    now: OffsetDateTime,
) -> Result<Option<Credentials>> {
    let row = sqlx::query_as!(
        CredentialsRow,
        r#"
        update pending_sign_in
        set attempts = attempts + 1
        from users
        where pending_sign_in.id = $1
            and pending_sign_in.attempts < $2
            and pending_sign_in.expires_at > $3
            and users.id = pending_sign_in.user_id
            and pending_sign_in.epoch = users.session_epoch
            and users.banned_at is null
        returning
            users.id as "id: UserId",
            users.name,
            users.email as "email: Email",
            users.email_verified_at is not null as "email_verified!",
            users.platform_admin,
            users.picture as "picture: PictureHash",
            users.password_hash,
            users.session_epoch,
            users.banned_at is not null as "banned!",
            users.second_factor_at is not null as "has_second_factor!"
        "#,
        id,
        most,
        now,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(Credentials::from))
}

/// The second factor was proved, and nothing is owed any more.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.pending_sign_ins.end", skip_all)]
#[boxed]
pub async fn end(tx: &mut Tx, id: Uuid) -> Result<()> {
    sqlx::query!(
        r#"
        delete from pending_sign_in
        where id = $1
        "#,
        id,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes some that are over.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.pending_sign_ins.delete_expired", skip_all)]
#[boxed]
pub async fn delete_expired(tx: &mut Tx, now: OffsetDateTime, limit: i64) -> Result<()> {
    sqlx::query!(
        r#"
        delete from pending_sign_in
        where id in (
            select id
            from pending_sign_in
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
    Ok(())
}
