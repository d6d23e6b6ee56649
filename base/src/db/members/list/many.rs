//! Pages of a list that leaves out some of a class: a search, or, in another order than that of
//! last use, those who were inactive.
//!
//! The list is looked through in its order, in the index of the order, which has the text that is
//! searched: from each class up to a few thousand, and as far as the first class that has more.
//! Where many are meant, that fills a page. Where it fills none, few are meant, or all are
//! further on, and [`super::few`] knows where they are.

use super::{Ask, Row};
use crate::{
    boxed,
    db::Reader,
    domain::{MemberId, OrgId, OrgSlug, PictureHash, Role, UserId},
    error::Result,
};

/// A statement that looks through a list in one order and direction.
///
/// `start` makes the places of the classes from the parameters behind `$8`. `end` is the first of
/// a class that is not looked at any more, behind `bound.many` others, by the `keys` of the order;
/// and `bound` says where in each class the first of some ends is, from which on nothing is asked.
/// `found` are those before it who are meant.
///
/// Most classes are small, and to look for the ends of all costs more than the page. So the first
/// end is sought in the class that is densest in front, and only before it in the others.
macro_rules! pages {
    (
        $(#[$doc:meta])*
        $name:ident($ask:ident),
        start = $start:literal,
        end = $end:literal,
        keys = $keys:literal,
        nowhere = $nowhere:literal,
        bound = $bound:literal,
        found = $found:literal,
        order = $order:literal,
        name_key = $name_key:literal,
        [$($parameter:expr),+ $(,)?]
    ) => {
        $(#[$doc])*
        #[boxed]
        pub(super) async fn $name(reader: &Reader, $ask: &Ask<'_>) -> Result<Vec<Row>> {
            Ok(sqlx::query_as!(
                Row,
                r#"
        with org as materialized (
            select id from organization where slug = $1
        ), search as materialized (
            select
                text_key($7) as key,
                coalesce(now() - make_interval(days => $8::int), 'infinity') as until
        ), start as materialized (
            "# + $start + r#"
        ), nowhere as materialized (
            select "# + $nowhere + r#" where false
        ), densest as materialized (
            select bound.class
            from (
                select start.*, $4::bigint / 16 as many, "# + $bound + r#"
                from start
                left join nowhere on true
            ) as bound
            cross join lateral (
            "# + $end + r#"
            ) as ends
            order by "# + $order + r#"
            limit 1
        ), its_end as materialized (
            select "# + $keys + r#"
            from (
                select start.*, $4::bigint as many, "# + $bound + r#"
                from densest
                join start on start.class = densest.class
                left join nowhere on true
            ) as bound
            cross join lateral (
            "# + $end + r#"
            ) as ends
        ), first_end as materialized (
            select *
            from (
                select *
                from its_end
                union all
                select "# + $keys + r#"
                from (
                    select start.*, $4::bigint as many, "# + $bound + r#"
                    from start
                    left join its_end on true
                ) as bound
                cross join lateral (
            "# + $end + r#"
                ) as ends
            ) as ends
            order by "# + $order + r#"
            limit 1
        ), bound as materialized (
            select start.*, "# + $bound + r#"
            from start
            left join first_end on true
        ), found as materialized (
            select found.*
            from bound
            cross join lateral (
            "# + $found + r#"
            ) as found
        ), page as materialized (
            select *
            from found
            order by "# + $order + r#"
            limit $6
            offset $5
        )
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            (select id from org) as "org_id?: OrgId",
            counted.total as "total!",
            exists (select from first_end) as "goes_on!",
            0::bigint as "skipped!",
            page.by_id as "id?: MemberId",
            shown.user_id as "user_id?: UserId",
            shown.name as "name?",
            shown.email as "email?",
            shown.picture as "picture?: PictureHash",
            shown.role as "role?: Role",
            shown.created_at as "joined_at?",
            shown.suspended_at as "suspended_at?",
            shown.last_active_at as "last_active_at?",
            shown.second_factor_at is not null as "has_second_factor?",
            "# + $name_key + r#" as "name_key?"
        from (select count(*) from found) as counted (total)
        left join page on true
        left join lateral (
            select
                member.user_id,
                member.role,
                member.created_at,
                member.suspended_at,
                users.name,
                users.email,
                users.picture,
                users.second_factor_at,
                member_use.last_active_at
            from member
            join users on users.id = member.user_id
            left join member_use on member_use.member_id = member.id
            where member.id = page.by_id
            -- Keeps the planner from reading tables that it takes for small.
            offset 0
        ) as shown on true
        order by "# + $order,
                $ask.slug as &OrgSlug,
                &$ask.starts.classes,
                &$ask.starts.members as &[MemberId],
                $ask.looked_through,
                $ask.offset,
                $ask.limit,
                $ask.search,
                $ask.days_inactive,
                $($parameter),+
            )
            .fetch_all(reader.conn())
            .await?)
        }
    };
}

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
                select
                    case when $10 then bound.class / 8 else 0 end as by_power,
                    list.joined_at as by_joined,
                    list.member_id as by_id
                from member_list as list
                where list.organization_id = (select id from org)
                    and list.class = bound.class
                    and (list.joined_at, list.member_id) < (bound.joined_at, bound.member_id)
                    and (list.joined_at, list.member_id) > (bound.end_joined, bound.end_id)
                order by list.joined_at desc, list.member_id desc
                offset bound.many
                limit 1",
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
                        and (list.joined_at, list.member_id) > (bound.end_joined, bound.end_id)
                    order by list.joined_at desc, list.member_id desc
                    limit $4
                ) as list
                where ($7::text is null or search_meets(list.search_key, bound.key))
                    and (
                        bound.class & 1 = 1
                        or $8::int is null
                        or exists (
                            select
                            from member_use
                            where member_use.member_id = list.member_id
                                and member_use.last_active_at < bound.until
                        )
                    )",
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
                select
                    case when $10 then bound.class / 8 else 0 end as by_power,
                    list.joined_at as by_joined,
                    list.member_id as by_id
                from member_list as list
                where list.organization_id = (select id from org)
                    and list.class = bound.class
                    and (list.joined_at, list.member_id) > (bound.joined_at, bound.member_id)
                    and (list.joined_at, list.member_id) < (bound.end_joined, bound.end_id)
                    and (bound.class & 1 = 0 or list.joined_at < bound.until)
                order by list.joined_at, list.member_id
                offset bound.many
                limit 1",
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
                        and (list.joined_at, list.member_id) < (bound.end_joined, bound.end_id)
                        and (bound.class & 1 = 0 or list.joined_at < bound.until)
                    order by list.joined_at, list.member_id
                    limit $4
                ) as list
                where ($7::text is null or search_meets(list.search_key, bound.key))
                    and (
                        bound.class & 1 = 1
                        or $8::int is null
                        or exists (
                            select
                            from member_use
                            where member_use.member_id = list.member_id
                                and member_use.last_active_at < bound.until
                        )
                    )",
    order = "by_power, by_joined, by_id",
    name_key = "null::text",
    [&ask.starts.joined_at, ask.is_by_role]
}

