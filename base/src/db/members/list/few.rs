//! Pages of a list that means few: all who may be meant are fetched from an index that knows
//! them, then sorted.

use super::{Ask, rows::Row};
use crate::{
    boxed,
    db::{Reader, member_place::PlaceColumns},
    domain::{ListFrom, MemberId, OrgId, OrgSlug, PictureHash, Role, UserId},
    error::Result,
};

/// Which index knows who may be meant.
fn index_for(ask: &Ask<'_>) -> &'static str {
    match ask.search {
        // As `search_meets` has it: one and two characters are the beginning of a name.
        Some(search) if crate::domain::text::key(search).chars().count() < 3 => "names",
        Some(_) => "search",
        None => "use",
    }
}

/// A page in any order. One of three indexes is read: what names begin with, the characters of
/// names and addresses in threes (`member_list_search_idx`), or last use.
#[boxed]
pub(super) async fn in_any_order(reader: &Reader, ask: &Ask<'_>) -> Result<Vec<Row>> {
    let (side, place) = match ask.from {
        None => ("start", None),
        Some(ListFrom::After(place)) => ("after", Some(place)),
        Some(ListFrom::Before(place)) => ("before", Some(place)),
    };
    let place = PlaceColumns::of(place);
    Ok(rows! {
        reader,
        with = r#"search as materialized (
            select
                text_key($3) as key,
                coalesce(now() - make_interval(days => $4::int), 'infinity') as until
        ), meant as materialized (
            select
                found.member_id,
                found.class,
                found.joined_at,
                found.name_key,
                coalesce(found.last_active_at, member_use.last_active_at) as last_active_at
            from (
                -- By its keys alone: they are of this organization, and beside a condition on it
                -- another index would be read as well, for all of its members.
                select
                    member_id,
                    organization_id,
                    class,
                    joined_at,
                    name_key,
                    search_key,
                    null::timestamptz as last_active_at
                from member_list
                where $5 = 'search'
                    and search_grams(organization_id, search_key)
                        @> searched_grams((select id from org), (select key from search))
                union all
                select list.*
                from unnest($2::smallint[]) as shown (class)
                cross join lateral (
                    select
                        member_id,
                        organization_id,
                        class,
                        joined_at,
                        name_key,
                        search_key,
                        null::timestamptz
                    from member_list
                    where $5 = 'names'
                        and member_list.organization_id = (select id from org)
                        and member_list.class = shown.class
                        and name_key >= (select key from search)
                        and name_key < (select key || U&'\+10FFFF' from search)
                ) as list
                union all
                select list.*
                from unnest($2::smallint[]) as shown (class)
                cross join lateral (
                    -- From their indexes alone: of a large organization they may be many.
                    select
                        idle.member_id,
                        idle.organization_id,
                        idle.class,
                        idle.joined_at,
                        name.name_key,
                        null::text,
                        idle.last_active_at
                    from (
                        select member_id, organization_id, class, joined_at, last_active_at
                        from member_use
                        where $5 = 'use'
                            and member_use.organization_id = (select id from org)
                            and member_use.class = shown.class
                            and member_use.last_active_at < (select until from search)
                        union all
                        select member_id, organization_id, class, joined_at, null::timestamptz
                        from member_list
                        where $5 = 'use'
                            and shown.class & 1 = 1
                            and member_list.organization_id = (select id from org)
                            and member_list.class = shown.class
                            and member_list.joined_at < (select until from search)
                    ) as idle
                    left join lateral (
                        select member_list.name_key
                        from member_list
                        where $6 = 'name' and member_list.member_id = idle.member_id
                        -- Keeps the look-up apart, so that it is left out where it is not needed.
                        offset 0
                    ) as name on true
                ) as list
                -- Keeps conditions on the organization out of it.
                offset 0
            ) as found
            cross join search
            left join lateral (
                select member_use.last_active_at
                from member_use
                where $5 <> 'use'
                    and ($4 is not null or $6 = 'active')
                    and member_use.member_id = found.member_id
                offset 0
            ) as member_use on true
            where found.organization_id = (select id from org)
                and found.class = any($2)
                and ($3 is null or search_meets(found.search_key, search.key))
                and ($4 is null
                    or coalesce(
                        found.last_active_at,
                        member_use.last_active_at,
                        found.joined_at
                    ) < search.until)
        ), counted as materialized (
            select
                count(*) as whole,
                case $9
                    when 'after' then count(*) filter (where is_passed)
                    when 'before' then greatest(
                        count(*) filter (where is_passed and member_id <> $10) - $7,
                        0
                    )
                    else $8
                end as skipped,
                case $9
                    when 'before' then count(*) filter (where is_passed and member_id <> $10)
                    else count(*)
                end as until
            from meant
            cross join lateral (
                select case $6
                    when 'name' then (name_key, member_id) <= ($12, $10)
                    when 'role' then (class / 8, joined_at, member_id) >= ($13::smallint, $11, $10)
                    when 'active' then
                        (coalesce(last_active_at, '-infinity'), joined_at, member_id)
                            >= (coalesce($14::timestamptz, '-infinity'), $11, $10)
                    else (joined_at, member_id) >= ($11, $10)
                end as is_passed
            ) as place
        ), page as materialized (
            select member_id as by_id, name_key, row_number() over () as place
            from (
                select member_id, name_key
                from meant
                order by
                    case when $6 = 'name' then name_key end,
                    case when $6 = 'name' then member_id end,
                    case when $6 = 'role' then class / 8 end desc,
                    case when $6 = 'active' then last_active_at end desc nulls last,
                    joined_at desc,
                    member_id desc
                limit (select greatest(least(skipped + $7, until) - skipped, 0) from counted)
                offset (select skipped from counted)
            ) as page
        )"#,
        found = "counted.whole",
        goes_on = "false",
        skipped = "counted.skipped",
        name_key = "page.name_key",
        order = "page.place",
        [
            ask.slug as &OrgSlug,
            &ask.starts.classes,
            ask.search,
            ask.days_inactive,
            index_for(ask),
            ask.sort.as_str(),
            ask.size,
            ask.offset,
            side,
            place.member as Option<MemberId>,
            place.joined_at,
            place.name_key,
            place.power,
            place.active_at,
        ],
    })
}
