//! Stripe's API, as far as Orghub uses it.

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Path, Query, Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use crate::{
    Shared, control,
    objects::{PRICES, PRODUCTS, Subscription, list_json, product_json},
    params::Params,
    store::RecordedRequest,
};

/// A query's pairs in their order.
type Pairs = Vec<(String, String)>;

/// Length of a page without `limit`.
const DEFAULT_LIMIT: usize = 10;

pub(crate) fn router(shared: Shared) -> Router {
    let api = Router::new()
        .route("/v1/customers/{id}", get(get_customer))
        .route("/v1/products/{id}", get(get_product))
        .route("/v1/prices", get(list_prices))
        .route("/v1/prices/{id}", get(get_price))
        .route(
            "/v1/subscriptions",
            get(list_subscriptions).post(create_subscription),
        )
        .route(
            "/v1/subscriptions/{id}",
            get(get_subscription)
                .post(update_subscription)
                .delete(cancel_subscription),
        )
        .route("/v1/checkout/sessions/{id}", get(get_checkout_session))
        .route("/v1/invoices", get(list_invoices))
        .route("/v1/invoices/{id}", get(get_invoice))
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(shared.clone(), receive));
    Router::new()
        .nest("/control", control::router())
        .merge(api)
        .with_state(shared)
}

/// Comes before every handler: records the request, demands a key, applies the current
/// failure.
async fn receive(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, 1 << 20).await else {
        return ApiError::new(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            "The body could not be read.",
        )
        .into_response();
    };
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let failure = {
        let mut store = shared.store();
        store.requests.push(RecordedRequest {
            method: parts.method.to_string(),
            target: parts.uri.to_string(),
            body: String::from_utf8_lossy(&bytes).into_owned(),
            idempotency_key: header("idempotency-key"),
            api_version: header("stripe-version"),
        });
        store.failures.take()
    };
    if !has_key(&parts.headers) {
        return ApiError::new(
            StatusCode::UNAUTHORIZED,
            "invalid_request_error",
            "You did not provide an API key.",
        )
        .into_response();
    }
    let answer = next.run(Request::from_parts(parts, Body::from(bytes)));
    match failure {
        Some(failure) => failure.apply(answer).await,
        None => answer.await,
    }
}

fn has_key(headers: &HeaderMap) -> bool {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("Bearer sk_"))
}

async fn unknown(method: Method, uri: Uri) -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "invalid_request_error",
        format!("Unrecognized request URL ({method}: {}).", uri.path()),
    )
}

async fn get_customer(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Query(query): Query<Pairs>,
) -> ApiResult {
    Params::only(query, &[])?;
    let store = shared.store();
    store
        .customers
        .get(&id)
        .map(|customer| Json(customer.to_json()))
        .ok_or_else(|| ApiError::missing("customer", &id))
}

async fn get_product(Path(id): Path<String>, Query(query): Query<Pairs>) -> ApiResult {
    Params::only(query, &[])?;
    let product = PRODUCTS
        .into_iter()
        .find(|(key, _)| id == format!("prod_{key}"));
    product
        .map(|product| Json(product_json(product)))
        .ok_or_else(|| ApiError::missing("product", &id))
}

async fn get_price(Path(id): Path<String>, Query(query): Query<Pairs>) -> ApiResult {
    Params::only(query, &[])?;
    let price = PRICES.into_iter().find(|price| price.id() == id);
    price
        .map(|price| Json(price.to_json()))
        .ok_or_else(|| ApiError::missing("price", &id))
}

async fn list_prices(Query(query): Query<Pairs>) -> ApiResult {
    // Given several times: `lookup_keys[0]`, `lookup_keys[1]`.
    let params = Params::only(query, &["active", "limit", "lookup_keys[*]"])?;
    let keys: Vec<_> = params.map("lookup_keys").map(|(_, key)| key).collect();
    let prices = PRICES
        .into_iter()
        .filter(|price| keys.is_empty() || keys.contains(&price.lookup_key));
    page(
        "/v1/prices",
        prices.map(|price| (price.id(), price.to_json())),
        &params,
    )
}

