//! What a statement says of the list and of each member of a page.

use time::OffsetDateTime;

use crate::domain::{
    MemberCursor, MemberId, MemberRow, MemberSort, OrgId, PictureHash, Role, UserId,
};

/// One row of a page. Of an empty page there is one row, in which only the stamp, the
/// organization and what is said of the whole list are set.
pub(super) struct Row {
    pub(super) as_of: i64,
    pub(super) org_id: Option<OrgId>,
    /// Rows of the whole list, up to 10,001, where they were counted; of everybody, all.
    pub(super) whole: Option<i64>,
    /// Rows of what was looked through, or more than enough of them.
    pub(super) found: i64,
    /// Whether there may be more than were found.
    pub(super) goes_on: bool,
    /// Rows of the list before the page, where they are known.
    pub(super) skipped: i64,
    pub(super) id: Option<MemberId>,
    pub(super) user_id: Option<UserId>,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) picture: Option<PictureHash>,
    pub(super) role: Option<Role>,
    pub(super) joined_at: Option<OffsetDateTime>,
    pub(super) suspended_at: Option<OffsetDateTime>,
    pub(super) last_active_at: Option<OffsetDateTime>,
    pub(super) has_second_factor: Option<bool>,
    /// What the row is sorted by in the order of names.
    pub(super) name_key: Option<String>,
}

/// A member of a page, and where they stand in the list.
pub(super) struct Placed {
    pub(super) row: MemberRow,
    pub(super) place: MemberCursor,
}

impl Row {
    pub(super) fn member(self, sort: MemberSort) -> Option<Placed> {
        let row = MemberRow {
            id: self.id?,
            user_id: self.user_id?,
            name: self.name?,
            email: self.email?,
            picture: self.picture,
            role: self.role?,
            joined_at: self.joined_at?,
            suspended_at: self.suspended_at,
            last_active_at: self.last_active_at,
            has_second_factor: self.has_second_factor,
        };
        let (joined_at, member) = (row.joined_at, row.id);
        let place = match sort {
            MemberSort::Joined => MemberCursor::Joined { joined_at, member },
            MemberSort::Name => MemberCursor::Name {
                key: self.name_key?,
                member,
            },
            MemberSort::Role => MemberCursor::Role {
                role: row.role,
                joined_at,
                member,
            },
            MemberSort::Active => MemberCursor::Active {
                active_at: row.last_active_at,
                joined_at,
                member,
            },
        };
        Some(Placed { row, place })
    }
}

/// Rows by a statement, whose parts `with` find the members of the page, `page.by_id` in the
/// `order`, and count the list, `counted.whole`. `$1` is the organization's slug. Users are joined
/// for the rows shown.
macro_rules! rows {
    (
        $reader:expr,
        with = $first:literal $(+ $with:literal)*,
        found = $found:literal,
        goes_on = $goes_on:literal,
        skipped = $skipped:literal,
        name_key = $name_key:literal,
        order = $order:literal,
        [$($parameter:expr),+ $(,)?] $(,)?
    ) => {
        sqlx::query_as!(
            Row,
            r#"
        with recursive org as materialized (
            select id from organization where slug = $1
        ), "# + $first $(+ $with)* + r#"
        select
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "as_of!",
            (select id from org) as "org_id?: OrgId",
            counted.whole as "whole?",
            "# + $found + r#" as "found!",
            "# + $goes_on + r#" as "goes_on!",
            "# + $skipped + r#" as "skipped!",
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
            $($parameter),+
        )
        .fetch_all($reader.conn())
        .await?
    };
}

/// The same of a list that is read from `start`, places in classes (`class`) of which only those
/// are listed who were inactive since before `until`. They are counted, up to 10,001, but in the
/// `cases` in which the count is another.
///
/// They are counted in the order of an index, for its sake: where few organizations have most
/// members, the planner would read the whole table. And it must not know how many are counted at
/// most, or it expects to sort all of them.
macro_rules! rows_and_count {
    (
        $reader:expr,
        with = $first:literal $(+ $with:literal)*,
        cases = $cases:literal,
        $($rest:tt)+
    ) => {
        rows! {
            $reader,
            with = $first $(+ $with)* + ", counted as materialized (
            select case
                " + $cases + "
                else (
                    select count(*)
                    from (
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
                                limit (select 10001)
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
                                limit (select 10001)
                            )
                        ) as listed
                        limit 10001
                    ) as capped
                )
            end as whole
        )",
            $($rest)+
        }
    };
}
