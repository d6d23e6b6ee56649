//! Refuses writes that another site's page sends in a user's name.
//!
//! The session's cookie is `SameSite=Lax`, which keeps it from most foreign posts; this is
//! the second lock, and needs no token in any form. A browser says where a request comes
//! from, in headers no page can forge: every current one in `Sec-Fetch-Site` (on https and
//! on loopback), older ones in `Origin`. A request that has neither comes from no browser,
//! and so from nobody whose cookie could be abused. The rule is that of Go's
//! `http.CrossOriginProtection`; `server/tests/it/security.rs` holds the router to it.

use axum::{body::Body, response::Response};
use http::StatusCode;
use orghub::{config::AppUrl, security_log::SecurityEvent};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::error_page;

/// Lets reads through, and writes from our own pages: those at `app_url`, which a proxy
/// may have rewritten `Host` for, and those of the host that is addressed.
pub fn layer(app_url: &AppUrl) -> CsrfLayer<fn(ProtectionError) -> Response<Body>> {
    CsrfLayer::new()
        .add_trusted_origin(&**app_url)
        .expect("an APP_URL is an origin, or it would not have been read")
        .with_rejection_response(refusal)
}

fn refusal(_reason: ProtectionError) -> Response<Body> {
    SecurityEvent::WriteForeign.record();
    error_page::page(
        StatusCode::FORBIDDEN,
        "Sent from another site",
        "This form was sent from another site, so nothing was changed. \
         Open the page on Orghub and send it again.",
    )
}
