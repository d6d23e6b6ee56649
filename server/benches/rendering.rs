//! What it costs to render a page that is nothing but values: a table of 1,000 rows of two UUIDs,
//! by which frameworks are compared in public. Beside it the same markup, formatted by hand.
//!
//! Writes its table to standard output. `cargo xtask bench` runs it.

#![allow(clippy::print_stdout, reason = "a report for whoever ran it")]

use std::{
    fmt::Write as _,
    hint::black_box,
    time::{Duration, Instant},
};

use any_spawner::Executor;
use axum::body::Body;
use futures::future::LocalBoxFuture;
use http::Request;
use http_body_util::BodyExt as _;
use leptos::prelude::*;
use leptos_axum::render_app_async_with_context;
use uuid::Uuid;

const ROWS: usize = 1_000;

/// In turn, so that a busy moment of the machine meets all.
const ROUNDS: usize = 15;
const PAGES: u32 = 100;

#[derive(Clone, Copy)]
struct Row {
    id: Uuid,
    name: Uuid,
}

fn rows() -> Vec<Row> {
    let row = |_| Row {
        id: Uuid::now_v7(),
        name: Uuid::now_v7(),
    };
    (0..ROWS).map(row).collect()
}

fn table(rows: &[Row]) -> impl IntoView + use<> {
    let row = |row: &Row| {
        view! {
            <tr>
                <td>{row.id.to_string()}</td>
                <td>{row.name.to_string()}</td>
            </tr>
        }
    };
    view! {
        <table>
            <tbody>{rows.iter().map(row).collect_view()}</tbody>
        </table>
    }
}

fn by_hand(rows: &[Row]) -> String {
    let mut page = String::from("<table><tbody>");
    for row in rows {
        write!(page, "<tr><td>{}</td><td>{}</td></tr>", row.id, row.name)
            .expect("a string takes all");
    }
    page + "</tbody></table>"
}

/// The view, rendered.
fn by_leptos(rows: &[Row]) -> String {
    Owner::new().with(|| table(rows).to_html())
}

/// The view as the answer to a request, as the product's pages are.
async fn by_handler(rows: &[Row]) -> String {
    let rows = rows.to_vec();
    let handler = render_app_async_with_context(|| {}, move || table(&rows));
    let request = Request::new(Body::empty());
    let body = handler(request).await.into_body();
    let body = body.collect().await.expect("a body").to_bytes();
    String::from_utf8(body.to_vec()).expect("text")
}

type Render = fn(&[Row]) -> LocalBoxFuture<'_, String>;

const WAYS: [(&str, Render); 3] = [
    ("formatted by hand", |rows| {
        Box::pin(async { by_hand(rows) })
    }),
    ("a Leptos view", |rows| Box::pin(async { by_leptos(rows) })),
    ("that view as the answer to a request", |rows| {
        Box::pin(by_handler(rows))
    }),
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    // As the product does when its routes are made.
    Executor::init_tokio().expect("nobody else has");
    let rows = rows();
    let mut bytes = Vec::new();
    for (_, render) in WAYS {
        let page = render(&rows).await;
        for row in &rows {
            for value in [row.id, row.name] {
                assert_eq!(
                    page.matches(&value.to_string()).count(),
                    1,
                    "each value is sent once"
                );
            }
        }
        bytes.push(page.len());
    }

    let mut times = WAYS.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for ((_, render), times) in WAYS.iter().zip(&mut times) {
            let began = Instant::now();
            for _ in 0..PAGES {
                black_box(render(black_box(&rows)).await);
            }
            times.push(began.elapsed() / PAGES);
        }
    }

    println!("### A page of nothing but values\n");
    println!(
        "A table of {ROWS} rows of two UUIDs, rendered by one thread without network, cache or \
         compression, {ROUNDS} rounds of {PAGES} pages in turn: medians and the spread of rounds. \
         Each value is in the page once: nothing is sent again for the browser to take over.\n"
    );
    println!("| | a page | pages a second | ÷ by hand | bytes |");
    println!("|---|--:|--:|--:|--:|");
    let mut first = None;
    for (((way, _), mut times), bytes) in WAYS.iter().zip(times).zip(bytes) {
        times.sort();
        let median = times[times.len() / 2];
        let base = *first.get_or_insert(median);
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "| {way} | {:.2} ms ({:.2} to {:.2}) | {:.0} | {:.1} | {bytes} |",
            ms(median),
            ms(times[0]),
            ms(times[times.len() - 1]),
            1.0 / median.as_secs_f64(),
            median.as_secs_f64() / base.as_secs_f64(),
        );
    }
    println!();
}
