//! Questions to browsers for passkeys that have no answer yet.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{boxed, db::Tx, domain::UserId, error::Result, telemetry::SPANS};

pub struct NewCeremony<'a> {
    pub id: Uuid,
    /// Who is asked; `None`: whoever has a passkey.
    pub user: Option<UserId>,
    pub purpose: &'static str,
    pub state: &'a [u8],
    pub expires_at: OffsetDateTime,
}

/// A question that was asked.
pub struct Ceremony {
    pub user: Option<UserId>,
    pub state: Vec<u8>,
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.passkey_ceremonies.begin", skip_all)]
pub async fn begin(tx: &mut Tx, ceremony: NewCeremony<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        insert into passkey_ceremony (id, user_id, purpose, state, expires_at)
        values ($1, $2, $3, $4, $5)
        "#,
        ceremony.id,
        ceremony.user as Option<UserId>,
        ceremony.purpose,
        ceremony.state,
        ceremony.expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a question away, so that it has one answer. `None`: it was answered, was asked for
/// something else, or is too old.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.passkey_ceremonies.take", skip_all)]
#[boxed]
pub async fn take(
    tx: &mut Tx,
    id: Uuid,
    purpose: &str,
    now: OffsetDateTime,
) -> Result<Option<Ceremony>> {
    Ok(sqlx::query_as!(
        Ceremony,
        r#"
        delete from passkey_ceremony
        where id = $1
            and purpose = $2
            and expires_at > $3
        returning
            user_id as "user: UserId",
            state
        "#,
        id,
        purpose,
        now,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Removes some that nobody answered.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.passkey_ceremonies.delete_expired", skip_all)]
#[boxed]
pub async fn delete_expired(tx: &mut Tx, now: OffsetDateTime, limit: i64) -> Result<()> {
    sqlx::query!(
        r#"
        delete from passkey_ceremony
        where id in (
            select id
            from passkey_ceremony
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
