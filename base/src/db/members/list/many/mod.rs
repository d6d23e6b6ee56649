//! Pages of a list that leaves out some of a class: a search, or, in another order than that of
//! last use, those who were inactive.
//!
//! The list is looked through in its order, in the index of the order, which has the text that is
//! searched: from each class up to a few thousand, and as far as the first class that has more.
//! Where many are meant, that fills a page. Where it fills none, few are meant, or all are
//! further on, and [`super::few`] knows where they are.

/// A statement that looks through a list in one order and direction.
///
/// `start` makes the places of the classes from the parameters behind `$8`. `end` is the first of
/// a class that is not looked at any more, behind `bound.many` others, by the `keys` of the order;
/// and `bound` says where in each class the first of some ends is, from which on nothing is asked.
/// `found` are those before it who are meant.
///
/// The whole list is counted, up to 10,001, where that is cheap: those inactive have their indexes,
/// and a search looks at everybody of an organization that is not larger.
///
/// Most classes are small, and to look for the ends of all costs more than the page. So the classes
/// take turns, those that are densest in front first, and each looks for an end only before the
/// first that is known; after one or two turns there is none. Ends bound an index scan by what
/// comes first in the order, and the scan is limited besides: thousands may have joined at one
/// moment, and by two columns at once a scan begins but does not end.
///
/// `found` stops at the `most` of a class that the page can need, and not before 500, so that the
/// first pages have numbers.
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
        pub(in crate::db::members::list) async fn $name(
            reader: &Reader,
            $ask: &Ask<'_>,
        ) -> Result<Vec<Row>> {
            Ok(rows_and_count! {
                reader,
                with = "search as materialized (
            select
                text_key($7) as key,
                coalesce(now() - make_interval(days => $8::int), 'infinity') as until,
                greatest(500, $5::bigint + $6::bigint) as most
        ), start as materialized (
            " + $start + "
        ), nowhere as materialized (
            select " + $nowhere + " where false
        ), turns as materialized (
            select class, row_number() over (order by by_id is null, " + $order + ") as turn
            from (
                select bound.class, ends.*
                from (
                    select start.*, $4::bigint / 16 as many, " + $bound + "
                    from start
                    left join nowhere on true
                ) as bound
                left join lateral (
            " + $end + "
                ) as ends on true
            ) as ends
        ), ends as (
            select 0::bigint as turn, nowhere.*
            from (select) as before
            left join nowhere on true
            union all
            select bound.turn, first.*
            from (
                select start.*, turns.turn, $4::bigint as many, " + $keys + ", " + $bound + "
                from ends as before
                join turns on turns.turn = before.turn + 1
                join start on start.class = turns.class
            ) as bound
            cross join lateral (
                select *
                from (
            " + $end + "
                    union all
                    select " + $keys + "
                ) as either
                order by by_id is null, " + $order + "
                limit 1
            ) as first
        ), first_end as materialized (
            select " + $keys + "
            from ends
            where by_id is not null
            order by turn desc
            limit 1
        ), bound as materialized (
            select start.*, " + $bound + "
            from start
            left join first_end on true
        ), found as materialized (
            select bound.class, found.*
            from bound
            cross join lateral (
            " + $found + "
            ) as found
        ), page as materialized (
            select *
            from found
            order by " + $order + "
            limit $6
            offset $5
        )",
                cases = "when $7::text is not null then (
                    select case when members <= 10000 then (
                        select count(*)
                        from start
                        cross join lateral (
                            select
                            from member_list as list
                            where list.organization_id = (select id from org)
                                and list.class = start.class
                                and search_meets(list.search_key, start.key)
                                and (
                                    $8::int is null
                                    or case start.class & 1
                                        when 1 then list.joined_at < start.until
                                        else exists (
                                            select
                                            from member_use
                                            where member_use.member_id = list.member_id
                                                and member_use.last_active_at < start.until
                                        )
                                    end
                                )
                            order by list.joined_at desc, list.member_id desc
                            limit (select 10001)
                        ) as met
                    ) end
                    from organization_member_count
                    where organization_id = (select id from org)
                )",
                found = "(select count(*) from found)",
                goes_on = "exists (select from first_end)
                or exists (
                    select
                    from found
                    group by class
                    having count(*) >= (select most from search)
                )",
                skipped = "0::bigint",
                name_key = $name_key,
                order = $order,
                [
                    $ask.slug as &OrgSlug,
                    &$ask.starts.classes,
                    &$ask.starts.members as &[MemberId],
                    $ask.looked_through,
                    $ask.offset,
                    $ask.limit,
                    $ask.search,
                    $ask.days_inactive,
                    $($parameter),+
                ],
            })
        }
    };
}

// Behind the macro, which is theirs.
mod by_active;
mod by_joined;
mod by_name;

pub(super) use self::{
    by_active::{by_active, by_active_backward},
    by_joined::{by_joined, by_joined_backward},
    by_name::{by_name, by_name_backward},
};
