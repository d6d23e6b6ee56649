//! Requests that are made twice.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::Value;

use crate::error::ApiError;

/// Answers by idempotency key.
#[derive(Debug, Default)]
pub(crate) struct Replays(BTreeMap<String, Replay>);

#[derive(Debug)]
struct Replay {
    /// Method, path and form.
    request: String,
    status: StatusCode,
    body: Value,
}

impl Replays {
    /// The answer that a request with this key got, if there was one.
    ///
    /// # Errors
    /// `idempotency_error` if that was another request.
    pub(crate) fn find(
        &self,
        key: &str,
        request: &str,
    ) -> Result<Option<(StatusCode, Value)>, ApiError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(replay) if replay.request == request => {
                Ok(Some((replay.status, replay.body.clone())))
            }
            Some(_) => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "idempotency_error",
                format!(
                    "Keys for idempotent requests can only be used with the same parameters they \
                     were first used with. Try using a key other than '{key}' if you meant to \
                     execute a different request."
                ),
            )),
        }
    }

    /// Remembers an answer, unless nothing was done: a refused request may be corrected.
    pub(crate) fn keep(&mut self, key: &str, request: String, status: StatusCode, body: &Value) {
        if status.is_success() || status == StatusCode::PAYMENT_REQUIRED {
            let body = body.clone();
            self.0.insert(
                key.to_owned(),
                Replay {
                    request,
                    status,
                    body,
                },
            );
        }
    }
}
