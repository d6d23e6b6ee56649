//! The two roles at the database. The owner's are the tables: it migrates. The server runs
//! with another one, which reads and writes rows, changes no table and empties none, and can
//! add to the audit log but not rewrite it. So whoever makes the server run SQL of their own
//! cannot take away their traces, nor the triggers that end cached values.
//!
//! `migrate` grants what is needed, each time it runs; docs/security.md has the set-up.

use sqlx::{AssertSqlSafe, PgPool, postgres::PgConnectOptions};

use super::{Db, deadline::with_deadline};
use crate::error::{Error, Result};

/// Before the migrations, so that a table they make is granted when it appears: an older
/// program that still runs may write it through a trigger.
const TABLES_TO_COME: &str = "
    grant usage on schema %1$I to %2$I;
    alter default privileges in schema %1$I
        grant select, insert, update, delete on tables to %2$I;
    alter default privileges in schema %1$I
        grant usage, select on sequences to %2$I;
";

/// After them. One text is one transaction, so nobody sees what is granted and taken back.
const TABLES_THERE: &str = "
    grant select, insert, update, delete on all tables in schema %1$I to %2$I;
    revoke truncate, references, trigger on all tables in schema %1$I from %2$I;
    grant usage, select on all sequences in schema %1$I to %2$I;
    revoke insert, update, delete on _sqlx_migrations, cache_watched from %2$I;
    revoke update, delete on activity from %2$I;
    grant execute on function delete_old_activity(timestamptz, integer) to %2$I;
    grant execute on function end_all_sessions() to %2$I;
";

/// The role in the server's address is not there.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no role `{0}`, which DATABASE_URL names; make it with \
     `create role {0} login password '…'` (docs/security.md#the-two-database-roles)"
)]
struct NoSuchRole(String);

/// What the server's role can do that it should not.
#[derive(Debug, thiserror::Error)]
#[error(
    "the role `{role}` of DATABASE_URL {excess}, so whoever gets hold of the server can rewrite \
     the audit log; let the server have a role of its own, and name the owner's in \
     DATABASE_OWNER_URL for `orghub-server migrate` (docs/security.md#the-two-database-roles)"
)]
pub struct TooPowerful {
    role: String,
    excess: String,
}

/// The role that an address names.
///
/// # Errors
/// [`Error::Internal`] if it is no address.
pub(super) fn role_of(database_url: &str) -> Result<String> {
    let options: PgConnectOptions = database_url.parse().map_err(Error::internal)?;
    Ok(options.get_username().to_owned())
}

/// Grants the tables that migrations will make. `false`: the role is the owner itself, which
/// needs nothing.
pub(super) async fn grant_tables_to_come(owner: &PgPool, role: &str) -> Result<bool> {
    let found = sqlx::query!(
        r#"
        select
            current_user::text = $1::text as "is_owner!",
            exists (select from pg_roles where rolname = $1::text) as "exists!"
        "#,
        role
    )
    .fetch_one(owner)
    .await?;
    if found.is_owner {
        return Ok(false);
    }
    if !found.exists {
        return Err(Error::internal(NoSuchRole(role.to_owned())));
    }
    run(owner, TABLES_TO_COME, role).await?;
    Ok(true)
}

/// Grants the tables there are.
pub(super) async fn grant_tables(owner: &PgPool, role: &str) -> Result<()> {
    run(owner, TABLES_THERE, role).await
}

async fn run(owner: &PgPool, grants: &str, role: &str) -> Result<()> {
    let grants = sqlx::query_scalar!(
        r#"select format($1::text, current_schema(), $2::text) as "grants!""#,
        grants,
        role
    )
    .fetch_one(owner)
    .await?;
    // Names were quoted by `format`.
    sqlx::raw_sql(AssertSqlSafe(grants)).execute(owner).await?;
    Ok(())
}

impl Db {
    /// What the role of these connections can do that a server should not; `None`: nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without a database.
    pub async fn find_excess(&self) -> Result<Option<TooPowerful>> {
        let found = sqlx::query!(
            r#"
            select
                current_user::text as "role!",
                case
                    when r.rolsuper then 'is a superuser'
                    when pg_has_role(current_user, c.relowner, 'member') then 'owns the tables'
                    when has_table_privilege(c.oid, 'update, delete, truncate, trigger')
                        or has_any_column_privilege(c.oid, 'update')
                        then 'may change the table `activity`'
                    when has_schema_privilege(c.relnamespace, 'create')
                        then 'may create tables and functions'
                end as excess
            from pg_class c
            join pg_roles r on r.rolname = current_user
            where c.oid = 'activity'::regclass
            "#
        )
        .fetch_optional(&self.health_pool);
        let found = with_deadline(self.limit, found).await?;
        Ok(found.and_then(|found| {
            Some(TooPowerful {
                role: found.role,
                excess: found.excess?,
            })
        }))
    }
}

/// What is granted changes with this; it names the template database of tests.
#[cfg(feature = "test-hooks")]
pub(super) fn grants() -> [&'static str; 2] {
    [TABLES_TO_COME, TABLES_THERE]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_read_from_its_address() {
        let role = role_of("postgres://orghub_app:s%40cret@db.test/orghub?sslmode=require");
        assert_eq!(role.expect("an address"), "orghub_app");
    }
}
