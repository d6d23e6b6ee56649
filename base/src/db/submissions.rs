//! Forms answered a moment ago, by a hash of what was sent.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    error::Result,
    telemetry::SPANS,
};

/// What is known of a submission.
pub enum Noted {
    /// It did what it was asked to.
    Answered {
        page: String,
        notice: Option<String>,
    },
    /// So many of the same are being answered.
    UnderWay(i32),
}

impl Noted {
    fn new(page: Option<String>, notice: Option<String>, under_way: i32) -> Self {
        match page {
            Some(page) => Self::Answered { page, notice },
            None => Self::UnderWay(under_way),
        }
    }
}

/// Notes one more submission. What was noted before `old` is forgotten.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.submissions.begin", skip_all)]
#[boxed]
pub async fn begin(
    tx: &mut Tx,
    key: &[u8; 32],
    now: OffsetDateTime,
    old: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        r#"
        insert into form_submission as known (key, begun_at, under_way)
        values ($1, $2, 1)
        on conflict (key) do update
        set begun_at = case when known.begun_at <= $3 then $2 else known.begun_at end,
            under_way = case when known.begun_at <= $3 then 1 else known.under_way + 1 end,
            page = case when known.begun_at > $3 then known.page end,
            notice = case when known.begun_at > $3 then known.notice end
        "#,
        key.as_slice(),
        now,
        old,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Remembers where the browser was sent, and what was said there.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.submissions.answer", skip_all)]
#[boxed]
pub async fn answer(tx: &mut Tx, key: &[u8; 32], page: &str, notice: Option<&str>) -> Result<()> {
    sqlx::query!(
        r#"
        update form_submission
        set under_way = under_way - 1,
            page = $2,
            notice = $3
        where key = $1
        "#,
        key.as_slice(),
        page,
        notice,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a submission that was refused, and says what is known of the others.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.submissions.give_up", skip_all)]
#[boxed]
pub async fn give_up(tx: &mut Tx, key: &[u8; 32]) -> Result<Option<Noted>> {
    let row = sqlx::query!(
        r#"
        update form_submission
        set under_way = under_way - 1
        where key = $1
        returning
            under_way,
            page,
            notice
        "#,
        key.as_slice(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Noted::new(row.page, row.notice, row.under_way)))
}

/// What is known of a submission.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.submissions.find", skip_all)]
#[boxed]
pub async fn find(reader: &Reader, key: &[u8; 32]) -> Result<Option<Noted>> {
    let row = sqlx::query!(
        r#"
        select
            under_way,
            page,
            notice
        from form_submission
        where key = $1
        "#,
        key.as_slice(),
    )
    .fetch_optional(reader.conn())
    .await?;
    Ok(row.map(|row| Noted::new(row.page, row.notice, row.under_way)))
}

/// Forgets what was sent before `old`, and says how much.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.submissions.delete_before", skip_all)]
#[boxed]
pub async fn delete_before(tx: &mut Tx, old: OffsetDateTime) -> Result<u64> {
    let deleted = sqlx::query!(
        r#"
        delete from form_submission
        where begun_at <= $1
        "#,
        old,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}
