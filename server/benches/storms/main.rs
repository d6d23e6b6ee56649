//! One user or client asks for far too much, or all of them at once: what becomes of
//! everybody else.
//!
//! Each storm comes over a server in a process of its own, while probes ask what other
//! users ask. Statuses, medians and the time of 99 of 100, before the storm and in it. Nothing here fails by
//! itself: how long something takes depends on the machine, so a person reads it.
//!
//! Writes its table to standard output. `cargo xtask bench` runs it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a report for whoever ran it"
)]

mod asker;
#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../../tests/it/process.rs"]
mod process;

use std::{
    collections::BTreeMap,
    fmt,
    process::Stdio,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use http::Method;
use orghub::domain::{CurrentUser, Role};
use orghub_test_support::{PASSWORD, PrivateRedis, TestApp};
use tokio::{
    io::AsyncWriteExt as _,
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    asker::{Answers, Asker},
    process::Server,
};

/// Members of the organization that is searched.
const MEMBERS: u32 = 5_000;
/// How long probes ask, before a storm and in it.
const PHASE: Duration = Duration::from_secs(5);
/// How long each probe pauses between two questions.
const PAUSE: Duration = Duration::from_millis(100);
/// Searches of one member at a time.
const SEARCHES: usize = 150;
/// Connections that begin a request and stop.
const SOCKETS: usize = 1_000;
/// Sign-ins of one client that hang up, as many as it gets done in the time or these.
const SIGN_INS: usize = 2_000;
/// Hands of that client.
const HANDS: usize = 16;
/// Clients that sign in at the same time, each from a network of its own, for each core:
/// half as many again as there are places in the queue of passwords.
const CLIENTS_PER_CORE: usize = 50;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    // Raises the limit on open files, which this process needs as well.
    orghub_edge::listener::most_connections(None);
    let redis = PrivateRedis::start();
    let app = TestApp::start_with(|config| config.redis = None).await;
    let (olive, gus) = (app.user("Olive").await, app.user("Gus").await);
    let nell = app.user("Nell").await;
    let slug = app.org("acme", &olive).await;
    let org = app.access(&olive, &slug).await.org_id();
    app.add_member(org, &gus, Role::Member).await;
    app.add_members(org, MEMBERS).await;
    app.services.cache.stop().await;
    let settings = [
        ("DATABASE_MAX_CONNECTIONS", "12"),
        ("TRUST_FORWARDED_FOR", "true"),
        ("LOG_LEVEL", "error"),
    ];
    // Standard output is the report's.
    let (url, log) = (app.database_url(), Stdio::null());
    let server = Server::start_into(url, &redis.url(), &settings, log).await;
    let site = Arc::new(Site {
        of_olive: server.sign_in(&olive).await,
        of_gus: server.sign_in(&gus).await,
        nell: nell.user().clone(),
        address: server.address.clone(),
    });

    println!("### What one user or client can do to the others\n");
    println!(
        "A storm for {} s: {SEARCHES} searches at a time by one member; {SOCKETS} connections \
         with half a head; {SIGN_INS} sign-ins by one client that hangs up; {} clients that \
         sign in again and again, each from a network of its own. Answers, their median and \
         the time of 99 of 100, before and meanwhile.\n",
        PHASE.as_secs(),
        clients()
    );
    println!("| Storm | others ask for | before | in the storm |");
    println!("|---|---|--:|--:|");
    for storm in [
        Storm::Searches,
        Storm::Sockets,
        Storm::SignIns,
        Storm::Passwords,
    ] {
        let before = probe(&site).await;
        let memory = server.memory_mib();
        let raging = storm.begin(&site);
        sleep(PHASE / 5).await;
        let meanwhile = probe(&site).await;
        let memory_meanwhile = server.memory_mib();
        let got = raging.end().await;
        for (name, answers) in &meanwhile {
            println!("| {storm} | {name} | {} | {answers} |", before[name]);
        }
        println!("| {storm} | what the storm got | | {got} |");
        println!("| {storm} | memory of the server | {memory} MiB | {memory_meanwhile} MiB |");
        eprintln!("{storm}: done");
        // What is left of it ends.
        sleep(PHASE).await;
    }
}

/// A server and who uses it.
struct Site {
    address: String,
    /// Signs in again and again.
    nell: CurrentUser,
    of_olive: String,
    of_gus: String,
}

