//! What is refused before anything looks at it: methods we do not have, targets that are no
//! path, hosts that are missing or said twice, and addresses that nothing can have. Another
//! spelling of an address is redirected to its canonical one ([`Spelling`]), so that all
//! that come after see the same address.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, Method, Uri, Version, header};
use orghub::routes::Spelling;
use orghub_ui::error::AppError;

use crate::error_page;

/// All that any address of ours takes.
const METHODS: [Method; 3] = [Method::GET, Method::HEAD, Method::POST];

/// Lets a request through in one shape: origin form, canonical path, one `Host`.
pub async fn normalize(mut request: Request, next: Next) -> Response {
    if !METHODS.contains(request.method()) {
        return not_allowed();
    }
    let Some(target) = request.uri().path_and_query().cloned() else {
        return error_page::of(&AppError::BadRequest);
    };
    if !name_the_host(&mut request) {
        return error_page::of(&AppError::BadRequest);
    }
    match Spelling::of(target.path()) {
        Spelling::Canonical => {
            // A proxy's absolute form and HTTP/2's pseudo headers say the same as `Host`.
            *request.uri_mut() = Uri::from(target);
            next.run(request).await
        }
        Spelling::Variant(path) if *request.method() != Method::POST => {
            let location = match target.query() {
                Some(query) => format!("{path}?{query}"),
                None => path,
            };
            Redirect::permanent(&location).into_response()
        }
        // A form was sent where no form leads.
        Spelling::Variant(_) | Spelling::Nowhere => error_page::of(&AppError::NotFound),
    }
}

fn not_allowed() -> Response {
    let mut response = error_page::of(&AppError::MethodNotAllowed);
    let allow = HeaderValue::from_static("GET, HEAD, POST");
    response.headers_mut().insert(header::ALLOW, allow);
    response
}

/// Leaves the request with one `Host`; `false`: it has none, two, or not text. What the
/// target says counts more (RFC 9112, 3.2.2).
fn name_the_host(request: &mut Request) -> bool {
    if let Some(authority) = request.uri().authority() {
        let Ok(host) = HeaderValue::from_str(without_user(authority.as_str())) else {
            return false;
        };
        request.headers_mut().insert(header::HOST, host);
        return true;
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().is_ok(),
        (None, None) => request.version() <= Version::HTTP_10,
        _ => false,
    }
}

fn without_user(authority: &str) -> &str {
    authority
        .rsplit_once('@')
        .map_or(authority, |(_user, host)| host)
}
