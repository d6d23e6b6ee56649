//! Pages as they were sent, to be sent again while they would be made the same.
//!
//! A page is one more copy under the law of the cache: it is kept with the stamp of all values
//! it is made of ([`MadeOf`]) and right for as long as they are. It decides nothing about
//! access. Session and membership are looked up for each request before anybody comes here,
//! and what they say is compared with what the page was made for.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::body::Bytes;
use http::HeaderMap;
use orghub::{
    cache::{Cache, MadeOf},
    domain::{CurrentUser, Membership, UserId},
    telemetry::names,
};
use orghub_ui::theme::Theme;
use quick_cache::{Weighter, sync};
use time::OffsetDateTime;

/// Rough weight of a page beside its key, its body and its stamp.
const OVERHEAD_BYTES: usize = 1_024;

/// Pages of which is known whether they were asked for before. Each takes 8 bytes.
const REMEMBERED: usize = 8_192;

/// What a page is asked for by. What is not in here and not in [`Viewer`] may not be looked at
/// while a page is made; whatever looks says so ([`orghub::recording`]).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PageKey {
    pub viewer: Option<UserId>,
    /// Path and query.
    pub address: Box<str>,
    pub theme: Theme,
    pub is_compressed: bool,
}

/// For whom a page is made: what this request's own look-ups have said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    pub user: Option<CurrentUser>,
    pub membership: Option<Membership>,
}

/// A page that was sent.
pub struct Page {
    pub headers: HeaderMap,
    pub body: Bytes,
    pub viewer: Viewer,
    pub made_of: MadeOf,
}

#[derive(Clone)]
struct Weight;

impl Weighter<PageKey, Arc<Page>> for Weight {
    fn weight(&self, key: &PageKey, page: &Arc<Page>) -> u64 {
        let bytes = key.address.len() + page.body.len() + page.made_of.bytes() + OVERHEAD_BYTES;
        bytes as u64
    }
}

/// Which pages were asked for lately, as far as a table of hashes remembers: whoever makes up
/// addresses fills this, and not the memory for pages.
struct AskedFor {
    hasher: RandomState,
    hashes: Box<[AtomicU64]>,
}

impl AskedFor {
    fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            hashes: (0..REMEMBERED).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Whether it was asked for before; from now on it was.
    fn again(&self, key: &PageKey) -> bool {
        let hash = self.hasher.hash_one(key);
        let place = usize::try_from(hash % REMEMBERED as u64).expect("one of the table's");
        self.hashes[place].swap(hash, Relaxed) == hash
    }
}

/// The pages that a process keeps, bounded in bytes.
pub struct RenderedPages {
    pages: sync::Cache<PageKey, Arc<Page>, Weight>,
    asked_for: AskedFor,
}

impl RenderedPages {
    /// `None` for 0 bytes.
    pub fn new(bytes: u64) -> Option<Self> {
        let most = usize::try_from(bytes / 8_192).unwrap_or(usize::MAX).max(16);
        (bytes > 0).then(|| {
            let empty = Self {
                pages: sync::Cache::with_weighter(most, bytes, Weight),
                asked_for: AskedFor::new(),
            };
            empty.show_weight();
            empty
        })
    }

    /// The page, if it would be made the same for `viewer` at `now`.
    pub fn find(
        &self,
        key: &PageKey,
        viewer: &Viewer,
        cache: &Cache,
        now: OffsetDateTime,
    ) -> Option<Arc<Page>> {
        let Some(page) = self.pages.get(key) else {
            count("miss");
            return None;
        };
        if page.viewer == *viewer && cache.is_still_right(&page.made_of, now) {
            count("hit");
            return Some(page);
        }
        count("outdated");
        self.pages.remove(key);
        self.show_weight();
        None
    }

    /// Whether to keep a page that was not found: it is asked for a second time.
    pub fn is_wanted(&self, key: &PageKey) -> bool {
        self.asked_for.again(key)
    }

    pub fn keep(&self, key: PageKey, page: Page) {
        count("kept");
        self.pages.insert(key, Arc::new(page));
        self.show_weight();
    }

    fn show_weight(&self) {
        metrics::gauge!(names::RENDERED_PAGES_BYTES).set(self.pages.weight() as f64);
    }
}

fn count(outcome: &'static str) {
    metrics::counter!(names::RENDERED_PAGES, "outcome" => outcome).increment(1);
}
