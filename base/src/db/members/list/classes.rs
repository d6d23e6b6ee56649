//! Pages of a list that shows some classes of members whole: everybody, those of a role or a
//! status, those without a second factor; by last use also those who were inactive.
//!
//! The next few of each class are read from the index of the order, and merged. So a page reads
//! some hundred entries, however many members there are, and wherever it goes on. Users are
//! joined for the rows shown.

use super::{Ask, rows::Row};
use crate::{
    boxed,
    db::Reader,
    domain::{MemberId, OrgId, OrgSlug, PictureHash, Role, UserId},
    error::Result,
};

/// A statement that reads pages in one order and direction. `start` makes the places of the
/// classes from the parameters behind `$7`, and `next` reads at most `$4` behind one of them.
macro_rules! pages {
    (
        $(#[$doc:meta])*
        $name:ident($ask:ident),
        start = $start:literal,
        next = $next:literal,
        order = $order:literal,
        name_key = $name_key:literal,
        [$($parameter:expr),+ $(,)?]
    ) => {
        $(#[$doc])*
        #[boxed]
        pub(super) async fn $name(reader: &Reader, $ask: &Ask<'_>) -> Result<Vec<Row>> {
            Ok(rows_and_count! {
                reader,
                with = "start as materialized (
            " + $start + "
        ), page as materialized (
            select next.*
            from start
            cross join lateral (
            " + $next + "
            ) as next
            order by " + $order + "
            limit $6
            offset $5
        )",
                cases = "when $7 then coalesce(
                    (
                        select members
                        from organization_member_count
                        where organization_id = (select id from org)
                    ),
                    0
                )",
                found = "0::bigint",
                goes_on = "false",
                skipped = "0::bigint",
                name_key = $name_key,
                order = $order,
                [
                    $ask.slug as &OrgSlug,
                    &$ask.starts.classes,
                    &$ask.starts.members as &[MemberId],
                    $ask.offset + $ask.limit,
                    $ask.offset,
                    $ask.limit,
                    $ask.is_everybody,
                    $($parameter),+
                ],
            })
        }
    };
}

pages! {
    /// Newest first; by role, if that comes first.
    by_joined(ask),
    start = "select class, joined_at, member_id, 'infinity'::timestamptz as until
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
    order = "by_power desc, by_joined desc, by_id desc",
    name_key = "null::text",
    [&ask.starts.joined_at, ask.is_by_role]
}

pages! {
    /// The same from the other end.
    by_joined_backward(ask),
    start = "select class, joined_at, member_id, 'infinity'::timestamptz as until
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
    order = "by_power, by_joined, by_id",
    name_key = "null::text",
    [&ask.starts.joined_at, ask.is_by_role]
}

pages! {
    /// By name.
    by_name(ask),
    start = "select class, name_key, member_id, 'infinity'::timestamptz as until
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
    order = "by_name, by_id",
    name_key = "page.by_name",
    [&ask.starts.name_keys]
}

pages! {
    /// The same from the other end.
    by_name_backward(ask),
    start = "select class, name_key, member_id, 'infinity'::timestamptz as until
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
    order = "by_active, by_joined, by_id",
    name_key = "null::text",
    [&ask.starts.joined_at, &ask.starts.active_at, ask.days_inactive]
}