/// Asks, for a while, what other users ask, each at its own pace.
async fn probe(site: &Arc<Site>) -> BTreeMap<&'static str, Answers> {
    let mut probes = JoinSet::new();
    let credentials = format!("email={}&password={PASSWORD}", site.nell.email.as_str());
    for (name, method, path, form) in [
        ("a warm page", Method::GET, "/orgs/acme", String::new()),
        (
            "a search",
            Method::GET,
            "/orgs/acme/members?q=b",
            String::new(),
        ),
        ("to sign in", Method::POST, "/api/sign_in", credentials),
        ("`/readyz`", Method::GET, "/readyz", String::new()),
    ] {
        let asker = Asker::new(site, "198.51.100.1");
        probes.spawn(async move {
            let mut answers = Answers::default();
            let until = Instant::now() + PHASE;
            while Instant::now() < until {
                let cookie = match method {
                    Method::POST => "",
                    _ => &asker.site.of_olive,
                };
                let asked = asker.ask(method.clone(), path, cookie, form.clone());
                let (status, time) = asked.await;
                answers.add(status, time);
                sleep(PAUSE).await;
            }
            (name, answers)
        });
    }
    probes.join_all().await.into_iter().collect()
}

#[derive(Clone, Copy)]
enum Storm {
    Searches,
    Sockets,
    SignIns,
    Passwords,
}

impl fmt::Display for Storm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Searches => "searches",
            Self::Sockets => "silent connections",
            Self::SignIns => "sign-ins that hang up",
            Self::Passwords => "everybody signs in",
        })
    }
}

/// A storm that goes on until it is told to end, and says what it got then.
struct Raging(JoinSet<Answers>, tokio::sync::watch::Sender<bool>);

impl Raging {
    async fn end(self) -> Answers {
        self.1.send_replace(true);
        let mut all = Answers::default();
        for answers in self.0.join_all().await {
            all.merge(answers);
        }
        all
    }
}

impl Storm {
    fn begin(self, site: &Arc<Site>) -> Raging {
        let (end, ended) = tokio::sync::watch::channel(false);
        let mut storm = JoinSet::new();
        let hands = match self {
            Self::Searches => SEARCHES,
            Self::Sockets => SOCKETS,
            Self::SignIns => HANDS,
            Self::Passwords => clients(),
        };
        for hand in 0..hands {
            let asker = match self {
                Self::Passwords => Asker::new(site, &format!("10.0.{hand}.1")),
                _ => Asker::new(site, "203.0.113.7"),
            };
            let mut ended = ended.clone();
            storm.spawn(async move {
                let mut answers = Answers::default();
                match self {
                    Self::Searches => {
                        let path =
                            format!("/orgs/acme/members?q=a&sort=name&page={}", hand % 99 + 1);
                        while !*ended.borrow() {
                            let cookie = &asker.site.of_gus;
                            let asked = asker.ask(Method::GET, &path, cookie, String::new());
                            let (status, time) = asked.await;
                            answers.add(status, time);
                        }
                    }
                    Self::Sockets => {
                        let began = Instant::now();
                        let socket = half_a_request(&asker.site.address).await;
                        let outcome = if socket.is_ok() { "open" } else { "refused" };
                        answers.add(outcome.to_owned(), began.elapsed());
                        let _told = ended.wait_for(|ended| *ended).await;
                    }
                    Self::Passwords => {
                        // As a program: a browser would be sent back to its form.
                        let form = format!("email=a{hand}@a.test&password=wrong");
                        while !*ended.borrow() {
                            let asked = asker.call("/api/sign_in", form.clone());
                            let (status, time) = asked.await;
                            answers.add(status, time);
                            // Not to ask for no answer at all: that is a flood.
                            sleep(PAUSE).await;
                        }
                    }
                    Self::SignIns => {
                        for number in 0..SIGN_INS / HANDS {
                            if *ended.borrow() {
                                break;
                            }
                            let form = format!("email=a{hand}-{number}@a.test&password=wrong");
                            let asked = asker.ask(Method::POST, "/api/sign_in", "", form);
                            // Long enough to be read, too short to be answered.
                            let began = Instant::now();
                            let status = match timeout(Duration::from_millis(5), asked).await {
                                Ok((status, _)) => status,
                                Err(_) => "hung up".to_owned(),
                            };
                            answers.add(status, began.elapsed());
                        }
                    }
                }
                answers
            });
        }
        Raging(storm, end)
    }
}

fn clients() -> usize {
    CLIENTS_PER_CORE * thread::available_parallelism().map_or(1, usize::from)
}

async fn half_a_request(address: &str) -> std::io::Result<TcpStream> {
    let mut socket = TcpStream::connect(address).await?;
    socket.write_all(b"GET / HTTP/1.1\r\nHost: org").await?;
    Ok(socket)
}
