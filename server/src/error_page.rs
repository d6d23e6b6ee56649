//! Error pages from outside the application: for what fails before, or instead
//! of, rendering. They need no service, no session and no script, so they can be
//! served when nothing else can.

use std::any::Any;

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use orghub::error::{Error, chain};
use tracing::error;

/// Seconds after which trying again makes sense: a node that lost its database
/// needs about that long to serve again once it is back.
const RETRY_AFTER_SECONDS: u16 = 2;

/// What became of a request the core could not serve. The mapping from core
/// errors to statuses for everything that the application does not render.
pub fn from_error(error: &Error) -> Response {
    match error {
        Error::Unavailable(what, _) => {
            error!(
                error = chain(error),
                "a request could not be served: {what} did not answer"
            );
            unavailable()
        }
        Error::NotFound => page(
            StatusCode::NOT_FOUND,
            "Not found",
            "There is nothing at this address.",
        ),
        Error::Forbidden => page(
            StatusCode::FORBIDDEN,
            "Not allowed",
            "Your role does not allow this.",
        ),
        _ => {
            error!(error = chain(error), "a request failed");
            internal()
        }
    }
}

/// The page of a request whose handling panicked; the panic hook has logged where.
pub fn from_panic(_panic: Box<dyn Any + Send + 'static>) -> Response {
    error!("a request panicked");
    internal()
}

/// 503: something we depend on is away; it says when to try again.
pub fn unavailable() -> Response {
    let mut response = page(
        StatusCode::SERVICE_UNAVAILABLE,
        "Back in a moment",
        "Orghub cannot reach one of its services right now. Nothing is lost. Please try again in a few seconds.",
    );
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    response
}

fn internal() -> Response {
    page(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something went wrong",
        "That was our mistake and it has been recorded. Please try again.",
    )
}

/// A whole page of fixed text; `title` and `sentence` are our own words, so
/// nothing needs escaping.
pub fn page(status: StatusCode, title: &'static str, sentence: &'static str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title} · Orghub</title><link rel=\"stylesheet\" href=\"/pkg/orghub.css\"></head>\
         <body><main class=\"error-page\"><p class=\"error-page__status\">{}</p><h1>{title}</h1><p>{sentence}</p>\
         <p><a href=\"/\">Home</a></p></main></body></html>\n",
        status.as_u16(),
    );
    (status, Html(html)).into_response()
}
