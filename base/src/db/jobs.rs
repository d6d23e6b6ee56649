//! The queue: work that is done later, and again until it succeeds.

use serde_json::Value;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Reader, Tx};
use crate::{
    boxed,
    domain::platform::{FailedJob, WaitingJobs},
    error::Result,
    telemetry::SPANS,
};

/// A job that somebody wants done.
pub struct NewJob<'a> {
    pub kind: &'a str,
    pub payload: Value,
    pub run_at: OffsetDateTime,
    pub unique_key: Option<&'a str>,
}

/// A job and the lease of the run that has it.
#[derive(Debug)]
pub struct TakenJob {
    pub id: i64,
    pub kind: String,
    pub payload: Value,
    /// Runs that were begun, this one included.
    pub attempts: i32,
    pub lease: Uuid,
}

/// What is to become of a job whose run failed.
#[derive(Clone, Copy, Debug)]
pub enum AfterFailure {
    RunAgainAt(OffsetDateTime),
    /// It is a dead letter from this moment on.
    GiveUp(OffsetDateTime),
}

/// Adds a job. `false`: one with its key is there.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.insert", skip_all)]
pub async fn insert(tx: &mut Tx, job: NewJob<'_>, now: OffsetDateTime) -> Result<bool> {
    let inserted = sqlx::query!(
        r#"
        insert into job (kind, payload, run_at, unique_key, created_at)
        values ($1, $2, $3, $4, $5)
        on conflict (unique_key) where unique_key is not null and dead_at is null do nothing
        "#,
        job.kind,
        job.payload,
        job.run_at,
        job.unique_key,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Whether a job of one of these kinds can be taken.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.is_any_due", skip_all)]
#[boxed]
pub async fn is_any_due(reader: &Reader, kinds: &[&str], now: OffsetDateTime) -> Result<bool> {
    let is_due = sqlx::query_scalar!(
        r#"
        select exists (
            select
            from unnest($1::text[]) as known (kind)
            cross join lateral (
                select
                from job
                where job.kind = known.kind
                    and job.dead_at is null
                    and job.run_at <= $2
                    and (job.leased_until is null or job.leased_until <= $2)
                order by job.run_at
                limit 1
            ) as due
        ) as "is_due!"
        "#,
        kinds as &[&str],
        now,
    )
    .fetch_one(reader.conn())
    .await?;
    Ok(is_due)
}

/// Takes jobs that are due, those that have been due longest first: of each of `kinds` as
/// many as it has `places`. Each gets a lease until `until`.
///
/// The rows are named by an array because a join would read the whole table: docs/indexes.md.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.take", skip_all)]
#[boxed]
pub async fn take(
    tx: &mut Tx,
    kinds: &[&str],
    places: &[i32],
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<TakenJob>> {
    let taken = sqlx::query_as!(
        TakenJob,
        r#"
        update job
        set attempts = attempts + 1,
            lease = gen_random_uuid(),
            leased_until = $4
        where id = any (array(
            select found.id
            from unnest($1::text[], $2::int[]) as room (kind, places)
            cross join lateral (
                select due.id
                from job as due
                where due.kind = room.kind
                    and due.dead_at is null
                    and due.run_at <= $3
                    and (due.leased_until is null or due.leased_until <= $3)
                order by due.run_at
                limit room.places
                for update skip locked
            ) as found
        ))
        returning
            id,
            kind,
            payload,
            attempts,
            lease as "lease!"
        "#,
        kinds as &[&str],
        places,
        now,
        until,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(taken)
}

/// Moves the end of a lease. `false`: the run does not have the job any more.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.renew", skip_all)]
#[boxed]
pub async fn renew(tx: &mut Tx, id: i64, lease: Uuid, until: OffsetDateTime) -> Result<bool> {
    let renewed = sqlx::query!(
        r#"
        update job
        set leased_until = $3
        where id = $1
            and lease = $2
        "#,
        id,
        lease,
        until,
    )
    .execute(tx.conn())
    .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Ends a job that was done. `false`: the run did not have it any more.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.finish", skip_all)]
#[boxed]
pub async fn finish(tx: &mut Tx, id: i64, lease: Uuid) -> Result<bool> {
    let finished = sqlx::query!(
        r#"
        delete from job
        where id = $1
            and lease = $2
        "#,
        id,
        lease,
    )
    .execute(tx.conn())
    .await?;
    Ok(finished.rows_affected() == 1)
}

/// Ends the run of a recurring job, whose next one is at `run_at`. `false`: as
/// [`finish`].
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.schedule", skip_all)]
#[boxed]
pub async fn schedule(tx: &mut Tx, id: i64, lease: Uuid, run_at: OffsetDateTime) -> Result<bool> {
    let scheduled = sqlx::query!(
        r#"
        update job
        set run_at = $3,
            attempts = 0,
            lease = null,
            leased_until = null,
            last_error = null
        where id = $1
            and lease = $2
        "#,
        id,
        lease,
        run_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(scheduled.rows_affected() == 1)
}

/// Records that a run failed, and why. `false`: as [`finish`].
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.fail", skip_all)]
#[boxed]
pub async fn fail(
    tx: &mut Tx,
    id: i64,
    lease: Uuid,
    error: &str,
    after: AfterFailure,
) -> Result<bool> {
    let (run_at, dead_at) = match after {
        AfterFailure::RunAgainAt(at) => (Some(at), None),
        AfterFailure::GiveUp(at) => (None, Some(at)),
    };
    let failed = sqlx::query!(
        r#"
        update job
        set run_at = coalesce($3, run_at),
            dead_at = $4,
            last_error = $5,
            lease = null,
            leased_until = null
        where id = $1
            and lease = $2
        "#,
        id,
        lease,
        run_at,
        dead_at,
        error,
    )
    .execute(tx.conn())
    .await?;
    Ok(failed.rows_affected() == 1)
}

/// Gives back jobs whose runs came to nothing, as if they had not been begun.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.release", skip_all)]
#[boxed]
pub async fn release(tx: &mut Tx, leases: &[Uuid], reason: &str) -> Result<u64> {
    let released = sqlx::query!(
        r#"
        update job
        set attempts = attempts - 1,
            lease = null,
            leased_until = null,
            last_error = $2
        where lease = any($1)
        "#,
        leases,
        reason,
    )
    .execute(tx.conn())
    .await?;
    Ok(released.rows_affected())
}

/// Dead letters, the latest first, and then what failed and will be run again.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.list_failed", skip_all)]
#[boxed]
pub async fn list_failed(reader: &Reader, limit: i64) -> Result<Vec<FailedJob>> {
    let failed = sqlx::query_as!(
        FailedJob,
        r#"
        select
            id,
            kind,
            attempts,
            run_at,
            dead_at,
            last_error
        from job
        where dead_at is not null
            or last_error is not null
        order by dead_at desc nulls last, run_at, id
        limit $1
        "#,
        limit,
    )
    .fetch_all(reader.conn())
    .await?;
    Ok(failed)
}

/// Makes dead letters due: the one with this id, those of this kind, or all. Of those with
/// the same key only the latest is run again, and none while another job has the key.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.revive", skip_all)]
#[boxed]
pub async fn revive(
    tx: &mut Tx,
    id: Option<i64>,
    kind: Option<&str>,
    now: OffsetDateTime,
) -> Result<u64> {
    let revived = sqlx::query!(
        r#"
        update job
        set dead_at = null,
            attempts = 0,
            run_at = $2
        where id in (
            select distinct on (coalesce(dead.unique_key, dead.id::text)) dead.id
            from job as dead
            where dead.dead_at is not null
                and ($1::bigint is null or dead.id = $1)
                and ($3::text is null or dead.kind = $3)
                and not exists (
                    select
                    from job as live
                    where live.unique_key = dead.unique_key
                        and live.dead_at is null
                )
            order by coalesce(dead.unique_key, dead.id::text), dead.id desc
        )
        "#,
        id,
        now,
        kind,
    )
    .execute(tx.conn())
    .await?;
    Ok(revived.rows_affected())
}

/// Deletes a dead letter. `false`: there is none with this id.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.delete_dead", skip_all)]
#[boxed]
pub async fn delete_dead(tx: &mut Tx, id: i64) -> Result<bool> {
    let deleted = sqlx::query!(
        r#"
        delete from job
        where id = $1
            and dead_at is not null
        "#,
        id,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Deletes dead letters from before `old`, and says how many.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.delete_dead_before", skip_all)]
#[boxed]
pub async fn delete_dead_before(tx: &mut Tx, old: OffsetDateTime) -> Result<u64> {
    let deleted = sqlx::query!(
        r#"
        delete from job
        where dead_at < $1
        "#,
        old,
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected())
}

/// Since when the job that is due longest has been, and how many dead letters there are. For
/// operators: over a connection that requests do not hold.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.find_oldest_due", skip_all)]
#[boxed]
pub async fn find_oldest_due(
    pool: &PgPool,
    now: OffsetDateTime,
) -> Result<(Option<OffsetDateTime>, i64)> {
    // From kind to kind along the index, however much waits of each.
    let row = sqlx::query!(
        r#"
        with recursive known as (
            (
                select kind
                from job
                where dead_at is null
                order by kind
                limit 1
            )
            union all
            select (
                select job.kind
                from job
                where job.dead_at is null
                    and job.kind > known.kind
                order by job.kind
                limit 1
            )
            from known
            where known.kind is not null
        )
        select
            (
                select min(due.run_at)
                from known
                cross join lateral (
                    select job.run_at
                    from job
                    where job.kind = known.kind
                        and job.dead_at is null
                        and job.run_at <= $1
                        and (job.leased_until is null or job.leased_until <= $1)
                    order by job.run_at
                    limit 1
                ) as due
            ) as oldest_due,
            (
                select count(*)
                from job
                where dead_at is not null
            ) as "dead!"
        "#,
        now,
    )
    .fetch_one(pool)
    .await?;
    Ok((row.oldest_due, row.dead))
}

/// What waits and what was given up, by kind. For operators, as [`find_oldest_due`], but it
/// reads all that is there.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.jobs.list_waiting", skip_all)]
#[boxed]
pub async fn list_waiting(pool: &PgPool, now: OffsetDateTime) -> Result<Vec<WaitingJobs>> {
    let waiting = sqlx::query_as!(
        WaitingJobs,
        r#"
        select
            kind,
            count(*) filter (where is_due) as "due!",
            min(run_at) filter (where is_due) as oldest_due,
            count(dead_at) as "dead!"
        from (
            select
                kind,
                run_at,
                dead_at,
                dead_at is null
                    and run_at <= $1
                    and (leased_until is null or leased_until <= $1) as is_due
            from job
            where run_at <= $1
        ) as begun
        group by kind
        order by kind
        "#,
        now,
    )
    .fetch_all(pool)
    .await?;
    Ok(waiting)
}
