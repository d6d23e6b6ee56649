use time::OffsetDateTime;

use crate::{boxed, db::Tx, domain::MemberId, error::Result, telemetry::SPANS};

/// Notes when members were active, unless a later time is noted. Memberships that are being
/// changed at this moment are left out; nobody is waited for.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.note_use", skip_all)]
#[boxed]
pub async fn note_use(
    tx: &mut Tx,
    members: &[MemberId],
    active_at: &[OffsetDateTime],
) -> Result<()> {
    // In the order of the ids, so that two nodes that write the same rows take turns.
    sqlx::query!(
        r#"
        with there as (
            select
                member.id,
                active.at
            from member
            join unnest($1::uuid[], $2::timestamptz[]) as active (id, at)
                on active.id = member.id
            order by member.id
            for key share of member skip locked
        )
        insert into member_use (member_id, last_active_at)
        select
            id,
            at
        from there
        on conflict (member_id) do update
        set last_active_at = excluded.last_active_at
        where member_use.last_active_at < excluded.last_active_at
        "#,
        members as &[MemberId],
        active_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
