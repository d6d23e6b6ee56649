//! Bringing the schema up to date, from one place at a time.

use std::time::Duration;

use sqlx::{PgPool, migrate::Migrator};

use crate::error::{Error, Result};

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// Names our lock among the advisory locks of the database: "orghub" in ASCII.
const LOCK: i64 = 0x6f72_6768_7562;

/// Applies what is missing and returns how many files that were.
///
/// Several processes may call this at once; they take turns. The wait is a loop
/// of tries and not a blocking lock, because a blocked statement holds a
/// snapshot that a concurrent index build of the other process would wait for,
/// for ever.
///
/// # Errors
/// [`Error::Unavailable`] without a database, [`Error::Internal`] when a
/// migration fails; those before it stay applied.
pub async fn migrate(pool: &PgPool) -> Result<usize> {
    let mut lock = pool.acquire().await?;
    while !sqlx::query_scalar!(r#"select pg_try_advisory_lock($1) as "held!""#, LOCK)
        .fetch_one(&mut *lock)
        .await?
    {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let outcome = apply(pool).await;
    sqlx::query_scalar!("select pg_advisory_unlock($1)", LOCK)
        .fetch_one(&mut *lock)
        .await?;
    outcome
}

async fn apply(pool: &PgPool) -> Result<usize> {
    let pending = pending_migrations(pool).await?;
    if pending == 0 {
        return Ok(0);
    }
    drop_invalid_indexes(pool).await?;
    let mut migrator = Migrator::with_migrations(MIGRATOR.iter().cloned().collect());
    migrator.set_locking(false);
    migrator.run(pool).await.map_err(Error::internal)?;
    Ok(pending)
}

/// How many migrations of this program the database does not have yet.
///
/// # Errors
/// [`Error::Unavailable`] without a database.
pub async fn pending_migrations(pool: &PgPool) -> Result<usize> {
    let has_table =
        sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is not null as "has!""#)
            .fetch_one(pool)
            .await?;
    // Not a checked query: the table belongs to sqlx and is made by the first migration run.
    let applied: Vec<i64> = if has_table {
        sqlx::query_scalar("select version from _sqlx_migrations where success")
            .fetch_all(pool)
            .await?
    } else {
        Vec::new()
    };
    Ok(MIGRATOR
        .iter()
        .filter(|migration| !applied.contains(&migration.version))
        .count())
}

/// A concurrent index build that failed leaves an invalid index behind, which
/// `if not exists` would take for the real one.
async fn drop_invalid_indexes(pool: &PgPool) -> Result<()> {
    let statements = sqlx::query_scalar!(
        r#"
        select format('drop index concurrently if exists %I.%I', n.nspname, c.relname) as "statement!"
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        join pg_namespace n on n.oid = c.relnamespace
        where not i.indisvalid
          and n.nspname = current_schema()
          -- Somebody may be building one by hand at this moment.
          and not exists (select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
        "#
    )
    .fetch_all(pool)
    .await?;
    for statement in statements {
        tracing::warn!(%statement, "an interrupted index build left an invalid index; it is dropped and built again");
        // Built by the database itself from its own catalog, quoted by `format`.
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(pool)
            .await?;
    }
    Ok(())
}

/// A number that changes with any migration: names the template database of tests.
#[cfg(feature = "testing")]
pub fn schema_fingerprint() -> u64 {
    use std::hash::{DefaultHasher, Hasher};

    let mut hasher = DefaultHasher::new();
    MIGRATOR
        .iter()
        .for_each(|migration| hasher.write(&migration.checksum));
    hasher.finish()
}
