use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Tx},
    domain::{
        COUNT_CAP, PAGE_SIZE, Page, PageNumber, PageSize, PlatformAct, PlatformActId,
        PlatformActKind, UserId,
    },
    error::Result,
    telemetry::SPANS,
};

/// An entry to be written; [`PlatformActKind`] says what subject and detail hold.
pub struct NewAct<'a> {
    pub actor: UserId,
    pub actor_name: &'a str,
    pub kind: PlatformActKind,
    pub subject: &'a str,
    pub detail: &'a str,
    pub address: Option<&'a str>,
    pub at: OffsetDateTime,
}

/// Writes the entry in the transaction of what it is about.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.platform.insert_act", skip_all)]
pub async fn insert_act(tx: &mut Tx, act: NewAct<'_>) -> Result<()> {
    sqlx::query!(
        r#"
        insert into platform_act
            (id, actor_id, actor_name, kind, subject, detail, address, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        PlatformActId::new() as PlatformActId,
        act.actor as UserId,
        act.actor_name,
        act.kind as PlatformActKind,
        act.subject,
        act.detail,
        act.address,
        act.at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A page of the log, newest first, by `platform_act_list_idx`.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.platform.list_acts", skip_all)]
#[boxed]
pub async fn list_acts(reader: &Reader, number: PageNumber) -> Result<Page<PlatformAct>> {
    let rows = sqlx::query_as!(
        PlatformAct,
        r#"
        select
            id as "id: PlatformActId",
            actor_name as actor,
            kind as "kind: PlatformActKind",
            subject,
            detail,
            address,
            created_at as at
        from platform_act
        order by created_at desc, id desc
        limit $1
        offset $2
        "#,
        i64::from(PAGE_SIZE),
        number.offset().min(COUNT_CAP),
    )
    .fetch_all(reader.conn())
    .await?;
    let total = sqlx::query_scalar!(
        r#"
        select count(*) as "total!"
        from (
            select
            from platform_act
            limit $1
        ) as capped
        "#,
        COUNT_CAP + 1,
    )
    .fetch_one(reader.conn())
    .await?;
    Ok(Page::of_counted(total, number, PageSize::default()).with(rows))
}
