//! `cargo xtask bench`: how fast it is, side by side with itself, written to
//! `docs/benchmarks.md`, and for programs to `docs/benchmarks.json`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use local_services::postgres;
use serde_json::Value;

use crate::{
    checkout,
    process::{self, command},
    services::Services,
    setup,
    steps::{self, Step},
};

/// What is measured, in the order of the report.
const BENCHES: [(&str, &str, &str); 7] = [
    (
        "pages",
        "measures what a request costs, from an empty answer to a page of nothing kept",
        "6 minutes",
    ),
    (
        "rendering",
        "measures how soon a page of nothing but values is rendered",
        "10 seconds",
    ),
    (
        "growth",
        "measures lists of 8, 10,000 and 1,000,000 members",
        "4 minutes",
    ),
    (
        LOOK_UPS_BENCH,
        "measures look-ups by where the answer comes from",
        "1 minute",
    ),
    (
        "node",
        "measures a server with Redis alive, killed and frozen, and left alone",
        "2 minutes",
    ),
    (
        "webhook",
        "measures how soon another node shows what Stripe announced",
        "20 seconds",
    ),
    (
        "storms",
        "measures what one user or client can do to the others",
        "1 minute",
    ),
];
const LOOK_UPS_BENCH: &str = "cache";

/// What the micro-benchmarks ask, and where each answer can come from.
const LOOK_UPS: [&str; 3] = [
    "session",
    "membership check",
    "first page of 10,000 members",
];
const LEVELS: [&str; 3] = ["memory", "redis", "postgres"];

const HEAD: &str = "# Benchmarks

Written by `cargo xtask bench`, which runs all of it again in thirteen minutes (and builds for half an hour the first time). Read the
ratios: everything in a table was measured in the same run on the same machine, on which the database, Redis, the server
and whoever asks share the cores. Built as deployed but for thin instead of fat link-time optimization.
";

pub fn run() -> Result<()> {
    steps::report(|steps| {
        setup::to_compile(steps)?;
        let services = Services::start()?;
        let benches = steps.take(
            &Step {
                name: "Build",
                what: "compiles the benchmarks as the product is deployed",
                usually: "1 minute, half an hour the first time",
            },
            build,
        )?;
        let mut tables = Vec::new();
        for (name, what, usually) in BENCHES {
            let table = steps.take(
                &Step {
                    name,
                    what,
                    usually,
                },
                || {
                    let bench = benches.iter().find(|bench| bench.name == name);
                    let bench = bench.with_context(|| format!("there is no benchmark {name}"))?;
                    // What it reports; how far it is goes to standard error.
                    let table = process::read(bench.with(&services).stderr(Stdio::inherit()))?;
                    match name {
                        LOOK_UPS_BENCH => look_ups(),
                        _ => Ok(table),
                    }
                },
            )?;
            tables.push(table.trim().to_owned());
        }
        let report = format!("{HEAD}\n{}\n{}\n", machine()?, tables.join("\n\n"));
        write("benchmarks.md", report.trim_end())?;
        write(
            "benchmarks.json",
            &serde_json::to_string_pretty(&sections(&report))?,
        )
    })
}

