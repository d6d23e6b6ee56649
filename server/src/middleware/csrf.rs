//! Refuses writes that another site's page sends in a person's name.
//!
//! The session's cookie is `SameSite=Lax`, which keeps it from most foreign
//! posts; this is the second lock, and needs no token in any form. A browser
//! says where a request comes from, in headers no page can forge: every current
//! one in `Sec-Fetch-Site` (on https and on loopback), older ones in `Origin`.
//! A request that has neither comes from no browser, and so from nobody whose
//! cookie could be abused. (The same rule as Go's `http.CrossOriginProtection`.)

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, Method, StatusCode, header};

use crate::{error_page, state::AppState};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets reads and our own pages' writes through.
pub async fn refuse_foreign_writes(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    if is_foreign_write(
        request.method(),
        request.headers(),
        &state.services.config.app_url,
    ) {
        return error_page::page(
            StatusCode::FORBIDDEN,
            "Not from here",
            "This form was sent from another site, so nothing was changed. Open the page on Orghub and send it again.",
        );
    }
    next.run(request).await
}

/// Whether the request would change something and comes from another origin than
/// `own_origin` and the host it is addressed to.
fn is_foreign_write(method: &Method, headers: &HeaderMap, own_origin: &str) -> bool {
    if method.is_safe() {
        return false;
    }
    let text = |name: &HeaderName| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    match (text(&SEC_FETCH_SITE), text(&header::ORIGIN)) {
        // `none` is the person: an address typed, a page reloaded.
        (Some("same-origin" | "none"), _) | (None, None) => false,
        // Sibling hosts (`same-site`) are other sites to us.
        (Some(_), _) => true,
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            origin != own_origin && (host.is_none() || host != text(&header::HOST))
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const OWN: &str = "https://app.test";

    fn is_foreign(method: Method, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        is_foreign_write(&method, &headers, OWN)
    }

    #[test]
    fn our_own_pages_and_programs_may_write() {
        for headers in [
            &[("sec-fetch-site", "same-origin"), ("origin", OWN)][..],
            &[("sec-fetch-site", "none")],
            &[("origin", OWN), ("host", "behind-a-proxy:3000")],
            &[
                ("origin", "http://127.0.0.1:3000"),
                ("host", "127.0.0.1:3000"),
            ],
            &[("host", "app.test")],
        ] {
            assert!(!is_foreign(Method::POST, headers), "{headers:?}");
        }
    }

    #[test]
    fn other_sites_may_not() {
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[
                ("sec-fetch-site", "same-site"),
                ("origin", "https://blog.app.test"),
            ],
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", OWN),
                ("host", "app.test"),
            ],
            &[("origin", "https://evil.test"), ("host", "app.test")],
            &[
                ("origin", "https://app.test.evil.test"),
                ("host", "app.test"),
            ],
            &[("origin", "null"), ("host", "app.test")],
            &[("origin", "null")],
        ] {
            for method in [Method::POST, Method::PUT, Method::DELETE] {
                assert!(is_foreign(method.clone(), headers), "{method} {headers:?}");
            }
        }
    }

    #[test]
    fn everybody_may_read() {
        assert!(!is_foreign(
            Method::GET,
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://evil.test")
            ]
        ));
    }
}
