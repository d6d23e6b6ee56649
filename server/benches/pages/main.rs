//! What a request costs, from an empty answer to a page that nothing was kept of: the ladder.
//!
//! Five servers take turns: as it is, without pages that are sent again, without anything in its
//! own memory, without any cache, and with a Redis that has died. Writes its table to standard
//! output. `cargo xtask bench` runs it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a report for whoever ran it"
)]

mod flood;
#[allow(dead_code, reason = "tests and storms ask more of a server")]
#[path = "../../tests/it/process.rs"]
mod process;

use std::{
    fs,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use orghub::routes;
use orghub_test_support::{PrivateRedis, TestApp};

use crate::process::Server;

/// Connections, where a step does not say otherwise.
const CONNECTIONS: usize = 16;
/// Connections over which each server is asked for the pages that matter.
const CONCURRENCIES: [usize; 3] = [1, CONNECTIONS, 64];
/// Length of a measurement.
const PHASE: Duration = Duration::from_millis(1_500);
/// How often each step comes round; the table has medians.
const ROUNDS: usize = 5;
/// Members of the organization.
const MEMBERS: u32 = 10_000;
/// What the server may keep resident, in MiB, at 64 connections.
const RESIDENT: u32 = 64;

/// A server by its settings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    AsItIs,
    /// It sends no page again.
    Anew,
    /// What a node does that has only begun: everything it needs is in Redis.
    Cold,
    NoCache,
    /// As it is, but its Redis has died.
    RedisAway,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::AsItIs,
        Self::Anew,
        Self::Cold,
        Self::NoCache,
        Self::RedisAway,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::AsItIs => "as it is",
            Self::Anew => "each page made anew",
            Self::Cold => "cold: all from Redis",
            Self::NoCache => "no cache",
            Self::RedisAway => "as it is, Redis away",
        }
    }

    const fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::AsItIs | Self::RedisAway => &[],
            Self::Anew => &[("RENDERED_PAGES_BYTES", "0")],
            Self::Cold => &[("RENDERED_PAGES_BYTES", "0"), ("NEAR_CACHE_BYTES", "0")],
            Self::NoCache => &[
                ("RENDERED_PAGES_BYTES", "0"),
                ("NEAR_CACHE_BYTES", "0"),
                ("ENABLE_REDIS_CACHE", "false"),
            ],
        }
    }
}

/// One step of the ladder.
struct Rung {
    name: &'static str,
    path: &'static str,
    is_signed_in: bool,
    accept_encoding: &'static str,
    server: Kind,
    /// Connections that ask, each one request after the other.
    connections: usize,
    /// Microseconds of processor time that a request may take, where that is said.
    budget: Option<u32>,
}

const fn rung(name: &'static str, path: &'static str, is_signed_in: bool, server: Kind) -> Rung {
    Rung {
        name,
        path,
        is_signed_in,
        accept_encoding: "identity",
        server,
        connections: CONNECTIONS,
        budget: None,
    }
}

const ORG: &str = "/orgs/acme";
const LIST: &str = "/orgs/acme/members";

/// All steps. The others are compared with the first.
fn ladder() -> Vec<Rung> {
    let mut ladder = vec![
        rung("`/healthz`", "/healthz", false, Kind::AsItIs),
        rung("a small file", "/favicon.svg", false, Kind::AsItIs),
        rung("redirect of somebody signed out", ORG, false, Kind::AsItIs),
        rung("not found", "/nowhere", true, Kind::AsItIs),
        rung("sign-in page", routes::SIGN_IN, false, Kind::AsItIs),
        rung("sign-in page", routes::SIGN_IN, false, Kind::Anew),
    ];
    let pages = [
        ("organization", ORG, 80),
        ("50 of 10,000 members", LIST, 150),
    ];
    for (name, path, budget) in pages {
        for server in Kind::ALL {
            ladder.extend(CONCURRENCIES.map(|connections| {
                let is_held = server == Kind::AsItIs && connections == CONNECTIONS;
                Rung {
                    connections,
                    budget: is_held.then_some(budget),
                    ..rung(name, path, true, server)
                }
            }));
        }
    }
    ladder.extend([Kind::AsItIs, Kind::Anew].map(|server| Rung {
        accept_encoding: "gzip, deflate, br, zstd",
        ..rung("organization, gzip", ORG, true, server)
    }));
    ladder
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let redis = PrivateRedis::start();
    let mut dying_redis = PrivateRedis::start();
    let app = TestApp::start_with(|config| config.redis = None).await;
    let olive = app.user("Olive").await;
    let slug = app.org("acme", &olive).await;
    app.add_members(app.access(&olive, &slug).await.org_id(), MEMBERS)
        .await;
    let database_url = app.database_url().to_owned();
    // Its log follower would be counted with the servers'.
    app.services.cache.stop().await;

    let site_root = concat!(env!("CARGO_MANIFEST_DIR"), "/../public");
    let mut started = Vec::new();
    for kind in Kind::ALL {
        let common = [
            ("LEPTOS_SITE_ROOT", site_root),
            ("LOG_FORMAT", "json"),
            ("LOG_LEVEL", "info"),
        ];
        let settings: Vec<_> = common.iter().chain(kind.settings()).copied().collect();
        let redis = match kind {
            Kind::RedisAway => &dying_redis,
            _ => &redis,
        };
        let log = Stdio::null();
        started.push(Server::start_into(&database_url, &redis.url(), &settings, log).await);
    }
    // A sign-in takes the memory of a hash, for some seconds.
    let idle = started[0].memory_mib();
    let mut servers = Vec::new();
    for server in started {
        let cookie = server.sign_in(&olive).await;
        servers.push((Arc::new(server), cookie));
    }
    dying_redis.kill();

    let ladder = ladder();
    let mut measured: Vec<Vec<Load>> = ladder.iter().map(|_| Vec::new()).collect();
    for round in 0..=ROUNDS {
        for (rung, loads) in ladder.iter().zip(&mut measured) {
            let (server, cookie) = &servers[rung.server as usize];
            let load = load(server, cookie, rung).await;
            // The first round only warms up.
            if round > 0 {
                loads.push(load);
            }
        }
        eprintln!("round {round} of {ROUNDS}");
    }
    report(&ladder, &measured);
    let busy = servers[0].0.memory_mib();
    println!(
        "\nResident memory of the server \"as it is\": {idle} MiB after its start, {busy} MiB after all of it; the budget is {RESIDENT}."
    );
    let (server, cookie) = &servers[0];
    flood::report(server, cookie).await;
}

