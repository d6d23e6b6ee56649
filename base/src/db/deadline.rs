//! Statements whose answer may never come.
//!
//! The database ends statements after two seconds by itself. But a connection whose
//! other side vanished without a word (a network that drops packets, a machine that
//! lost power) looks like a slow one until TCP gives up, a quarter of an hour later.
//! So waiting ends here, too, and a connection that does not answer when it is
//! returned to the pool is closed instead of kept.

use std::{fmt, future::Future, io, time::Duration};

use futures::{StreamExt, TryStreamExt, future::BoxFuture, stream, stream::BoxStream};
use sqlx::{
    Either, Execute, Executor, PgConnection, Postgres, SqlStr,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::time::timeout;

use crate::telemetry::count_sql;

/// Longest time to wait for an answer: the database's own limit for a statement,
/// and the way there and back.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// The answer of `statement` within `limit`; `None`: without a limit.
pub(super) async fn with_deadline<T>(
    limit: Option<Duration>,
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let Some(limit) = limit else {
        return statement.await;
    };
    timeout(limit, statement)
        .await
        .unwrap_or_else(|_elapsed| Err(timed_out()))
}

/// Whether a connection may go back to the pool.
///
/// # Errors
/// It does not answer: close it without a farewell.
pub(super) async fn ping(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let ping = sqlx::Connection::ping(connection);
    with_deadline(Some(ANSWER_TIMEOUT), ping)
        .await
        .map(|()| true)
}

/// Whether the other side has closed the connection. Silence is not that.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() != io::ErrorKind::TimedOut,
        // "Terminating connection due to administrator command", and due to a crash.
        sqlx::Error::Database(error) => {
            matches!(error.code().as_deref(), Some("57P01" | "57P02"))
        }
        _ => false,
    }
}

fn timed_out() -> sqlx::Error {
    let kind = io::ErrorKind::TimedOut;
    sqlx::Error::Io(io::Error::new(
        kind,
        "the database has not answered a statement",
    ))
}

type Item = Either<PgQueryResult, PgRow>;

/// An executor for one statement, which is counted and given up after `limit`.
pub struct WithDeadline<E> {
    pub(super) executor: E,
    pub(super) limit: Option<Duration>,
}

impl<E> fmt::Debug for WithDeadline<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithDeadline")
    }
}

impl<'c, Inner: Executor<'c, Database = Postgres>> Executor<'c> for WithDeadline<Inner> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Item, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        count_sql();
        // All rows at once: nothing here reads more than a page.
        let rows = self.executor.fetch_many(query).try_collect::<Vec<_>>();
        stream::once(with_deadline(self.limit, rows))
            .map_ok(|items| stream::iter(items.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        count_sql();
        Box::pin(with_deadline(
            self.limit,
            self.executor.fetch_optional(query),
        ))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        self.executor.prepare_with(sql, parameters)
    }

    #[doc(hidden)]
    fn describe<'e>(
        self,
        sql: SqlStr,
    ) -> BoxFuture<'e, Result<sqlx::Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        self.executor.describe(sql)
    }
}
