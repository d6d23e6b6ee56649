//! What every use case stands on.
//!
//! * [`db`] has the pools, and every SQL statement of the program,
//! * [`cache`] what is read again and again; its essay is worth reading first,
//! * [`queue`] what is left for later, and [`mail`] what people are told,
//! * [`config`], [`clock`], [`error`] and [`telemetry`] are what all of it needs.
//!
//! Only use cases depend on this package: the application and the edge ask them, and cannot
//! name the database.

/// On each statement, and above on each use case but the few that a warm page asks: an
/// allocation for each call, which is nothing beside a round trip.
///
/// What an `async fn` does is compiled where somebody awaits it, and all over again in each
/// crate, test and benchmark that does. A boxed one is compiled in its own, and a change to it
/// leaves those who await it as they are.
use async_recursion::async_recursion as boxed;
use orghub_domain as domain;

pub mod attempts;
pub mod cache;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod last_use;
pub mod mail;
pub mod pictures;
pub mod queue;
pub mod recording;
pub mod security_log;
pub mod submissions;
pub mod telemetry;
#[cfg(feature = "test-hooks")]
pub mod test_hooks;
