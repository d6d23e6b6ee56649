//! Gives a page to every error that has none: routers and layers of libraries answer with a
//! bare status, which a browser shows as an empty window.

use axum::{body::HttpBody as _, extract::Request, middleware::Next, response::Response};
use http::{StatusCode, header};
use orghub_ui::{error::AppError, response::accepts_json};

use crate::error_page;

/// Fills in the page, or JSON, of the response's status. Its headers stay.
pub async fn fill_in(request: Request, next: Next) -> Response {
    let wants_json = accepts_json(request.headers());
    let response = next.run(request).await;
    let Some(error) = blank_error(&response) else {
        return response;
    };
    let mut page = error_page::answer(wants_json, &error);
    for (name, value) in response.headers() {
        if !matches!(*name, header::CONTENT_LENGTH | header::CONTENT_TYPE) {
            page.headers_mut().append(name.clone(), value.clone());
        }
    }
    *page.status_mut() = response.status();
    *page.extensions_mut() = response.into_parts().0.extensions;
    page
}

/// The error that a response without a body stands for.
fn blank_error(response: &Response) -> Option<AppError> {
    let status = response.status();
    let is_blank = response.body().size_hint().exact() == Some(0);
    if !is_blank || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => AppError::NotFound,
        StatusCode::FORBIDDEN => AppError::Forbidden,
        StatusCode::METHOD_NOT_ALLOWED => AppError::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
        StatusCode::REQUEST_TIMEOUT => AppError::Timeout,
        StatusCode::SERVICE_UNAVAILABLE => AppError::Unavailable,
        status if status.is_client_error() => AppError::BadRequest,
        _ => AppError::Internal,
    })
}
