//! What an answer says besides its body, and what a request says besides its
//! path: status, redirects, cookies.
//!
//! All of it goes through Leptos' context. Where there is none (the application
//! runs once at start, only to list its routes) writing does nothing and reading
//! finds nothing.

use std::fmt::Write as _;

use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use leptos::{context::use_context, reactive::owner::with_context};
use leptos_axum::ResponseOptions;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What cannot stand in a `Location` as it is; non-ASCII is always encoded.
const NOT_IN_LOCATION: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// Answers with `status`.
pub fn set_status(status: StatusCode) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
}

/// Sends the browser to `path`, a path of ours with its query, by GET.
pub fn see_other(path: &str) {
    set_status(StatusCode::SEE_OTHER);
    insert_header(
        header::LOCATION,
        &utf8_percent_encode(path, NOT_IN_LOCATION).to_string(),
    );
}

/// Sets a header, in place of others of its name.
pub fn insert_header(name: HeaderName, value: &str) {
    if let (Some(response), Ok(value)) = (
        use_context::<ResponseOptions>(),
        HeaderValue::from_str(value),
    ) {
        response.insert_header(name, value);
    }
}

/// Adds a `Set-Cookie` header.
pub fn set_cookie(cookie: &str) {
    if let (Some(response), Ok(value)) = (
        use_context::<ResponseOptions>(),
        HeaderValue::from_str(cookie),
    ) {
        response.append_header(header::SET_COOKIE, value);
    }
}

/// The value of one of the request's cookies.
pub fn request_cookie(name: &str) -> Option<String> {
    from_request(|parts| {
        parts
            .headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
            .map(str::to_owned)
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

/// Path and query of the page the request was made on, if the browser says so. The
/// host it names is left out: whatever it is, the path is taken as one of ours.
pub fn referring_path() -> Option<String> {
    let address = from_request(|parts| {
        parts
            .headers
            .get(header::REFERER)?
            .to_str()
            .ok()?
            .parse::<http::Uri>()
            .ok()
    })?;
    let path = address.path_and_query()?.as_str();
    Some(orghub::routes::safe_next(path).to_owned())
}

/// The request's query, decoded once, in order of appearance.
pub fn request_query() -> Vec<(String, String)> {
    from_request(|parts| {
        Some(
            form_urlencoded::parse(parts.uri.query()?.as_bytes())
                .into_owned()
                .collect(),
        )
    })
    .unwrap_or_default()
}

/// Whether the request comes from a program that reads JSON rather than from a
/// form: a browser that submits a form never asks for it.
pub fn wants_json() -> bool {
    from_request(|parts| {
        Some(
            parts
                .headers
                .get(header::ACCEPT)?
                .to_str()
                .ok()?
                .starts_with("application/json"),
        )
    })
    .unwrap_or_default()
}

fn from_request<T>(read: impl FnOnce(&Parts) -> Option<T>) -> Option<T> {
    with_context::<Parts, _>(read).flatten()
}

/// `text` with what HTML would understand written out.
pub fn escape_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' | '\'' => write!(html, "&#{};", u32::from(c)).expect("a string takes all text"),
            _ => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_name_stays_text() {
        assert_eq!(
            escape_html("</title><b>R&D</b>"),
            "&lt;/title&gt;&lt;b&gt;R&amp;D&lt;/b&gt;"
        );
    }

    #[test]
    fn outside_a_request_there_is_nothing_to_read() {
        assert_eq!(request_cookie("theme"), None);
        assert_eq!(request_path(), "");
        assert!(!wants_json());
    }
}
