//! Private PostgreSQL and Redis processes.
//!
//! Two callers need them. `cargo xtask` keeps one of each for the whole checkout; they
//! outlive the command that started them. Tests own theirs, which they crash, freeze and
//! bring back, and which end with the test.
//!
//! Everything here blocks and returns plain errors. All servers listen on loopback only,
//! let everybody in, and may lose their data in a power cut.

pub mod ports;
pub mod postgres;
pub mod process;
pub mod redis;

pub use crate::{postgres::Postgres, process::OwnedProcess, redis::Redis};
