use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, Stamped},
    domain::{MemberCursor, MemberId, MemberMarks, MemberSort, OrgId, OrgSlug, Role},
    error::Result,
    telemetry::SPANS,
};

struct Row {
    as_of: i64,
    org_id: Option<OrgId>,
    class: Option<i16>,
    /// The first of its class, which is no mark: it says that there is somebody.
    is_first: Option<bool>,
    member: Option<MemberId>,
    joined_at: Option<OffsetDateTime>,
    name_key: Option<String>,
    active_at: Option<OffsetDateTime>,
}

impl Row {
    fn mark(self, sort: MemberSort) -> Option<(i16, MemberCursor)> {
        let (class, member) = (self.class?, self.member?);
        let place = match sort {
            MemberSort::Joined => MemberCursor::Joined {
                joined_at: self.joined_at?,
                member,
            },
            MemberSort::Name => MemberCursor::Name {
                key: self.name_key?,
                member,
            },
            MemberSort::Role => MemberCursor::Role {
                role: *Role::ALL
                    .iter()
                    .rev()
                    .nth(usize::try_from(class / 8).ok()?)?,
                joined_at: self.joined_at?,
                member,
            },
            MemberSort::Active => MemberCursor::Active {
                active_at: self.active_at,
                joined_at: self.joined_at?,
                member,
            },
        };
        Some((class, place))
    }
}

/// The marks of the organization whose current slug this is; `None`: no such organization. Reads
/// one index from end to end, so it is a heavy read: half a second to a second for a million
/// members.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.list_marks", skip_all)]
#[boxed]
pub async fn list_marks(
    reader: &Reader,
    slug: &OrgSlug,
    sort: MemberSort,
) -> Result<Stamped<Option<MemberMarks>>> {
    let rows = match sort {
        MemberSort::Joined | MemberSort::Role => by_joined(reader, slug).await?,
        MemberSort::Name => by_name(reader, slug).await?,
        MemberSort::Active => by_active(reader, slug).await?,
    };
    Ok(Stamped::rows(rows, |row| row.as_of)?.map(|mut rows| {
        let org_id = rows.peek()?.org_id?;
        let (mut classes, mut marks) = (Vec::new(), Vec::new());
        for row in rows {
            match row.is_first {
                Some(true) => classes.extend(row.class),
                _ => marks.extend(row.mark(sort)),
            }
        }
        Some(MemberMarks::new(org_id, classes, marks))
    }))
}

#[boxed]
async fn by_joined(reader: &Reader, slug: &OrgSlug) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            organization.id as "org_id?: OrgId",
            mark.class as "class?",
            mark.place = 1 as "is_first?",
            mark.member_id as "member?: MemberId",
            mark.joined_at as "joined_at?",
            null::text as "name_key?",
            null::timestamptz as "active_at?"
        from (select 1) as one
        left join organization on organization.slug = $1
        left join lateral (
            select *
            from (
                select
                    class,
                    joined_at,
                    member_id,
                    row_number() over (
                        partition by class
                        order by joined_at desc, member_id desc
                    ) as place
                from member_list
                where organization_id = organization.id
            ) as list
            where (place % $2 = 0 or place = 1)
        ) as mark on true
        "#,
        slug as &OrgSlug,
        MemberMarks::EVERY,
    )
    .fetch_all(reader.conn())
    .await?)
}

#[boxed]
async fn by_name(reader: &Reader, slug: &OrgSlug) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            organization.id as "org_id?: OrgId",
            mark.class as "class?",
            mark.place = 1 as "is_first?",
            mark.member_id as "member?: MemberId",
            null::timestamptz as "joined_at?",
            mark.name_key as "name_key?",
            null::timestamptz as "active_at?"
        from (select 1) as one
        left join organization on organization.slug = $1
        left join lateral (
            select *
            from (
                select
                    class,
                    name_key,
                    member_id,
                    row_number() over (partition by class order by name_key, member_id) as place
                from member_list
                where organization_id = organization.id
            ) as list
            where (place % $2 = 0 or place = 1)
        ) as mark on true
        "#,
        slug as &OrgSlug,
        MemberMarks::EVERY,
    )
    .fetch_all(reader.conn())
    .await?)
}

#[boxed]
async fn by_active(reader: &Reader, slug: &OrgSlug) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            organization.id as "org_id?: OrgId",
            mark.class as "class?",
            mark.place = 1 as "is_first?",
            mark.member_id as "member?: MemberId",
            mark.joined_at as "joined_at?",
            null::text as "name_key?",
            mark.last_active_at as "active_at?"
        from (select 1) as one
        left join organization on organization.slug = $1
        left join lateral (
            select class, last_active_at, joined_at, member_id, place
            from (
                select
                    class,
                    last_active_at,
                    joined_at,
                    member_id,
                    row_number() over (
                        partition by class
                        order by last_active_at desc, joined_at desc, member_id desc
                    ) as place
                from member_use
                where organization_id = organization.id
            ) as list
            where (place % $2 = 0 or place = 1)
            union all
            select class, null, joined_at, member_id, place
            from (
                select
                    class,
                    joined_at,
                    member_id,
                    row_number() over (
                        partition by class
                        order by joined_at desc, member_id desc
                    ) as place
                from member_list
                where organization_id = organization.id
            ) as list
            where (place % $2 = 0 or place = 1)
                and class & 1 = 1
        ) as mark on true
        "#,
        slug as &OrgSlug,
        MemberMarks::EVERY,
    )
    .fetch_all(reader.conn())
    .await?)
}
