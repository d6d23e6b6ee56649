//! What a response says besides its body, and what a request says besides its path:
//! status, redirects, cookies.
//!
//! All of it goes through Leptos' context. Where there is none (the application runs once
//! at start, only to list its routes) writing does nothing and reading finds nothing.

use std::fmt::Display;

use cookie::Cookie;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, request::Parts,
    uri::PathAndQuery,
};
use leptos::{context::use_context, reactive::owner::with_context};
use leptos_axum::ResponseOptions;
use orghub_domain::{Barred, routes};
use percent_encoding::{AsciiSet, CONTROLS, percent_encode, utf8_percent_encode};

use crate::error::AppError;

/// What `Location` cannot hold as it is; non-ASCII is always encoded.
const NOT_IN_LOCATION: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// Answers with the status of what bars a member.
pub fn set_barred(barred: &Barred) {
    set_status(match barred {
        Barred::Deleted { .. } => StatusCode::GONE,
        Barred::SecondFactor { .. } => StatusCode::FORBIDDEN,
    });
}

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

/// Has the browser forget what it keeps of our pages: whoever uses it next must not find
/// them by going back. Cookies stay, such as the choice of colors.
pub fn forget_pages() {
    const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
    insert_header(CLEAR_SITE_DATA, r#""cache", "storage""#);
}

/// Lets the browser show the page that is made and go on to `address` at once, which may be
/// on another site. A redirect would not do after a form: browsers hold it to the policy of
/// the form's page, which lets forms go nowhere but here.
pub fn go_on_to(address: &str) {
    insert_header(header::REFRESH, &format!("0; url={address}"));
}

/// Has the browser load the page again after this many seconds, with and without JavaScript:
/// what it shows is about to change.
pub fn reload_after(seconds: u32) {
    insert_header(header::REFRESH, &seconds.to_string());
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

/// Names and decoded values of the request's cookies: only ours, the server has left the
/// others out.
pub fn request_cookies() -> Vec<(String, String)> {
    let owned = |cookie: Cookie<'_>| (cookie.name().to_owned(), cookie.value().to_owned());
    from_request(|parts| Some(cookies(&parts.headers).map(owned).collect())).unwrap_or_default()
}

/// The cookies in these headers, decoded one by one.
pub fn cookies(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    let headers = headers.get_all(header::COOKIE).iter();
    headers
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse_encoded)
        .filter_map(Result::ok)
}

/// Whether somebody will see the page that is made: not so for a `HEAD`, nor when a browser
/// fetches it ahead.
pub fn is_for_the_eye() -> bool {
    from_request(|parts| Some(parts.method == Method::GET && !is_fetched_ahead(&parts.headers)))
        .unwrap_or_default()
}

/// Whether a browser fetches it before anybody has asked for it.
pub fn is_fetched_ahead(headers: &HeaderMap) -> bool {
    let purpose = headers.get("sec-purpose");
    purpose.is_some_and(|purpose| purpose.as_bytes().starts_with(b"prefetch"))
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

/// The media type of what was sent.
pub fn request_content_type() -> Option<String> {
    from_request(|parts| {
        let kind = parts.headers.get(header::CONTENT_TYPE)?;
        Some(String::from_utf8_lossy(kind.as_bytes()).into_owned())
    })
}

/// Path and query of the page that made the request, if the browser says so. Its host is
/// left out: whatever it is, the path is taken as one of ours.
pub fn referring_path() -> Option<String> {
    let address: Uri = from_request(|parts| {
        let referrer = parts.headers.get(header::REFERER)?;
        // Some browsers send what a user typed into an address as it is.
        let encoded = percent_encode(referrer.as_bytes(), NOT_IN_LOCATION);
        encoded.to_string().parse().ok()
    })?;
    let path = address.path_and_query().map(PathAndQuery::as_str)?;
    Some(routes::safe_next(path).to_owned())
}

/// Whether the request comes from a program that reads JSON rather than from a form: a
/// browser that submits a form never asks for it.
pub fn wants_json() -> bool {
    from_request(|parts| Some(accepts_json(&parts.headers))).unwrap_or_default()
}

/// Whether the request comes from a browser that shows what is answered.
pub fn wants_a_page() -> bool {
    from_request(|parts| {
        let accept = parts.headers.get(header::ACCEPT)?.as_bytes();
        Some(accept.windows(9).any(|kind| kind == b"text/html"))
    })
    .unwrap_or_default()
}

/// The same as [`wants_json`] by the request's headers.
pub fn accepts_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"))
}

pub(crate) fn from_request<T>(read: impl FnOnce(&Parts) -> Option<T>) -> Option<T> {
    with_context::<Parts, _>(read).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_a_request_there_is_nothing_to_read() {
        assert_eq!(request_cookies(), []);
        assert_eq!(request_path(), "");
        assert!(!wants_json());
    }
}
