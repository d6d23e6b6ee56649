//! By last use.

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
    /// Last active first, then those who never were, newest first.
    by_active(ask),
    start = "select
                class,
                search.*,
                least(active_at, until) as active_at,
                case
                    when class & 1 = 1 then least(joined_at, until)
                    when until <= active_at then '-infinity'
                    else joined_at
                end as joined_at,
                case
                    when until <= case when class & 1 = 1 then joined_at else active_at end
                        then '00000000-0000-0000-0000-000000000000'
                    else member_id
                end as member_id
            from unnest($2::smallint[], $10::timestamptz[], $9::timestamptz[], $3::uuid[])
                as start (class, active_at, joined_at, member_id)
            cross join search",
    end = "
                select *
                from (
                    select
                        list.last_active_at as by_active,
                        list.joined_at as by_joined,
                        list.member_id as by_id
                    from member_use as list
                    where bound.class & 1 = 0
                        and list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.last_active_at, list.joined_at, list.member_id)
                            < (bound.active_at, bound.joined_at, bound.member_id)
                        and list.last_active_at >= bound.end_active
                    order by list.last_active_at desc, list.joined_at desc, list.member_id desc
                    offset bound.many
                    limit 1
                ) as list
                where (by_active, by_joined, by_id)
                    > (bound.end_active, bound.end_joined, bound.end_id)
                union all
                select *
                from (
                    select
                        '-infinity'::timestamptz as by_active,
                        list.joined_at as by_joined,
                        list.member_id as by_id
                    from member_list as list
                    where bound.class & 1 = 1
                        and list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.joined_at, list.member_id)
                            < (bound.joined_at, bound.member_id)
                        and list.joined_at >= bound.end_joined
                    order by list.joined_at desc, list.member_id desc
                    offset bound.many
                    limit 1
                ) as list
                where (by_joined, by_id) > (bound.end_joined, bound.end_id)",
    keys = "by_active, by_joined, by_id",
    nowhere = "now() as by_active, now() as by_joined, $3[1] as by_id",
    bound = "
                coalesce(by_active, '-infinity') as end_active,
                case
                    when start.class & 1 = 1 and by_active > '-infinity' then 'infinity'
                    else coalesce(by_joined, '-infinity')
                end as end_joined,
                coalesce(by_id, '00000000-0000-0000-0000-000000000000') as end_id",
    found = "
                (
                    select
                        list.last_active_at as by_active,
                        list.joined_at as by_joined,
                        list.member_id as by_id
                    from (
                        select list.last_active_at, list.joined_at, list.member_id
                        from member_use as list
                        where bound.class & 1 = 0
                            and list.organization_id = (select id from org)
                            and list.class = bound.class
                            and (list.last_active_at, list.joined_at, list.member_id)
                                < (bound.active_at, bound.joined_at, bound.member_id)
                            and list.last_active_at >= bound.end_active
                        order by list.last_active_at desc, list.joined_at desc, list.member_id desc
                        limit $4
                    ) as list
                    join member_list as text on text.member_id = list.member_id
                    where (list.last_active_at, list.joined_at, list.member_id)
                            > (bound.end_active, bound.end_joined, bound.end_id)
                        and search_meets(text.search_key, bound.key)
                )
                union all
                (
                    select
                        '-infinity',
                        list.joined_at,
                        list.member_id
                    from (
                        select list.joined_at, list.member_id, list.search_key
                        from member_list as list
                        where bound.class & 1 = 1
                            and list.organization_id = (select id from org)
                            and list.class = bound.class
                            and (list.joined_at, list.member_id)
                                < (bound.joined_at, bound.member_id)
                            and list.joined_at >= bound.end_joined
                        order by list.joined_at desc, list.member_id desc
                        limit $4
                    ) as list
                    where (list.joined_at, list.member_id) > (bound.end_joined, bound.end_id)
                        and search_meets(list.search_key, bound.key)
                )",
    order = "by_active desc, by_joined desc, by_id desc",
    name_key = "null::text",
    [&ask.starts.joined_at, &ask.starts.active_at]
}

