//! Stripe's API, as far as Orghub uses it: one file a noun, and the way from a request to
//! its function here.

mod billing_portal;
mod catalog;
mod checkout;
mod coupons;
mod customers;
mod entitlements;
mod events;
mod expand;
mod invoices;
mod lists;
mod payments;
mod previews;
mod schedules;
mod search;
mod subscription_updates;
mod subscriptions;
mod technical;

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use crate::{
    Shared,
    error::{ApiError, ApiResult},
    params::Params,
    store::{RecordedRequest, Store},
};

/// Answers an API request: records it, applies a failure, demands a key, and then does what
/// it asks for.
pub(crate) async fn receive(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(body) = text_of(body).await else {
        return ApiError::invalid("The body could not be read.").into_response();
    };
    let key = text_header(&parts.headers, "idempotency-key");
    let failure = {
        let mut store = shared.store();
        store.requests.push(RecordedRequest {
            method: parts.method.to_string(),
            target: parts.uri.to_string(),
            body: body.clone(),
            idempotency_key: key.clone(),
            api_version: text_header(&parts.headers, "stripe-version"),
        });
        store.failures.take(parts.method.as_str(), parts.uri.path())
    };
    if !has_key(&parts.headers) {
        return ApiError::new(
            StatusCode::UNAUTHORIZED,
            "invalid_request_error",
            "You did not provide an API key.",
        )
        .into_response();
    }
    let answer = async { answer(&shared, &parts, &body, key) };
    match failure {
        Some(failure) => failure.apply(answer).await,
        None => answer.await,
    }
}

async fn text_of(body: Body) -> Option<String> {
    let bytes = to_bytes(body, 1 << 20).await.ok()?;
    String::from_utf8(bytes.into()).ok()
}

fn text_header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

fn has_key(headers: &HeaderMap) -> bool {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("Bearer sk_") || value.starts_with("Bearer rk_"))
}

/// Does what is asked, or repeats the answer to a request that was made before.
fn answer(shared: &Shared, parts: &Parts, body: &str, key: Option<String>) -> Response {
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    let key = key.filter(|_| method == "POST");
    let fingerprint = format!("{method} {} {body}", parts.uri);
    let (status, body, is_replay) = {
        let mut store = shared.store();
        let replay = key
            .as_ref()
            .map(|key| store.replays.find(key, &fingerprint))
            .transpose()
            .map(Option::flatten);
        match replay {
            Err(error) => return error.into_response(),
            Ok(Some((status, body))) => (status, body, true),
            Ok(None) => {
                let query = parts.uri.query().unwrap_or_default();
                let (status, body) = match perform(&mut store, method, path, query, body) {
                    Ok(body) => (StatusCode::OK, body),
                    Err(error) => (error.status(), error.to_json()),
                };
                if let Some(key) = key {
                    store.replays.keep(&key, fingerprint, status, &body);
                }
                (status, body, false)
            }
        }
    };
    shared.flush();
    let mut response = (status, Json(body)).into_response();
    if is_replay {
        response
            .headers_mut()
            .insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}

fn perform(store: &mut Store, method: &str, path: &str, query: &str, body: &str) -> ApiResult {
    let text = if query.is_empty() || body.is_empty() {
        format!("{query}{body}")
    } else {
        format!("{query}&{body}")
    };
    let params = Params::parse(&text)?;
    let path: Vec<_> = path.trim_matches('/').split('/').collect();
    let mut object = route(store, method, &path, &params)?;
    expand::expand(store, &mut object, &params)?;
    Ok(object)
}

fn route(store: &mut Store, method: &str, path: &[&str], params: &Params) -> ApiResult {
    let ["v1", path @ ..] = path else {
        return unknown(method, path);
    };
    let found = match *path {
        ["customers", ref rest @ ..] => customers::route(store, method, rest, params),
        ["entitlements", ..] | ["products", _, "features", ..] => {
            entitlements::route(store, method, path, params)
        }
        ["products" | "prices", ..] => catalog::route(store, method, path, params),
        ["coupons", ref rest @ ..] => coupons::route(store, method, rest, params),
        ["checkout", "sessions", ref rest @ ..] => checkout::route(store, method, rest, params),
        ["subscriptions", ref rest @ ..] => subscriptions::route(store, method, rest, params),
        ["subscription_schedules", ref rest @ ..] => schedules::route(store, method, rest, params),
        ["invoices", ref rest @ ..] => invoices::route(store, method, rest, params),
        ["events", ref rest @ ..] => events::route(store, method, rest, params),
        ["billing_portal", ref rest @ ..] => billing_portal::route(store, method, rest, params),
        ["webhook_endpoints" | "test_helpers" | "tax_ids", ..] => {
            technical::route(store, method, path, params)
        }
        _ => payments::route(store, method, path, params),
    };
    found.unwrap_or_else(|| unknown(method, path))
}

/// What a noun's `route` returns: nothing if there is no such call.
type Routed = Option<ApiResult>;

fn unknown(method: &str, path: &[&str]) -> ApiResult {
    Err(ApiError::new(
        StatusCode::NOT_FOUND,
        "invalid_request_error",
        format!("Unrecognized request URL ({method}: /{}).", path.join("/")),
    ))
}

/// The object with this id, of the `kind` it must be.
fn retrieve(store: &Store, params: &Params, kind: &str, id: &str) -> ApiResult {
    params.allow(&[])?;
    object(store, kind, id)
}

/// The object with this id, which a call has just made or changed.
fn object(store: &Store, kind: &str, id: &str) -> ApiResult {
    store
        .render(id)
        .filter(|object: &Value| object["object"] == kind || kind == "any")
        .ok_or_else(|| ApiError::missing(kind, id))
}
