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
    telemetry::{Phase, RequestCost, names, with_request_cost},
};

use super::{rendered::SentAgain, session::ResponseUser};
use crate::state::AppState;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Says that the page was made for an earlier request.
const KEPT: &str = ", page;desc=\"kept\"";

/// Counts what the request costs and shows it to developers and platform admins. Other
/// users have no use for it, and it tells how warm a cache is.
pub async fn measure(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let cost = Arc::new(RequestCost::default());
    let mut response = with_request_cost(Arc::clone(&cost), next.run(request)).await;

    let took = started.elapsed();
    count(&cost, took, response.status());
    let may_see = state.services.config.app_env == AppEnv::Development
        || response
            .extensions()
            .get::<ResponseUser>()
            .is_some_and(|user| user.platform_admin);
    if may_see {
        let mut value = header(&cost, took);
        if response.extensions().get::<SentAgain>().is_some() {
            value.push_str(KEPT);
        }
        let value = HeaderValue::try_from(value).expect("names and numbers");
        response.headers_mut().insert(SERVER_TIMING, value);
    }
    response
}

fn count(cost: &RequestCost, took: Duration, status: StatusCode) {
    let class = match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    metrics::histogram!(names::REQUEST_SECONDS, "status" => class).record(took.as_secs_f64());
    metrics::histogram!(names::REQUEST_SQL_STATEMENTS).record(f64::from(cost.sql()));
    metrics::histogram!(names::REQUEST_REDIS_ROUND_TRIPS).record(f64::from(cost.redis()));
}

/// `session;dur=0.012, membership;dur=0.004, data;dur=0.000, render;dur=0.310,
/// sql;desc="0", redis;desc="0"`: milliseconds, and how many.
fn header(cost: &RequestCost, total: Duration) -> String {
    let (session, membership, data) = (
        cost.duration(Phase::Session),
        cost.duration(Phase::Membership),
        cost.duration(Phase::Data),
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
        cost.sql(),
        cost.redis()
    )
    .expect("writing to a string never fails");
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rendering_is_what_the_other_phases_leave() {
        let cost = RequestCost::default();
        cost.add(Phase::Session, Duration::from_micros(12));
        cost.add(Phase::Membership, Duration::from_micros(4));
        cost.add(Phase::Data, Duration::from_millis(1));
        assert_eq!(
            header(&cost, Duration::from_micros(1500)),
            "session;dur=0.012, membership;dur=0.004, data;dur=1.000, render;dur=0.484, \
             sql;desc=\"0\", redis;desc=\"0\"",
        );
        assert!(header(&cost, Duration::ZERO).contains("render;dur=0.000"));
    }
}