struct Load {
    times: Vec<Duration>,
    failures: usize,
    cpu: Duration,
    /// Of the last answer's body.
    bytes: usize,
}

async fn load(server: &Arc<Server>, cookie: &str, rung: &Rung) -> Load {
    let (path, accept_encoding) = (rung.path, rung.accept_encoding);
    let cookie = if rung.is_signed_in { cookie } else { "" };
    let cpu_before = cpu_of(server.process.id());
    let until = Instant::now() + PHASE;
    let askers: Vec<_> = (0..rung.connections)
        .map(|_| {
            let (server, cookie) = (server.clone(), cookie.to_owned());
            tokio::spawn(async move {
                let (mut times, mut failures, mut bytes) = (Vec::new(), 0, 0);
                loop {
                    let asked = Instant::now();
                    if asked >= until {
                        return (times, failures, bytes);
                    }
                    let answer = server
                        .open_with(path, &cookie, &[("accept-encoding", accept_encoding)])
                        .await;
                    failures += usize::from(answer.status().is_server_error());
                    bytes = answer.body().len();
                    times.push(asked.elapsed());
                }
            })
        })
        .collect();
    let (mut times, mut failures, mut bytes) = (Vec::new(), 0, 0);
    for asker in askers {
        let (more, failed, last) = asker.await.expect("no panic");
        times.extend(more);
        failures += failed;
        bytes = bytes.max(last);
    }
    times.sort_unstable();
    Load {
        times,
        failures,
        cpu: cpu_of(server.process.id()) - cpu_before,
        bytes,
    }
}

fn report(ladder: &[Rung], measured: &[Vec<Load>]) {
    println!("### What a request costs\n");
    println!(
        "{ROUNDS} rounds of {} s each in turn, medians and, of the CPU, the spread. CPU is the \
         server's own; \"at\" is how many connections ask, each one request after the other; \
         bytes are those of the body.\n",
        PHASE.as_secs_f64()
    );
    println!(
        "| asked for | server | at | requests a second | p50 | p99 | CPU a request | budget | ÷ `/healthz` | bytes | failures |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let cpu = |load: &Load| load.cpu.as_secs_f64() * 1e6 / load.times.len() as f64;
    let empty = median(measured[0].iter().map(cpu));
    for (rung, loads) in ladder.iter().zip(measured) {
        let rate = |load: &Load| load.times.len() as f64 / PHASE.as_secs_f64();
        let at = |share: f64| {
            median(loads.iter().map(|load| {
                let last = load.times.len() - 1;
                load.times[(last as f64 * share) as usize].as_secs_f64() * 1e3
            }))
        };
        let (least, most) = loads
            .iter()
            .map(cpu)
            .fold((f64::MAX, 0.0_f64), |(least, most), cpu| {
                (least.min(cpu), most.max(cpu))
            });
        let typical = median(loads.iter().map(cpu));
        let budget = rung
            .budget
            .map_or(String::new(), |budget| format!("{budget} µs"));
        println!(
            "| {} | {} | {} | {:.0} | {:.2} ms | {:.2} ms | {typical:.0} µs ({least:.0} to {most:.0}) | {budget} | {:.1} | {} | {} |",
            rung.name,
            rung.server.name(),
            rung.connections,
            median(loads.iter().map(rate)),
            at(0.5),
            at(0.99),
            typical / empty,
            loads.last().map_or(0, |load| load.bytes),
            loads.iter().map(|load| load.failures).sum::<usize>(),
        );
    }
}

/// Processor time a process has used, from the system's own accounting.
fn cpu_of(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // Behind the name, which may hold anything, in parentheses.
    let behind = stat.rsplit(')').next().expect("fields");
    let fields: Vec<&str> = behind.split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<u64>().expect("a number");
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
