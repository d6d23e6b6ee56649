//! Whom searches find, and those inactive.

use orghub::domain::{
    Inactivity, MemberId, MemberListQuery, MemberPage, MemberSort, PageSize, Role,
};

use super::{crowd::Crowd, ids, next, previous, total};

impl Crowd {
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
            let exactly = counted(expected);
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
    /// finds; else those that find few do, and the others when they are asked for it.
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
                    let (members, is_capped) = total(&found);
                    assert!(!is_capped || !is_complete, "{query:?}");
                    assert!(members <= expected.len() as i64, "{query:?}");
                    assert!(is_capped || members == expected.len() as i64, "{query:?}");
                    self.walks(&query, found, &expected, is_counted).await;

                    let query = query.with_total();
                    let found = self.list(&query).await;
                    assert_eq!(total(&found), counted(&expected), "{query:?}");
                    if sort == MemberSort::Joined {
                        self.walks(&query, found, &expected, true).await;
                    }
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
}

/// As a page says it: up to 10,000, and whether there are more.
fn counted(members: &[MemberId]) -> (i64, bool) {
    (members.len().min(10_000) as i64, members.len() > 10_000)
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
    for inactive in Inactivity::ALL {
        for search in ["crowd.test", "8@crowd", "el"] {
            let query = MemberListQuery {
                inactive: Some(inactive),
                search: search.into(),
                ..Default::default()
            };
            let expected = counted(&crowd.expected(&query).await);
            let found = crowd.list(&query.with_total()).await;
            assert_eq!(total(&found), expected, "{query:?}");
        }
    }
}