async fn get_subscription(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Query(query): Query<Pairs>,
) -> ApiResult {
    Params::only(query, &[])?;
    let store = shared.store();
    let subscription = store
        .subscriptions
        .get(&id)
        .ok_or_else(|| ApiError::missing("subscription", &id))?;
    Ok(Json(subscription.to_json()))
}

async fn list_subscriptions(State(shared): State<Shared>, Query(query): Query<Pairs>) -> ApiResult {
    let params = Params::only(query, &["customer", "limit", "starting_after", "status"])?;
    let store = shared.store();
    if let Some(customer) = params
        .text("customer")
        .filter(|id| !store.customers.contains_key(*id))
    {
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            format!("No such customer: '{customer}'"),
        )
        .with_code("resource_missing")
        .with_param("customer"));
    }
    let has_status = |subscription: &Subscription| match params.text("status") {
        Some("all") => true,
        Some(status) => subscription.status == status,
        None => subscription.status != "canceled",
    };
    let mut subscriptions: Vec<_> = store
        .subscriptions
        .values()
        .filter(|subscription| {
            params
                .text("customer")
                .is_none_or(|customer| subscription.customer == customer)
        })
        .filter(|subscription| has_status(subscription))
        .collect();
    // Newest first, as Stripe lists everything.
    subscriptions.sort_by_key(|subscription| {
        std::cmp::Reverse((subscription.created, subscription.id.as_str()))
    });
    let rows = subscriptions
        .into_iter()
        .map(|subscription| (subscription.id.clone(), subscription.to_json()));
    page("/v1/subscriptions", rows, &params)
}

async fn create_subscription(State(shared): State<Shared>, body: String) -> ApiResult {
    let params = Params::form(
        &body,
        &[
            "customer",
            "items[0][price]",
            "items[0][quantity]",
            "metadata[*]",
        ],
    )?;
    let customer = params.required("customer")?;
    let price = params.required("items[0][price]")?;
    let id = {
        let mut store = shared.store();
        if !store.customers.contains_key(customer) {
            return Err(ApiError::missing("customer", customer));
        }
        let id = store.new_id("sub");
        let mut subscription = Subscription::active(&id, customer, price);
        subscription.metadata = params
            .map("metadata")
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        store.subscriptions.insert(id.clone(), subscription);
        id
    };
    shared.announce("customer.subscription.created", &id)
}

async fn update_subscription(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    body: String,
) -> ApiResult {
    let params = Params::form(
        &body,
        &[
            "cancel_at_period_end",
            "items[0][id]",
            "items[0][price]",
            "metadata[*]",
            "proration_behavior",
        ],
    )?;
    {
        let mut store = shared.store();
        let subscription = store
            .subscriptions
            .get_mut(&id)
            .ok_or_else(|| ApiError::missing("subscription", &id))?;
        if subscription.status == "canceled" {
            let message =
                "A canceled subscription can only update its cancellation_details and metadata.";
            return Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "invalid_request_error",
                message,
            ));
        }
        if let Some(at_period_end) = params.parsed("cancel_at_period_end")? {
            subscription.cancel_at_period_end = at_period_end;
            subscription.canceled_at = at_period_end.then(crate::store::now);
        }
        if let Some(price) = params.text("items[0][price]") {
            price.clone_into(&mut subscription.price);
        }
        for (key, value) in params.map("metadata") {
            subscription
                .metadata
                .insert(key.to_owned(), value.to_owned());
        }
    }
    shared.announce("customer.subscription.updated", &id)
}

async fn cancel_subscription(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    body: String,
) -> ApiResult {
    // Without a body there is no content type either, which axum's `Form` would demand.
    Params::form(&body, &["invoice_now", "prorate"])?;
    {
        let mut store = shared.store();
        let live = store
            .subscriptions
            .get_mut(&id)
            .filter(|subscription| subscription.status != "canceled");
        live.ok_or_else(|| ApiError::missing("subscription", &id))?
            .cancel();
    }
    shared.announce("customer.subscription.deleted", &id)
}

