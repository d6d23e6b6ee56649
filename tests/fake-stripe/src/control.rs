//! The switches, for other processes: a browser test, or you with `curl`.
//!
//! * `PUT /control/failure` with `{"failure": "rate_limited", "times": 3}` makes the next
//!   requests fail ([`Failure`]), without `times` all of them; `DELETE` ends that.
//! * `PUT /control/webhooks` with `{"duplicate": true}` makes webhooks go wrong
//!   ([`WebhookSwitches`]).
//! * `POST /control/subscriptions/{id}` with `{"status": "past_due"}` changes a subscription
//!   beyond what the API allows.
//! * `POST /control/events` with `{"type": "invoice.paid", "object": "in_1"}` sends an event.
//! * `GET /control/requests` and `GET /control/deliveries` list the API requests and the
//!   webhook posts so far.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post, put},
};
use serde::Deserialize;

use crate::{
    Delivery, Failure, RecordedRequest, Shared, WebhookSwitches,
    api::{ApiError, ApiResult},
};

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/failure", put(set_failure).delete(clear_failure))
        .route("/webhooks", put(set_webhooks))
        .route("/subscriptions/{id}", post(change_subscription))
        .route("/events", post(send_event))
        .route("/requests", get(requests))
        .route("/deliveries", get(deliveries))
}

#[derive(Deserialize)]
struct SetFailure {
    failure: Failure,
    times: Option<u32>,
}

async fn set_failure(State(shared): State<Shared>, Json(body): Json<SetFailure>) -> StatusCode {
    shared.store().failures.set(body.failure, body.times);
    StatusCode::NO_CONTENT
}

async fn clear_failure(State(shared): State<Shared>) -> StatusCode {
    shared.store().failures.clear();
    StatusCode::NO_CONTENT
}

async fn set_webhooks(
    State(shared): State<Shared>,
    Json(switches): Json<WebhookSwitches>,
) -> StatusCode {
    shared.sender.set_switches(switches);
    StatusCode::NO_CONTENT
}

/// Fields that are left out stay as they are.
#[derive(Deserialize)]
struct SubscriptionChange {
    status: Option<String>,
    price: Option<String>,
    current_period_end: Option<i64>,
    cancel_at_period_end: Option<bool>,
}

async fn change_subscription(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Json(change): Json<SubscriptionChange>,
) -> ApiResult {
    {
        let mut store = shared.store();
        let subscription = store
            .subscriptions
            .get_mut(&id)
            .ok_or_else(|| ApiError::missing("subscription", &id))?;
        if let Some(status) = change.status {
            subscription.status = status;
        }
        if let Some(price) = change.price {
            subscription.price = price;
        }
        if let Some(end) = change.current_period_end {
            subscription.current_period_end = end;
        }
        if let Some(at_period_end) = change.cancel_at_period_end {
            subscription.cancel_at_period_end = at_period_end;
        }
    }
    shared.announce("customer.subscription.updated", &id)
}

#[derive(Deserialize)]
struct SendEvent {
    r#type: String,
    object: String,
}

async fn send_event(
    State(shared): State<Shared>,
    Json(body): Json<SendEvent>,
) -> Result<StatusCode, ApiError> {
    shared
        .send_event(&body.r#type, &body.object)
        .map(|()| StatusCode::ACCEPTED)
}

async fn requests(State(shared): State<Shared>) -> Json<Vec<RecordedRequest>> {
    Json(shared.store().requests.clone())
}

async fn deliveries(State(shared): State<Shared>) -> Json<Vec<Delivery>> {
    Json(shared.sender.deliveries())
}
