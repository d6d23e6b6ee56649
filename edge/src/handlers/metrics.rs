//! `/metrics`: what this node counts, for Prometheus. `docs/runbook.md` explains it.
//!
//! It tells how much a site is used, so it is not for everybody: a request has to bring
//! `METRICS_TOKEN`. If none is set, development answers and production has no such page.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use orghub::config::AppEnv;
use orghub_ui::error::AppError;

use super::operators::is_operator;
use crate::{error_page, state::AppState, telemetry};

pub async fn show(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let config = &state.services.config;
    match &config.metrics_token {
        Some(_) if !is_operator(&headers, config) => {
            return (
                StatusCode::UNAUTHORIZED,
                [(header::WWW_AUTHENTICATE, "Bearer")],
                "the token is missing or wrong\n",
            )
                .into_response();
        }
        None if config.app_env == AppEnv::Production => {
            return error_page::of(&AppError::NotFound);
        }
        _ => {}
    }
    state.services.cache.publish_gauges().await;
    state.services.worker.publish_gauges().await;
    state.services.billing.publish_gauges().await;
    let metrics = telemetry::metrics().render();
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        metrics,
    )
        .into_response()
}
