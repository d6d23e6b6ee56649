//! Error pages from outside the application: for what fails before, or instead of,
//! rendering. They need no service, no session and no script, so they can be served when
//! nothing else can. Their words are those of the application's own error pages.

use std::any::Any;

use axum::{
    Json,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use orghub::error::Error;
use orghub_ui::{error::AppError, response::accepts_json};
use tracing::error;

/// The page of an error of the core, which is logged.
pub fn from_error(error: Error) -> Response {
    of(&AppError::from(error))
}

/// The page of a request whose handling panicked; the panic hook has logged where.
pub fn from_panic(_panic: Box<dyn Any + Send + 'static>) -> Response {
    error!("a request panicked");
    of(&AppError::Internal)
}

/// The answer to whoever sent `headers`: a page, or JSON for a program that asks for it.
pub fn to(headers: &HeaderMap, error: &AppError) -> Response {
    answer(accepts_json(headers), error)
}

/// JSON or a page.
pub fn answer(wants_json: bool, error: &AppError) -> Response {
    if wants_json {
        with_retry((error.status(), Json(error)).into_response(), error)
    } else {
        of(error)
    }
}

/// The page of an error whose sentence is ours: one that quotes a form's message is shown
/// by the form.
pub fn of(error: &AppError) -> Response {
    let page = page(error.status(), error.title(), &error.to_string());
    with_retry(page, error)
}

fn with_retry(mut response: Response, error: &AppError) -> Response {
    if let Some(seconds) = error.retry_after_seconds() {
        let seconds = HeaderValue::from(seconds);
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// A whole page with `title` and `sentence`.
pub fn page(status: StatusCode, title: &str, sentence: &str) -> Response {
    let [title, sentence] = [title, sentence].map(html_escape::encode_text);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title} · Orghub</title>\
         <link rel=\"stylesheet\" href=\"/pkg/orghub.css\">\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\"></head>\
         <body><main class=\"error-page\"><p class=\"error-page__status\">{}</p>\
         <h1>{title}</h1><p>{sentence}</p>\
         <p><a href=\"/\">Home</a></p></main></body></html>\n",
        status.as_u16(),
    );
    (status, Html(html)).into_response()
}
