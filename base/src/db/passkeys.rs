//! Passkeys.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{Passkey, PasskeyId, PasskeyName, UserId},
    error::Result,
    telemetry::SPANS,
};

pub struct NewPasskey<'a> {
    pub id: PasskeyId,
    pub user: UserId,
    pub credential_id: &'a [u8],
    pub name: &'a PasskeyName,
    pub public_key: &'a [u8],
    pub state: [u8; 7],
    pub transports: u8,
    pub created_at: OffsetDateTime,
}

/// What browsers are told of a passkey, to find it or to leave it out.
pub struct Descriptor {
    pub credential_id: Vec<u8>,
    pub transports: i16,
}

/// What an answer of a passkey is compared with.
pub struct HeldPasskey {
    pub id: PasskeyId,
    pub user_id: UserId,
    pub public_key: Vec<u8>,
    pub state: Vec<u8>,
}

/// A user's passkeys, the oldest first.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.passkeys.list", skip_all)]
#[boxed]
pub async fn list(reader: &Reader, user: UserId) -> Result<Vec<Passkey>> {
    Ok(sqlx::query_as!(
        Passkey,
        r#"
        select
            id as "id: PasskeyId",
            name,
            created_at,
            last_used_at
        from passkey
        where user_id = $1
        order by created_at, id
        "#,
        user as UserId,
    )
    .fetch_all(reader.conn())
    .await?)
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.passkeys.list_descriptors", skip_all)]
#[boxed]
pub async fn list_descriptors(tx: &mut Tx, user: UserId) -> Result<Vec<Descriptor>> {
    Ok(sqlx::query_as!(
        Descriptor,
        r#"
        select
            credential_id,
            transports
        from passkey
        where user_id = $1
        "#,
        user as UserId,
    )
    .fetch_all(tx.conn())
    .await?)
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.passkeys.count", skip_all)]
#[boxed]
pub async fn count(tx: &mut Tx, user: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from passkey
        where user_id = $1
        "#,
        user as UserId,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// # Errors
/// [`crate::error::Error::Conflict`] on the field `credential` if it is somebody's already.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.passkeys.insert", skip_all)]
pub async fn insert(tx: &mut Tx, passkey: NewPasskey<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        insert into passkey (
            id, user_id, credential_id, name, public_key, state, transports, created_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        passkey.id as PasskeyId,
        passkey.user as UserId,
        passkey.credential_id,
        passkey.name.as_str(),
        passkey.public_key,
        passkey.state.as_slice(),
        i16::from(passkey.transports),
        passkey.created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The passkey that an authenticator calls so, locked until the transaction ends: of two
/// answers with the same counter, one is refused.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.passkeys.hold", skip_all)]
#[boxed]
pub async fn hold(tx: &mut Tx, credential_id: &[u8]) -> Result<Option<HeldPasskey>> {
    Ok(sqlx::query_as!(
        HeldPasskey,
        r#"
        select
            id as "id: PasskeyId",
            user_id as "user_id: UserId",
            public_key,
            state
        from passkey
        where credential_id = $1
        for update
        "#,
        credential_id,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Notes that it was used, and what that changed.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.passkeys.note_use", skip_all)]
#[boxed]
pub async fn note_use(
    tx: &mut Tx,
    passkey: PasskeyId,
    state: [u8; 7],
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        update passkey
        set state = $2,
            last_used_at = $3
        where id = $1
        "#,
        passkey as PasskeyId,
        state.as_slice(),
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// `false`: the user has no such passkey.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.passkeys.rename", skip_all)]
#[boxed]
pub async fn rename(
    tx: &mut Tx,
    user: UserId,
    passkey: PasskeyId,
    name: &PasskeyName,
) -> Result<bool> {
    let renamed = sqlx::query!(
        r#"
        update passkey
        set name = $3
        where id = $1
            and user_id = $2
        "#,
        passkey as PasskeyId,
        user as UserId,
        name.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(renamed.rows_affected() == 1)
}

/// `false`: the user has no such passkey.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.passkeys.delete", skip_all)]
#[boxed]
pub async fn delete(tx: &mut Tx, user: UserId, passkey: PasskeyId) -> Result<bool> {
    let deleted = sqlx::query!(
        r#"
        delete from passkey
        where id = $1
            and user_id = $2
        "#,
        passkey as PasskeyId,
        user as UserId,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Removes what the user has added since then.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.passkeys.delete_since", skip_all)]
#[boxed]
pub async fn delete_since(tx: &mut Tx, user: UserId, since: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        delete from passkey
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
