//! Everything the program counts, in the words operators read at `/metrics`.
//! `docs/runbook.md` says what to do about each.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

use super::names;

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Counter,
    Gauge,
    /// With the upper bounds of its buckets.
    Histogram(&'static [f64]),
}

#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Ends in its unit.
    pub name: &'static str,
    pub kind: Kind,
    pub help: &'static str,
}

/// For what memory answers: from a microsecond.
const MICROSECONDS: Kind = Kind::Histogram(&[
    0.000_001, 0.000_002, 0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005,
    0.02, 0.1, 1.0,
]);
/// For what crosses the network: from half a millisecond.
const MILLISECONDS: Kind = Kind::Histogram(&[
    0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0,
]);
/// For counts that are mostly zero.
const COUNT: Kind = Kind::Histogram(&[0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 10.0, 20.0]);
/// For counts of any size.
const SIZE: Kind = Kind::Histogram(&[1.0, 2.0, 5.0, 10.0, 50.0, 200.0, 1_000.0]);

const fn metric(name: &'static str, kind: Kind, help: &'static str) -> Metric {
    Metric { name, kind, help }
}

pub const CATALOG: &[Metric] = &[
    metric(
        names::CACHE_LOOKUPS,
        Kind::Counter,
        "Look-ups by family and outcome: near_hit, redis_hit, prefetched (found in Redis on behalf of a later look-up), joined (waited for another load of the same value), fill (loaded from PostgreSQL and kept), bypass (loaded and not kept).",
    ),
    metric(
        names::CACHE_REJECTED,
        Kind::Counter,
        "Cached values that were found and not used, by family, level and reason: changed, flushed, below_floor, aged, undecodable.",
    ),
    metric(
        names::CACHE_NEAR_BYTES,
        Kind::Gauge,
        "Memory used by the near cache.",
    ),
    metric(
        names::CACHE_LEASE_RUNNING,
        Kind::Gauge,
        "1 while cached values may be used, 0 while every look-up goes to PostgreSQL.",
    ),
    metric(
        names::CACHE_LAST_POLL_AGE,
        Kind::Gauge,
        "Time since the log follower last read the change log.",
    ),
    metric(
        names::CACHE_LOG_LAG,
        MILLISECONDS,
        "Time from the logging of a change until this node read it, the changing transaction's own duration included.",
    ),
    metric(
        names::CACHE_POLL_CHANGES,
        SIZE,
        "Changes read by one poll of the change log.",
    ),
    metric(
        names::CACHE_FOLLOWER_RESTARTS,
        Kind::Counter,
        "Restarts of a background task of the cache after it lost the database or panicked.",
    ),
    metric(
        names::CACHE_BARRIER,
        Kind::Counter,
        "Mutations that waited for all nodes, by outcome: applied, waited_out (a node's lease had to end), unknown (PostgreSQL did not answer).",
    ),
    metric(
        names::CACHE_BARRIER_WAIT,
        MILLISECONDS,
        "Time mutations waited for all nodes.",
    ),
    metric(
        names::REDIS_BREAKER_STATE,
        Kind::Gauge,
        "0 closed: Redis is used; 1 half-open: one operation tries it; 2 open: it is not used.",
    ),
    metric(
        names::REDIS_NO_ANSWERS,
        Kind::Counter,
        "Redis operations without a usable answer, by reason: breaker_open, timed_out, already_waited (an earlier operation of the request timed out), unreachable, demoted, refused.",
    ),
    metric(
        names::REDIS_ROUND_TRIPS,
        Kind::Counter,
        "Redis round trips that somebody waited for.",
    ),
    metric(
        names::SQL_STATEMENTS,
        Kind::Counter,
        "SQL statements sent, those of the log follower not counted.",
    ),
    metric(
        names::OLDEST_WRITE_XACT,
        Kind::Gauge,
        "Age of the oldest transaction in the database cluster that has written something. Values that changed since it began are not taken from Redis.",
    ),
    metric(
        names::REQUEST_SECONDS,
        MILLISECONDS,
        "Time to answer a page or form, by class of status.",
    ),
    metric(
        names::REQUEST_SQL_STATEMENTS,
        COUNT,
        "SQL statements of a page or form.",
    ),
    metric(
        names::REQUEST_REDIS_ROUND_TRIPS,
        COUNT,
        "Redis round trips of a page or form.",
    ),
    metric(
        names::MEMBERSHIP_CHECK_SECONDS,
        MICROSECONDS,
        "Time of the membership check, by source of the answer: memory, redis, postgres.",
    ),
    metric(
        names::WEBHOOK_EVENTS,
        Kind::Counter,
        "Stripe events by outcome.",
    ),
];

/// Describes every metric to the process's recorder.
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
