//! A server in a process of its own, under load and left alone: what becomes of warm
//! pages when Redis goes, and what coherence costs while nobody asks.
//!
//! Writes its tables to standard output. `cargo xtask bench` runs it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a report for whoever ran it"
)]

#[allow(dead_code, reason = "tests and storms ask more of a server")]
#[path = "../tests/it/process.rs"]
mod process;

use std::{
    fs,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use orghub::{auth::SignedIn, domain::Role, routes::api};
use orghub_test_support::{PrivateRedis, TestApp};

use crate::process::Server;

/// Connections that ask, each one request after the other.
const CONNECTIONS: usize = 16;
/// Length of a measurement.
const PHASE: Duration = Duration::from_secs(4);
/// How often each state of Redis comes round; the tables have medians.
const ROUNDS: usize = 5;
/// How long the node is left alone.
const IDLE: Duration = Duration::from_secs(20);
/// Changes whose time is taken.
const MUTATIONS: usize = 200;
/// Pages that are asked for in turn.
const PAGES: [&str; 3] = [
    "/orgs/acme",
    "/orgs/acme/members",
    "/orgs/acme/subscription",
];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let mut redis = PrivateRedis::start();
    let app = TestApp::start_with(|config| config.redis = None).await;
    let (olive, gus) = (app.user("Olive").await, app.user("Gus").await);
    let slug = app.org("acme", &olive).await;
    let org = app.access(&olive, &slug).await.org_id();
    app.add_member(org, &gus, Role::Member).await;
    for number in 0..60 {
        let member = app.user(&format!("Member {number}")).await;
        app.add_member(org, &member, Role::Member).await;
    }
    let database_url = app.database_url().to_owned();
    // Its log follower would be counted with the server's.
    app.services.cache.stop().await;

    // Standard output is the report's.
    let log = Stdio::null();
    let server = Server::start_into(&database_url, &redis.url(), &[], log).await;
    let server = Arc::new(server);
    idle(&app, &server).await;
    mutations(&server, &database_url, &redis.url(), &olive).await;
    under_load(&server, &mut redis, &gus).await;
}

/// What one request took, and whether it was answered as it should be.
struct Load {
    times: Vec<Duration>,
    failures: usize,
    cpu: Duration,
}

impl Load {
    fn percentile(&self, share: f64) -> Duration {
        let last = self.times.len() - 1;
        self.times[((last as f64) * share) as usize]
    }
}

async fn load(server: &Arc<Server>, cookie: &str) -> Load {
    let cpu_before = cpu_of(server.process.id());
    let until = Instant::now() + PHASE;
    let askers: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let (server, cookie) = (server.clone(), cookie.to_owned());
            tokio::spawn(async move {
                let (mut times, mut failures) = (Vec::new(), 0);
                for page in PAGES.iter().cycle().skip(number) {
                    let asked = Instant::now();
                    if asked >= until {
                        break;
                    }
                    failures +=
                        usize::from(!server.open(page, &cookie).await.status().is_success());
                    times.push(asked.elapsed());
                }
                (times, failures)
            })
        })
        .collect();
    let (mut times, mut failures) = (Vec::new(), 0);
    for asker in askers {
        let (more, failed) = asker.await.expect("no panic");
        times.extend(more);
        failures += failed;
    }
    times.sort_unstable();
    Load {
        times,
        failures,
        cpu: cpu_of(server.process.id()) - cpu_before,
    }
}

