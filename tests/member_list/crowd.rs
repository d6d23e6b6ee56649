//! An organization with members of all kinds, and what its list should be.

use std::collections::HashSet;

use orghub::{
    access::OrgAccess,
    domain::{Inactivity, MemberId, MemberListQuery, MemberPage, MemberSort, OrgId, Role},
};
use orghub_test_support::TestApp;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

/// An organization of Ada's, with members of all kinds.
pub(crate) struct Crowd {
    pub(crate) app: TestApp,
    access: OrgAccess,
}

impl Crowd {
    pub(crate) async fn start(members: u32) -> Self {
        let app = TestApp::start().await;
        let owner = app.user("Ada").await;
        let slug = app.org("crowd", &owner).await;
        let access = app.access(&owner, &slug).await;
        // Now, because it is written each minute, and while a test lists those never active they
        // would become one less.
        let written = app.services.access.write_last_active().await;
        written.expect("the owner's use is written");
        let crowd = Self { app, access };
        crowd.join(1, members).await;
        crowd
    }

    pub(crate) fn org(&self) -> OrgId {
        self.access.org_id()
    }

    /// Members with these numbers, of all roles, some of them suspended, with a second factor or
    /// never active, whose names and times repeat.
    pub(crate) async fn join(&self, first: u32, last: u32) {
        for (first, last) in (first..=last)
            // A statement has two seconds, also on a machine with other work.
            .step_by(500)
            .map(|from| (from, last.min(from + 499)))
        {
            sqlx::query(
                "with people as (
                     insert into users (id, email, name, password_hash, second_factor_at)
                     select
                         gen_random_uuid(),
                         'person-' || n || '@crowd.test',
                         (array['Élodie', 'bob', 'Ada', 'zoë', 'Иван'])[1 + n * 7 % 5]
                             || ' ' || chr(97 + n * 11 % 26) || n % 40,
                         '',
                         case when n % 9 = 0 then now() end
                     from generate_series($2::int, $3::int) as n
                     returning id, substring(email from '[0-9]+')::int as n
                 ), joined as (
                     insert into member (id, organization_id, user_id, role, created_at, suspended_at)
                     select
                         gen_random_uuid(),
                         $1,
                         id,
                         case
                             when n % 50 = 0 then 'owner'
                             when n % 10 = 0 then 'admin'
                             when n % 15 = 0 then 'billing'
                             else 'member'
                         end,
                         case
                             when n % 4 = 0
                                 then date_trunc('day', now()) - n % 200 * interval '1 day'
                             else timestamptz '2026-01-01' + n % 700 * interval '1 minute'
                         end,
                         case when n % 13 = 0 then now() end
                     from people
                     returning id, user_id
                 )
                 insert into member_use (member_id, last_active_at)
                 select joined.id, now() - n % 100 * interval '1 day'
                 from joined
                 join people on people.id = joined.user_id
                 where n % 3 <> 0",
            )
            .bind(self.org().0)
            .bind(i32::try_from(first).expect("a small number"))
            .bind(i32::try_from(last).expect("a small number"))
            .execute(self.app.services.db.pool())
            .await
            .expect("they join");
        }
    }

    /// As many members as `count`, but nobody of `stay`.
    pub(crate) async fn leave(&self, count: usize, stay: &HashSet<MemberId>) {
        let stay: Vec<Uuid> = stay.iter().map(|member| member.0).collect();
        sqlx::query(
            "delete from member where id in (
                 select id from member
                 where organization_id = $1 and id <> all($2)
                 order by random()
                 limit $3
             )",
        )
        .bind(self.org().0)
        .bind(stay)
        .bind(i64::try_from(count).expect("a small number"))
        .execute(self.app.services.db.pool())
        .await
        .expect("they leave");
    }

    pub(crate) async fn list(&self, query: &MemberListQuery) -> MemberPage {
        let page = self
            .app
            .services
            .orgs
            .list_members(&self.access, query)
            .await;
        (*page.unwrap_or_else(|error| panic!("{query:?}: {error:?}"))).clone()
    }

    /// Who is in the list, in its order, as one plain statement has it.
    pub(crate) async fn expected(&self, query: &MemberListQuery) -> Vec<MemberId> {
        let order = match query.sort {
            MemberSort::Joined => "member.created_at desc, member.id desc",
            MemberSort::Name => "text_key(users.name), member.id",
            MemberSort::Role => {
                "array_position(array['owner', 'admin', 'billing', 'member'], member.role),
                 member.created_at desc, member.id desc"
            }
            MemberSort::Active => {
                "member_use.last_active_at desc nulls last, member.created_at desc, member.id desc"
            }
        };
        let statement = format!(
            "select member.id
             from member
             join users on users.id = member.user_id
             left join member_use on member_use.member_id = member.id
             where member.organization_id = $1
                 and ($2::text is null or member.role = $2)
                 and ($3::text is null or case
                     when char_length($3) < 3 then starts_with(text_key(users.name), text_key($3))
                     else strpos(users.search_key, text_key($3)) > 0
                 end)
                 and ($4::int is null
                     or coalesce(member_use.last_active_at, member.created_at)
                         < now() - make_interval(days => $4))
                 and ($5::bool is null or (member.suspended_at is not null) = $5)
                 and (not $6 or users.second_factor_at is null)
                 and (not $7 or member_use.member_id is null)
             order by {order}"
        );
        let search = (!query.search.is_empty()).then_some(&query.search);
        let rows = sqlx::query(AssertSqlSafe(statement))
            .bind(self.org().0)
            .bind(query.role.map(Role::as_str))
            .bind(search)
            .bind(query.inactive.and_then(Inactivity::days))
            .bind(query.status.map(|status| status.as_str() == "suspended"))
            .bind(query.without_factor)
            .bind(query.inactive == Some(Inactivity::Never))
            .fetch_all(self.app.services.db.pool())
            .await
            .expect("a list");
        rows.into_iter().map(|row| MemberId(row.get(0))).collect()
    }
}
