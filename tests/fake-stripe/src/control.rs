//! The switches, for whoever is in another process: a browser test, a user
//! with `curl`.
//!
//! | request | body | |
//! |---|---|---|
//! | `PUT /control/failure` | `{"failure": "rate_limited", "times": 3}` | the next API requests fail; without `times` all do; see [`Failure`] |
//! | `DELETE /control/failure` | | API requests succeed again |
//! | `PUT /control/webhooks` | `{"duplicate": true}` | how webhooks go wrong; see [`WebhookSwitches`] |
//! | `POST /control/subscriptions/{id}` | `{"status": "past_due"}` | changes a subscription beyond what the API allows, and tells it |
//! | `POST /control/events` | `{"type": "invoice.paid", "object": "in_1"}` | sends an event |
//! | `GET /control/requests` | | the API requests so far |
//! | `GET /control/deliveries` | | the webhook posts so far |

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post, put},
};
use serde::Deserialize;

use crate::{
    Delivery, Failure, RecordedRequest, Shared, WebhookSwitches,
    api::{Answer, ApiError},
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
    shared.world().failures.set(body.failure, body.times);
    StatusCode::NO_CONTENT
}

async fn clear_failure(State(shared): State<Shared>) -> StatusCode {
    shared.world().failures.clear();
    StatusCode::NO_CONTENT
}

async fn set_webhooks(
    State(shared): State<Shared>,
    Json(switches): Json<WebhookSwitches>,
) -> StatusCode {
    shared.courier.set_switches(switches);
    StatusCode::NO_CONTENT
}

/// What to change of a subscription; what is left out stays.
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
) -> Answer {
    {
        let mut world = shared.world();
        let subscription = world
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
    shared.tell("customer.subscription.updated", &id)
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
    Json(shared.world().requests.clone())
}

async fn deliveries(State(shared): State<Shared>) -> Json<Vec<Delivery>> {
    Json(shared.courier.deliveries())
}
