//! The change log and the registry of nodes: the database's half of the cache
//! (docs/caching.md). Except for [`write`] and [`somebody_is_behind`], only the cache's
//! background tasks call these, with time limits of their own: twenty times a second, so
//! their spans are a level below the others'.

use sqlx::PgPool;
use uuid::Uuid;

use super::CommitPosition;
use crate::{boxed, error::Result, telemetry::SPANS};

/// Scopes that one transaction changed.
#[derive(Debug)]
pub struct Change {
    /// The transaction.
    pub xid: u64,
    /// What it changed.
    pub scopes: Vec<String>,
    /// Seconds since it was logged, by the database's clock.
    pub age_seconds: f64,
}

/// What became visible between two snapshots.
#[derive(Debug)]
pub struct LogRead {
    /// The later snapshot, as Postgres writes it.
    pub snapshot: String,
    /// The changes, in no particular order.
    pub changes: Vec<Change>,
    /// From this transaction on the log was complete at that snapshot.
    pub floor: u64,
}

/// Everything the log still holds, and the incarnation of the database it belongs
/// to: a hash of cluster, timeline and database. After a failover or a restore
/// transaction numbers may repeat; in another incarnation they mean something else.
#[tracing::instrument(level = "trace", target = SPANS, name = "sql.cache_log.read_whole", skip_all)]
#[boxed]
pub async fn read_whole(pool: &PgPool) -> Result<(u64, LogRead)> {
    let mut snapshot = pool
        .begin_with("begin isolation level repeatable read, read only")
        .await?;
    let incarnation = sqlx::query_scalar!(
        r#"
        select
            hashtextextended(
                concat_ws('/', s.system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8), d.oid),
                0
            ) as "incarnation!"
        from pg_control_system() s, pg_database d
        where d.datname = current_database()
        "#
    )
    .fetch_one(&mut *snapshot)
    .await?;
    let rows = sqlx::query!(
        r#"
        select
            pg_current_snapshot()::text as "snapshot!",
            f.snapshot_xmin::text::bigint as "floor!",
            l.xid::text::bigint as "xid?",
            l.scopes as "scopes?",
            extract(epoch from clock_timestamp() - l.at)::float8 as "age_seconds?"
        from cache_floor f
        left join cache_log l on true
        "#
    )
    .fetch_all(&mut *snapshot)
    .await?;
    snapshot.commit().await?;
    Ok((
        incarnation.cast_unsigned(),
        log_read(rows.into_iter().map(|row| {
            (
                row.snapshot,
                row.floor,
                row.xid,
                row.scopes,
                row.age_seconds,
            )
        })),
    ))
}

/// What became visible since the snapshot `previous`, and was not visible in it:
/// exact, whatever the order in which transactions began and ended.
#[tracing::instrument(level = "trace", target = SPANS, name = "sql.cache_log.read_since", skip_all)]
#[boxed]
pub async fn read_since(pool: &PgPool, previous: &str) -> Result<LogRead> {
    let rows = sqlx::query!(
        r#"
        select
            pg_current_snapshot()::text as "snapshot!",
            f.snapshot_xmin::text::bigint as "floor!",
            l.xid::text::bigint as "xid?",
            l.scopes as "scopes?",
            extract(epoch from clock_timestamp() - l.at)::float8 as "age_seconds?"
        from cache_floor f
        left join cache_log l
            on l.xid >= pg_snapshot_xmin($1::text::pg_snapshot)
            and not pg_visible_in_snapshot(l.xid, $1::text::pg_snapshot)
        "#,
        previous
    )
    .fetch_all(pool)
    .await?;
    Ok(log_read(rows.into_iter().map(|row| {
        (
            row.snapshot,
            row.floor,
            row.xid,
            row.scopes,
            row.age_seconds,
        )
    })))
}

fn log_read(
    rows: impl Iterator<Item = (String, i64, Option<i64>, Option<Vec<String>>, Option<f64>)>,
) -> LogRead {
    let mut log_read = LogRead {
        snapshot: String::new(),
        changes: Vec::new(),
        floor: u64::MAX,
    };
    for (snapshot, floor, xid, scopes, age_seconds) in rows {
        log_read.snapshot = snapshot;
        log_read.floor = floor.cast_unsigned();
        if let (Some(xid), Some(scopes), Some(age_seconds)) = (xid, scopes, age_seconds) {
            log_read.changes.push(Change {
                xid: xid.cast_unsigned(),
                scopes,
                age_seconds,
            });
        }
    }
    log_read
}

/// Renews the node's lease for `lease_ms` by the database's clock, and says which
/// incarnation of the database took it.
#[tracing::instrument(level = "trace", target = SPANS, name = "sql.cache_log.heartbeat", skip_all)]
#[boxed]
pub async fn heartbeat(pool: &PgPool, node: Uuid, lease_ms: i32, applied: &str) -> Result<u64> {
    let incarnation = sqlx::query_scalar!(
        r#"
        insert into cache_node (id, lease_until, applied)
        values ($1, clock_timestamp() + $2 * interval '1 millisecond', $3::text::pg_snapshot)
        on conflict (id) do update set
            lease_until = excluded.lease_until,
            applied = excluded.applied
        returning (
            select hashtextextended(
                concat_ws('/', s.system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8), d.oid),
                0
            )
            from pg_control_system() s, pg_database d
            where d.datname = current_database()
        ) as "incarnation!"
        "#,
        node,
        f64::from(lease_ms),
        applied
    )
    .fetch_one(pool)
    .await?;
    Ok(incarnation.cast_unsigned())
}

