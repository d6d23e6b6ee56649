//! What is changed and read.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use orghub::{access::OrgAccess, auth::SignedIn, domain::OrgSlug};
use tokio::sync::Mutex;
use tower_sessions::session::Id;

use crate::{LEASE, TestApp};

/// One of a subject's two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// In the organization's name.
    Org,
    /// In its owner's name.
    User,
}

impl Number {
    pub const ALL: [Self; 2] = [Self::Org, Self::User];

    const fn word(self) -> &'static str {
        match self {
            Self::Org => "Company ",
            Self::User => "Person ",
        }
    }

    /// The name that carries `value`: "Company 17".
    pub fn name(self, value: u64) -> String {
        format!("{}{value}", self.word())
    }

    /// The least value that a name in `text` carries; `None`: none is there.
    pub fn least_in(self, text: &str) -> Option<u64> {
        let behind_word = text.split(self.word()).skip(1);
        let values = behind_word.filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit());
            rest[..end.unwrap_or(rest.len())].parse().ok()
        });
        values.min()
    }
}

/// An organization and its owner.
pub struct Subject {
    /// Which of all.
    pub index: usize,
    pub slug: OrgSlug,
    pub owner: SignedIn,
    pub access: OrgAccess,
    pub session: Id,
    /// The two numbers, as far as they are acknowledged.
    acknowledged: [AtomicU64; 2],
    /// The two numbers as they were last tried; held while one is written.
    tried: [Mutex<u64>; 2],
}

impl Subject {
    pub(super) fn acknowledged(&self, number: Number) -> u64 {
        self.acknowledged[number as usize].load(SeqCst)
    }

    pub(super) fn acknowledge(&self, number: Number, value: u64) {
        self.acknowledged[number as usize].store(value, SeqCst);
    }

    pub(super) fn tried(&self, number: Number) -> &Mutex<u64> {
        &self.tried[number as usize]
    }
}

/// `count` subjects: few, so that readers and writers meet.
pub async fn subjects(app: &TestApp, count: usize) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for index in 0..count {
        let owner = app.user(&format!("Owner {index}")).await;
        let slug = app.org(&format!("org-{index}"), &owner).await;
        subjects.push(Subject {
            index,
            access: app.access(&owner, &slug).await,
            session: app.sign_in(&owner).await,
            slug,
            owner,
            acknowledged: Default::default(),
            tried: Default::default(),
        });
    }
    // Names with numbers, which no node has heard of before its lease ends.
    app.sql("update users set name = 'Person 0'").await;
    app.sql("update organization set name = 'Company 0'").await;
    tokio::time::sleep(LEASE).await;
    subjects
}
