//! Steering the fake from other processes: a browser test, or you with `curl`. README.md has
//! the list.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post, put},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Card, Delivery, EventRecord, Failure, FailureRule, RecordedRequest, Settings, Shared,
    WebhookSwitches, engine::Scope, error::ApiError, store::Store,
};

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/failure", put(set_failure).delete(clear_failures))
        .route("/failures", post(add_failure))
        .route("/webhooks", put(set_webhooks))
        .route("/settings", put(set_settings))
        .route("/advance", post(advance))
        .route("/subscriptions/{id}", post(change_subscription))
        .route("/patches/{id}", put(set_patch).delete(clear_patch))
        .route("/customers/{id}/card", post(set_card))
        .route("/customers/{id}/card_expiring", post(expire_card))
        .route("/checkout/{id}/pay", post(pay_checkout))
        .route("/checkout/{id}/attach", post(attach_checkout))
        .route("/raise_price", post(raise_price))
        .route("/entitle", post(entitle))
        .route("/disputes", post(dispute))
        .route("/objects/{id}", get(object))
        .route("/events", get(events).post(send_event))
        .route("/events/{id}/redeliver", post(redeliver))
        .route("/requests", get(requests))
        .route("/deliveries", get(deliveries))
}

type Done = Result<StatusCode, ApiError>;

/// Does something that is announced.
fn act<T>(
    shared: &Shared,
    what: impl FnOnce(&mut Store) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let done = what(&mut shared.store());
    shared.flush();
    done
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetFailure {
    failure: Failure,
    times: Option<u32>,
}

async fn set_failure(State(shared): State<Shared>, Json(body): Json<SetFailure>) -> StatusCode {
    let rule = FailureRule {
        times: body.times,
        ..FailureRule::always(body.failure)
    };
    shared.store().failures.set(rule);
    StatusCode::NO_CONTENT
}

async fn add_failure(State(shared): State<Shared>, Json(rule): Json<FailureRule>) -> StatusCode {
    shared.store().failures.add(rule);
    StatusCode::NO_CONTENT
}

async fn clear_failures(State(shared): State<Shared>) -> StatusCode {
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

async fn set_settings(State(shared): State<Shared>, Json(settings): Json<Settings>) -> StatusCode {
    shared.store().settings = settings;
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Advance {
    seconds: i64,
}

async fn advance(State(shared): State<Shared>, Json(body): Json<Advance>) -> Done {
    act(&shared, |store| {
        let until = store.now().saturating_add(body.seconds);
        store.advance(&Scope::Real, until)
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fields that are left out stay as they are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubscriptionChange {
    status: Option<String>,
    price: Option<String>,
    quantity: Option<i64>,
    coupon: Option<String>,
    current_period_end: Option<i64>,
    cancel_at_period_end: Option<bool>,
}

async fn change_subscription(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Json(change): Json<SubscriptionChange>,
) -> Result<Json<Value>, ApiError> {
    let changed = act(&shared, |store| {
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
        if let Some(quantity) = change.quantity {
            subscription.quantity = quantity;
        }
        if change.coupon.is_some() {
            subscription.coupon = change.coupon;
        }
        if let Some(end) = change.current_period_end {
            subscription.current_period_end = end;
        }
        if let Some(at_period_end) = change.cancel_at_period_end {
            subscription.cancel_at_period_end = at_period_end;
        }
        store.emit("customer.subscription.updated", &id);
        Ok(store.render(&id))
    })?;
    Ok(Json(changed.unwrap_or_default()))
}

async fn set_patch(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Json(patch): Json<Value>,
) -> StatusCode {
    shared.store().patches.insert(id, patch);
    StatusCode::NO_CONTENT
}

async fn clear_patch(State(shared): State<Shared>, Path(id): Path<String>) -> StatusCode {
    shared.store().patches.remove(&id);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct SetCard {
    card: Card,
}

async fn set_card(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Json(body): Json<SetCard>,
) -> Done {
    act(&shared, |store| {
        if store.living_customer(&id).is_none() {
            return Err(ApiError::missing("customer", &id));
        }
        store.give_card(&id, body.card);
        Ok(StatusCode::NO_CONTENT)
    })
}

async fn expire_card(State(shared): State<Shared>, Path(id): Path<String>) -> Done {
    act(&shared, |store| store.expire_card_soon(&id))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn pay_checkout(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Json(body): Json<SetCard>,
) -> Done {
    act(&shared, |store| store.pay_checkout(&id, body.card, true))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn attach_checkout(State(shared): State<Shared>, Path(id): Path<String>) -> Done {
    act(&shared, |store| store.attach_checkout(&id))?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct RaisePrice {
    lookup_key: String,
    unit_amount: i64,
}

async fn raise_price(
    State(shared): State<Shared>,
    Json(body): Json<RaisePrice>,
) -> Result<Json<Value>, ApiError> {
    let made = act(&shared, |store| {
        let id = store.raise_price(&body.lookup_key, body.unit_amount)?;
        Ok(store.render(&id))
    })?;
    Ok(Json(made.unwrap_or_default()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entitle {
    product: String,
    lookup_key: String,
}

async fn entitle(State(shared): State<Shared>, Json(body): Json<Entitle>) -> Done {
    act(&shared, |store| {
        store.entitle(&body.product, &body.lookup_key)
    })?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct NewDispute {
    invoice: String,
}

async fn dispute(
    State(shared): State<Shared>,
    Json(body): Json<NewDispute>,
) -> Result<Json<Value>, ApiError> {
    let made = act(&shared, |store| {
        let id = store.dispute(&body.invoice)?;
        Ok(store.render(&id))
    })?;
    Ok(Json(made.unwrap_or_default()))
}

async fn object(
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let object = shared.store().render(&id);
    object
        .map(Json)
        .ok_or_else(|| ApiError::missing("object", &id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendEvent {
    r#type: String,
    object: Option<String>,
    data: Option<Value>,
}

async fn send_event(State(shared): State<Shared>, Json(body): Json<SendEvent>) -> Done {
    act(&shared, |store| match (body.object, body.data) {
        (Some(id), _) => store
            .emit(&body.r#type, &id)
            .map(|_| StatusCode::ACCEPTED)
            .ok_or_else(|| ApiError::missing("object", &id)),
        (None, Some(data)) => {
            let id = data["id"].as_str().map(str::to_owned);
            store.push_event(&body.r#type, id.as_deref(), data, None);
            Ok(StatusCode::ACCEPTED)
        }
        (None, None) => Err(ApiError::invalid("Say which object, or give the data.")),
    })
}

async fn events(State(shared): State<Shared>) -> Json<Vec<EventRecord>> {
    let store = shared.store();
    Json(store.events.iter().map(|event| event.record()).collect())
}

async fn redeliver(State(shared): State<Shared>, Path(id): Path<String>) -> Done {
    match shared.redeliver(&id).await {
        Some(true) => Ok(StatusCode::NO_CONTENT),
        Some(false) => Ok(StatusCode::BAD_GATEWAY),
        None => Err(ApiError::missing("event", &id)),
    }
}

async fn requests(State(shared): State<Shared>) -> Json<Vec<RecordedRequest>> {
    Json(shared.store().requests.clone())
}

async fn deliveries(State(shared): State<Shared>) -> Json<Vec<Delivery>> {
    Json(shared.sender.deliveries())
}
