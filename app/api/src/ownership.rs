//! Handing an organization on.

use leptos::prelude::*;
use orghub::domain::Email;
use orghub_ui::{
    context,
    error::AppError,
    forms::{self, Done, FormPost, FormUrl},
};

use crate::services::services;

/// Offers ownership to the member with this address. Requires the permission to manage
/// owners and a fresh proof.
#[server(prefix = "/api", endpoint = "offer_ownership", input = FormUrl)]
pub async fn offer_ownership(
    #[server(default)] org: String,
    #[server(default)] email: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::OFFER_OWNERSHIP, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let to = Email::parse(&email)?;
            let orgs = services().orgs.clone();
            orgs.offer_ownership(&access, &to).await?;
            Ok(Done::back().saying("Ownership offered. Nothing changes until it is accepted."))
        })
        .await
}

/// Takes the offer back. Requires the permission to manage owners.
#[server(prefix = "/api", endpoint = "withdraw_ownership", input = FormUrl)]
pub async fn withdraw_ownership(#[server(default)] org: String) -> Result<(), AppError> {
    FormPost::in_org(&forms::WITHDRAW_OWNERSHIP, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            services().orgs.withdraw_ownership(&access).await?;
            Ok(Done::back().saying("Offer withdrawn."))
        })
        .await
}

/// Becomes an owner in the place of whoever offered it. Requires a membership, and an offer.
#[server(prefix = "/api", endpoint = "accept_ownership", input = FormUrl)]
pub async fn accept_ownership(#[server(default)] org: String) -> Result<(), AppError> {
    FormPost::in_org(&forms::ACCEPT_OWNERSHIP, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            services().orgs.accept_ownership(&access).await?;
            Ok(Done::back().saying("You are an owner now."))
        })
        .await
}

/// Turns the offer down. Requires a membership, and an offer.
#[server(prefix = "/api", endpoint = "decline_ownership", input = FormUrl)]
pub async fn decline_ownership(#[server(default)] org: String) -> Result<(), AppError> {
    FormPost::in_org(&forms::DECLINE_OWNERSHIP, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            services().orgs.decline_ownership(&access).await?;
            Ok(Done::back().saying("Offer declined."))
        })
        .await
}