pages! {
    /// The same from the other end.
    by_active_backward(ask),
    start = "select class, active_at, joined_at, member_id, search.*
            from unnest($2::smallint[], $10::timestamptz[], $9::timestamptz[], $3::uuid[])
                as start (class, active_at, joined_at, member_id)
            cross join search",
    end = "
                select *
                from (
                    select
                        list.last_active_at as by_active,
                        list.joined_at as by_joined,
                        list.member_id as by_id
                    from member_use as list
                    where bound.class & 1 = 0
                        and list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.last_active_at, list.joined_at, list.member_id)
                            > (bound.active_at, bound.joined_at, bound.member_id)
                        and list.last_active_at <= bound.end_active
                        and list.last_active_at < bound.until
                    order by list.last_active_at, list.joined_at, list.member_id
                    offset bound.many
                    limit 1
                ) as list
                where (by_active, by_joined, by_id)
                    < (bound.end_active, bound.end_joined, bound.end_id)
                union all
                select *
                from (
                    select
                        '-infinity'::timestamptz as by_active,
                        list.joined_at as by_joined,
                        list.member_id as by_id
                    from member_list as list
                    where bound.class & 1 = 1
                        and list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.joined_at, list.member_id)
                            > (bound.joined_at, bound.member_id)
                        and list.joined_at <= bound.end_joined
                        and list.joined_at < bound.until
                    order by list.joined_at, list.member_id
                    offset bound.many
                    limit 1
                ) as list
                where (by_joined, by_id) < (bound.end_joined, bound.end_id)",
    keys = "by_active, by_joined, by_id",
    nowhere = "now() as by_active, now() as by_joined, $3[1] as by_id",
    bound = "
                coalesce(by_active, 'infinity') as end_active,
                case
                    when start.class & 1 = 1 and by_active > '-infinity' then 'infinity'
                    else coalesce(by_joined, 'infinity')
                end as end_joined,
                coalesce(by_id, '00000000-0000-0000-0000-000000000000') as end_id",
    found = "
                (
                    select
                        list.last_active_at as by_active,
                        list.joined_at as by_joined,
                        list.member_id as by_id
                    from (
                        select list.last_active_at, list.joined_at, list.member_id
                        from member_use as list
                        where bound.class & 1 = 0
                            and list.organization_id = (select id from org)
                            and list.class = bound.class
                            and (list.last_active_at, list.joined_at, list.member_id)
                                > (bound.active_at, bound.joined_at, bound.member_id)
                            and list.last_active_at <= bound.end_active
                            and list.last_active_at < bound.until
                        order by list.last_active_at, list.joined_at, list.member_id
                        limit $4
                    ) as list
                    join member_list as text on text.member_id = list.member_id
                    where (list.last_active_at, list.joined_at, list.member_id)
                            < (bound.end_active, bound.end_joined, bound.end_id)
                        and search_meets(text.search_key, bound.key)
                )
                union all
                (
                    select
                        '-infinity',
                        list.joined_at,
                        list.member_id
                    from (
                        select list.joined_at, list.member_id, list.search_key
                        from member_list as list
                        where bound.class & 1 = 1
                            and list.organization_id = (select id from org)
                            and list.class = bound.class
                            and (list.joined_at, list.member_id)
                                > (bound.joined_at, bound.member_id)
                            and list.joined_at <= bound.end_joined
                            and list.joined_at < bound.until
                        order by list.joined_at, list.member_id
                        limit $4
                    ) as list
                    where (list.joined_at, list.member_id) < (bound.end_joined, bound.end_id)
                        and search_meets(list.search_key, bound.key)
                )",
    order = "by_active, by_joined, by_id",
    name_key = "null::text",
    [&ask.starts.joined_at, &ask.starts.active_at]
}
