//! Pages of a list that shows some classes of members whole: everybody, those of a role or a
//! status, those without a second factor; by last use also those who were inactive.
//!
//! The next few of each class are read from the index of the order, and merged. So a page reads
//! some hundred entries, however many members there are, and wherever it goes on. Users are
//! joined for the rows shown.

use super::{Ask, Row};
use crate::{
    boxed,
    db::Reader,
    domain::{MemberId, OrgId, OrgSlug, PictureHash, Role, UserId},
    error::Result,
};

/// A statement that reads pages in one order and direction. `start` makes the places of the
/// classes from the parameters behind `$7`, `next` reads at most `$4` behind one of them, and `all`
/// everybody of the list, of whom 10,001 are counted. They are counted in an order for the sake of
/// its index: where few organizations have most members, the planner would read the whole table.
macro_rules! pages {
    (
        $(#[$doc:meta])*
        $name:ident($ask:ident),
        start = $start:literal,
        next = $next:literal,
        all = $all:literal,
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
        ), start as materialized (
            "# + $start + r#"
        ), page as materialized (
            select next.*
            from start
            cross join lateral (
            "# + $next + r#"
            ) as next
            order by "# + $order + r#"
            limit $6
            offset $5
        ), counted as materialized (
            select case
                when $7 then (
                    select members
                    from organization_member_count
                    where organization_id = (select id from org)
                )
                else (
                    select count(*)
                    from (
                        "# + $all + r#"
                        limit 10001
                    ) as capped
                )
            end as whole
        )
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            (select id from org) as "org_id?: OrgId",
            coalesce(counted.whole, 0) as "whole?",
            0::bigint as "found!",
            false as "goes_on!",
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
        from counted
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
                $ask.offset + $ask.limit,
                $ask.offset,
                $ask.limit,
                $ask.is_everybody,
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
    start = "select class, joined_at, member_id
            from unnest($2::smallint[], $8::timestamptz[], $3::uuid[])
                as start (class, joined_at, member_id)",
    next = "
                select
                    case when $9 then start.class / 8 else 0 end as by_power,
                    list.joined_at as by_joined,
                    list.member_id as by_id
                from member_list as list
                where list.organization_id = (select id from org)
                    and list.class = start.class
                    and (list.joined_at, list.member_id) < (start.joined_at, start.member_id)
                order by list.joined_at desc, list.member_id desc
                limit $4",
    all = "select
                        from start
                        cross join lateral (
                            select
                            from member_list
                            where member_list.organization_id = (select id from org)
                                and member_list.class = start.class
                            order by member_list.joined_at desc, member_list.member_id desc
                            limit 10001
                        ) as listed",
    order = "by_power desc, by_joined desc, by_id desc",
    name_key = "null::text",
    [&ask.starts.joined_at, ask.is_by_role]
}

pages! {
    /// The same from the other end.
    by_joined_backward(ask),
    start = "select class, joined_at, member_id
            from unnest($2::smallint[], $8::timestamptz[], $3::uuid[])
                as start (class, joined_at, member_id)",
    next = "
                select
                    case when $9 then start.class / 8 else 0 end as by_power,
                    list.joined_at as by_joined,
                    list.member_id as by_id
                from member_list as list
                where list.organization_id = (select id from org)
                    and list.class = start.class
                    and (list.joined_at, list.member_id) > (start.joined_at, start.member_id)
                order by list.joined_at, list.member_id
                limit $4",
    all = "select
                        from start
                        cross join lateral (
                            select
                            from member_list
                            where member_list.organization_id = (select id from org)
                                and member_list.class = start.class
                            order by member_list.joined_at desc, member_list.member_id desc
                            limit 10001
                        ) as listed",
    order = "by_power, by_joined, by_id",
    name_key = "null::text",
    [&ask.starts.joined_at, ask.is_by_role]
}

pages! {
    /// By name.
    by_name(ask),
    start = "select class, name_key, member_id
            from unnest($2::smallint[], $8::text[], $3::uuid[])
                as start (class, name_key, member_id)",
    next = "
                select
                    list.name_key as by_name,
                    list.member_id as by_id
                from member_list as list
                where list.organization_id = (select id from org)
                    and list.class = start.class
                    and (list.name_key, list.member_id) > (start.name_key, start.member_id)
                order by list.name_key, list.member_id
                limit $4",
    all = "select
                        from start
                        cross join lateral (
                            select
                            from member_list
                            where member_list.organization_id = (select id from org)
                                and member_list.class = start.class
                            order by member_list.joined_at desc, member_list.member_id desc
                            limit 10001
                        ) as listed",
    order = "by_name, by_id",
    name_key = "page.by_name",
    [&ask.starts.name_keys]
}

pages! {
    /// The same from the other end.
    by_name_backward(ask),
    start = "select class, name_key, member_id
            from unnest($2::smallint[], $8::text[], $3::uuid[])
                as start (class, name_key, member_id)",
    next = "
                select
                    list.name_key as by_name,
                    list.member_id as by_id
                from member_list as list
                where list.organization_id = (select id from org)
                    and list.class = start.class
                    and (list.name_key, list.member_id) < (start.name_key, start.member_id)
                order by list.name_key desc, list.member_id desc
                limit $4",
    all = "select
                        from start
                        cross join lateral (
                            select
                            from member_list
                            where member_list.organization_id = (select id from org)
                                and member_list.class = start.class
                            order by member_list.joined_at desc, member_list.member_id desc
                            limit 10001
                        ) as listed",
    order = "by_name desc, by_id desc",
    name_key = "page.by_name",
    [&ask.starts.name_keys]
}

pages! {
    /// Last active first, then those who never were, newest first; of `$10` days, only who was
    /// not active in them. A class either was active or was not, so it is read from one of two
    /// indexes.
    by_active(ask),
    start = "select
                class,
                until,
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
            from unnest($2::smallint[], $9::timestamptz[], $8::timestamptz[], $3::uuid[])
                as start (class, active_at, joined_at, member_id)
            cross join (
                select coalesce(now() - make_interval(days => $10::int), 'infinity') as until
            ) as idle",
    next = "
                (
                    select
                        list.last_active_at as by_active,
                        list.joined_at as by_joined,
                        list.member_id as by_id
                    from member_use as list
                    where start.class & 1 = 0
                        and list.organization_id = (select id from org)
                        and list.class = start.class
                        and (list.last_active_at, list.joined_at, list.member_id)
                            < (start.active_at, start.joined_at, start.member_id)
                    order by list.last_active_at desc, list.joined_at desc, list.member_id desc
                    limit $4
                )
                union all
                (
                    select
                        '-infinity',
                        list.joined_at,
                        list.member_id
                    from member_list as list
                    where start.class & 1 = 1
                        and list.organization_id = (select id from org)
                        and list.class = start.class
                        and (list.joined_at, list.member_id) < (start.joined_at, start.member_id)
                    order by list.joined_at desc, list.member_id desc
                    limit $4
                )",
    all = "(
                            select
                            from start
                            cross join lateral (
                                select
                                from member_list
                                where $10 is null
                                    and member_list.organization_id = (select id from org)
                                    and member_list.class = start.class
                                order by member_list.joined_at desc, member_list.member_id desc
                                limit 10001
                            ) as listed
                            limit 10001
                        )
                        union all
                        (
                            select
                            from start
                            cross join lateral (
                                (
                                    select
                                    from member_use
                                    where start.class & 1 = 0
                                        and member_use.organization_id = (select id from org)
                                        and member_use.class = start.class
                                        and member_use.last_active_at < start.until
                                    order by
                                        member_use.last_active_at desc,
                                        member_use.joined_at desc,
                                        member_use.member_id desc
                                    limit 10001
                                )
                                union all
                                (
                                    select
                                    from member_list
                                    where start.class & 1 = 1
                                        and member_list.organization_id = (select id from org)
                                        and member_list.class = start.class
                                        and member_list.joined_at < start.until
                                    order by member_list.joined_at desc, member_list.member_id desc
                                    limit 10001
                                )
                            ) as idle
                            where $10 is not null
                        )",
    order = "by_active desc, by_joined desc, by_id desc",
    name_key = "null::text",
    [&ask.starts.joined_at, &ask.starts.active_at, ask.days_inactive]
}

