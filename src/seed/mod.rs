//! Demo data: the organizations and people that README, tests and benchmarks
//! speak of.
//!
//! Everything is made up, every address ends in `.test`, and the same moment
//! gives the same data. Seeding what is there already adds nothing: an
//! organization is added whole, in one transaction, or not at all. Everybody's
//! password is [`PASSWORD`]; this is no data for a site that others can reach.

mod demo;
mod mega;
mod names;
mod random;

use std::fmt;

use time::OffsetDateTime;

use crate::{
    auth::hash_password,
    db::{self, Db},
    error::{Error, Result},
};

/// The password of everybody in the demo data.
pub const PASSWORD: &str = "orghub-demo";

/// What to seed.
#[derive(Clone, Copy, Debug)]
pub struct SeedOptions {
    /// The moment the data is dated back from.
    pub now: OffsetDateTime,
    /// Number of members of the organization `mega`; `None`: leave it out.
    pub mega_members: Option<u32>,
}

/// What seeding added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeedReport {
    /// New organizations.
    pub orgs: u64,
    /// New people.
    pub people: u64,
    /// New memberships.
    pub members: u64,
}

impl fmt::Display for SeedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            orgs,
            people,
            members,
        } = self;
        write!(
            f,
            "{orgs} organizations, {people} people and {members} memberships added"
        )
    }
}

/// Adds the demo data that is not there yet. Takes seconds, and a minute or two
/// for a million members; wants a database handle without time limits
/// ([`Db::open_for_maintenance`]).
///
/// # Errors
/// [`Error::Unavailable`] when the database does not answer. What was added
/// before stays; seeding again adds the rest.
pub async fn run(db: &Db, options: &SeedOptions) -> Result<SeedReport> {
    let today = options.now.replace_time(time::Time::MIDNIGHT);
    let password_hash = tokio::task::spawn_blocking(|| hash_password(PASSWORD))
        .await
        .map_err(Error::internal)?;
    let mut report = SeedReport::default();
    demo::add(db, today, &password_hash, &mut report).await?;
    if let Some(members) = options.mega_members {
        mega::add(db, today, members, &password_hash, &mut report).await?;
    }
    if report != SeedReport::default() {
        let mut tx = db.begin().await?;
        db::seed::analyze(&mut tx).await?;
        tx.commit_unannounced().await?;
    }
    Ok(report)
}
