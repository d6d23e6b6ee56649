//! The name of every metric. `docs/runbook.md` explains each.

pub const CACHE_LOOKUPS: &str = "orghub_cache_lookups_total";
pub const CACHE_REJECTED: &str = "orghub_cache_rejected_total";
pub const CACHE_NEAR_BYTES: &str = "orghub_cache_near_bytes";
pub const CACHE_LEASE_RUNNING: &str = "orghub_cache_lease_running";
pub const CACHE_LAST_POLL_AGE: &str = "orghub_cache_last_poll_age_seconds";
pub const CACHE_LOG_LAG: &str = "orghub_cache_log_lag_seconds";
pub const CACHE_POLL_CHANGES: &str = "orghub_cache_poll_changes";
pub const CACHE_FOLLOWER_RESTARTS: &str = "orghub_cache_follower_restarts_total";
pub const CACHE_BARRIER: &str = "orghub_cache_barrier_total";
pub const CACHE_BARRIER_WAIT: &str = "orghub_cache_barrier_wait_seconds";
pub const REDIS_BREAKER_STATE: &str = "orghub_redis_breaker_state";
pub const REDIS_NO_ANSWERS: &str = "orghub_redis_no_answers_total";
pub const REDIS_ROUND_TRIPS: &str = "orghub_redis_round_trips_total";
pub const SQL_STATEMENTS: &str = "orghub_sql_statements_total";
pub const OLDEST_WRITE_XACT: &str = "orghub_oldest_write_xact_seconds";
pub const REQUEST_SECONDS: &str = "orghub_request_seconds";
pub const REQUEST_SQL_STATEMENTS: &str = "orghub_request_sql_statements";
pub const REQUEST_REDIS_ROUND_TRIPS: &str = "orghub_request_redis_round_trips";
pub const MEMBERSHIP_CHECK_SECONDS: &str = "orghub_membership_check_seconds";
pub const WEBHOOK_EVENTS: &str = "orghub_webhook_events_total";
