//! What made-up addresses do to pages that are kept.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

use crate::{CONNECTIONS, ORG, process::Server};

/// Addresses, unless `ORGHUB_BENCH_ADDRESSES` says otherwise.
const ADDRESSES: usize = 30_000;
/// Of them between two requests for the page that people want.
const BETWEEN: usize = 10;

/// Asks for pages that nobody asks for twice, and meanwhile for one that is asked for often.
pub async fn report(server: &Arc<Server>, cookie: &str) {
    let asked = std::env::var("ORGHUB_BENCH_ADDRESSES").ok();
    let addresses = asked
        .and_then(|text| text.parse().ok())
        .unwrap_or(ADDRESSES);
    let (before, bytes_before) = (server.memory_mib(), kept_bytes(server).await);
    let began = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let askers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (server, cookie, next) = (server.clone(), cookie.to_owned(), next.clone());
            tokio::spawn(async move {
                let (mut hits, mut wanted) = (0, 0);
                loop {
                    let number = next.fetch_add(1, Relaxed);
                    if number >= addresses {
                        return (hits, wanted);
                    }
                    let page = server
                        .open(&format!("{ORG}?made-up={number}"), &cookie)
                        .await;
                    assert!(page.status().is_success(), "{page:?}");
                    if number % BETWEEN == 0 {
                        let page = server.open(ORG, &cookie).await;
                        let timing = page.headers().get("server-timing");
                        let timing = timing.and_then(|value| value.to_str().ok());
                        wanted += 1;
                        hits += usize::from(timing.is_some_and(|text| text.contains("kept")));
                    }
                }
            })
        })
        .collect();
    let (mut hits, mut wanted) = (0, 0);
    for asker in askers {
        let (hit, asked) = asker.await.expect("no panic");
        hits += hit;
        wanted += asked;
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("\n### A flood of made-up addresses\n");
    println!(
        "{addresses} addresses of one page that nobody asks for twice, and after each {BETWEEN} of \
         them the page itself; {CONNECTIONS} connections, {seconds:.0} s.\n"
    );
    println!("| | before | after |\n|---|--:|--:|");
    println!(
        "| memory of the server | {before} MiB | {} MiB |",
        server.memory_mib()
    );
    println!(
        "| of that, pages that are kept | {:.1} MiB | {:.1} MiB |",
        bytes_before / MIB,
        kept_bytes(server).await / MIB
    );
    println!(
        "| the page itself was sent from memory | | {:.2} % of {wanted} times |",
        hits as f64 / wanted as f64 * 100.0
    );
}

const MIB: f64 = 1024.0 * 1024.0;

async fn kept_bytes(server: &Server) -> f64 {
    let figures = server.open("/metrics", "").await;
    let figures = String::from_utf8_lossy(figures.body()).into_owned();
    let mut lines = figures.lines();
    let bytes = lines.find_map(|line| line.strip_prefix("orghub_rendered_pages_bytes "));
    bytes.map_or(0.0, |bytes| bytes.parse().expect("a number"))
}
