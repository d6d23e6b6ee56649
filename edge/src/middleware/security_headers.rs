//! What a browser may do with our responses.
//!
//! A page is sent with the policy that names its scripts ([`page_policy`]); everything else
//! gets one that allows nothing but our style sheet and pictures.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use orghub::config::AppEnv;
use sha2::{Digest as _, Sha256};

use crate::state::AppState;

/// The policy of a response that is not a page of the application: error pages, files, JSON.
const PLAIN_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// For a year, a browser that was here over https does not try plain http.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Nor on subdomains: whoever can answer for one of them over plain http could set cookies
/// for the domain.
const HTTPS_ONLY_BELOW: HeaderValue =
    HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Turns off what the product never uses.
const PERMISSIONS: HeaderValue =
    HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()");

/// The policy of pages, whose inline scripts (the start of the islands, the speculation rules)
/// are these and no others. A page is the same each time it is made, so the scripts are named
/// by what is in them and not by a number that would change. `reload_port` is where
/// `cargo leptos watch` tells pages to reload.
pub fn page_policy(scripts: &[String], reload_port: Option<u16>) -> HeaderValue {
    let hashes: String = scripts
        .iter()
        .map(|script| {
            format!(
                " 'sha256-{}'",
                BASE64_STANDARD.encode(Sha256::digest(script))
            )
        })
        .collect();
    // A web socket on another port is another origin, which 'self' does not cover.
    let reload = reload_port
        .map(|port| format!(" ws://localhost:{port} ws://127.0.0.1:{port}"))
        .unwrap_or_default();
    let policy = format!(
        "default-src 'self'; \
         script-src 'self'{hashes} 'wasm-unsafe-eval'; \
         img-src 'self' data:; \
         connect-src 'self'{reload}; \
         object-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    HeaderValue::try_from(policy).expect("hashes are base64, a port is digits, the rest is ours")
}

/// Adds the headers that the response does not set itself.
pub async fn add_security_headers(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    set_default(headers, header::CONTENT_SECURITY_POLICY, PLAIN_POLICY);
    set_default(
        headers,
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // Addresses name organizations: other sites learn the host and no more.
    set_default(
        headers,
        header::REFERRER_POLICY,
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    );
    set_default(
        headers,
        header::X_FRAME_OPTIONS,
        HeaderValue::from_static("DENY"),
    );
    set_default(
        headers,
        HeaderName::from_static("permissions-policy"),
        PERMISSIONS,
    );
    let own_window = HeaderValue::from_static("same-origin");
    set_default(
        headers,
        HeaderName::from_static("cross-origin-opener-policy"),
        own_window,
    );
    if state.services.config.app_env == AppEnv::Production {
        let https_only = if state.services.config.hsts_subdomains {
            HTTPS_ONLY_BELOW
        } else {
            HTTPS_ONLY
        };
        set_default(headers, header::STRICT_TRANSPORT_SECURITY, https_only);
    }
    response
}

fn set_default(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_run_only_if_they_are_the_documents_or_from_us() {
        let policy = page_policy(&["alert('Hello, world.');".to_owned()], None);
        let policy = policy.to_str().expect("plain text");
        assert!(
            policy.contains(
                "script-src 'self' 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=' \
                 'wasm-unsafe-eval';"
            ),
            "{policy}"
        );
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("ws://"),
            "{policy}"
        );
    }

    #[test]
    fn a_watched_page_may_hear_of_rebuilds() {
        let policy = page_policy(&[], Some(3001));
        assert!(
            policy
                .to_str()
                .expect("plain text")
                .contains("connect-src 'self' ws://localhost:3001 ws://127.0.0.1:3001;")
        );
    }
}
