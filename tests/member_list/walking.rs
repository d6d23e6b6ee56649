//! From page to page, and to any page.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
};

use orghub::domain::{
    Inactivity, MemberId, MemberListQuery, MemberPage, MemberSort, PageNumber, PageSize, Role,
};
use tokio::task::JoinHandle;

use super::{crowd::Crowd, ids, next, previous, total};

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

/// From one page to the next or the previous one.
type Step = fn(&MemberListQuery, &MemberPage) -> Option<MemberListQuery>;

/// Members at the beginning, and as many who come and as many who go while the list is walked.
const MEMBERS: u32 = 10_000;

/// Half of the crowd stay, while others come and go all the time.
struct Coming {
    crowd: Arc<Crowd>,
    stay: Arc<HashSet<MemberId>>,
    /// How many have come, and as many have gone.
    count: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl Coming {
    async fn start() -> Self {
        let crowd = Arc::new(Crowd::start(MEMBERS).await);
        let everybody = crowd.expected(&MemberListQuery::default()).await;
        let stay: Arc<HashSet<_>> = Arc::new(everybody.into_iter().step_by(2).collect());
        let count = Arc::new(AtomicU32::new(0));
        let come_and_go = {
            let (crowd, stay, count) = (crowd.clone(), stay.clone(), count.clone());
            async move {
                loop {
                    let some = rand::random_range(1..40);
                    crowd.leave(some as usize, &stay).await;
                    let first = MEMBERS + 1 + count.load(SeqCst);
                    crowd.join(first, first + some - 1).await;
                    count.fetch_add(some, SeqCst);
                }
            }
        };
        Self {
            crowd,
            stay,
            count,
            task: tokio::spawn(come_and_go),
        }
    }

    /// Who is in the list of `query` and stays.
    async fn staying(&self, query: &MemberListQuery) -> HashSet<MemberId> {
        let mut staying: HashSet<_> = self.crowd.expected(query).await.into_iter().collect();
        staying.retain(|id| self.stay.contains(id));
        staying
    }

    /// Shows the pages of `query` from `start` on, nobody twice: who stays and was met, and the
    /// last page that has somebody.
    async fn walk(
        &self,
        query: &MemberListQuery,
        start: Option<MemberListQuery>,
        step: Step,
    ) -> (HashSet<MemberId>, Option<MemberPage>) {
        let mut met = HashSet::new();
        let (mut here, mut last) = (start, None);
        for _ in 0..500 {
            let Some(at) = here else {
                met.retain(|id| self.stay.contains(id));
                return (met, last);
            };
            let found = self.crowd.list(&at).await;
            for id in ids(&found) {
                assert!(met.insert(id), "{query:?}: twice");
            }
            here = step(query, &found);
            // Whoever came behind may all have left: then the last page has nobody.
            if !found.page.rows.is_empty() {
                last = Some(found);
            }
        }
        panic!("{query:?}: it goes in circles");
    }

    /// Ends it: how many have come and gone.
    async fn end(self) -> u32 {
        self.task.abort();
        let ended = self.task.await;
        assert!(ended.is_err_and(|error| error.is_cancelled()));
        self.count.load(SeqCst)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_walk_shows_nobody_twice_and_misses_nobody_who_stays() {
    let coming = Coming::start().await;
    let (lists, mut walked) = (lists(2), 0);
    // Each list, and on a machine that is slow to change them, some again.
    for query in lists.iter().cycle() {
        if walked >= lists.len() && coming.count.load(SeqCst) >= MEMBERS {
            break;
        }
        walked += 1;
        let mut staying = coming.staying(query).await;
        let (met, last) = coming.walk(query, Some(query.clone()), next).await;
        assert_eq!(met, staying, "{query:?}");

        // And all the way back, from the last page, which is not among them.
        let back = last.as_ref().and_then(|page| previous(query, page));
        let (met, _) = coming.walk(query, back, previous).await;
        for id in last.iter().flat_map(ids) {
            staying.remove(&id);
        }
        assert_eq!(met, staying, "{query:?}: on the way back");
    }
    let crowd = coming.crowd.clone();
    let count = coming.end().await;
    eprintln!("{walked} lists walked there and back while {count} came and as many went");
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