async fn get_checkout_session(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Query(query): Query<Pairs>,
) -> ApiResult {
    Params::only(query, &[])?;
    let store = shared.store();
    let session = store
        .checkout_sessions
        .get(&id)
        .ok_or_else(|| ApiError::missing("checkout.session", &id))?;
    Ok(Json(session.to_json()))
}

async fn list_invoices(State(shared): State<Shared>, Query(query): Query<Pairs>) -> ApiResult {
    let params = Params::only(
        query,
        &["customer", "limit", "starting_after", "subscription"],
    )?;
    let store = shared.store();
    let mut invoices: Vec<_> = store
        .invoices
        .values()
        .filter(|invoice| {
            params
                .text("customer")
                .is_none_or(|customer| invoice.customer == customer)
        })
        .filter(|invoice| {
            params
                .text("subscription")
                .is_none_or(|subscription| invoice.subscription == subscription)
        })
        .collect();
    invoices.sort_by_key(|invoice| std::cmp::Reverse((invoice.created, invoice.id.as_str())));
    page(
        "/v1/invoices",
        invoices
            .into_iter()
            .map(|invoice| (invoice.id.clone(), invoice.to_json())),
        &params,
    )
}

async fn get_invoice(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Query(query): Query<Pairs>,
) -> ApiResult {
    Params::only(query, &[])?;
    let store = shared.store();
    store
        .invoices
        .get(&id)
        .map(|invoice| Json(invoice.to_json()))
        .ok_or_else(|| ApiError::missing("invoice", &id))
}

/// The page of `rows` (id and object) that `limit` and `starting_after` ask for.
fn page(path: &str, rows: impl Iterator<Item = (String, Value)>, params: &Params) -> ApiResult {
    let limit = params.parsed("limit")?.unwrap_or(DEFAULT_LIMIT);
    let after = params.text("starting_after");
    let mut rows = rows
        .skip_while(|(id, _)| after.is_some_and(|after| id != after))
        .skip(usize::from(after.is_some()));
    let objects = rows
        .by_ref()
        .take(limit)
        .map(|(_, object)| object)
        .collect();
    Ok(Json(list_json(path, objects, rows.next().is_some())))
}

impl Shared {
    /// Sends the event and answers with the subscription: the end of every change.
    pub(crate) fn announce(&self, event_type: &str, subscription_id: &str) -> ApiResult {
        self.send_event(event_type, subscription_id)?;
        let store = self.store();
        let subscription = store.subscriptions.get(subscription_id);
        let subscription =
            subscription.ok_or_else(|| ApiError::missing("subscription", subscription_id))?;
        Ok(Json(subscription.to_json()))
    }

    /// Sends an event about an object as it is now, if webhooks are to be sent at all.
    pub(crate) fn send_event(&self, event_type: &str, object_id: &str) -> Result<(), ApiError> {
        let switches = self.sender.switches();
        let event = self
            .store()
            .event(event_type, object_id, switches.other_api_version);
        let event = event.ok_or_else(|| ApiError::missing("object", object_id))?;
        if let Some(target) = self.sender.target() {
            self.sender
                .send(event.signed(&target.secret, switches.wrong_signature));
        }
        Ok(())
    }
}

pub(crate) type ApiResult = Result<Json<Value>, ApiError>;

/// An error in Stripe's shape.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    error_type: &'static str,
    message: String,
    code: Option<&'static str>,
    param: Option<String>,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        error_type: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            error_type,
            message: message.into(),
            code: None,
            param: None,
        }
    }

    /// There is no such `kind` of object.
    pub(crate) fn missing(kind: &str, id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            format!("No such {kind}: '{id}'"),
        )
        .with_code("resource_missing")
        .with_param("id")
    }

    pub(crate) fn with_code(self, code: &'static str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    pub(crate) fn with_param(self, param: &str) -> Self {
        Self {
            param: Some(param.to_owned()),
            ..self
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self {
            status,
            error_type,
            message,
            code,
            param,
        } = self;
        let body = json!({
            "error": { "type": error_type, "message": message, "code": code, "param": param },
        });
        (status, Json(body)).into_response()
    }
}
