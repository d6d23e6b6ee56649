//! Bringing the schema up to date, one process at a time.

use std::time::Duration;

use sqlx::{
    PgPool,
    migrate::{MigrateError, Migrator},
};

use super::{Db, advisory_lock::AdvisoryLock, deadline::with_deadline, roles};
use crate::error::{Error, Result};

static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// How often a migrator that waits for another one looks again. It never waits inside
/// the database: a waiting statement holds a snapshot, which a concurrent index build
/// of the other process would wait for, for ever.
const LOCK_RETRY: Duration = Duration::from_millis(100);

/// A migration that the database has is not the one this program knows.
#[derive(Debug, thiserror::Error)]
#[error(
    "migration {0} was changed after this database was made; start over with an empty database \
     (in development: `cargo xtask run --fresh`)"
)]
struct Modified(i64);

impl Db {
    /// Applies the missing migrations and returns their number. Several processes may
    /// call this at once; they take turns.
    ///
    /// # Errors
    /// [`Error::Internal`] if a migration fails; those before it stay applied.
    pub async fn migrate(&self) -> Result<usize> {
        self.in_turn(self.apply_migrations()).await
    }

    /// The same, as the owner of the tables; the role that `server_url` names may work with
    /// them then.
    ///
    /// # Errors
    /// As [`Self::migrate`]; [`Error::Internal`] if there is no such role.
    pub async fn migrate_for(&self, server_url: &str) -> Result<usize> {
        let role = roles::role_of(server_url)?;
        self.in_turn(async {
            let is_another = roles::grant_tables_to_come(&self.pool, &role).await?;
            let applied = self.apply_migrations().await?;
            if is_another {
                roles::grant_tables(&self.pool, &role).await?;
            }
            Ok(applied)
        })
        .await
    }

    /// Does the work of one migrator when no other works.
    async fn in_turn<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let lock = AdvisoryLock::open(&self.pool, "orghub migrations").await?;
        let guard = lock.acquire(LOCK_RETRY).await?;
        let outcome = work.await;
        guard.release().await;
        outcome
    }

    async fn apply_migrations(&self) -> Result<usize> {
        let pending = self.pending_migrations().await?;
        if pending > 0 {
            drop_invalid_indexes(&self.pool).await?;
        }
        let mut migrator = Migrator::with_migrations(MIGRATOR.iter().cloned().collect());
        migrator.set_locking(false);
        // An older program with nothing to add is content with a newer schema.
        migrator.set_ignore_missing(pending == 0);
        match migrator.run(&self.pool).await {
            Ok(()) => Ok(pending),
            Err(MigrateError::VersionMismatch(version)) => Err(Error::internal(Modified(version))),
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// How many migrations of this program the database lacks. Not asked over the
    /// connections of requests: `/readyz` asks this.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without a database.
    pub async fn pending_migrations(&self) -> Result<usize> {
        let has_table = sqlx::query_scalar!(
            r#"select to_regclass('_sqlx_migrations') is not null as "has_table!""#
        )
        .fetch_one(&self.health_pool);
        let has_table = with_deadline(self.limit, has_table).await?;
        // Not a checked query: the table belongs to sqlx and is made by the first run.
        let applied: Vec<i64> = if has_table {
            let applied = sqlx::query_scalar("select version from _sqlx_migrations where success")
                .fetch_all(&self.health_pool);
            with_deadline(self.limit, applied).await?
        } else {
            Vec::new()
        };
        Ok(MIGRATOR
            .iter()
            .filter(|migration| !applied.contains(&migration.version))
            .count())
    }
}

/// A concurrent index build that failed leaves an invalid index behind, which
/// `if not exists` would take for the real one.
async fn drop_invalid_indexes(pool: &PgPool) -> Result<()> {
    let statements = sqlx::query_scalar!(
        r#"
        select
            format('drop index concurrently if exists %I.%I', n.nspname, c.relname)
                as "statement!"
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        join pg_namespace n on n.oid = c.relnamespace
        where not i.indisvalid
            and n.nspname = current_schema()
            -- Somebody may be building one by hand at this moment.
            and not exists (
                select
                from pg_stat_progress_create_index p
                where p.index_relid = i.indexrelid
            )
        "#
    )
    .fetch_all(pool)
    .await?;
    for statement in statements {
        tracing::warn!(
            %statement,
            "an interrupted index build left an invalid index; it is dropped and built again"
        );
        // Built by the database itself from its own catalog, quoted by `format`.
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(pool)
            .await?;
    }
    Ok(())
}

/// A number that changes with any migration, and with what is granted: names the template
/// database of tests.
#[cfg(feature = "test-hooks")]
pub fn schema_fingerprint() -> u64 {
    use std::hash::{DefaultHasher, Hasher};

    let mut hasher = DefaultHasher::new();
    MIGRATOR
        .iter()
        .for_each(|migration| hasher.write(&migration.checksum));
    roles::grants()
        .iter()
        .for_each(|grants| hasher.write(grants.as_bytes()));
    hasher.finish()
}
