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

use super::Reader;
use crate::metrics::count_sql;

/// Longest time to wait for an answer: what the database allows a statement, and
/// the way there and back.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// What `statement` says within `limit`; `None`: take all the time you need.
pub(super) async fn in_time<T>(
    limit: Option<Duration>,
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let Some(limit) = limit else { return statement.await };
    timeout(limit, statement).await.unwrap_or_else(|_elapsed| Err(silence()))
}

/// Whether a connection may be kept, asked when it is given back.
///
/// # Errors
/// It does not answer. It is closed without a farewell then.
pub(super) async fn answers(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    in_time(Some(ANSWER_TIMEOUT), sqlx::Connection::ping(connection)).await.map(|()| true)
}

fn silence() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database has not answered a statement"))
}

type Item = Either<PgQueryResult, PgRow>;

/// All of `statement`'s rows at once, within `limit`. Nothing here reads more than
/// a page.
fn whole<'e>(
    limit: Option<Duration>,
    statement: BoxStream<'e, Result<Item, sqlx::Error>>,
) -> BoxStream<'e, Result<Item, sqlx::Error>> {
    stream::once(in_time(limit, statement.try_collect::<Vec<_>>()))
        .map_ok(|items| stream::iter(items.into_iter().map(Ok)))
        .try_flatten()
        .boxed()
}

/// A transaction's connection, for one statement, which is counted and may not take
/// for ever.
pub struct Conn<'c> {
    pub(super) connection: &'c mut PgConnection,
    pub(super) limit: Option<Duration>,
}

impl fmt::Debug for Conn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Conn")
    }
}

impl<'c> Executor<'c> for Conn<'c> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Item, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        count_sql();
        whole(self.limit, self.connection.fetch_many(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        count_sql();
        Box::pin(in_time(self.limit, self.connection.fetch_optional(query)))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        self.connection.prepare_with(sql, parameters)
    }

    #[doc(hidden)]
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<sqlx::Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        self.connection.describe(sql)
    }
}

impl<'c> Executor<'c> for &'c Reader {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Item, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        count_sql();
        whole(self.limit, self.pool.fetch_many(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        count_sql();
        Box::pin(in_time(self.limit, self.pool.fetch_optional(query)))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        self.pool.prepare_with(sql, parameters)
    }

    #[doc(hidden)]
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<sqlx::Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        self.pool.describe(sql)
    }
}
