//! Takes from the questions that islands ask ([`api::LOOKUPS`]) what Leptos would answer
//! with a redirect: for a request that accepts HTML it leads to the `Referer`, whatever
//! that says. A lookup leads nowhere. `HEAD` is asked like `GET`; Axum drops the body.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, Method, StatusCode, header};
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;
use orghub::routes::api;
use orghub_ui::error::AppError;

/// Most bytes of an error.
const MAX_ERROR: usize = 64 * 1024;

/// Makes a lookup a question for JSON.
pub async fn ask_plainly(mut request: Request, next: Next) -> Response {
    if !api::LOOKUPS.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    if *request.method() == Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    let headers = request.headers_mut();
    headers.remove(header::REFERER);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    blame_the_client(next.run(request).await).await
}

/// A question that cannot be read is the client's mistake, which Leptos calls a 500.
async fn blame_the_client(response: Response) -> Response {
    let is_failure = response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && response.headers().contains_key(SERVER_FN_ERROR_HEADER);
    if !is_failure {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_ERROR).await.unwrap_or_default();
    if serde_json::from_slice(&body).is_ok_and(|error: AppError| error == AppError::BadRequest) {
        parts.status = StatusCode::BAD_REQUEST;
    }
    Response::from_parts(parts, Body::from(body))
}
