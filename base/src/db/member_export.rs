//! The member list from one of its members on, for whoever takes all of it away, piece by
//! piece. Each order is that of the list, and goes on behind the member it came to: nobody who
//! stays is missed or named twice, whoever comes and goes meanwhile.
//!
//! Of each class of members (migrations/0027_member_list.sql) the next few are read from an
//! index, and merged. So a piece costs the same at the end of a long list as at its beginning.
//! Of a search, all who are found are fetched by an index of their names, and sorted, for each
//! piece.

use time::OffsetDateTime;

use crate::{
    boxed,
    db::{Reader, member_filter::MemberFilter, member_place::PlaceColumns},
    domain::{MemberCursor, MemberId, MemberListQuery, MemberSort, OrgId, Role},
    error::Result,
    telemetry::SPANS,
};

/// What is told of a member.
#[derive(Clone, Debug)]
pub struct ExportedMember {
    pub id: MemberId,
    pub joined_at: OffsetDateTime,
    pub last_active_at: Option<OffsetDateTime>,
    name_key: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub suspended_at: Option<OffsetDateTime>,
    pub has_second_factor: bool,
}

impl ExportedMember {
    /// Where the member stands in a list in this order.
    pub fn place(&self, sort: MemberSort) -> MemberCursor {
        let (joined_at, member) = (self.joined_at, self.id);
        match sort {
            MemberSort::Joined => MemberCursor::Joined { joined_at, member },
            MemberSort::Name => MemberCursor::Name {
                key: self.name_key.clone(),
                member,
            },
            MemberSort::Role => MemberCursor::Role {
                role: self.role,
                joined_at,
                member,
            },
            MemberSort::Active => MemberCursor::Active {
                active_at: self.last_active_at,
                joined_at,
                member,
            },
        }
    }
}

/// At most `limit` members of the list behind `after`, whatever the list's page.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.member_export.list", skip_all)]
#[boxed]
pub async fn list(
    reader: &Reader,
    org: OrgId,
    query: &MemberListQuery,
    after: Option<&MemberCursor>,
    limit: i64,
) -> Result<Vec<ExportedMember>> {
    let after = PlaceColumns::of(after);
    match query.sort {
        MemberSort::Name => list_by_name(reader, org, query, after, limit).await,
        MemberSort::Joined => list_by_joined(reader, org, query, after, limit).await,
        MemberSort::Role => list_by_role(reader, org, query, after, limit).await,
        MemberSort::Active => list_by_active(reader, org, query, after, limit).await,
    }
}

/// A statement that reads the next few in one order. `of_class` are those of a class,
/// `is_behind` is whether somebody who is searched for comes behind the last one, by the
/// parameters from `$6` on.
macro_rules! pieces {
    (
        $name:ident($after:ident),
        of_class = $of_class:literal,
        is_behind = $is_behind:literal,
        order = [$of_few:literal, $of_next:literal],
        [$($parameter:expr),+ $(,)?]
    ) => {
        async fn $name(
            reader: &Reader,
            org: OrgId,
            query: &MemberListQuery,
            $after: PlaceColumns<'_>,
            limit: i64,
        ) -> Result<Vec<ExportedMember>> {
            let filter = MemberFilter::of(query);
            Ok(sqlx::query_as!(
                ExportedMember,
                r#"
        with search as materialized (
            select text_key($2) as key
        ), found as materialized (
            select list.member_id
            from member_list as list
            where char_length((select key from search)) > 2
                and search_grams(list.organization_id, list.search_key)
                    @> searched_grams($1, (select key from search))
            union all
            select list.member_id
            from member_list as list
            where char_length((select key from search)) < 3
                and list.organization_id = $1
                and list.class = any($3)
                and list.name_key >= (select key from search)
                and list.name_key < (select key || U&'\+10FFFF' from search)
        ), next as materialized (
            select few.*
            from (
                select each.*
                from unnest($3::smallint[]) as shown (class)
                cross join lateral (
"# + $of_class + r#"                ) as each
                union all
                select
                    list.member_id,
                    list.joined_at,
                    list.name_key,
                    list.power,
                    member_use.last_active_at
                from found
                join member_list as list on list.member_id = found.member_id
                left join member_use on member_use.member_id = list.member_id
                where list.organization_id = $1
                    and list.class = any($3)
                    and search_meets(list.search_key, (select key from search))
                    and (
                        $4::int is null
                        or coalesce(member_use.last_active_at, list.joined_at)
                            < now() - make_interval(days => $4)
                    )
"# + $is_behind + r#"            ) as few
            order by "# + $of_few + r#"
            limit $5
        )
        select
            next.member_id as "id!: MemberId",
            next.joined_at as "joined_at!",
            next.last_active_at as "last_active_at?",
            next.name_key as "name_key!",
            users.name as "name!",
            users.email as "email!",
            member.role as "role!: Role",
            member.suspended_at as "suspended_at?",
            users.second_factor_at is not null as "has_second_factor!"
        from next
        join member on member.id = next.member_id
        join users on users.id = member.user_id
        order by "# + $of_next + r#"
        "#,
                org as OrgId,
                filter.search,
                &filter.classes,
                filter.days_inactive,
                limit,
                $($parameter),+
            )
            .fetch_all(reader.conn())
            .await?)
        }
    };
}

