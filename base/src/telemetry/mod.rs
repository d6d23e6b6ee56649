//! What the program counts: metrics for operators ([`CATALOG`]), and what one
//! request cost ([`RequestCost`]).

mod catalog;
pub mod names;
mod request_cost;

pub use catalog::{CATALOG, Kind, Label, Metric, describe};
pub use request_cost::{Phase, RequestCost, current_request_cost, with_request_cost};
pub use request_cost::{count_redis, count_sql, note_redis_timeout, redis_timed_out};

/// The target of all spans. `LOG_LEVEL=info,orghub::spans=debug` turns them on;
/// otherwise they cost one atomic load each.
pub const SPANS: &str = "orghub::spans";
