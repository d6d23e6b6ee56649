//! What people see of Stripe: plain pages that need no JavaScript.

mod checkout;
mod document;
mod html;
mod invoice;
mod overview;
mod portal;
mod portal_sections;

use axum::{
    Router,
    routing::{get, post},
};

use crate::Shared;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(overview::show))
        .route("/checkout/{id}", get(checkout::show).post(checkout::pay))
        .route(
            "/checkout/{id}/confirm",
            get(checkout::ask).post(checkout::confirm),
        )
        .route("/portal/{id}", get(portal::show))
        .route("/portal/{id}/plan", post(portal::change_plan))
        .route("/portal/{id}/cancel", post(portal::cancel))
        .route("/portal/{id}/keep", post(portal::keep))
        .route("/portal/{id}/card", post(portal::change_card))
        .route("/portal/{id}/address", post(portal::change_address))
        .route("/invoice/{id}", get(invoice::show).post(invoice::pay))
        .route(
            "/invoice/{id}/confirm",
            get(invoice::ask).post(invoice::confirm),
        )
        .route("/invoice/{id}/pdf", get(document::show))
}
