//! API requests that fail on demand.

use std::time::Duration;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::api::ApiError;

/// How an API request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// 429, with Stripe's error.
    RateLimited,
    /// 500, with Stripe's error.
    ServerError,
    /// Accepts the request and never answers.
    Hang,
    /// Answers after so many milliseconds, with what was true when the request came in: it
    /// may be outdated by then.
    Slow(u64),
}

impl Failure {
    /// Answers a request for which `answer` would be the right one.
    pub(crate) async fn apply(self, answer: impl Future<Output = Response>) -> Response {
        match self {
            Self::RateLimited => ApiError::new(
                StatusCode::TOO_MANY_REQUESTS,
                "invalid_request_error",
                "Too many requests.",
            )
            .with_code("rate_limit")
            .into_response(),
            Self::ServerError => ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "api_error",
                "An unknown error occurred.",
            )
            .into_response(),
            Self::Hang => std::future::pending().await,
            Self::Slow(milliseconds) => {
                let answer = answer.await;
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                answer
            }
        }
    }
}

/// The current failure, and how many more requests it lasts; `None`: all.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    current: Option<(Failure, Option<u32>)>,
}

impl Failures {
    pub(crate) fn set(&mut self, failure: Failure, times: Option<u32>) {
        self.current = (times != Some(0)).then_some((failure, times));
    }

    pub(crate) fn clear(&mut self) {
        self.current = None;
    }

    /// The failure of the next request, which this counts.
    pub(crate) fn take(&mut self) -> Option<Failure> {
        let (failure, times) = self.current?;
        self.current = match times {
            Some(1) => None,
            Some(times) => Some((failure, Some(times - 1))),
            None => self.current,
        };
        Some(failure)
    }
}
