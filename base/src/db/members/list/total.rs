//! How many members a search finds, where its pages do not say: it finds many, in a large
//! organization.

use crate::{
    boxed,
    db::{Reader, Stamped, member_filter::MemberFilter},
    domain::{MemberListQuery, MemberTotal, OrgId, OrgSlug},
    error::Result,
    telemetry::SPANS,
};

/// So many are looked at one by one and not by the index of searches: what they are searched for
/// may be frequent elsewhere in the organization.
const FEW: i64 = 20_000;

/// How many of each class tell whether a search is so frequent that 10,000 are soon found one by
/// one: if a fifth of them is meant.
const FRONT: i64 = 200;

struct Row {
    as_of: i64,
    org_id: Option<OrgId>,
    members: i64,
}

/// How many members `query`, a search, finds in the organization whose current slug this is;
/// `None`: no such organization. A heavy read: up to a quarter of a second for a million members.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.list_total", skip_all)]
#[boxed]
pub async fn list_total(
    reader: &Reader,
    slug: &OrgSlug,
    query: &MemberListQuery,
) -> Result<Stamped<Option<MemberTotal>>> {
    let filter = MemberFilter::of(query);
    let rows = sqlx::query_as!(
        Row,
        r#"
        with org as materialized (
            select id from organization where slug = $1
        ), shown as materialized (
            select class from unnest($2::smallint[]) as shown (class)
        ), search as materialized (
            select
                text_key($3) as key,
                coalesce(now() - make_interval(days => $4::int), 'infinity') as until
        ), are_few as materialized (
            select count(*) <= $5 as are_few
            from (
                select
                from shown
                cross join lateral (
                    select
                    from member_list
                    where organization_id = (select id from org) and class = shown.class
                    order by joined_at desc, member_id desc
                    limit (select $5::bigint + 1)
                ) as list
                limit $5 + 1
            ) as capped
        ), are_frequent as materialized (
            select count(*) filter (where search_meets(list.search_key, search.key)) * 5 > count(*)
                as are_frequent
            from search
            cross join shown
            cross join lateral (
                select search_key
                from member_list
                where organization_id = (select id from org) and class = shown.class
                order by joined_at desc, member_id desc
                limit (select $6::bigint)
            ) as list
        ), way as materialized (
            select
                case
                    when char_length(search.key) < 3 then 'names'
                    when are_few or are_frequent then 'list'
                    else 'search'
                end as way
            from search
            cross join are_few
            cross join are_frequent
        )
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            (select id from org) as "org_id?: OrgId",
            count(*) as "members!"
        from (
            select
            from (
                select listed.*
                from shown
                cross join lateral (
                    select member_id, organization_id, class, joined_at, search_key
                    from member_list
                    where (select way from way) = 'list'
                        and member_list.organization_id = (select id from org)
                        and member_list.class = shown.class
                    order by joined_at desc, member_id desc
                ) as listed
                union all
                select named.*
                from shown
                cross join lateral (
                    select member_id, organization_id, class, joined_at, search_key
                    from member_list
                    where (select way from way) = 'names'
                        and member_list.organization_id = (select id from org)
                        and member_list.class = shown.class
                        and name_key >= (select key from search)
                        and name_key < (select key || U&'\+10FFFF' from search)
                ) as named
                union all
                -- By its keys alone, and of no other index: as for a page.
                select member_id, organization_id, class, joined_at, search_key
                from member_list
                where (select way from way) = 'search'
                    and search_grams(organization_id, search_key)
                        @> searched_grams((select id from org), (select key from search))
                -- Keeps conditions on the organization out of it.
                offset 0
            ) as list
            cross join search
            where list.organization_id = (select id from org)
                and list.class = any($2)
                and search_meets(list.search_key, search.key)
                and (
                    $4 is null
                    or case list.class & 1
                        when 1 then list.joined_at < search.until
                        else exists (
                            select
                            from member_use
                            where member_use.member_id = list.member_id
                                and member_use.last_active_at < search.until
                        )
                    end
                )
            limit 10001
        ) as capped
        "#,
        slug as &OrgSlug,
        &filter.classes,
        filter.search,
        filter.days_inactive,
        FEW,
        FRONT,
    )
    .fetch_all(reader.conn())
    .await?;
    Ok(Stamped::rows(rows, |row| row.as_of)?.map(|mut rows| {
        let Row {
            org_id, members, ..
        } = rows.next()?;
        let org_id = org_id?;
        Some(MemberTotal { org_id, members })
    }))
}
