//! `/metrics`: the figures of this node for Prometheus. `docs/runbook.md` says what
//! they mean.
//!
//! They tell how much a site is used, so they are not for everybody: whoever asks
//! shows `METRICS_TOKEN`. Without one, development answers and production has no
//! such page.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use orghub::config::AppEnv;
use sha2::{Digest, Sha256};

use crate::{error_page, state::AppState, telemetry};

/// The figures, as Prometheus reads them.
pub async fn show(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let config = &state.services.config;
    match &config.metrics_token {
        Some(token) if !shows(&headers, token) => {
            return (
                StatusCode::UNAUTHORIZED,
                [(header::WWW_AUTHENTICATE, "Bearer")],
                "the token is missing or wrong\n",
            )
                .into_response();
        }
        None if config.app_env == AppEnv::Production => {
            return error_page::page(
                StatusCode::NOT_FOUND,
                "Not found",
                "There is nothing at this address.",
            );
        }
        _ => {}
    }
    state.services.cache.publish_gauges().await;
    let figures = telemetry::metrics().render();
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        figures,
    )
        .into_response()
}

/// Whether the request shows `token`. Hashes are compared, so that the time it takes
/// tells nothing about the token.
fn shows(headers: &HeaderMap, token: &str) -> bool {
    let shown = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    shown
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|shown| Sha256::digest(shown) == Sha256::digest(token))
}
