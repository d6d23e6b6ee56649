//! What PostgreSQL has on its books of a test's database.

use crate::TestApp;

impl TestApp {
    /// Transactions committed in the database so far, statements outside of one
    /// included.
    pub async fn transactions(&self) -> i64 {
        sqlx::query_scalar(
            "select xact_commit from pg_stat_database where datname = current_database()",
        )
        .fetch_one(self.services.db.pool())
        .await
        .expect("the statistics answer")
    }

    /// Process ids of the backends that serve the connections of this name.
    pub async fn backends(&self, application_name: &str) -> Vec<u32> {
        let ids: Vec<i32> = sqlx::query_scalar(
            "select pid from pg_stat_activity where application_name = $1 and datname = current_database()",
        )
        .bind(application_name)
        .fetch_all(self.services.db.pool())
        .await
        .expect("the catalog answers");
        ids.into_iter().map(i32::unsigned_abs).collect()
    }
}
