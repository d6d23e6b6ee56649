//! API requests that fail on demand.

use std::time::Duration;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// How an API request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// 429, with Stripe's error and `Retry-After: 1`.
    RateLimited,
    /// 429, to be tried again after so many seconds.
    RateLimitedFor(u64),
    /// 500, with Stripe's error; nothing was done.
    ServerError,
    /// 401: the key is not valid any more.
    KeyRevoked,
    /// 403: the key may not do this.
    Forbidden,
    /// Accepts the request, does nothing and never answers.
    Hang,
    /// Does what is asked and never answers.
    Lost,
    /// Answers after so many milliseconds, with what was true when the request came in: it
    /// may be outdated by then.
    Slow(u64),
}

impl Failure {
    /// Answers a request for which `answer` would be the right one.
    pub(crate) async fn apply(self, answer: impl Future<Output = Response>) -> Response {
        match self {
            Self::RateLimited => rate_limited(1).into_response(),
            Self::RateLimitedFor(seconds) => rate_limited(seconds).into_response(),
            Self::ServerError => ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "api_error",
                "An unknown error occurred.",
            )
            .into_response(),
            Self::KeyRevoked => ApiError::new(
                StatusCode::UNAUTHORIZED,
                "invalid_request_error",
                "Invalid API Key provided.",
            )
            .into_response(),
            Self::Forbidden => ApiError::new(
                StatusCode::FORBIDDEN,
                "invalid_request_error",
                "The provided key does not have the required permissions.",
            )
            .into_response(),
            Self::Hang => std::future::pending().await,
            Self::Lost => {
                answer.await;
                std::future::pending().await
            }
            Self::Slow(milliseconds) => {
                let answer = answer.await;
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                answer
            }
        }
    }
}

fn rate_limited(seconds: u64) -> ApiError {
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "invalid_request_error",
        "Too many requests.",
    )
    .with_code("rate_limit")
    .with_retry_after(seconds)
}

/// Which requests fail, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureRule {
    pub failure: Failure,
    /// `GET` and so on; any if not set.
    #[serde(default)]
    pub method: Option<String>,
    /// What the path begins with, such as `/v1/customers`; any if not set.
    #[serde(default)]
    pub path: Option<String>,
    /// So many matching requests succeed before.
    #[serde(default)]
    pub skip: u32,
    /// So many fail; all if not set.
    #[serde(default)]
    pub times: Option<u32>,
}

impl FailureRule {
    /// All requests fail.
    pub fn always(failure: Failure) -> Self {
        Self {
            failure,
            method: None,
            path: None,
            skip: 0,
            times: None,
        }
    }

    /// Those whose path begins with `path` fail.
    pub fn on(path: &str, failure: Failure) -> Self {
        Self {
            path: Some(path.to_owned()),
            ..Self::always(failure)
        }
    }

    /// Only the next `times`.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    /// Only after `skip` that succeed.
    #[must_use]
    pub fn after(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        self.method
            .as_ref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self
                .path
                .as_ref()
                .is_none_or(|prefix| path.starts_with(prefix.as_str()))
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    rules: Vec<FailureRule>,
}

impl Failures {
    /// Replaces all rules.
    pub(crate) fn set(&mut self, rule: FailureRule) {
        self.rules.clear();
        self.add(rule);
    }

    pub(crate) fn add(&mut self, rule: FailureRule) {
        if rule.times != Some(0) {
            self.rules.push(rule);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The failure of a request, which this counts.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<Failure> {
        let mut found = None;
        for (index, rule) in self.rules.iter_mut().enumerate() {
            if !rule.matches(method, path) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            found = Some(index);
            break;
        }
        let index = found?;
        let failure = self.rules[index].failure;
        match &mut self.rules[index].times {
            Some(1) => {
                self.rules.remove(index);
            }
            Some(times) => *times -= 1,
            None => {}
        }
        Some(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_fail_the_requests_they_name() {
        let mut failures = Failures::default();
        failures.add(
            FailureRule::on("/v1/customers", Failure::ServerError)
                .after(1)
                .times(2),
        );
        let mut take = |path| failures.take("POST", path);
        assert_eq!(take("/v1/prices"), None);
        assert_eq!(take("/v1/customers"), None, "the first one succeeds");
        assert_eq!(take("/v1/customers/cus_1"), Some(Failure::ServerError));
        assert_eq!(take("/v1/customers"), Some(Failure::ServerError));
        assert_eq!(take("/v1/customers"), None);
    }
}