pages! {
    /// By name.
    by_name(ask),
    start = "select class, name_key, member_id, search.*
            from unnest($2::smallint[], $9::text[], $3::uuid[])
                as start (class, name_key, member_id)
            cross join search",
    end = "
                select
                    list.name_key as by_name,
                    list.member_id as by_id
                from member_list as list
                where list.organization_id = (select id from org)
                    and list.class = bound.class
                    and (list.name_key, list.member_id) > (bound.name_key, bound.member_id)
                    and (list.name_key, list.member_id) < (bound.end_name, bound.end_id)
                order by list.name_key, list.member_id
                offset bound.many
                limit 1",
    keys = "by_name, by_id",
    nowhere = "'' as by_name, $3[1] as by_id",
    bound = "
                coalesce(by_name, U&'\\+10FFFF') as end_name,
                coalesce(by_id, '00000000-0000-0000-0000-000000000000') as end_id",
    found = "
                select
                    list.name_key as by_name,
                    list.member_id as by_id
                from (
                    select list.name_key, list.member_id, list.search_key
                    from member_list as list
                    where list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.name_key, list.member_id) > (bound.name_key, bound.member_id)
                        and (list.name_key, list.member_id) < (bound.end_name, bound.end_id)
                    order by list.name_key, list.member_id
                    limit $4
                ) as list
                where ($7::text is null or search_meets(list.search_key, bound.key))
                    and (
                        $8::int is null
                        or case
                            when bound.class & 1 = 1
                                then (select joined_at from member_list where member_id = list.member_id)
                                    < bound.until
                            else exists (
                                select
                                from member_use
                                where member_use.member_id = list.member_id
                                    and member_use.last_active_at < bound.until
                            )
                        end
                    )",
    order = "by_name, by_id",
    name_key = "page.by_name",
    [&ask.starts.name_keys]
}

