//! The outbox: messages to be sent, and what is remembered of those that were.

use serde_json::Value;
use time::OffsetDateTime;

use super::{Reader, Tx};
use crate::{
    boxed,
    domain::{Email, MailId},
    error::Result,
    telemetry::SPANS,
};

pub struct NewMail<'a> {
    pub id: MailId,
    pub recipient: &'a Email,
    pub letter: Value,
    pub created_at: OffsetDateTime,
    /// Later than this it is not sent.
    pub give_up_at: OffsetDateTime,
}

/// A message in the outbox.
#[derive(Debug)]
pub struct StoredMail {
    pub id: MailId,
    pub recipient: Email,
    /// What it says; `None`: it was sent, or was of no use any more.
    pub letter: Option<Value>,
    pub created_at: OffsetDateTime,
    pub give_up_at: OffsetDateTime,
    pub sent_at: Option<OffsetDateTime>,
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.mail.insert", skip_all)]
pub async fn insert(tx: &mut Tx, mail: NewMail<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        insert into mail (id, recipient, letter, created_at, give_up_at)
        values ($1, $2, $3, $4, $5)
        "#,
        mail.id as MailId,
        mail.recipient as &Email,
        mail.letter,
        mail.created_at,
        mail.give_up_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

#[tracing::instrument(level = "debug", target = SPANS, name = "sql.mail.find", skip_all)]
#[boxed]
pub async fn find(reader: &Reader, id: MailId) -> Result<Option<StoredMail>> {
    let mail = sqlx::query_as!(
        StoredMail,
        r#"
        select
            id as "id: MailId",
            recipient as "recipient: Email",
            letter,
            created_at,
            give_up_at,
            sent_at
        from mail
        where id = $1
        "#,
        id as MailId,
    )
    .fetch_optional(reader.conn())
    .await?;
    Ok(mail)
}

/// Those that still say something, the latest first.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.mail.list_latest", skip_all)]
#[boxed]
pub async fn list_latest(reader: &Reader, limit: i64) -> Result<Vec<StoredMail>> {
    let mail = sqlx::query_as!(
        StoredMail,
        r#"
        select
            id as "id: MailId",
            recipient as "recipient: Email",
            letter,
            created_at,
            give_up_at,
            sent_at
        from mail
        where letter is not null
        order by created_at desc, id desc
        limit $1
        "#,
        limit,
    )
    .fetch_all(reader.conn())
    .await?;
    Ok(mail)
}

/// Records that it was sent, and forgets what it said.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.mail.mark_sent", skip_all)]
#[boxed]
pub async fn mark_sent(tx: &mut Tx, id: MailId, at: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        r#"
        update mail
        set sent_at = $2,
            letter = null
        where id = $1
        "#,
        id as MailId,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Deletes up to `limit` messages written before `old` that were sent or cannot be any
/// more, and says how many.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.mail.delete_before", skip_all)]
#[boxed]
pub async fn delete_before(tx: &mut Tx, old: OffsetDateTime, limit: i64) -> Result<u64> {
    let deleted = sqlx::query!(
        r#"
        delete from mail
        where id in (
            select id
            from mail
            where created_at < $1
                and (sent_at is not null or give_up_at < $1)
            order by created_at
            limit $2
            for update skip locked
        )
        "#,
        old,
        limit,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}

/// Writes `count` messages to as many people, and the jobs of `kind` that send them: what
/// a test cannot wait for one by one.
#[cfg(feature = "test-hooks")]
#[boxed]
pub async fn insert_many(
    tx: &mut Tx,
    kind: &str,
    letter: Value,
    count: i32,
    now: OffsetDateTime,
    give_up_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        with posted as (
            insert into mail (id, recipient, letter, created_at, give_up_at)
            select gen_random_uuid(), 'user-' || number || '@crowd.test', $1, $4, $5
            from generate_series(1, $3::int) as number
            returning id
        )
        insert into job (kind, payload, run_at, created_at)
        select $2, to_jsonb(id), $4, $4
        from posted
        "#,
        letter,
        kind,
        count,
        now,
        give_up_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