pages! {
    /// The same from the other end.
    by_active_backward(ask),
    start = "select class, until, active_at, joined_at, member_id
            from unnest($2::smallint[], $9::timestamptz[], $8::timestamptz[], $3::uuid[])
                as start (class, active_at, joined_at, member_id)
            cross join (
                select coalesce(now() - make_interval(days => $10::int), 'infinity') as until
            ) as idle",
    next = "
                (
                    select
                        list.last_active_at as by_active,
                        list.joined_at as by_joined,
                        list.member_id as by_id
                    from member_use as list
                    where start.class & 1 = 0
                        and list.organization_id = (select id from org)
                        and list.class = start.class
                        and (list.last_active_at, list.joined_at, list.member_id)
                            > (start.active_at, start.joined_at, start.member_id)
                        and list.last_active_at < start.until
                    order by list.last_active_at, list.joined_at, list.member_id
                    limit $4
                )
                union all
                (
                    select
                        '-infinity',
                        list.joined_at,
                        list.member_id
                    from member_list as list
                    where start.class & 1 = 1
                        and list.organization_id = (select id from org)
                        and list.class = start.class
                        and (list.joined_at, list.member_id) > (start.joined_at, start.member_id)
                        and list.joined_at < start.until
                    order by list.joined_at, list.member_id
                    limit $4
                )",
    all = "(
                            select
                            from start
                            cross join lateral (
                                select
                                from member_list
                                where $10 is null
                                    and member_list.organization_id = (select id from org)
                                    and member_list.class = start.class
                                order by member_list.joined_at desc, member_list.member_id desc
                                limit 10001
                            ) as listed
                            limit 10001
                        )
                        union all
                        (
                            select
                            from start
                            cross join lateral (
                                (
                                    select
                                    from member_use
                                    where start.class & 1 = 0
                                        and member_use.organization_id = (select id from org)
                                        and member_use.class = start.class
                                        and member_use.last_active_at < start.until
                                    order by
                                        member_use.last_active_at desc,
                                        member_use.joined_at desc,
                                        member_use.member_id desc
                                    limit 10001
                                )
                                union all
                                (
                                    select
                                    from member_list
                                    where start.class & 1 = 1
                                        and member_list.organization_id = (select id from org)
                                        and member_list.class = start.class
                                        and member_list.joined_at < start.until
                                    order by member_list.joined_at desc, member_list.member_id desc
                                    limit 10001
                                )
                            ) as idle
                            where $10 is not null
                        )",
    order = "by_active, by_joined, by_id",
    name_key = "null::text",
    [&ask.starts.joined_at, &ask.starts.active_at, ask.days_inactive]
}
