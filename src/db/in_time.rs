//! Statements whose answer may never come.
//!
//! The database ends statements after two seconds by itself. But a connection whose
//! other side vanished without a word (a network that swallows, a machine that lost
//! power) looks like a slow one until TCP gives up, a quarter of an hour later. So
//! waiting ends here, too, and a connection that does not answer when it is given
//! back is closed instead of kept.

use std::{fmt, future::Future, io, time::Duration};

use futures::{StreamExt, TryStreamExt, future::BoxFuture, stream, stream::BoxStream};
use sqlx::{
    Either, Execute, Executor, PgConnection, Postgres, SqlStr,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::time::timeout;

use crate::metrics::count_sql;

/// Longest time to wait for an answer: what the database allows a statement, and
/// the way there and back.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// What `statement` says within `limit`; `None`: take all the time you need.
pub(super) async fn in_time<T>(
    limit: Option<Duration>,
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let Some(limit) = limit else {
        return statement.await;
    };
    timeout(limit, statement)
        .await
        .unwrap_or_else(|_elapsed| Err(silence()))
}

/// Whether a connection may be kept, asked when it is given back.
///
/// # Errors
/// It does not answer. It is closed without a farewell then.
pub(super) async fn answers(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    in_time(Some(ANSWER_TIMEOUT), sqlx::Connection::ping(connection))
        .await
        .map(|()| true)
}

fn silence() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(
        io::ErrorKind::TimedOut,
        "the database has not answered a statement",
    ))
}

type Item = Either<PgQueryResult, PgRow>;

/// A way to the database for one statement, which is counted and may not take for
/// ever.
pub struct InTime<Way> {
    pub(super) way: Way,
    pub(super) limit: Option<Duration>,
}

impl<Way> fmt::Debug for InTime<Way> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InTime")
    }
}

impl<'c, Way: Executor<'c, Database = Postgres>> Executor<'c> for InTime<Way> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Item, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        count_sql();
        // All rows at once: nothing here reads more than a page.
        let rows = self.way.fetch_many(query).try_collect::<Vec<_>>();
        stream::once(in_time(self.limit, rows))
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
        Box::pin(in_time(self.limit, self.way.fetch_optional(query)))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        self.way.prepare_with(sql, parameters)
    }

    #[doc(hidden)]
    fn describe<'e>(
        self,
        sql: SqlStr,
    ) -> BoxFuture<'e, Result<sqlx::Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        self.way.describe(sql)
    }
}
