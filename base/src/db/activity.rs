//! The audit log.
//!
//! The server's role can add to it, and neither change nor delete what is there (`roles`).

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Stamped, Tx},
    domain::{
        Activity, ActivityEntry, ActivityId, ActivityKind, ActivityListQuery, ActivityPage, OrgId,
        OrgSlug, PAGE_SIZE, UserId,
    },
    error::Result,
    telemetry::SPANS,
};

/// An entry to be written; [`ActivityKind`] says what subject and detail hold.
pub struct NewActivity<'a> {
    pub org: OrgId,
    /// `None`: nobody of ours, such as Stripe.
    pub actor: Option<UserId>,
    pub actor_name: &'a str,
    pub kind: ActivityKind,
    pub subject: &'a str,
    pub detail: &'a str,
}

/// Writes the entry in the transaction of the change it records, with the address that the
/// user's request came from ([`Tx::asked_from`]).
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.activity.insert", skip_all)]
pub async fn insert(tx: &mut Tx, activity: NewActivity<'_>) -> Result<()> {
    let address = tx
        .address()
        .map(|address| address.to_canonical().to_string());
    sqlx::query!(
        r#"
        insert into activity (
            id,
            organization_id,
            actor_id,
            actor_name,
            kind,
            subject,
            detail,
            address
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        ActivityId::new() as ActivityId,
        activity.org as OrgId,
        activity.actor as Option<UserId>,
        activity.actor_name,
        activity.kind as ActivityKind,
        activity.subject,
        activity.detail,
        address,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes entries that differ in nothing but subject and detail, by one statement.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.activity.insert_many", skip_all)]
pub async fn insert_many(
    tx: &mut Tx,
    activity: NewActivity<'_>,
    subjects: &[String],
    details: &[String],
) -> Result<()> {
    let address = tx
        .address()
        .map(|address| address.to_canonical().to_string());
    let ids: Vec<ActivityId> = subjects.iter().map(|_| ActivityId::new()).collect();
    sqlx::query!(
        r#"
        insert into activity (
            id,
            organization_id,
            actor_id,
            actor_name,
            kind,
            subject,
            detail,
            address
        )
        select
            entry.id,
            $2,
            $3,
            $4,
            $5,
            entry.subject,
            entry.detail,
            $8
        from unnest($1::uuid[], $6::text[], $7::text[]) as entry (id, subject, detail)
        "#,
        &ids[..] as &[ActivityId],
        activity.org as OrgId,
        activity.actor as Option<UserId>,
        activity.actor_name,
        activity.kind as ActivityKind,
        subjects,
        details,
        address,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The newest page of the log of the organization with this current slug. `None`: no such
/// organization.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.activity.find_newest", skip_all)]
#[boxed]
pub async fn find_newest(reader: &Reader, slug: &OrgSlug) -> Result<Stamped<Option<ActivityPage>>> {
    struct Row {
        as_of: i64,
        org_id: Option<OrgId>,
        id: Option<ActivityId>,
        actor: Option<String>,
        kind: Option<ActivityKind>,
        subject: Option<String>,
        detail: Option<String>,
        address: Option<String>,
        at: Option<OffsetDateTime>,
    }

    impl Row {
        fn entry(self) -> Option<ActivityEntry> {
            Some(ActivityEntry {
                activity: Activity {
                    id: self.id?,
                    actor: self.actor?,
                    kind: self.kind?,
                    subject: self.subject?,
                    detail: self.detail?,
                    at: self.at?,
                },
                address: self.address,
            })
        }
    }

    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            organization.id as "org_id?: OrgId",
            newest.id as "id?: ActivityId",
            newest.actor_name as "actor?",
            newest.kind as "kind?: ActivityKind",
            newest.subject as "subject?",
            newest.detail as "detail?",
            newest.address as "address?",
            newest.created_at as "at?"
        from (select 1) as one
        left join organization on organization.slug = $1
        left join lateral (
            select
                entry.id,
                entry.actor_name,
                entry.kind,
                entry.subject,
                entry.detail,
                entry.address,
                entry.created_at
            from activity as entry
            where entry.organization_id = organization.id
            order by entry.created_at desc, entry.id desc
            limit $2
        ) as newest on true
        order by newest.created_at desc, newest.id desc
        "#,
        slug as &OrgSlug,
        i64::from(PAGE_SIZE) + 1,
    )
    .fetch_all(reader.conn())
    .await?;
    Ok(Stamped::rows(rows, |row| row.as_of)?.map(|mut rows| {
        let org_id = rows.peek()?.org_id?;
        let entries = rows.filter_map(Row::entry).collect();
        Some(ActivityPage::of(org_id, entries, PAGE_SIZE as usize))
    }))
}

/// At most `limit` entries of an organization's log, newest first.
///
/// Each kind that is asked for is read by an index of its own, so that a rare one costs no
/// more than a common one. A name is looked for in one entry after the other, until there are
/// enough.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.activity.list", skip_all)]
#[boxed]
pub async fn list(
    reader: &Reader,
    org: OrgId,
    query: &ActivityListQuery,
    limit: i64,
) -> Result<Vec<ActivityEntry>> {
    struct Row {
        id: ActivityId,
        actor: String,
        kind: ActivityKind,
        subject: String,
        detail: String,
        address: Option<String>,
        at: OffsetDateTime,
    }

    impl From<Row> for ActivityEntry {
        fn from(row: Row) -> Self {
            Self {
                activity: Activity {
                    id: row.id,
                    actor: row.actor,
                    kind: row.kind,
                    subject: row.subject,
                    detail: row.detail,
                    at: row.at,
                },
                address: row.address,
            }
        }
    }

    let search = (!query.search.is_empty()).then_some(&query.search);
    let (first, last) = query.bounds();
    let rows = match query.group {
        None => {
            sqlx::query_as!(
                Row,
                r#"
                with search as materialized (
                    select text_key($2) as key
                )
                select
                    entry.id as "id: ActivityId",
                    entry.actor_name as actor,
                    entry.kind as "kind: ActivityKind",
                    entry.subject,
                    entry.detail,
                    entry.address,
                    entry.created_at as at
                from activity as entry
                where entry.organization_id = $1
                    and (entry.created_at, entry.id) > ($3, $4)
                    and (entry.created_at, entry.id) < ($5, $6)
                    and ($2::text is null
                        or strpos(entry.search_key, (select key from search)) > 0)
                order by entry.created_at desc, entry.id desc
                limit $7
                "#,
                org as OrgId,
                search,
                first.at,
                first.id as ActivityId,
                last.at,
                last.id as ActivityId,
                limit,
            )
            .fetch_all(reader.conn())
            .await?
        }
        Some(group) => {
            let kinds = group.kinds();
            sqlx::query_as!(
                Row,
                r#"
                with search as materialized (
                    select text_key($2) as key
                )
                select
                    entry.id as "id!: ActivityId",
                    entry.actor_name as "actor!",
                    entry.kind as "kind!: ActivityKind",
                    entry.subject as "subject!",
                    entry.detail as "detail!",
                    entry.address,
                    entry.created_at as "at!"
                from unnest($8::text[]) as wanted (kind)
                cross join lateral (
                    select *
                    from activity as entry
                    where entry.organization_id = $1
                        and entry.kind = wanted.kind
                        and (entry.created_at, entry.id) > ($3, $4)
                        and (entry.created_at, entry.id) < ($5, $6)
                        and ($2::text is null
                            or strpos(entry.search_key, (select key from search)) > 0)
                    order by entry.created_at desc, entry.id desc
                    limit $7
                ) as entry
                order by entry.created_at desc, entry.id desc
                limit $7
                "#,
                org as OrgId,
                search,
                first.at,
                first.id as ActivityId,
                last.at,
                last.id as ActivityId,
                limit,
                &kinds[..] as &[ActivityKind],
            )
            .fetch_all(reader.conn())
            .await?
        }
    };
    Ok(rows.into_iter().map(ActivityEntry::from).collect())
}

/// Deletes at most `at_most` entries from before a moment, of all organizations, and says how
/// many. Those of the last 90 days stay, whatever the moment.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.activity.delete_old", skip_all)]
#[boxed]
pub async fn delete_old(tx: &mut Tx, before: OffsetDateTime, at_most: i32) -> Result<u64> {
    let deleted = sqlx::query_scalar!(
        r#"select delete_old_activity($1, $2) as "deleted!""#,
        before,
        at_most,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(deleted.unsigned_abs())
}

/// How often the organization got another slug in the last 30 days.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.activity.count_recent_moves", skip_all)]
#[boxed]
pub async fn count_recent_moves(tx: &mut Tx, org: OrgId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "moves!"
        from activity
        where organization_id = $1
            and created_at > now() - interval '30 days'
            and kind = $2
        "#,
        org as OrgId,
        ActivityKind::SlugChanged as ActivityKind,
    )
    .fetch_one(tx.conn())
    .await?)
}
