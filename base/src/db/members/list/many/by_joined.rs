//! Newest first, and by role.

use crate::{
    boxed,
    db::{
        Reader,
        members::list::{Ask, rows::Row},
    },
    domain::{MemberId, OrgId, OrgSlug, PictureHash, Role, UserId},
    error::Result,
};

pages! {
    /// Newest first; by role, if that comes first.
    by_joined(ask),
    start = "select
                class,
                search.*,
                case when class & 1 = 1 then least(joined_at, until) else joined_at end
                    as joined_at,
                case
                    when class & 1 = 1 and until <= joined_at
                        then '00000000-0000-0000-0000-000000000000'
                    else member_id
                end as member_id
            from unnest($2::smallint[], $9::timestamptz[], $3::uuid[])
                as start (class, joined_at, member_id)
            cross join search",
    end = "
                select *
                from (
                    select
                        case when $10 then bound.class / 8 else 0 end as by_power,
                        list.joined_at as by_joined,
                        list.member_id as by_id
                    from member_list as list
                    where list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.joined_at, list.member_id) < (bound.joined_at, bound.member_id)
                        and list.joined_at >= bound.end_joined
                    order by list.joined_at desc, list.member_id desc
                    offset bound.many
                    limit 1
                ) as list
                where (by_joined, by_id) > (bound.end_joined, bound.end_id)",
    keys = "by_power, by_joined, by_id",
    nowhere = "0 as by_power, now() as by_joined, $3[1] as by_id",
    bound = "
                case
                    when by_id is null or by_power < case when $10 then start.class / 8 else 0 end
                        then '-infinity'
                    when by_power > case when $10 then start.class / 8 else 0 end then 'infinity'
                    else by_joined
                end as end_joined,
                coalesce(by_id, '00000000-0000-0000-0000-000000000000') as end_id",
    found = "
                select
                    case when $10 then bound.class / 8 else 0 end as by_power,
                    list.joined_at as by_joined,
                    list.member_id as by_id
                from (
                    select list.joined_at, list.member_id, list.search_key
                    from member_list as list
                    where list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.joined_at, list.member_id) < (bound.joined_at, bound.member_id)
                        and list.joined_at >= bound.end_joined
                    order by list.joined_at desc, list.member_id desc
                    limit $4
                ) as list
                where (list.joined_at, list.member_id) > (bound.end_joined, bound.end_id)
                    and ($7::text is null or search_meets(list.search_key, bound.key))
                    and (
                        bound.class & 1 = 1
                        or $8::int is null
                        or exists (
                            select
                            from member_use
                            where member_use.member_id = list.member_id
                                and member_use.last_active_at < bound.until
                        )
                    )
                order by list.joined_at desc, list.member_id desc
                limit (select most from search)",
    order = "by_power desc, by_joined desc, by_id desc",
    name_key = "null::text",
    [&ask.starts.joined_at, ask.is_by_role]
}

pages! {
    /// The same from the other end.
    by_joined_backward(ask),
    start = "select class, joined_at, member_id, search.*
            from unnest($2::smallint[], $9::timestamptz[], $3::uuid[])
                as start (class, joined_at, member_id)
            cross join search",
    end = "
                select *
                from (
                    select
                        case when $10 then bound.class / 8 else 0 end as by_power,
                        list.joined_at as by_joined,
                        list.member_id as by_id
                    from member_list as list
                    where list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.joined_at, list.member_id) > (bound.joined_at, bound.member_id)
                        and list.joined_at <= bound.end_joined
                        and (bound.class & 1 = 0 or list.joined_at < bound.until)
                    order by list.joined_at, list.member_id
                    offset bound.many
                    limit 1
                ) as list
                where (by_joined, by_id) < (bound.end_joined, bound.end_id)",
    keys = "by_power, by_joined, by_id",
    nowhere = "0 as by_power, now() as by_joined, $3[1] as by_id",
    bound = "
                case
                    when by_id is null or by_power > case when $10 then start.class / 8 else 0 end
                        then 'infinity'
                    when by_power < case when $10 then start.class / 8 else 0 end then '-infinity'
                    else by_joined
                end as end_joined,
                coalesce(by_id, '00000000-0000-0000-0000-000000000000') as end_id",
    found = "
                select
                    case when $10 then bound.class / 8 else 0 end as by_power,
                    list.joined_at as by_joined,
                    list.member_id as by_id
                from (
                    select list.joined_at, list.member_id, list.search_key
                    from member_list as list
                    where list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.joined_at, list.member_id) > (bound.joined_at, bound.member_id)
                        and list.joined_at <= bound.end_joined
                        and (bound.class & 1 = 0 or list.joined_at < bound.until)
                    order by list.joined_at, list.member_id
                    limit $4
                ) as list
                where (list.joined_at, list.member_id) < (bound.end_joined, bound.end_id)
                    and ($7::text is null or search_meets(list.search_key, bound.key))
                    and (
                        bound.class & 1 = 1
                        or $8::int is null
                        or exists (
                            select
                            from member_use
                            where member_use.member_id = list.member_id
                                and member_use.last_active_at < bound.until
                        )
                    )
                order by list.joined_at, list.member_id
                limit (select most from search)",
    order = "by_power, by_joined, by_id",
    name_key = "null::text",
    [&ask.starts.joined_at, ask.is_by_role]
}
