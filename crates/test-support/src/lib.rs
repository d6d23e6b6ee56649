//! What tests need: a database and a key prefix of their own, users and organizations
//! in one line each, servers that crash and connections that break. Real PostgreSQL, real
//! Redis.
//!
//! `DATABASE_URL` names a cluster in which databases may be created; `REDIS_URL` a Redis,
//! unless `ENABLE_REDIS_CACHE=false`. `cargo xtask test` sets them.
//!
//! Whatever goes wrong here panics: a test cannot go on without it.

mod accounting;
mod app;
mod authenticator;
mod child;
mod counters;
mod database;
mod eventually;
mod gate;
mod lease;
mod postgres;
mod proxy;
mod redis;
mod redis_cluster;
mod smtp;
mod stopwatch;
pub mod stress;
mod totp;

use std::time::Duration;

pub use local_services::process::kill_myself;

pub use self::{
    app::{PASSWORD, TestApp, browser, config, look_everything_up, session_of, sign_in, user_of},
    authenticator::Authenticator,
    child::{ChildProcess, given_by_parent, run_child, serve_parent},
    counters::Counters,
    database::TestDatabase,
    eventually::eventually,
    gate::Gate,
    lease::under_lease,
    postgres::PrivatePostgres,
    proxy::FaultProxy,
    redis::PrivateRedis,
    redis_cluster::PrivateCluster,
    smtp::{SmtpMood, SmtpServer, TakenMail, mail_config},
    stopwatch::Stopwatch,
    totp::totp_code,
};

/// How long to wait for what must come, where nothing is claimed about when.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long a node may use what it keeps after it last heard of changes. Whatever the pace
/// of a machine, nothing from before a change is used later than this after it.
pub const LEASE: Duration = Duration::from_secs(2);

/// The longest that anybody may have to wait for a change to be known everywhere: the lease,
/// and a little. Measure it by a [`Stopwatch`].
pub const BOUND: Duration = Duration::from_millis(2_500);

/// A port on which nobody listens.
pub fn free_port() -> u16 {
    local_services::ports::free_port().expect("a port is free")
}
