//! Everything the program counts, in the words operators read beside it.
//! `docs/runbook.md` says what to do about each.

use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// A kind of metric.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Only ever rises.
    Counter,
    /// Stands at a value.
    Gauge,
    /// How often which values came up; the bounds of its buckets.
    Histogram(&'static [f64]),
}

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name; the unit stands at the end.
    pub name: &'static str,
    /// What kind it is.
    pub kind: Kind,
    /// What it says.
    pub help: &'static str,
}

/// Look-ups that memory answers: microseconds.
const MICROSECONDS: Kind = Kind::Histogram(&[
    0.000_001, 0.000_002, 0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005,
    0.02, 0.1, 1.0,
]);
/// What crosses the network: milliseconds.
const MILLISECONDS: Kind = Kind::Histogram(&[
    0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0,
]);
/// Small numbers, none among them.
const COUNT: Kind = Kind::Histogram(&[0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 10.0, 20.0]);
/// Numbers of any size.
const SIZE: Kind = Kind::Histogram(&[1.0, 2.0, 5.0, 10.0, 50.0, 200.0, 1_000.0]);

const fn metric(name: &'static str, kind: Kind, help: &'static str) -> Metric {
    Metric { name, kind, help }
}

/// All of them.
pub const CATALOG: &[Metric] = &[
    metric(
        "orghub_cache_lookups_total",
        Kind::Counter,
        "Look-ups by family and outcome: near_hit, redis_hit, joined (another load of the same value), fill (loaded from PostgreSQL and kept), bypass (loaded and not kept).",
    ),
    metric(
        "orghub_cache_refused_total",
        Kind::Counter,
        "Copies that were there and not used, by family, level and reason: changed, flushed, below_floor, aged, undecodable.",
    ),
    metric(
        "orghub_cache_near_bytes",
        Kind::Gauge,
        "Memory of the copies in this process.",
    ),
    metric(
        "orghub_cache_lease_running",
        Kind::Gauge,
        "1 while copies may be used, 0 while PostgreSQL is asked for all.",
    ),
    metric(
        "orghub_cache_heard_seconds",
        Kind::Gauge,
        "Time since the relay last heard from PostgreSQL.",
    ),
    metric(
        "orghub_cache_tail_lag_seconds",
        MILLISECONDS,
        "From the logging of a change until this node heard of it; the changing transaction's own time is part of it.",
    ),
    metric(
        "orghub_cache_tail_batch_changes",
        SIZE,
        "Changes that one poll brought.",
    ),
    metric(
        "orghub_cache_relay_restarts_total",
        Kind::Counter,
        "How often a background task lost the database, or failed, and began again.",
    ),
    metric(
        "orghub_cache_barrier_total",
        Kind::Counter,
        "Mutations that waited for the nodes, by outcome: applied, waited_out (a node's lease had to end), unknown (PostgreSQL did not say).",
    ),
    metric(
        "orghub_cache_barrier_wait_seconds",
        MILLISECONDS,
        "How long mutations waited for the nodes.",
    ),
    metric(
        "orghub_redis_breaker_state",
        Kind::Gauge,
        "0 closed: Redis is asked; 1 half-open: it is being tried; 2 open: it is left alone.",
    ),
    metric(
        "orghub_redis_no_answers_total",
        Kind::Counter,
        "Operations without an answer of use, by reason: breaker_open, timed_out, unreachable, demoted, refused.",
    ),
    metric(
        "orghub_redis_round_trips_total",
        Kind::Counter,
        "Round trips to Redis that somebody waited for.",
    ),
    metric(
        "orghub_sql_statements_total",
        Kind::Counter,
        "Statements sent to PostgreSQL, those of the relay not counted.",
    ),
    metric(
        "orghub_oldest_write_xact_seconds",
        Kind::Gauge,
        "Age of the oldest transaction of the database cluster that has written something. What was read since then cannot be kept in Redis.",
    ),
    metric(
        "orghub_request_seconds",
        MILLISECONDS,
        "Time a page or form took, by class of status.",
    ),
    metric(
        "orghub_request_sql_statements",
        COUNT,
        "SQL statements of a page or form.",
    ),
    metric(
        "orghub_request_redis_round_trips",
        COUNT,
        "Redis round trips of a page or form.",
    ),
    metric(
        "orghub_membership_check_seconds",
        MICROSECONDS,
        "Time of the membership check, by where the answer came from: memory, redis, postgres.",
    ),
    metric(
        "orghub_webhook_events_total",
        Kind::Counter,
        "Stripe's events by outcome.",
    ),
];

/// Tells the process's recorder what everything means.
pub fn describe() {
    for Metric { name, kind, help } in CATALOG {
        let unit = if name.ends_with("_seconds") {
            Unit::Seconds
        } else if name.ends_with("_bytes") {
            Unit::Bytes
        } else {
            Unit::Count
        };
        match kind {
            Kind::Counter => describe_counter!(*name, unit, *help),
            Kind::Gauge => describe_gauge!(*name, unit, *help),
            Kind::Histogram(_) => describe_histogram!(*name, unit, *help),
        }
    }
}