/// Says what the node has taken in.
#[tracing::instrument(level = "trace", target = SPANS, name = "sql.cache_log.write_applied", skip_all)]
#[boxed]
pub async fn write_applied(pool: &PgPool, node: Uuid, applied: &str) -> Result<()> {
    sqlx::query!(
        "update cache_node set applied = $2::text::pg_snapshot where id = $1",
        node,
        applied
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Strikes the node off the registry: nobody needs to wait for it.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.cache_log.sign_off", skip_all)]
#[boxed]
pub async fn sign_off(pool: &PgPool, node: Uuid) -> Result<()> {
    sqlx::query!("delete from cache_node where id = $1", node)
        .execute(pool)
        .await?;
    Ok(())
}

/// Whether some node may still be using copies from before `commit`.
///
/// For two seconds after the database started, everybody may: the registry's
/// rows could be older than leases given out before a crash.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.cache_log.somebody_is_behind", skip_all)]
#[boxed]
pub async fn somebody_is_behind(pool: &PgPool, position: CommitPosition) -> Result<bool> {
    let behind = sqlx::query_scalar!(
        r#"
        select
            exists (
                select from cache_node n
                where n.lease_until > clock_timestamp()
                  and not pg_visible_in_snapshot($1::text::xid8, n.applied)
            )
            or pg_postmaster_start_time() > clock_timestamp() - interval '2 seconds' as "behind!"
        "#,
        position.xid().to_string()
    )
    .fetch_one(pool)
    .await?;
    Ok(behind)
}

/// Logs `scopes` as changed, without a change: for an operator's flush.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.cache_log.write", skip_all)]
#[boxed]
pub async fn write(pool: &PgPool, scopes: &[String]) -> Result<CommitPosition> {
    let xid = sqlx::query_scalar!(
        r#"
        insert into cache_log (scopes) values ($1)
        returning xid::text::bigint as "xid!"
        "#,
        scopes
    )
    .fetch_one(pool)
    .await?;
    Ok(CommitPosition::new(xid))
}

/// Cuts the log to what is younger than `keep_seconds`, moves the floor along,
/// and forgets nodes that are gone. Returns the rows cut; `None` if another node
/// is at it.
#[tracing::instrument(level = "trace", target = SPANS, name = "sql.cache_log.clean_up", skip_all)]
#[boxed]
pub async fn clean_up(pool: &PgPool, keep_seconds: i32) -> Result<Option<u64>> {
    let mut tx = pool.begin().await?;
    let mine = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('orghub.cache_log', 0)) as "mine!""#
    )
    .fetch_one(&mut *tx)
    .await?;
    if !mine {
        return Ok(None);
    }
    sqlx::query!("insert into cache_watermark default values on conflict do nothing")
        .execute(&mut *tx)
        .await?;
    // The newest watermark that is old enough: everything below it is older still.
    sqlx::query!(
        r#"
        update cache_floor set snapshot_xmin = greatest(cache_floor.snapshot_xmin, old.snapshot_xmin)
        from (
            select w.snapshot_xmin
            from cache_watermark w
            where w.at < clock_timestamp() - $1 * interval '1 second'
            order by w.at desc
            limit 1
        ) old
        "#,
        f64::from(keep_seconds)
    )
    .execute(&mut *tx)
    .await?;
    let cut = sqlx::query!(
        "delete from cache_log where xid < (select f.snapshot_xmin from cache_floor f)"
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    sqlx::query!(
        "delete from cache_watermark where at < clock_timestamp() - $1 * interval '1 second'",
        2.0 * f64::from(keep_seconds)
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from cache_node where lease_until < clock_timestamp() - interval '1 minute'"
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Some(cut))
}

/// Which declared triggers (as `table.trigger`) are missing or disabled. Migrations
/// declare them in `cache_watched` by calling `cache_watch`; without a single
/// declaration everything is missing.
#[tracing::instrument(level = "trace", target = SPANS, name = "sql.cache_log.missing_triggers", skip_all)]
#[boxed]
pub async fn missing_triggers(pool: &PgPool) -> Result<Vec<String>> {
    let missing = sqlx::query_scalar!(
        r#"
        select coalesce(w.table_name || '.' || w.trigger_name, 'any') as "name!"
        from (select 1) as one
        left join cache_watched w on true
        where not exists (
            select
            from pg_trigger t
            join pg_class c on c.oid = t.tgrelid
            where c.relnamespace = current_schema()::regnamespace
                and c.relname = w.table_name
                and t.tgname = w.trigger_name
                and t.tgenabled in ('O', 'A')
        )
        order by 1
        "#
    )
    .fetch_all(pool)
    .await?;
    Ok(missing)
}

/// Age of the oldest transaction of the cluster that has written something, in
/// seconds; 0 without one. It holds back the position of everything read meanwhile.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.cache_log.oldest_write_seconds", skip_all)]
#[boxed]
pub async fn oldest_write_seconds(pool: &PgPool) -> Result<f64> {
    let seconds = sqlx::query_scalar!(
        r#"
        select coalesce(max(extract(epoch from clock_timestamp() - a.xact_start)), 0)::float8 as "seconds!"
        from pg_stat_activity a
        where a.backend_xid is not null
        "#
    )
    .fetch_one(pool)
    .await?;
    Ok(seconds)
}
