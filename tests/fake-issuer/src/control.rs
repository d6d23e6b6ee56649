//! The switches, for other processes: a browser test, or you with `curl`.
//!
//! * `PUT /control/fault` with `{"fault": "wrong_nonce"}` makes what it says wrong
//!   ([`Fault`]); `DELETE` ends that.
//! * `PUT /control/failure` with `{"endpoint": "token", "failure": "hang"}` makes an endpoint
//!   fail ([`Endpoint`], [`Failure`]); `DELETE` ends that for all.
//! * `POST /control/keys` makes it sign with a new key.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{post, put},
};
use serde::Deserialize;

use crate::{Endpoint, Failure, Fault, Shared, keys::SigningKey};

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/fault", put(set_fault).delete(clear_fault))
        .route("/failure", put(set_failure).delete(clear_failures))
        .route("/keys", post(rotate_keys))
}

#[derive(Deserialize)]
struct SetFault {
    fault: Fault,
}

async fn set_fault(State(shared): State<Shared>, Json(body): Json<SetFault>) -> StatusCode {
    shared.state().fault = Some(body.fault);
    StatusCode::NO_CONTENT
}

async fn clear_fault(State(shared): State<Shared>) -> StatusCode {
    shared.state().fault = None;
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct SetFailure {
    endpoint: Endpoint,
    failure: Failure,
}

async fn set_failure(State(shared): State<Shared>, Json(body): Json<SetFailure>) -> StatusCode {
    shared.state().failures.insert(body.endpoint, body.failure);
    StatusCode::NO_CONTENT
}

async fn clear_failures(State(shared): State<Shared>) -> StatusCode {
    shared.state().failures.clear();
    StatusCode::NO_CONTENT
}

async fn rotate_keys(State(shared): State<Shared>) -> StatusCode {
    shared.state().keys = vec![SigningKey::generate()];
    StatusCode::NO_CONTENT
}
