//! The core of Orghub.
//!
//! [`domain`] holds the nouns and rules of the product and [`routes`] its
//! addresses; both run in the browser as well as on the server. Behind the
//! feature `ssr` stands what only a server has. A request meets it in this
//! order:
//!
//! * [`session`] turns a cookie into a person,
//! * [`access`] turns a person and an organization's slug into [`access::OrgAccess`],
//!   the proof that every organization use case demands,
//! * [`orgs`], [`accounts`] and [`billing`] are those use cases,
//! * they read through [`cache`], whose essay is worth reading first, and all
//!   SQL they cause is written in [`db`].
//!
//! [`services::Services`] ties the parts together; only the application and the
//! server take it. `tests/layering.rs` holds the import rules to this order.

pub mod domain;
pub mod routes;

#[cfg(feature = "ssr")]
pub mod access;
#[cfg(feature = "ssr")]
pub mod accounts;
#[cfg(feature = "ssr")]
pub mod billing;
#[cfg(feature = "ssr")]
pub mod cache;
#[cfg(feature = "ssr")]
pub mod clock;
#[cfg(feature = "ssr")]
pub mod config;
#[cfg(feature = "ssr")]
pub mod db;
#[cfg(feature = "ssr")]
pub mod error;
#[cfg(feature = "ssr")]
pub mod foresight;
#[cfg(feature = "ssr")]
pub mod metrics;
#[cfg(feature = "ssr")]
pub mod orgs;
#[cfg(feature = "ssr")]
pub mod seed;
#[cfg(feature = "ssr")]
pub mod services;
#[cfg(feature = "ssr")]
pub mod session;
#[cfg(feature = "testing")]
pub mod testing;
