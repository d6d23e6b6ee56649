//! What the member list costs as an organization grows, from 8 members to 1,000,000.
//!
//! Writes its table to standard output. `cargo xtask bench` runs it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a report for whoever ran it"
)]

#[allow(dead_code, reason = "tests and storms ask more of a server")]
#[path = "../tests/it/process.rs"]
mod process;

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use orghub_test_support::{PrivateRedis, TestApp};

use crate::process::Server;

/// Members, and the organization that has them besides its owner.
const ORGS: [(u32, &str); 3] = [(8, "small"), (10_000, "large"), (1_000_000, "mega")];
/// Rows of a page.
const PAGE: u32 = 50;
/// How often each is asked for, one after the other, in each round.
const TIMES: u32 = 10;
const ROUNDS: u32 = 3;

/// What is asked for.
struct Question {
    name: &'static str,
    server: usize,
    /// The address's query, of the members, the number of the first one and the how manieth time
    /// it is asked.
    query: fn(u32, u32, u32) -> String,
    /// Milliseconds that its statements may take, whatever the organization's size.
    budget: Option<f64>,
}

/// Which server, by its settings.
const SERVERS: [&[(&str, &str)]; 3] = [
    &[],
    &[("RENDERED_PAGES_BYTES", "0")],
    &[
        ("RENDERED_PAGES_BYTES", "0"),
        ("NEAR_CACHE_BYTES", "0"),
        ("ENABLE_REDIS_CACHE", "false"),
    ],
];
const AS_IT_IS: usize = 0;
const ANEW: usize = 1;
const NO_CACHE: usize = 2;

/// A number of a page that was not asked for before.
fn middle(members: u32, time: u32) -> u32 {
    (members / PAGE / 2 + time).clamp(1, last(members))
}

fn last(members: u32) -> u32 {
    members.div_ceil(PAGE)
}

const QUESTIONS: [Question; 8] = [
    Question {
        name: "first page, warm",
        server: AS_IT_IS,
        query: |_, _, _| String::new(),
        budget: None,
    },
    Question {
        name: "first page, without cache",
        server: NO_CACHE,
        query: |_, _, _| String::new(),
        budget: Some(1.5),
    },
    Question {
        name: "first page by name, without cache",
        server: NO_CACHE,
        query: |_, _, _| "?sort=name".to_owned(),
        budget: Some(1.5),
    },
    Question {
        name: "first page by last use, without cache",
        server: NO_CACHE,
        query: |_, _, _| "?sort=active".to_owned(),
        budget: Some(1.5),
    },
    Question {
        name: "a page in the middle that nobody has seen",
        server: ANEW,
        query: |members, _, time| format!("?page={}", middle(members, time)),
        budget: Some(10.0),
    },
    Question {
        name: "the same by name",
        server: ANEW,
        query: |members, _, time| format!("?sort=name&page={}", middle(members, time)),
        budget: Some(10.0),
    },
    Question {
        name: "search of one member",
        server: AS_IT_IS,
        query: |_, first, _| format!("?q=user+{:05}", first + 4),
        budget: Some(10.0),
    },
    Question {
        name: "search that finds everybody",
        server: AS_IT_IS,
        query: |_, _, _| "?q=crowd".to_owned(),
        budget: Some(10.0),
    },
];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let redis = PrivateRedis::start();
    let app = TestApp::start_with(|config| config.redis = None).await;
    let olive = app.user("Olive").await;
    let mut firsts = Vec::new();
    let mut first = 1;
    for (members, slug) in ORGS {
        eprintln!("filling in {members} members");
        let org = app.org(slug, &olive).await;
        let org = app.access(&olive, &org).await.org_id();
        app.add_numbered_members(org, first..=first + members - 1)
            .await;
        firsts.push(first);
        first += members;
    }
    app.analyze().await;
    // Its log follower would be counted with the servers'.
    app.services.cache.stop().await;

    let mut servers = Vec::new();
    for settings in SERVERS {
        let log = Stdio::null();
        let server = Server::start_into(app.database_url(), &redis.url(), settings, log).await;
        let cookie = server.sign_in(&olive).await;
        servers.push((server, cookie));
    }

    let mut times: Vec<[Vec<Duration>; ORGS.len()]> =
        QUESTIONS.iter().map(|_| Default::default()).collect();
    for round in 0..=ROUNDS {
        for (question, times) in QUESTIONS.iter().zip(&mut times) {
            let (server, cookie) = &servers[question.server];
            for (number, (members, slug)) in ORGS.iter().enumerate() {
                for time in 0..TIMES {
                    let time = round * TIMES + time;
                    let query = (question.query)(*members, firsts[number], time);
                    let asked = Instant::now();
                    let answer = server
                        .open(&format!("/orgs/{slug}/members{query}"), cookie)
                        .await;
                    let taken = asked.elapsed();
                    assert!(answer.status().is_success(), "{slug} {query}: {answer:?}");
                    // The first round only warms up.
                    if round > 0 {
                        times[number].push(taken);
                    }
                }
            }
        }
        eprintln!("round {round} of {ROUNDS}");
    }

    println!("### What the member list costs as an organization grows\n");
    println!(
        "One connection, {ROUNDS} rounds of {TIMES} requests in turn: half of them took at most … \
         (and the slowest). The budget is that of the statements alone, for any size."
    );
    println!();
    println!("| | 8 members | 10,000 | 1,000,000 | budget | 1,000,000 ÷ 8 |");
    println!("|---|--:|--:|--:|--:|--:|");
    for (question, times) in QUESTIONS.iter().zip(&mut times) {
        let mut halves = Vec::new();
        let mut cells = Vec::new();
        for times in times {
            times.sort_unstable();
            let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
            let half = milliseconds(times[times.len() / 2]);
            let slowest = milliseconds(*times.last().expect("there are some"));
            halves.push(half);
            cells.push(format!("{half:.1} ms ({slowest:.1})"));
        }
        println!(
            "| {} | {} | {} | {:.1} |",
            question.name,
            cells.join(" | "),
            question
                .budget
                .map_or(String::new(), |budget| format!("{budget} ms")),
            halves[2] / halves[0]
        );
    }
}