async fn under_load(server: &Arc<Server>, redis: &mut PrivateRedis, member: &SignedIn) {
    let cookie = server.sign_in(member).await;
    load(server, &cookie).await;
    let mut phases: Vec<(&str, Vec<Load>)> =
        Vec::from(["answers", "killed", "frozen"].map(|state| (state, Vec::new())));
    for round in 1..=ROUNDS {
        for (state, loads) in &mut phases {
            match *state {
                "killed" => redis.kill(),
                "frozen" => redis.freeze(),
                _ => {}
            }
            loads.push(load(server, &cookie).await);
            match *state {
                "killed" => redis.restart(),
                "frozen" => redis.thaw(),
                _ => {}
            }
        }
        eprintln!("round {round} of {ROUNDS}");
    }

    println!("### Warm pages while Redis answers, is killed, and is frozen\n");
    println!(
        "{CONNECTIONS} connections, {ROUNDS} rounds of {} s each, medians of the rounds.\n",
        PHASE.as_secs()
    );
    println!(
        "| Redis | requests | p50 | p99 | p99 against \"answers\" | CPU of the server per request | failures |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let p99_of =
        |loads: &[Load]| median(loads.iter().map(|load| load.percentile(0.99).as_secs_f64()));
    let answering = p99_of(&phases[0].1);
    for (state, loads) in &phases {
        let p50 = median(loads.iter().map(|load| load.percentile(0.5).as_secs_f64()));
        let p99 = p99_of(loads);
        let cpu = median(
            loads
                .iter()
                .map(|load| load.cpu.as_secs_f64() / load.times.len() as f64),
        );
        println!(
            "| {state} | {} | {:.2} ms | {:.2} ms | {:.2} | {:.0} µs | {} |",
            loads.iter().map(|load| load.times.len()).sum::<usize>(),
            p50 * 1e3,
            p99 * 1e3,
            p99 / answering,
            cpu * 1e6,
            loads.iter().map(|load| load.failures).sum::<usize>(),
        );
    }

    let figures = server.open("/metrics", "").await;
    let figures = String::from_utf8_lossy(figures.body()).into_owned();
    println!("\n### The membership check in that server\n");
    println!(
        "From its own histogram, answered from memory. {}\n",
        check_times(&figures)
    );
}

/// "n checks; half took at most … µs, 99 of 100 at most … µs".
fn check_times(figures: &str) -> String {
    let prefix = "orghub_membership_check_seconds_bucket{source=\"memory\",le=\"";
    let buckets: Vec<(&str, f64)> = figures
        .lines()
        .filter_map(|line| line.strip_prefix(prefix)?.split_once("\"} "))
        .map(|(bound, count)| (bound, count.parse().expect("a count")))
        .collect();
    let all = buckets.last().map_or(0.0, |(_, count)| *count);
    let at_most = |share: f64| {
        let (bound, _) = buckets
            .iter()
            .find(|(_, count)| *count >= all * share)
            .expect("the last one has all");
        bound.parse::<f64>().map_or_else(
            |_| "more".to_owned(),
            |seconds| format!("{:.0} µs", seconds * 1e6),
        )
    };
    format!(
        "{all} checks; half of them took at most {}, 99 of 100 at most {}.",
        at_most(0.5),
        at_most(0.99)
    )
}

async fn idle(app: &TestApp, server: &Server) {
    // Starting is not idling.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let backends = app.backends("orghub-log-follower").await;
    assert!(!backends.is_empty(), "the node follows the log");
    let cpu = || -> (Duration, Duration) {
        (
            cpu_of(server.process.id()),
            backends.iter().map(|pid| cpu_of(*pid)).sum(),
        )
    };
    let (before, transactions_before) = (cpu(), app.transactions().await);
    tokio::time::sleep(IDLE).await;
    let (after, transactions_after) = (cpu(), app.transactions().await);
    let seconds = IDLE.as_secs_f64();
    let share = |time: Duration| time.as_secs_f64() / seconds * 100.0;
    println!("### What coherence costs while nobody asks\n");
    println!("One node, left alone for {seconds:.0} s.\n");
    println!("| | |\n|---|--:|");
    println!(
        "| statements per second, as PostgreSQL counts transactions | {:.1} |",
        (transactions_after - transactions_before) as f64 / seconds
    );
    println!(
        "| CPU of the node, share of one core | {:.2} % |",
        share(after.0 - before.0)
    );
    println!(
        "| CPU of its PostgreSQL backends, share of one core | {:.2} % |\n",
        share(after.1 - before.1)
    );
}

/// How long somebody waits who changes something: until every node has applied it.
async fn mutations(server: &Server, database_url: &str, redis_url: &str, owner: &SignedIn) {
    println!("### A mutation, from the form to the answer\n");
    println!(
        "An organization is renamed {MUTATIONS} times. The answer comes when each node with a \
         running lease has applied the change.\n"
    );
    println!("| nodes | p50 | p99 |\n|---|--:|--:|");
    let cookie = server.sign_in(owner).await;
    rename_again_and_again(server, &cookie, "one").await;
    let other = Server::start_into(database_url, redis_url, &[], Stdio::null()).await;
    rename_again_and_again(server, &cookie, "two").await;
    drop(other);
    // Its lease ends.
    tokio::time::sleep(Duration::from_secs(3)).await;
    println!();
}

async fn rename_again_and_again(server: &Server, cookie: &str, nodes: &str) {
    let mut times = Vec::new();
    for number in 0..MUTATIONS {
        let name = format!("Acme {number}");
        let fields = [("org", "acme"), ("name", &*name), ("slug", "acme")];
        let asked = Instant::now();
        let answer = server.submit(api::UPDATE_ORG, cookie, &fields).await;
        times.push(asked.elapsed());
        assert!(answer.status().is_redirection(), "{answer:?}");
    }
    times.sort_unstable();
    let at = |share: f64| times[(MUTATIONS as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("| {nodes} | {:.1} ms | {:.1} ms |", at(0.5), at(0.99));
}

/// Processor time a process has used, from the system's own accounting.
fn cpu_of(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // Behind the name, which may hold anything, in parentheses.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .expect("fields")
        .split_whitespace()
        .collect();
    let ticks: u64 = [11, 12]
        .into_iter()
        .map(|field: usize| fields[field].parse::<u64>().expect("a number"))
        .sum();
    Duration::from_millis(ticks * 10)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
