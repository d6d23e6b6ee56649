//! The core of Orghub.
//!
//! [`domain`] holds the nouns and rules of the product and [`routes`] its addresses; both
//! run in the browser as well as on the server. Behind the feature `server` is what only a
//! server has. A request meets it in this order:
//!
//! * [`auth`] turns a cookie into a user,
//! * [`access`] turns a user and an organization's slug into [`access::OrgAccess`], the
//!   proof that every organization use case demands,
//! * [`orgs`], [`auth`] and [`billing`] are those use cases,
//! * they read through [`cache`], whose essay is worth reading first, and all SQL they
//!   cause is written in `db`, which nobody outside can name.
//!
//! [`services::Services`] puts the parts together; only the application and the server
//! take it. `tests/layering.rs` holds the import rules to this order.

pub mod domain;
pub mod routes;

#[cfg(feature = "server")]
pub mod access;
#[cfg(feature = "server")]
pub mod auth;
#[cfg(feature = "server")]
pub mod billing;
#[cfg(feature = "server")]
pub mod cache;
#[cfg(feature = "server")]
pub mod clock;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
mod db;
#[cfg(feature = "server")]
pub mod error;
#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
pub mod orgs;
#[cfg(feature = "server")]
pub mod services;
#[cfg(feature = "server")]
pub mod telemetry;
#[cfg(feature = "test-hooks")]
pub mod test_hooks;

#[cfg(feature = "server")]
pub use db::Db;
