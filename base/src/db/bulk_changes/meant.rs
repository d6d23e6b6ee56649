//! Whom a member list finds, as a change of all of them needs it. What decides is what decides
//! in the list itself.

use crate::{
    boxed,
    db::{Reader, Tx, member_filter::MemberFilter},
    domain::{
        BulkChangeId, MOST_CHANGED, MemberListQuery, NamedMember, OrgId, Role, SomeMembers,
        Standing, UserId,
    },
    error::Result,
    telemetry::SPANS,
};

/// Members of the same standing, all of whom are changed or none.
pub struct Group {
    pub standing: Standing,
    pub members: SomeMembers,
}

/// A statement about whom a list finds: those are `few`. It begins with the organization, what
/// the list leaves out, and how many are looked for at most (`$1` to `$5`).
macro_rules! query_of_meant {
    ($then:literal, $org:expr, $filter:ident, $($parameter:expr),+ $(,)?) => {
        sqlx::query!(
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
        ), few as materialized (
            select shown.member_id
            from (
                select list.member_id, list.joined_at
                from member_list as list
                where $2::text is null
                    and list.organization_id = $1
                    and list.class = any($3)
                union all
                select list.member_id, list.joined_at
                from found
                join member_list as list on list.member_id = found.member_id
                where list.organization_id = $1
                    and list.class = any($3)
                    and search_meets(list.search_key, (select key from search))
            ) as shown
            left join lateral (
                select member_use.last_active_at
                from member_use
                where $4::int is not null
                    and member_use.member_id = shown.member_id
                -- Keeps the look-up apart, so that it is left out where it is not needed.
                offset 0
            ) as used on true
            where $4::int is null
                or coalesce(used.last_active_at, shown.joined_at)
                    < now() - make_interval(days => $4)
            limit $5
        )
"# + $then,
            $org as OrgId,
            $filter.search,
            &$filter.classes,
            $filter.days_inactive,
            MOST_CHANGED + 1,
            $($parameter),+
        )
    };
}

/// Whom the list finds, by standing. It stops counting at one more than can be changed at once.
/// It reads all of the organization's people if it searches, so it is a heavy read.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.list_meant", skip_all)]
#[boxed]
pub async fn list_meant(
    reader: &Reader,
    org: OrgId,
    actor: UserId,
    query: &MemberListQuery,
) -> Result<Vec<Group>> {
    let filter = MemberFilter::of(query);
    let rows = query_of_meant!(
        r#"
        select
            member.role as "role: Role",
            member.suspended_at is not null as "is_suspended!",
            member.user_id = $6 as "is_actor!",
            count(*) as "total!",
            (array_agg(users.name order by member.created_at desc, member.id desc))[1:$7]
                as "names!",
            (array_agg(users.email order by member.created_at desc, member.id desc))[1:$7]
                as "emails!"
        from few
        join member on member.id = few.member_id
        join users on users.id = member.user_id
        group by 1, 2, 3
        order by 1, 2, 3
        "#,
        org,
        filter,
        actor as UserId,
        SomeMembers::MOST as i32,
    )
    .fetch_all(reader.conn())
    .await?;
    let groups = rows.into_iter().map(|row| {
        let named = row.names.into_iter().zip(row.emails);
        Group {
            standing: Standing {
                role: row.role,
                is_suspended: row.is_suspended,
                is_actor: row.is_actor,
            },
            members: SomeMembers {
                total: row.total,
                first: named
                    .map(|(name, email)| NamedMember { name, email })
                    .collect(),
            },
        }
    });
    Ok(groups.collect())
}

/// Notes all whom the list finds, newest first, as they are now, and says how many. At most one
/// more than can be changed at once.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.insert_rows", skip_all)]
#[boxed]
pub async fn insert_rows(
    tx: &mut Tx,
    id: BulkChangeId,
    org: OrgId,
    query: &MemberListQuery,
) -> Result<i64> {
    let filter = MemberFilter::of(query);
    let inserted = query_of_meant!(
        r#"
        insert into bulk_change_row (
            bulk_change_id,
            position,
            member_id,
            user_id,
            role,
            joined_at,
            suspended_at,
            last_active_at
        )
        select
            $6,
            row_number() over (order by member.created_at desc, member.id desc),
            member.id,
            member.user_id,
            member.role,
            member.created_at,
            member.suspended_at,
            member_use.last_active_at
        from few
        join member on member.id = few.member_id
        left join member_use on member_use.member_id = few.member_id
        "#,
        org,
        filter,
        id as BulkChangeId,
    )
    .execute(tx.conn())
    .await?;
    Ok(i64::try_from(inserted.rows_affected()).unwrap_or(i64::MAX))
}

/// Those who were noted, by standing: how many of each.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.bulk_changes.list_groups", skip_all)]
#[boxed]
pub async fn list_groups(
    tx: &mut Tx,
    id: BulkChangeId,
    actor: UserId,
) -> Result<Vec<(Standing, i64)>> {
    let rows = sqlx::query!(
        r#"
        select
            role as "role: Role",
            suspended_at is not null as "is_suspended!",
            user_id = $2 as "is_actor!",
            count(*) as "total!"
        from bulk_change_row
        where bulk_change_id = $1
        group by 1, 2, 3
        "#,
        id as BulkChangeId,
        actor as UserId,
    )
    .fetch_all(tx.conn())
    .await?;
    let groups = rows.into_iter().map(|row| {
        let standing = Standing {
            role: row.role,
            is_suspended: row.is_suspended,
            is_actor: row.is_actor,
        };
        (standing, row.total)
    });
    Ok(groups.collect())
}
