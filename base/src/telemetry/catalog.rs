//! Everything the program counts, in the words operators read at `/metrics`.
//! `docs/runbook.md` says what to do about each.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram};

use super::names;

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Counter,
    Gauge,
    /// With the upper bounds of its buckets.
    Histogram(&'static [f64]),
}

/// What the samples of a metric are told apart by.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    pub name: &'static str,
    /// All of them; none: they are known elsewhere.
    pub values: &'static [&'static str],
}

#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Ends in its unit.
    pub name: &'static str,
    pub kind: Kind,
    pub labels: &'static [Label],
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

const fn one_of(name: &'static str, values: &'static [&'static str]) -> Label {
    Label { name, values }
}

const fn any(name: &'static str) -> Label {
    Label { name, values: &[] }
}

const fn metric(
    name: &'static str,
    kind: Kind,
    labels: &'static [Label],
    help: &'static str,
) -> Metric {
    Metric {
        name,
        kind,
        labels,
        help,
    }
}

pub const CATALOG: &[Metric] = &[
    metric(
        names::START_TIME,
        Kind::Gauge,
        &[],
        "When this process began to count, in seconds since 1970.",
    ),
    metric(
        names::CACHE_LOOKUPS,
        Kind::Counter,
        &[
            any("family"),
            one_of(
                "outcome",
                &[
                    "near_hit",
                    "offered",
                    "redis_hit",
                    "prefetched",
                    "joined",
                    "fill",
                    "bypass",
                ],
            ),
        ],
        "Look-ups by family and outcome: near_hit, offered (a signed copy that the request carried), redis_hit, prefetched (found in Redis on behalf of a later look-up), joined (waited for another load of the same value), fill (loaded from PostgreSQL and kept), bypass (loaded and not kept).",
    ),
    metric(
        names::CACHE_REJECTED,
        Kind::Counter,
        &[
            any("family"),
            one_of("level", &["near", "offer", "redis"]),
            one_of(
                "reason",
                &[
                    "changed",
                    "flushed",
                    "below_floor",
                    "aged",
                    "undecodable",
                    "forged",
                ],
            ),
        ],
        "Cached values that were found and not used, by family, level (near, offer, redis) and reason: changed, flushed, below_floor, aged, undecodable, forged.",
    ),
    metric(
        names::CACHE_NEAR_BYTES,
        Kind::Gauge,
        &[],
        "Memory used by the near cache.",
    ),
    metric(
        names::RENDERED_PAGES,
        Kind::Counter,
        &[one_of("outcome", &["hit", "miss", "outdated", "kept"])],
        "Pages asked for of those that are kept, by outcome: hit (sent again), miss, outdated (found, and not right any more), kept (made, and kept for the next time).",
    ),
    metric(
        names::RENDERED_PAGES_BYTES,
        Kind::Gauge,
        &[],
        "Memory used by pages that are kept.",
    ),
    metric(
        names::CACHE_LEASE_RUNNING,
        Kind::Gauge,
        &[],
        "1 while cached values may be used, 0 while every look-up goes to PostgreSQL.",
    ),
    metric(
        names::CACHE_LAST_POLL_AGE,
        Kind::Gauge,
        &[],
        "Time since the log follower last read the change log.",
    ),
    metric(
        names::CACHE_LOG_LAG,
        MILLISECONDS,
        &[],
        "Time from the logging of a change until this node read it, the changing transaction's own duration included.",
    ),
    metric(
        names::CACHE_POLL_CHANGES,
        SIZE,
        &[],
        "Changes read by one poll of the change log.",
    ),
    metric(
        names::CACHE_FOLLOWER_RESTARTS,
        Kind::Counter,
        &[one_of(
            "task",
            &["log_follower", "doorbell", "janitor", "watched_tables"],
        )],
        "Restarts of a background task of the cache after it lost the database or panicked.",
    ),
    metric(
        names::CACHE_BARRIER,
        Kind::Counter,
        &[one_of("outcome", &["applied", "waited_out", "unknown"])],
        "Mutations that waited for all nodes, by outcome: applied, waited_out (a node's lease had to end), unknown (PostgreSQL did not answer).",
    ),
    metric(
        names::CACHE_BARRIER_WAIT,
        MILLISECONDS,
        &[],
        "Time mutations waited for all nodes.",
    ),
    metric(
        names::REDIS_BREAKER_STATE,
        Kind::Gauge,
        &[],
        "0 closed: Redis is used; 1 half-open: one operation tries it; 2 open: it is not used.",
    ),
    metric(
        names::REDIS_NO_ANSWERS,
        Kind::Counter,
        &[one_of(
            "reason",
            &[
                "breaker_open",
                "timed_out",
                "already_waited",
                "unreachable",
                "demoted",
                "refused",
            ],
        )],
        "Redis operations without a usable answer, by reason: breaker_open, timed_out, already_waited (an earlier operation of the request timed out), unreachable, demoted, refused.",
    ),
    metric(
        names::REDIS_ROUND_TRIPS,
        Kind::Counter,
        &[],
        "Redis round trips that somebody waited for.",
    ),
    metric(
        names::REDIS_MEMORY,
        Kind::Gauge,
        &[],
        "Memory that Redis uses, over the primaries of a cluster. NaN: Redis does not say.",
    ),
    metric(
        names::REDIS_MEMORY_LIMIT,
        Kind::Gauge,
        &[],
        "Memory that Redis may use at most, over the primaries of a cluster. 0: it has no limit. NaN: Redis does not say.",
    ),
    metric(
        names::SQL_STATEMENTS,
        Kind::Counter,
        &[],
        "SQL statements sent, those of the log follower not counted.",
    ),
    metric(
        names::CONNECTIONS,
        Kind::Gauge,
        &[],
        "Open connections of clients. At MAX_CONNECTIONS the next one waits.",
    ),
    metric(
        names::HEAVY_READS_REFUSED,
        Kind::Counter,
        &[one_of("reason", &["user", "node"])],
        "Heavy reads that found no place, by reason: user (too many of their own under way), node (too many of others).",
    ),
    metric(
        names::PASSWORDS_WAITING,
        Kind::Gauge,
        &[],
        "Passwords that wait for a thread to be hashed.",
    ),
    metric(
        names::PASSWORD_SECONDS,
        MILLISECONDS,
        &[],
        "Time to hash or verify a password, waiting not included.",
    ),
    metric(
        names::PASSWORDS_REFUSED,
        Kind::Counter,
        &[one_of("reason", &["full", "waited"])],
        "Passwords that were not hashed, by reason: full (the queue was), waited (too long).",
    ),
    metric(
        names::OLDEST_WRITE_XACT,
        Kind::Gauge,
        &[],
        "Age of the oldest transaction in the database cluster that has written something. Values that changed since it began are not taken from Redis.",
    ),
    metric(
        names::REQUEST_SECONDS,
        MILLISECONDS,
        &[one_of("status", &["2xx", "3xx", "4xx", "5xx"])],
        "Time to answer a page or form, by class of status.",
    ),
    metric(
        names::REQUEST_SQL_STATEMENTS,
        COUNT,
        &[],
        "SQL statements of a page or form.",
    ),
    metric(
        names::REQUEST_REDIS_ROUND_TRIPS,
        COUNT,
        &[],
        "Redis round trips of a page or form.",
    ),
    metric(
        names::MEMBERSHIP_CHECK_SECONDS,
        MICROSECONDS,
        &[one_of("source", &["memory", "redis", "postgres"])],
        "Time of the membership check, by source of the answer: memory, redis, postgres.",
    ),
    metric(
        names::JOBS_DUE,
        Kind::Gauge,
        &[any("kind")],
        "Jobs that nobody has begun although it is time, by kind, over all nodes.",
    ),
    metric(
        names::JOBS_OLDEST_DUE,
        Kind::Gauge,
        &[any("kind")],
        "For how long the first of them has waited, by kind.",
    ),
    metric(
        names::JOBS_DEAD,
        Kind::Gauge,
        &[any("kind")],
        "Jobs that were given up, by kind, over all nodes.",
    ),
    metric(
        names::JOB_RUNS,
        Kind::Counter,
        &[
            any("kind"),
            one_of("outcome", &["done", "failed", "dead", "away", "lost"]),
        ],
        "Runs of jobs on this node, by kind and outcome: done, failed (it runs again), dead (given up), away (what it needs is not there; no attempt counted), lost (another run has it, or how it ended could not be written down).",
    ),
    metric(
        names::SECURITY_EVENTS,
        Kind::Counter,
        &[any("event")],
        "Events of the security log, by event: sign_in.succeeded, sign_in.failed, sign_in.limited, attempts.limited, confirmation.failed, sign_out, session.ended, session.others_ended, session.everybody_signed_out, platform.act, access.denied, permission.denied, write.foreign, webhook.refused.",
    ),
    metric(
        names::WEBHOOK_EVENTS,
        Kind::Counter,
        &[one_of(
            "outcome",
            &["processed", "conflict", "duplicate", "ignored", "failed"],
        )],
        "Stripe events by outcome.",
    ),
    metric(
        names::STRIPE_DRIFT,
        Kind::Counter,
        &[],
        "Organizations whose mirrored subscription was not what Stripe had, found and repaired by a comparison of everything.",
    ),
    metric(
        names::STRIPE_RECONCILE_AGE,
        Kind::Gauge,
        &[],
        "Time since the last whole comparison of everything with Stripe began.",
    ),
];

/// Describes every metric to the process's recorder, and begins those counters at zero of
/// which all labels are known: from nothing to one Prometheus sees no rise.
pub fn describe() {
    for metric in CATALOG {
        let Metric {
            name,
            kind,
            labels,
            help,
        } = metric;
        let unit = if name.ends_with("_seconds") {
            Unit::Seconds
        } else if name.ends_with("_bytes") {
            Unit::Bytes
        } else {
            Unit::Count
        };
        match kind {
            Kind::Counter => {
                describe_counter!(*name, unit, *help);
                for labels in every_combination(labels) {
                    counter!(*name, labels).increment(0);
                }
            }
            Kind::Gauge => describe_gauge!(*name, unit, *help),
            Kind::Histogram(_) => describe_histogram!(*name, unit, *help),
        }
    }
}

/// Every choice of one value for each label; none if the values of one are not known here.
fn every_combination(labels: &[Label]) -> Vec<Vec<metrics::Label>> {
    labels.iter().fold(vec![Vec::new()], |chosen, label| {
        let choices = label.values.iter().flat_map(|value| {
            chosen.iter().cloned().map(|mut chosen| {
                chosen.push(metrics::Label::from_static_parts(label.name, value));
                chosen
            })
        });
        choices.collect()
    })
}
