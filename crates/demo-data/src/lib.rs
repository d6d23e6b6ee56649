//! Demo data: the organizations and users that README, tests and benchmarks
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
mod rows;

use std::fmt;

use orghub::auth::hash_password;
pub use sqlx::Error;
use sqlx::{Connection as _, PgConnection, Result};
use time::OffsetDateTime;

/// The password of everybody in the demo data.
pub const PASSWORD: &str = "orghub-demo";

/// What to seed.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The moment the data is dated back from.
    pub now: OffsetDateTime,
    /// Number of members of the organization `mega`; `None`: leave it out.
    pub mega_members: Option<u32>,
}

/// What seeding added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// New organizations.
    pub orgs: u64,
    /// New users.
    pub users: u64,
    /// New memberships.
    pub members: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            orgs,
            users,
            members,
        } = self;
        write!(
            f,
            "{orgs} organizations, {users} users and {members} memberships added"
        )
    }
}

/// Adds the demo data that is not there yet. Takes seconds, and a minute or two for a
/// million members.
///
/// # Errors
/// The database's. What was added before stays; seeding again adds the rest.
pub async fn seed(database_url: &str, options: &Options) -> Result<Report> {
    let mut connection = PgConnection::connect(database_url).await?;
    let today = options.now.replace_time(time::Time::MIDNIGHT);
    let password_hash = hash_password(PASSWORD);
    let mut report = Report::default();
    demo::add(&mut connection, today, &password_hash, &mut report).await?;
    if let Some(members) = options.mega_members {
        mega::add(&mut connection, today, members, &password_hash, &mut report).await?;
    }
    if report != Report::default() {
        rows::analyze(&mut connection).await?;
    }
    connection.close().await?;
    Ok(report)
}
