//! The member list of a large organization: walking it, its pages by number, its searches, and
//! the copies it is read from.

use std::collections::{HashMap, HashSet};

use orghub::{
    access::OrgAccess,
    domain::{
        Inactivity, ListFrom, MemberId, MemberListQuery, MemberPage, MemberSort, OrgId, PageNumber,
        PageSize, Role,
    },
};
use orghub_test_support::{PATIENCE, TestApp, eventually};
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

/// An organization of Ada's, with members of all kinds.
struct Crowd {
    app: TestApp,
    access: OrgAccess,
}

impl Crowd {
    async fn start(members: u32) -> Self {
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

    fn org(&self) -> OrgId {
        self.access.org_id()
    }

    /// Members with these numbers, of all roles, some of them suspended, with a second factor or
    /// never active, whose names and times repeat.
    async fn join(&self, first: u32, last: u32) {
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
    async fn leave(&self, count: usize, stay: &HashSet<MemberId>) {
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

    async fn commit(&self, tx: orghub::test_hooks::Tx) {
        let committed = self.app.services.cache.commit(tx, &[]).await;
        committed.expect("it commits");
    }

    async fn list(&self, query: &MemberListQuery) -> MemberPage {
        let page = self
            .app
            .services
            .orgs
            .list_members(&self.access, query)
            .await;
        (*page.unwrap_or_else(|error| panic!("{query:?}: {error:?}"))).clone()
    }

    /// Who is in the list, in its order, as one plain statement has it.
    async fn expected(&self, query: &MemberListQuery) -> Vec<MemberId> {
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

    /// From the first page on as far as it takes to leave what was looked through first, and all
    /// the way back. A list that is counted says on each page how many there are.
    async fn walks(
        &self,
        query: &MemberListQuery,
        first: MemberPage,
        expected: &[MemberId],
        is_counted: bool,
    ) {
        const FAR: usize = 1_500;
        let mut seen = ids(&first);
        let mut page = first;
        let says_how_many = |page: &MemberPage| {
            let exactly = (expected.len() as i64, false);
            let said = if is_counted { total(page) } else { exactly };
            assert_eq!(said, exactly, "{query:?}");
        };
        says_how_many(&page);
        while let Some(step) = next(query, &page).filter(|_| seen.len() < FAR) {
            page = self.list(&step).await;
            says_how_many(&page);
            seen.extend(ids(&page));
        }
        assert_eq!(seen, expected[..seen.len()], "{query:?}: the walk");
        assert!(seen.len() >= expected.len().min(FAR), "{query:?}");

        let mut before = seen.len() - page.page.rows.len();
        while let Some(step) = previous(query, &page) {
            page = self.list(&step).await;
            says_how_many(&page);
            let shown = ids(&page);
            let after = before;
            before -= shown.len();
            assert_eq!(shown, expected[before..after], "{query:?}: the way back");
        }
        assert_eq!(before, 0, "{query:?}: the way back");
    }

    /// Some searches in every order. Where the organization `is_counted`, each says how many it
    /// finds; else those that find few do.
    async fn is_searched(&self, is_counted: bool) {
        for (search, is_complete) in [
            ("ada a0", true),
            ("Person-77@", true),
            ("PERSON-1234", true),
            ("иван", false),
            ("crowd.test", false),
            ("lodie z3", true),
            ("nobody at all", true),
            ("e", false),
            ("zo", false),
            ("% _", true),
            ("@", true),
            ("---", true),
        ] {
            for sort in MemberSort::ALL {
                for role in [None, Some(Role::Admin)] {
                    let query = MemberListQuery {
                        search: search.into(),
                        sort,
                        role,
                        size: PageSize::ALL[2],
                        ..Default::default()
                    };
                    let expected = self.expected(&query).await;
                    let found = self.list(&query).await;
                    let first = &expected[..expected.len().min(100)];
                    assert_eq!(ids(&found), first, "{query:?}");
                    let (total, is_capped) = total(&found);
                    assert!(!is_capped || !is_complete, "{query:?}");
                    assert!(total <= expected.len() as i64, "{query:?}");
                    assert!(is_capped || total == expected.len() as i64, "{query:?}");
                    self.walks(&query, found, &expected, is_counted).await;
                }
            }
        }
    }

    /// Lists of the inactive of a role and a search in every order, with how many they are.
    async fn is_seen_inactive(&self, lists: &[(Option<Role>, &str)]) {
        for inactive in Inactivity::ALL {
            for sort in MemberSort::ALL {
                for (role, search) in lists.iter().copied() {
                    let query = MemberListQuery {
                        inactive: Some(inactive),
                        role,
                        search: search.into(),
                        sort,
                        size: PageSize::ALL[2],
                        ..Default::default()
                    };
                    let expected = self.expected(&query).await;
                    let found = self.list(&query).await;
                    self.walks(&query, found, &expected, true).await;
                }
            }
        }
    }

    /// Until a statement waits for a lock.
    async fn until_somebody_waits(&self) {
        eventually("somebody waits", PATIENCE, async || {
            let waiting: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock'",
            )
            .fetch_one(self.app.services.db.pool())
            .await
            .expect("a count");
            waiting == 1
        })
        .await;
    }

    /// Members whose row in the list is not what their other rows say.
    async fn wrong_copies(&self) -> i64 {
        sqlx::query_scalar(
            "select count(*)
             from member
             join users on users.id = member.user_id
             left join member_use on member_use.member_id = member.id
             full join member_list as list on list.member_id = member.id
             where (
                     list.organization_id,
                     list.joined_at,
                     list.power,
                     list.is_suspended,
                     list.has_no_factor,
                     list.was_never_active,
                     list.search_key
                 ) is distinct from (
                     member.organization_id,
                     member.created_at,
                     array_position(array['member', 'billing', 'admin', 'owner'], member.role) - 1,
                     member.suspended_at is not null,
                     users.second_factor_at is null,
                     member_use.member_id is null,
                     users.search_key
                 )
                 or member_use.member_id is not null and (
                     member_use.organization_id,
                     member_use.class,
                     member_use.joined_at
                 ) is distinct from (
                     member.organization_id,
                     list.class,
                     member.created_at
                 )",
        )
        .fetch_one(self.app.services.db.pool())
        .await
        .expect("a count")
    }
}

fn ids(page: &MemberPage) -> Vec<MemberId> {
    page.page.rows.iter().map(|row| row.id).collect()
}

/// What the page says of the length of its list, and whether it is longer.
fn total(page: &MemberPage) -> (i64, bool) {
    (page.page.total, page.page.total_is_capped)
}

/// The next page of the list, as its link says.
fn next(query: &MemberListQuery, page: &MemberPage) -> Option<MemberListQuery> {
    let place = page.after.clone()?;
    let number = PageNumber::new(page.page.number.get() + 1);
    Some(through_an_address(
        &query.from_place(number, ListFrom::After(place)),
    ))
}

/// The previous page of the list.
fn previous(query: &MemberListQuery, page: &MemberPage) -> Option<MemberListQuery> {
    let place = page.before.clone()?;
    let number = PageNumber::new(page.page.number.get().saturating_sub(1));
    Some(through_an_address(
        &query.from_place(number, ListFrom::Before(place)),
    ))
}

/// The list that the address of a list leads to.
fn through_an_address(query: &MemberListQuery) -> MemberListQuery {
    let mut address = form_urlencoded::Serializer::new(String::new());
    address.extend_pairs(query.to_params());
    let read = MemberListQuery::from_query(&address.finish());
    assert_eq!(&read, query);
    read
}

/// A list without search or filter in each order, and some with.
fn lists(size: usize) -> Vec<MemberListQuery> {
    let size = PageSize::ALL[size];
    MemberSort::ALL
        .into_iter()
        .flat_map(|sort| {
            let list = MemberListQuery {
                sort,
                size,
                ..Default::default()
            };
            [
                list.clone(),
                MemberListQuery {
                    role: Some(Role::Admin),
                    ..list.clone()
                },
                MemberListQuery {
                    inactive: Some(Inactivity::Month),
                    ..list.clone()
                },
                MemberListQuery {
                    search: "elodie".into(),
                    ..list
                },
            ]
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_shows_nobody_twice_and_misses_nobody_who_stays() {
    let crowd = Crowd::start(600).await;
    let everybody = crowd.expected(&MemberListQuery::default()).await;
    let stay: HashSet<MemberId> = everybody.iter().copied().step_by(2).collect();
    let mut newcomers = 601;
    for query in lists(0) {
        let met: HashSet<MemberId> = crowd.expected(&query).await.into_iter().collect();
        let staying = met.intersection(&stay).count();
        let mut seen = HashMap::new();
        let mut step = Some(query.clone());
        let mut page = None;
        while let Some(here) = step {
            let found = crowd.list(&here).await;
            for id in ids(&found) {
                *seen.entry(id).or_insert(0) += 1;
            }
            crowd.leave(15, &stay).await;
            crowd.join(newcomers, newcomers + 14).await;
            newcomers += 15;
            step = next(&query, &found);
            // Whoever came behind may all have left: then the last page has nobody.
            if !found.page.rows.is_empty() {
                page = Some(found);
            }
        }
        assert!(seen.values().all(|times| *times == 1), "{query:?}: twice");
        let kept = seen.keys().filter(|id| stay.contains(id)).count();
        assert_eq!(kept, staying, "{query:?}: missed");

        // And all the way back, from the last page, which is not among them.
        let last: HashSet<MemberId> = page.iter().flat_map(ids).collect();
        let mut seen = HashMap::new();
        let mut step = page.as_ref().and_then(|page| previous(&query, page));
        let mut steps = 0;
        while let Some(here) = step {
            let found = crowd.list(&here).await;
            for id in ids(&found) {
                *seen.entry(id).or_insert(0) += 1;
            }
            crowd.leave(15, &stay).await;
            crowd.join(newcomers, newcomers + 14).await;
            newcomers += 15;
            step = previous(&query, &found);
            steps += 1;
            assert!(steps < 200, "{query:?}: it goes in circles");
        }
        assert!(
            seen.values().all(|times| *times == 1),
            "{query:?}: twice back"
        );
        let kept = seen.keys().filter(|id| stay.contains(id)).count();
        let staying_before = met
            .intersection(&stay)
            .filter(|id| !last.contains(id))
            .count();
        assert_eq!(kept, staying_before, "{query:?}: missed on the way back");
    }
    assert_eq!(crowd.wrong_copies().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_by_its_number_is_where_its_offset_is() {
    let crowd = Crowd::start(5_200).await;
    for size in 0..3 {
        for query in lists(size) {
            let expected = crowd.expected(&query).await;
            let pages: Vec<_> = expected.chunks(query.size.get() as usize).collect();
            let last = pages.len();
            for number in [1, 2, 3, last / 3, last / 2, last - 1, last] {
                let number = number.max(1);
                let page = PageNumber::new(u32::try_from(number).expect("a small number"));
                let query = query.at_page(page);
                let found = crowd.list(&query).await;
                let shown: Vec<_> = ids(&found);
                assert_eq!(
                    shown,
                    pages.get(number - 1).copied().unwrap_or_default(),
                    "{query:?}"
                );
                assert_eq!(total(&found), (expected.len() as i64, false), "{query:?}");
                assert_eq!(found.before.is_none(), number == 1, "{query:?}");
                assert_eq!(found.after.is_none(), number >= last, "{query:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_find_whom_a_look_at_everybody_finds() {
    let crowd = Crowd::start(2_500).await;
    crowd.is_searched(true).await;
    // More of one class than a search looks through, and more of all than it counts.
    crowd.join(2_501, 12_500).await;
    crowd.is_searched(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_the_inactive_are_those_that_a_look_at_everybody_finds() {
    let crowd = Crowd::start(6_000).await;
    let lists = [(None, ""), (Some(Role::Owner), ""), (None, "crowd")];
    crowd.is_seen_inactive(&lists).await;
    // More than a search counts; those inactive are counted nevertheless.
    crowd.join(6_001, 10_500).await;
    crowd.is_seen_inactive(&lists[..2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_an_address_says_there_is_a_list_or_none() {
    let crowd = Crowd::start(120).await;
    let place = "00000000000000000000000000000007";
    let pages = ["", "page=3", "page=0", "page=99999999", "page=x"];
    let sizes = ["", "size=25", "size=100", "size=1000000", "size=-1"];
    let froms = [
        String::new(),
        format!("after={place}.0"),
        format!("before={place}.1767225600000000"),
        format!("after={place}.9223372036854775807"),
        format!("before={place}.m"),
        format!("after={place}.1767225600000000.admin"),
        format!("before={place}.1767225600000000.never"),
        "after=%00&before=.".to_owned(),
    ];
    let sorts = ["", "sort=name", "sort=role", "sort=active", "sort=size"];
    let searches = [
        "",
        "q=ada",
        "q=%25",
        "q=%F0%9F%98%80%F0%9F%98%80%F0%9F%98%80",
        "inactive=30",
    ];
    for (number, page) in pages.into_iter().enumerate() {
        for from in &froms {
            for sort in sorts {
                for search in searches {
                    let size = sizes[number];
                    let address = format!("{page}&{size}&{from}&{sort}&{search}&role=");
                    let query = MemberListQuery::from_query(&address);
                    let found = crowd.list(&query).await.page;
                    let most = query.size.get() as usize;
                    assert!(found.rows.len() <= most, "{address}");
                    assert!(found.total >= found.rows.len() as i64, "{address}");
                    assert!(
                        found.number <= found.last() || found.rows.is_empty(),
                        "{address}"
                    );
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_follows_whatever_changes_about_a_member() {
    let crowd = Crowd::start(40).await;
    assert_eq!(crowd.wrong_copies().await, 0);
    for change in [
        "update users set name = 'Ægir', email = 'aegir@crowd.test' where email = 'person-7@crowd.test'",
        "update users set second_factor_at = now()",
        "update users set second_factor_at = null where email like '%3@crowd.test'",
        "update member set role = 'admin' where role = 'member'",
        "update member set suspended_at = now() where role = 'admin'",
        "update member set suspended_at = null, created_at = now() - interval '1 day'",
        "insert into member_use (member_id, last_active_at) select id, now() from member
             on conflict (member_id) do update set last_active_at = excluded.last_active_at",
        "delete from member_use where member_id in (select id from member limit 20)",
        "delete from member where role = 'billing'",
        "delete from users where email like '%4@crowd.test'",
    ] {
        crowd.app.sql(change).await;
        assert_eq!(crowd.wrong_copies().await, 0, "{change}");
    }
    let listed = crowd.list(&MemberListQuery::default()).await.page;
    assert_eq!(listed.rows.len() as i64, listed.total);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_while_their_name_changes_is_listed_by_the_new_name() {
    let crowd = Crowd::start(1).await;
    // Member and use were written by one statement.
    assert_eq!(crowd.wrong_copies().await, 0);
    for (name, joins_first) in [("Grace", true), ("Linus", false)] {
        let grace = crowd.app.user(name).await;
        let mut joining = crowd.app.begin().await;
        let mut renaming = crowd.app.begin().await;
        let join = sqlx::query(
            "insert into member (id, organization_id, user_id, role) values ($1, $2, $3, 'member')",
        )
        .bind(Uuid::now_v7())
        .bind(crowd.org().0)
        .bind(grace.id.0);
        let rename =
            sqlx::query("update users set name = 'Grace H.' where id = $1").bind(grace.id.0);
        if joins_first {
            join.execute(joining.conn()).await.expect("she joins");
            tokio::join!(
                async {
                    rename.execute(renaming.conn()).await.expect("renamed");
                    crowd.commit(renaming).await;
                },
                async {
                    crowd.until_somebody_waits().await;
                    crowd.commit(joining).await;
                }
            );
        } else {
            rename.execute(renaming.conn()).await.expect("renamed");
            tokio::join!(
                async {
                    join.execute(joining.conn()).await.expect("she joins");
                    crowd.commit(joining).await;
                },
                async {
                    crowd.until_somebody_waits().await;
                    crowd.commit(renaming).await;
                }
            );
        }
        assert_eq!(crowd.wrong_copies().await, 0, "joins first: {joins_first}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_size_of_a_page_is_remembered_by_itself() {
    let crowd = Crowd::start(130).await;
    for size in PageSize::ALL {
        let query = MemberListQuery::default().with_size(size);
        for _ in 0..2 {
            let page = crowd.list(&query).await.page;
            assert_eq!(page.rows.len(), size.get() as usize);
            assert_eq!(page.last().get(), 131_u32.div_ceil(size.get()));
        }
    }
}