pages! {
    /// The same from the other end.
    by_name_backward(ask),
    start = "select class, name_key, member_id, search.*
            from unnest($2::smallint[], $9::text[], $3::uuid[])
                as start (class, name_key, member_id)
            cross join search",
    end = "
                select
                    list.name_key as by_name,
                    list.member_id as by_id
                from member_list as list
                where list.organization_id = (select id from org)
                    and list.class = bound.class
                    and (list.name_key, list.member_id) < (bound.name_key, bound.member_id)
                    and (list.name_key, list.member_id) > (bound.end_name, bound.end_id)
                order by list.name_key desc, list.member_id desc
                offset bound.many
                limit 1",
    keys = "by_name, by_id",
    nowhere = "'' as by_name, $3[1] as by_id",
    bound = "
                coalesce(by_name, '') as end_name,
                coalesce(by_id, '00000000-0000-0000-0000-000000000000') as end_id",
    found = "
                select
                    list.name_key as by_name,
                    list.member_id as by_id
                from (
                    select list.name_key, list.member_id, list.search_key
                    from member_list as list
                    where list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.name_key, list.member_id) < (bound.name_key, bound.member_id)
                        and (list.name_key, list.member_id) > (bound.end_name, bound.end_id)
                    order by list.name_key desc, list.member_id desc
                    limit $4
                ) as list
                where ($7::text is null or search_meets(list.search_key, bound.key))
                    and (
                        $8::int is null
                        or case
                            when bound.class & 1 = 1
                                then (select joined_at from member_list where member_id = list.member_id)
                                    < bound.until
                            else exists (
                                select
                                from member_use
                                where member_use.member_id = list.member_id
                                    and member_use.last_active_at < bound.until
                            )
                        end
                    )",
    order = "by_name desc, by_id desc",
    name_key = "page.by_name",
    [&ask.starts.name_keys]
}

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
                (
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
                        and (list.last_active_at, list.joined_at, list.member_id)
                            > (bound.end_active, bound.end_joined, bound.end_id)
                    order by list.last_active_at desc, list.joined_at desc, list.member_id desc
                    offset bound.many
                    limit 1
                )
                union all
                (
                    select
                        '-infinity',
                        list.joined_at,
                        list.member_id
                    from member_list as list
                    where bound.class & 1 = 1
                        and list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.joined_at, list.member_id)
                            < (bound.joined_at, bound.member_id)
                        and (list.joined_at, list.member_id)
                            > (bound.end_joined, bound.end_id)
                    order by list.joined_at desc, list.member_id desc
                    offset bound.many
                    limit 1
                )",
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
                            and (list.last_active_at, list.joined_at, list.member_id)
                                > (bound.end_active, bound.end_joined, bound.end_id)
                        order by list.last_active_at desc, list.joined_at desc, list.member_id desc
                        limit $4
                    ) as list
                    join member_list as text on text.member_id = list.member_id
                    where search_meets(text.search_key, bound.key)
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
                            and (list.joined_at, list.member_id)
                                > (bound.end_joined, bound.end_id)
                        order by list.joined_at desc, list.member_id desc
                        limit $4
                    ) as list
                    where search_meets(list.search_key, bound.key)
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
                (
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
                        and (list.last_active_at, list.joined_at, list.member_id)
                            < (bound.end_active, bound.end_joined, bound.end_id)
                        and list.last_active_at < bound.until
                    order by list.last_active_at, list.joined_at, list.member_id
                    offset bound.many
                    limit 1
                )
                union all
                (
                    select
                        '-infinity',
                        list.joined_at,
                        list.member_id
                    from member_list as list
                    where bound.class & 1 = 1
                        and list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.joined_at, list.member_id)
                            > (bound.joined_at, bound.member_id)
                        and (list.joined_at, list.member_id)
                            < (bound.end_joined, bound.end_id)
                        and list.joined_at < bound.until
                    order by list.joined_at, list.member_id
                    offset bound.many
                    limit 1
                )",
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
                            and (list.last_active_at, list.joined_at, list.member_id)
                                < (bound.end_active, bound.end_joined, bound.end_id)
                            and list.last_active_at < bound.until
                        order by list.last_active_at, list.joined_at, list.member_id
                        limit $4
                    ) as list
                    join member_list as text on text.member_id = list.member_id
                    where search_meets(text.search_key, bound.key)
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
                            and (list.joined_at, list.member_id)
                                < (bound.end_joined, bound.end_id)
                            and list.joined_at < bound.until
                        order by list.joined_at, list.member_id
                        limit $4
                    ) as list
                    where search_meets(list.search_key, bound.key)
                )",
    order = "by_active, by_joined, by_id",
    name_key = "null::text",
    [&ask.starts.joined_at, &ask.starts.active_at]
}
