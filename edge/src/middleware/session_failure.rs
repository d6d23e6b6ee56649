//! A page for what the session layer answers when it cannot store a session: a bare 500.
//!
//! The database was too busy or away at that moment, which passes, so the answer is the one
//! the rest of the program gives then. The layer has logged why.

use axum::{body::HttpBody as _, extract::Request, middleware::Next, response::Response};
use http::{StatusCode, header};
use orghub_ui::error::AppError;

use crate::error_page;

/// Stands around the session layer. Nothing inside of it answers with an empty 500: what
/// the application answers has a page or says what went wrong.
pub async fn explain(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_bare = response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && response.body().size_hint().exact() == Some(0)
        && !response.headers().contains_key(header::CONTENT_TYPE);
    if is_bare {
        error_page::of(&AppError::Unavailable)
    } else {
        response
    }
}
