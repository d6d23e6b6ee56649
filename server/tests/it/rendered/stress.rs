//! Two nodes that send pages again, in the harness of [`orghub_test_support::stress`].
//!
//! It runs over pages as well that are deleted after COMMIT instead of stamped. Those must be
//! found out.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use http::StatusCode;
use orghub::{
    error::{Error, Result},
    routes,
    services::Services,
    test_hooks::Tx,
};
use orghub_test_support::stress::{
    self, Harness, Number, Question, Scale, Strategy, Subject, some_fill_time,
};

use crate::site::{Site, Visitor};

/// So few that pages are asked for a third time before something of them changes.
const SUBJECTS: usize = 4;

const SCALE: Scale = Scale {
    readers: 8,
    writers: 4,
    reads: 20,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_page_asked_for_after_an_acknowledged_change_shows_less() {
    let seconds = stress::seconds(20);
    let company = Company::start().await;
    let (nodes, kept) = (company.nodes(&[]).await, company.kept.clone());
    let harness = Harness::set_up(&company.site.app, nodes, company.subjects, SCALE).await;
    let tally = harness.run(Duration::from_secs(seconds), u64::MAX).await;
    let kept = kept.load(SeqCst);
    eprintln!("{kept} pages sent again; {tally}");
    assert_eq!(tally.violations(), 0, "{tally}");
    assert!(
        tally.is_telling(seconds) && kept > seconds,
        "too little to find anything in: {kept} pages sent again; {tally}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_harness_finds_out_pages_that_are_deleted_after_commit() {
    let company = Company::start().await;
    let all = [Copies::default(), Copies::default()];
    let nodes = company.nodes(&[("RENDERED_PAGES_BYTES", "0")]).await;
    let nodes = nodes.into_iter().zip(&all);
    let nodes = nodes.map(|(pages, own)| CommitThenDelete {
        pages,
        own: own.clone(),
        all: all.clone(),
    });
    let app = &company.site.app;
    let harness = Harness::set_up(app, nodes.collect(), company.subjects, SCALE).await;
    let tally = harness.run(Duration::from_secs(30), 20).await;
    eprintln!("COMMIT, then delete: {tally}");
    assert!(tally.violations() > 0, "the harness is blind: {tally}");
}

/// Organizations whose owners look at their pages.
struct Company {
    site: Site,
    subjects: Vec<Subject>,
    owners: Vec<Visitor>,
    /// Pages that were sent again.
    kept: Arc<AtomicU64>,
}

impl Company {
    async fn start() -> Self {
        let site = Site::start_with(|config| {
            config.near_cache_bytes = 8 << 20;
            config.database_max_connections = 16;
        })
        .await;
        let subjects = stress::subjects(&site.app, SUBJECTS).await;
        let mut owners = Vec::new();
        for subject in &subjects {
            owners.push(site.sign_in(&subject.owner).await);
        }
        Self {
            site,
            subjects,
            owners,
            kept: Arc::default(),
        }
    }

    /// Two nodes that are told `variables`.
    async fn nodes(&self, variables: &[(&str, &str)]) -> Vec<Pages> {
        let mut nodes = Vec::new();
        for _ in 0..2 {
            let node = self.site.another_node().await.with(variables);
            let owners = self.owners.iter().map(|owner| node.receive(owner));
            nodes.push(Pages {
                owners: owners.collect(),
                services: node.services,
                kept: self.kept.clone(),
            });
        }
        nodes
    }
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    /// The organization's name on its own page.
    Org,
    /// The reader's name on the same page.
    Reader,
    /// The organization's name in the list of the owner's organizations.
    MyOrgs,
    /// The owner's name in the member list.
    Members,
    /// The organization's name on the page of its subscription.
    Subscription,
}

impl Question for Part {
    const ALL: &'static [Self] = &[
        Self::Org,
        Self::Reader,
        Self::MyOrgs,
        Self::Members,
        Self::Subscription,
    ];

    fn number(self) -> Number {
        match self {
            Self::Org | Self::MyOrgs | Self::Subscription => Number::Org,
            Self::Reader | Self::Members => Number::User,
        }
    }
}

impl Part {
    fn path(self, subject: &Subject) -> String {
        let slug = &subject.slug;
        match self {
            Self::Org | Self::Reader => format!("/orgs/{slug}"),
            Self::MyOrgs => routes::ORGS.to_owned(),
            Self::Members => format!("/orgs/{slug}/members"),
            Self::Subscription => format!("/orgs/{slug}/subscription"),
        }
    }

    /// Where in the page the name is as it is now: what happened lately tells former ones.
    fn place(self, page: &str) -> &str {
        match self {
            Self::Org | Self::Reader => page.split("</h1>").next().unwrap_or_default(),
            Self::MyOrgs | Self::Members | Self::Subscription => page,
        }
    }
}

/// The product's own pages.
struct Pages {
    services: Services,
    /// By their organizations.
    owners: Vec<Visitor>,
    kept: Arc<AtomicU64>,
}

impl Strategy for Pages {
    type Question = Part;

    const IS_THE_PRODUCT: bool = true;

    fn services(&self) -> &Services {
        &self.services
    }

    async fn read(&self, part: Part, subject: &Subject) -> Result<u64> {
        let mut owner = self.owners[subject.index].clone();
        let page = owner.open(&part.path(subject)).await;
        match page.status {
            StatusCode::OK => {}
            StatusCode::SERVICE_UNAVAILABLE => {
                return Err(Error::unavailable("the page", page.body));
            }
            _ => panic!("the owner is told {page:?}"),
        }
        self.kept.fetch_add(u64::from(page.was_kept()), SeqCst);
        let value = part.number().least_in(part.place(&page.body));
        Ok(value.unwrap_or_else(|| panic!("{part:?}: no name in {}", page.body)))
    }

    async fn commit(&self, tx: Tx, number: Number, subject: &Subject) -> Result<()> {
        stress::commit(&self.services, tx, number, subject).await
    }
}

/// What a page says, by what is looked at and subject.
type Copies = Arc<Mutex<HashMap<(Part, usize), u64>>>;

/// Pages made by the product, kept by themselves, and deleted from every node's memory after
/// COMMIT and before the answer.
struct CommitThenDelete {
    pages: Pages,
    own: Copies,
    all: [Copies; 2],
}

impl Strategy for CommitThenDelete {
    type Question = Part;

    const IS_THE_PRODUCT: bool = false;

    fn services(&self) -> &Services {
        &self.pages.services
    }

    async fn read(&self, part: Part, subject: &Subject) -> Result<u64> {
        let copies = || self.own.lock().expect("no panic");
        let copy = copies().get(&(part, subject.index)).copied();
        if let Some(copy) = copy {
            return Ok(copy);
        }
        let value = self.pages.read(part, subject).await?;
        // As slow as a value is filled.
        tokio::time::sleep(some_fill_time()).await;
        copies().insert((part, subject.index), value);
        Ok(value)
    }

    async fn commit(&self, tx: Tx, number: Number, subject: &Subject) -> Result<()> {
        self.pages.commit(tx, number, subject).await?;
        for copies in &self.all {
            copies.lock().expect("no panic").clear();
        }
        Ok(())
    }
}
