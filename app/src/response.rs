//! What a response says besides its body, and what a request says besides its path:
//! status, redirects, cookies.
//!
//! All of it goes through Leptos' context. Where there is none (the application runs once
//! at start, only to list its routes) writing does nothing and reading finds nothing.

use std::fmt::Display;

use cookie::Cookie;
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use leptos::{context::use_context, reactive::owner::with_context};
use leptos_axum::ResponseOptions;
use orghub::routes;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::error::AppError;

/// What `Location` cannot hold as it is; non-ASCII is always encoded.
const NOT_IN_LOCATION: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// Answers with the error's status, and says when trying again makes sense.
pub fn set_error(error: &AppError) {
    set_status(error.status());
    if let Some(seconds) = error.retry_after_seconds() {
        insert_header(header::RETRY_AFTER, &seconds.to_string());
    }
}

/// Sends the browser to `path`, a path of ours with its query, by GET.
pub fn see_other(path: &str) {
    set_status(StatusCode::SEE_OTHER);
    let location = utf8_percent_encode(path, NOT_IN_LOCATION);
    insert_header(header::LOCATION, &location.to_string());
}

/// Adds a `Set-Cookie` header.
pub fn set_cookie(cookie: &impl Display) {
    if let (Some(response), Ok(value)) = (
        use_context::<ResponseOptions>(),
        HeaderValue::from_str(&cookie.to_string()),
    ) {
        response.append_header(header::SET_COOKIE, value);
    }
}

fn set_status(status: StatusCode) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
}

fn insert_header(name: HeaderName, value: &str) {
    if let (Some(response), Ok(value)) = (
        use_context::<ResponseOptions>(),
        HeaderValue::from_str(value),
    ) {
        response.insert_header(name, value);
    }
}

/// The value of one of the request's cookies, decoded.
pub fn request_cookie(name: &str) -> Option<String> {
    from_request(|parts| {
        parts
            .headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(Cookie::split_parse_encoded)
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == name)
            .map(|cookie| cookie.value().to_owned())
    })
}

/// What a layer of the server put into the request's extensions.
pub fn request_extension<T: Clone + Send + Sync + 'static>() -> Option<T> {
    from_request(|parts| parts.extensions.get::<T>().cloned())
}

/// Path and query of the request.
pub fn request_path() -> String {
    from_request(|parts| parts.uri.path_and_query().map(ToString::to_string)).unwrap_or_default()
}

/// The request's query, as it was sent.
pub fn request_query() -> String {
    from_request(|parts| parts.uri.query().map(str::to_owned)).unwrap_or_default()
}

/// Path and query of the page that made the request, if the browser says so. Its host is
/// left out: whatever it is, the path is taken as one of ours.
pub fn referring_path() -> Option<String> {
    let address = from_request(|parts| {
        let referrer = parts.headers.get(header::REFERER)?;
        referrer.to_str().ok()?.parse::<http::Uri>().ok()
    })?;
    let path = address.path_and_query()?.as_str();
    Some(routes::safe_next(path).to_owned())
}

/// Whether the request comes from a program that reads JSON rather than from a form: a
/// browser that submits a form never asks for it.
pub fn wants_json() -> bool {
    from_request(|parts| {
        let accept = parts.headers.get(header::ACCEPT)?;
        Some(accept.to_str().ok()?.starts_with("application/json"))
    })
    .unwrap_or_default()
}

fn from_request<T>(read: impl FnOnce(&Parts) -> Option<T>) -> Option<T> {
    with_context::<Parts, _>(read).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_a_request_there_is_nothing_to_read() {
        assert_eq!(request_cookie("theme"), None);
        assert_eq!(request_path(), "");
        assert!(!wants_json());
    }
}
