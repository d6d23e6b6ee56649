//! By name.

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
    /// By name.
    by_name(ask),
    start = "select class, name_key, member_id, search.*
            from unnest($2::smallint[], $9::text[], $3::uuid[])
                as start (class, name_key, member_id)
            cross join search",
    end = "
                select *
                from (
                    select
                        list.name_key as by_name,
                        list.member_id as by_id
                    from member_list as list
                    where list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.name_key, list.member_id) > (bound.name_key, bound.member_id)
                        and list.name_key <= bound.end_name
                    order by list.name_key, list.member_id
                    offset bound.many
                    limit 1
                ) as list
                where (by_name, by_id) < (bound.end_name, bound.end_id)",
    keys = "by_name, by_id",
    nowhere = "''::text collate \"C\" as by_name, $3[1] as by_id",
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
                        and list.name_key <= bound.end_name
                    order by list.name_key, list.member_id
                    limit $4
                ) as list
                where (list.name_key, list.member_id) < (bound.end_name, bound.end_id)
                    and ($7::text is null or search_meets(list.search_key, bound.key))
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
                    )
                order by list.name_key, list.member_id
                limit (select most from search)",
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
                select *
                from (
                    select
                        list.name_key as by_name,
                        list.member_id as by_id
                    from member_list as list
                    where list.organization_id = (select id from org)
                        and list.class = bound.class
                        and (list.name_key, list.member_id) < (bound.name_key, bound.member_id)
                        and list.name_key >= bound.end_name
                    order by list.name_key desc, list.member_id desc
                    offset bound.many
                    limit 1
                ) as list
                where (by_name, by_id) > (bound.end_name, bound.end_id)",
    keys = "by_name, by_id",
    nowhere = "''::text collate \"C\" as by_name, $3[1] as by_id",
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
                        and list.name_key >= bound.end_name
                    order by list.name_key desc, list.member_id desc
                    limit $4
                ) as list
                where (list.name_key, list.member_id) > (bound.end_name, bound.end_id)
                    and ($7::text is null or search_meets(list.search_key, bound.key))
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
                    )
                order by list.name_key desc, list.member_id desc
                limit (select most from search)",
    order = "by_name desc, by_id desc",
    name_key = "page.by_name",
    [&ask.starts.name_keys]
}
