//! Receives Stripe's events. The work is in `orghub::billing`; here is only what Stripe
//! understands of the outcome: 200, done; 400, will never work; anything else, send it
//! again.

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use orghub::security_log::SecurityEvent;
use orghub::{error::Error, services::Services};

/// Most bytes an event may have. Stripe's largest are a few tens of kilobytes.
pub const MAX_EVENT_BYTES: usize = 256 * 1024;

const SIGNATURE: HeaderName = HeaderName::from_static("stripe-signature");

/// Takes an event. The body stays as it came, because the signature is over its bytes.
pub async fn receive(
    State(services): State<Services>,
    headers: HeaderMap,
    event: Bytes,
) -> Response {
    let Some(signature) = headers
        .get(SIGNATURE)
        .map(HeaderValue::to_str)
        .and_then(Result::ok)
    else {
        return (
            StatusCode::BAD_REQUEST,
            "the header Stripe-Signature is missing\n",
        )
            .into_response();
    };
    match services.billing.receive_webhook(&event, signature).await {
        Ok(_outcome) => StatusCode::OK.into_response(),
        Err(Error::Invalid(invalid)) => {
            SecurityEvent::WebhookRefused {
                reason: &invalid.message,
            }
            .record();
            (
                StatusCode::BAD_REQUEST,
                "the event or its signature cannot be read\n",
            )
                .into_response()
        }
        // `billing` has logged why, and keeps it in its ledger.
        Err(Error::Unavailable(..)) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
