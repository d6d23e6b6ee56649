//! What a page cost: counted for operators, and shown in `Server-Timing`, which browsers
//! have in their network panel and tests hold pages to their budgets with.
//!
//! Pages are rendered whole before their headers leave (`SsrMode::Async`), so all work is
//! done when the header is written.

use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, StatusCode};
use orghub::{
    config::AppEnv,
    metrics::{Phase, RequestStats, with_request_stats},
};

use super::session::ResponseUser;
use crate::state::AppState;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Counts what the request costs and shows it to developers and platform admins. Other
/// users have no use for it, and it tells how warm a cache is.
pub async fn measure(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let stats = Arc::new(RequestStats::default());
    let mut response = with_request_stats(Arc::clone(&stats), next.run(request)).await;

    let took = started.elapsed();
    count(&stats, took, response.status());
    let may_see = state.services.config.app_env == AppEnv::Development
        || response
            .extensions()
            .get::<ResponseUser>()
            .is_some_and(|user| user.platform_admin);
    if may_see {
        response
            .headers_mut()
            .insert(SERVER_TIMING, header(&stats, took));
    }
    response
}

fn count(stats: &RequestStats, took: Duration, status: StatusCode) {
    let class = match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    metrics::histogram!("orghub_request_seconds", "status" => class).record(took.as_secs_f64());
    metrics::histogram!("orghub_request_sql_statements").record(f64::from(stats.sql()));
    metrics::histogram!("orghub_request_redis_round_trips").record(f64::from(stats.redis()));
}

/// `session;dur=0.012, membership;dur=0.004, data;dur=0.000, render;dur=0.310,
/// sql;desc="0", redis;desc="0"`: milliseconds, and how many.
fn header(stats: &RequestStats, total: Duration) -> HeaderValue {
    let (session, membership, data) = (
        stats.dur(Phase::Session),
        stats.dur(Phase::Membership),
        stats.dur(Phase::Data),
    );
    // What is left. Loads that ran at the same time can add up to more than the total.
    let render = total.saturating_sub(session + membership + data);
    let mut value = String::with_capacity(128);
    for (name, time) in [
        ("session", session),
        ("membership", membership),
        ("data", data),
        ("render", render),
    ] {
        write!(value, "{name};dur={:.3}, ", time.as_secs_f64() * 1000.0)
            .expect("writing to a string never fails");
    }
    write!(
        value,
        "sql;desc=\"{}\", redis;desc=\"{}\"",
        stats.sql(),
        stats.redis()
    )
    .expect("writing to a string never fails");
    HeaderValue::try_from(value).expect("names and numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rendering_is_what_the_other_phases_leave() {
        let stats = RequestStats::default();
        stats.note(Phase::Session, Duration::from_micros(12));
        stats.note(Phase::Membership, Duration::from_micros(4));
        stats.note(Phase::Data, Duration::from_millis(1));
        assert_eq!(
            header(&stats, Duration::from_micros(1500)),
            "session;dur=0.012, membership;dur=0.004, data;dur=1.000, render;dur=0.484, \
             sql;desc=\"0\", redis;desc=\"0\"",
        );
        assert!(
            header(&stats, Duration::ZERO)
                .to_str()
                .expect("plain text")
                .contains("render;dur=0.000")
        );
    }
}