pieces! {
    list_by_joined(after),
    of_class = r#"                    select
                        list.member_id,
                        list.joined_at,
                        list.name_key,
                        list.power,
                        member_use.last_active_at
                    from member_list as list
                    left join member_use on member_use.member_id = list.member_id
                    where list.organization_id = $1
                        and list.class = shown.class
                        and ($6::timestamptz is null
                            or (list.joined_at, list.member_id) < ($6, $7))
                        and (
                            $4::int is null
                            or coalesce(member_use.last_active_at, list.joined_at)
                                < now() - make_interval(days => $4)
                        )
                        and $2::text is null
                    order by list.joined_at desc, list.member_id desc
                    limit $5
"#,
    is_behind = r#"                    and ($6::timestamptz is null
                        or (list.joined_at, list.member_id) < ($6, $7))
"#,
    order = ["few.joined_at desc, few.member_id desc", "next.joined_at desc, next.member_id desc"],
    [
        after.joined_at,
        after.member as Option<MemberId>,
    ]
}

pieces! {
    list_by_name(after),
    of_class = r#"                    select
                        list.member_id,
                        list.joined_at,
                        list.name_key,
                        list.power,
                        member_use.last_active_at
                    from member_list as list
                    left join member_use on member_use.member_id = list.member_id
                    where list.organization_id = $1
                        and list.class = shown.class
                        and ($6::text is null or (list.name_key, list.member_id) > ($6, $7))
                        and (
                            $4::int is null
                            or coalesce(member_use.last_active_at, list.joined_at)
                                < now() - make_interval(days => $4)
                        )
                        and $2::text is null
                    order by list.name_key, list.member_id
                    limit $5
"#,
    is_behind = r#"                    and ($6::text is null or (list.name_key, list.member_id) > ($6, $7))
"#,
    order = ["few.name_key, few.member_id", "next.name_key, next.member_id"],
    [
        after.name_key,
        after.member as Option<MemberId>,
    ]
}

pieces! {
    list_by_role(after),
    of_class = r#"                    select
                        list.member_id,
                        list.joined_at,
                        list.name_key,
                        list.power,
                        member_use.last_active_at
                    from member_list as list
                    left join member_use on member_use.member_id = list.member_id
                    where list.organization_id = $1
                        and list.class = shown.class
                        and ($6::smallint is null or list.power <= $6)
                        and (
                            $6::smallint is null
                            or list.power < $6
                            or (list.joined_at, list.member_id) < ($7, $8)
                        )
                        and (
                            $4::int is null
                            or coalesce(member_use.last_active_at, list.joined_at)
                                < now() - make_interval(days => $4)
                        )
                        and $2::text is null
                    order by list.joined_at desc, list.member_id desc
                    limit $5
"#,
    is_behind = r#"                    and (
                        $6::smallint is null
                        or (list.power, list.joined_at, list.member_id) < ($6, $7, $8)
                    )
"#,
    order = ["few.power desc, few.joined_at desc, few.member_id desc", "next.power desc, next.joined_at desc, next.member_id desc"],
    [
        after.power,
        after.joined_at,
        after.member as Option<MemberId>,
    ]
}

pieces! {
    list_by_active(after),
    of_class = r#"                    (
                        select
                            list.member_id,
                            list.joined_at,
                            list.name_key,
                            list.power,
                            member_use.last_active_at
                        from member_use
                        join member_list as list on list.member_id = member_use.member_id
                        where member_use.organization_id = $1
                            and member_use.class = shown.class
                            and (not $6 or $7::timestamptz is not null)
                            and ($7::timestamptz is null
                                or (member_use.last_active_at, member_use.joined_at, member_use.member_id)
                                    < ($7, $8, $9))
                            and (
                                $4::int is null
                                or member_use.last_active_at < now() - make_interval(days => $4)
                            )
                            and $2::text is null
                        order by
                            member_use.last_active_at desc,
                            member_use.joined_at desc,
                            member_use.member_id desc
                        limit $5
                    )
                    union all
                    (
                        select
                            list.member_id,
                            list.joined_at,
                            list.name_key,
                            list.power,
                            null::timestamptz
                        from member_list as list
                        where list.organization_id = $1
                            and list.class = shown.class
                            and shown.class & 1 = 1
                            and (
                                not $6
                                or $7::timestamptz is not null
                                or (list.joined_at, list.member_id) < ($8, $9)
                            )
                            and ($4::int is null or list.joined_at < now() - make_interval(days => $4))
                            and $2::text is null
                        order by list.joined_at desc, list.member_id desc
                        limit $5
                    )
"#,
    is_behind = r#"                    and (
                        not $6
                        or (
                            coalesce(member_use.last_active_at, '-infinity'),
                            list.joined_at,
                            list.member_id
                        ) < (coalesce($7::timestamptz, '-infinity'), $8, $9)
                    )
"#,
    order = ["few.last_active_at desc nulls last, few.joined_at desc, few.member_id desc", "next.last_active_at desc nulls last, next.joined_at desc, next.member_id desc"],
    [
        after.member.is_some(),
        after.active_at,
        after.joined_at,
        after.member as Option<MemberId>,
    ]
}
