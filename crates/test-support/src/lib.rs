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
mod child;
mod counters;
mod database;
mod eventually;
mod gate;
mod postgres;
mod proxy;
mod redis;
mod redis_cluster;

pub use local_services::process::kill_myself;

pub use self::{
    app::{PASSWORD, TestApp, browser, config, sign_in},
    child::{ChildProcess, is_child, serve_parent},
    counters::Counters,
    database::TestDatabase,
    eventually::eventually,
    gate::Gate,
    postgres::PrivatePostgres,
    proxy::FaultProxy,
    redis::PrivateRedis,
    redis_cluster::PrivateCluster,
};

/// A port on which nobody listens.
pub fn free_port() -> u16 {
    local_services::ports::free_port().expect("a port is free")
}
