//! The core of Orghub.
//!
//! [`domain`] holds the nouns and rules of the product and [`routes`] its addresses; they are
//! a package of their own, because browsers run them too. A request meets the rest in this
//! order:
//!
//! * [`auth`] turns a cookie into a user ([`auth::SignedIn`]),
//! * [`access`] turns a user and an organization's slug into [`access::OrgAccess`], the
//!   proof that every organization use case demands,
//! * [`orgs`], [`invitations`], [`joining`], [`auth`] and [`billing`] are those use cases;
//!   [`platform`] has those of platform admins, with a proof of its own,
//! * what they leave for later is in the [`queue`], the [`mail`] they send in its outbox,
//! * they read through [`cache`], whose essay is worth reading first, and all SQL they
//!   cause is written in `db`, which nobody outside can name.
//!
//! [`services::Services`] puts the parts together; only the application and the server
//! take it. `tests/layering/` holds the import rules to this order.

/// On each use case but the few that a warm page asks: an allocation for each call, which is
/// nothing beside a statement.
///
/// What an `async fn` does is compiled where somebody awaits it, and all over again in each
/// crate, test and benchmark that does. A boxed one is compiled here, and a change to it leaves
/// those who call it as they are.
use async_recursion::async_recursion as boxed;
pub use orghub_domain::{self as domain, routes};

pub mod access;
mod attempts;
pub mod auth;
pub mod billing;
pub mod cache;
pub mod clock;
pub mod config;
pub mod csv_file;
mod db;
pub mod error;
pub mod invitations;
pub mod jobs;
pub mod joining;
mod last_use;
pub mod mail;
mod newcomers;
pub mod orgs;
pub mod pictures;
pub mod platform;
pub mod queue;
pub mod recording;
pub mod security_log;
pub mod services;
pub mod submissions;
pub mod telemetry;
#[cfg(feature = "test-hooks")]
pub mod test_hooks;

pub use db::Db;