fn write(name: &str, text: &str) -> Result<()> {
    let file = checkout::root().join("docs").join(name);
    fs::write(&file, format!("{text}\n"))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// The tables of the report by their headings: a row is an object of its cells, as written, by
/// the names of their columns; what has no name is `what` in front and `value` behind.
fn sections(report: &str) -> Value {
    let mut sections = serde_json::Map::new();
    let (mut heading, mut columns) = ("Measured", None);
    for line in report.lines() {
        if let Some(text) = line.strip_prefix("### ") {
            heading = text;
        }
        let Some(row) = line
            .strip_prefix("| ")
            .and_then(|row| row.strip_suffix('|'))
        else {
            if !line.starts_with('|') {
                columns = None;
            }
            continue;
        };
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let Some(columns) = &columns else {
            let named = cells
                .iter()
                .enumerate()
                .map(|(number, name)| match (name, number) {
                    (&"", 0) => "what",
                    (&"", _) => "value",
                    (name, _) => name,
                });
            columns = Some(named.collect::<Vec<_>>());
            continue;
        };
        let row = columns.iter().zip(cells);
        let row: Value = row.map(|(name, cell)| (*name, cell)).collect();
        let rows = sections
            .entry(heading)
            .or_insert_with(|| Value::Array(Vec::new()));
        rows.as_array_mut().expect("rows").push(row);
    }
    sections.into()
}

/// A benchmark that was built.
struct Bench {
    name: String,
    program: PathBuf,
    package: PathBuf,
}

impl Bench {
    /// The one that a message of cargo's is about, if any.
    fn of(message: &str) -> Option<Self> {
        let message: Value = serde_json::from_str(message).ok()?;
        let target = &message["target"];
        (target["kind"][0] == "bench").then_some(())?;
        Some(Self {
            name: target["name"].as_str()?.to_owned(),
            program: message["executable"].as_str()?.into(),
            package: Path::new(message["manifest_path"].as_str()?)
                .parent()?
                .into(),
        })
    }

    fn with(&self, services: &Services) -> Command {
        let mut bench = command(&self.program);
        bench
            .arg("--bench")
            .current_dir(&self.package)
            .env("DATABASE_URL", &services.database_url)
            .env("DATABASE_OWNER_URL", &services.database_owner_url)
            .env("REDIS_URL", &services.redis_url);
        bench
    }
}

/// Builds all at once, without the flags that make development builds quick. Each by itself
/// would be built with other features of what they share, which means all of it again.
fn build() -> Result<Vec<Bench>> {
    let mut build = process::cargo("bench --package orghub --package orghub-server --no-run");
    for (name, ..) in BENCHES {
        build.args(["--bench", name]);
    }
    build
        .arg("--message-format=json-render-diagnostics")
        .env("RUSTFLAGS", "")
        .stderr(Stdio::inherit());
    let messages = process::read(&mut build)?;
    Ok(messages.lines().filter_map(Bench::of).collect())
}

/// Where and of what it was measured.
fn machine() -> Result<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or("unknown");
    let cpu = cpu.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let read = |program: &Path, argument: &str| process::read(command(program).arg(argument));
    let postgres = read(&postgres::program("postgres")?, "--version")?;
    let redis = read(Path::new("redis-server"), "--version")?;
    let redis = redis
        .split_whitespace()
        .nth(2)
        .unwrap_or_default()
        .trim_start_matches("v=")
        .to_owned();
    let commit = process::read(command("git").args(["rev-parse", "--short", "HEAD"]))?;
    let date = process::read(command("git").args(["log", "-1", "--format=%cs"]))?;
    Ok(format!(
        "| | |\n|---|---|\n| machine | {cores} cores, {cpu} |\n| versions | {}, {}, Redis {redis} |\n| commit | {} of {} |\n",
        read(Path::new("rustc"), "--version")?.trim(),
        postgres.trim(),
        commit.trim(),
        date.trim(),
    ))
}

/// The medians that criterion left behind.
fn look_ups() -> Result<String> {
    let mut table = String::from(
        "### A look-up, by where the answer comes from\n\nMedians. From memory: found, and checked to be right still.\n\n\
         | | memory | Redis | PostgreSQL | Redis ÷ memory | PostgreSQL ÷ memory |\n|---|--:|--:|--:|--:|--:|\n",
    );
    for look_up in LOOK_UPS {
        let times = LEVELS.map(|level| median(look_up, level));
        let [memory, redis, postgres] = times;
        let (memory, redis, postgres) = (memory?, redis?, postgres?);
        table += &format!(
            "| {look_up} | {:.2} µs | {:.0} µs | {:.0} µs | {:.0} | {:.0} |\n",
            memory / 1e3,
            redis / 1e3,
            postgres / 1e3,
            redis / memory,
            postgres / memory,
        );
    }
    Ok(table)
}

/// Nanoseconds.
fn median(look_up: &str, level: &str) -> Result<f64> {
    let file = checkout::target()
        .join("criterion")
        .join(look_up)
        .join(level)
        .join("new/estimates.json");
    let estimates =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let estimates: Value = serde_json::from_str(&estimates)?;
    estimates["median"]["point_estimate"]
        .as_f64()
        .context("criterion's estimates have another form now")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_is_found_under_its_heading_with_its_columns() {
        let report = "# Benchmarks\n\n| | |\n|---|---|\n| machine | fast |\n\n### Growth\n\nWords.\n\n\
                      | | 8 | 9 |\n|---|--:|--:|\n| first | 1 ms |  |\n| next | 2 ms | 3 ms |\n";
        let expected = serde_json::json!({
            "Measured": [{ "what": "machine", "value": "fast" }],
            "Growth": [
                { "what": "first", "8": "1 ms", "9": "" },
                { "what": "next", "8": "2 ms", "9": "3 ms" },
            ],
        });
        assert_eq!(sections(report), expected);
    }
}
