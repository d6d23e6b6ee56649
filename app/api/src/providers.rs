//! Providers of sign-in: what is begun here ends on `pages::providers::ReturnPage`.

use leptos::prelude::*;
use orghub::{
    domain::{IdentityId, ProviderName},
    routes::{self, AccountPage, ProviderPage},
};
use orghub_ui::{
    context,
    error::AppError,
    forms::{self, Done, FormPost, FormUrl},
};

use crate::services::services;

/// # Errors
/// [`AppError::NotFound`]: no provider can have this name.
fn parse(provider: &str) -> Result<ProviderName, AppError> {
    ProviderName::parse(provider).ok_or(AppError::NotFound)
}

/// Begins signing in with a provider, and leads to it and then to `next`. Open to everybody.
#[server(prefix = "/api", endpoint = "oidc_start", input = FormUrl)]
pub async fn oidc_start(
    #[server(default)] provider: String,
    /// Written by anybody: see [`routes::safe_next`]. Empty: the list of organizations.
    #[server(default)]
    next: String,
) -> Result<(), AppError> {
    let mut post = FormPost::of(&forms::OIDC_START);
    if !next.is_empty() {
        post = post.back_to(routes::sign_in_then(routes::safe_next(&next)));
    }
    post.answer(async {
        let name = parse(&provider)?;
        let session = context::session()?;
        let user = context::signed_in().ok();
        let client = context::client_info();
        let auth = services().auth.clone();
        let next = routes::safe_next(&next);
        auth.begin_with_provider(&session, user.as_ref(), &name, next, &client)
            .await?;
        Ok(Done::at(ProviderPage::Leave.path(&name)))
    })
    .await
}

/// Begins proving at a provider again who one is, and leads on to `next`. Requires a user.
#[server(prefix = "/api", endpoint = "oidc_confirm", input = FormUrl)]
pub async fn oidc_confirm(
    #[server(default)] provider: String,
    /// As in [`super::account::confirm`].
    #[server(default)]
    next: String,
) -> Result<(), AppError> {
    let next = match next.as_str() {
        "" => AccountPage::Security.path(),
        next => routes::safe_next(next),
    };
    FormPost::of(&forms::OIDC_CONFIRM)
        .back_to(routes::confirm_then(next))
        .answer(async {
            let user = context::signed_in()?;
            let name = parse(&provider)?;
            let session = context::session()?;
            let client = context::client_info();
            let auth = services().auth.clone();
            auth.begin_confirming(&session, &user, &name, next, &client)
                .await?;
            Ok(Done::at(ProviderPage::Leave.path(&name)))
        })
        .await
}

/// Begins connecting a provider with the user's account. Requires a user, and a fresh proof.
#[server(prefix = "/api", endpoint = "oidc_connect", input = FormUrl)]
pub async fn oidc_connect(#[server(default)] provider: String) -> Result<(), AppError> {
    FormPost::of(&forms::OIDC_CONNECT)
        .answer(async {
            let user = context::signed_in()?;
            let name = parse(&provider)?;
            let session = context::session()?;
            let client = context::client_info();
            let auth = services().auth.clone();
            let next = AccountPage::Security.path();
            auth.begin_connecting(&session, &user, &name, next, &client)
                .await?;
            Ok(Done::at(ProviderPage::Leave.path(&name)))
        })
        .await
}

/// Connects a provider with the account whose password this is, and signs them in. Open to
/// who has come back from the provider; failures are slow, uniform and limited in number.
#[server(prefix = "/api", endpoint = "oidc_connect_by_password", input = FormUrl)]
pub async fn oidc_connect_by_password(
    #[server(default)] provider: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    let name = ProviderName::parse(&provider);
    let mut post = FormPost::of(&forms::OIDC_CONNECT_BY_PASSWORD);
    if let Some(name) = &name {
        post = post.back_to(ProviderPage::Connect.path(name));
    }
    post.answer(async {
        let name = name.ok_or(AppError::NotFound)?;
        let session = context::session()?;
        let client = context::client_info();
        let auth = services().auth.clone();
        let next = auth
            .connect_by_password(&session, &name, &password, &client)
            .await?;
        Ok(Done::at(next))
    })
    .await
}

/// Disconnects a provider from the user's account. Requires a user, and a fresh proof.
#[server(prefix = "/api", endpoint = "oidc_disconnect", input = FormUrl)]
pub async fn oidc_disconnect(#[server(default)] identity: String) -> Result<(), AppError> {
    FormPost::of(&forms::OIDC_DISCONNECT)
        .answer(async {
            let user = context::signed_in()?;
            let id: IdentityId = identity.parse().map_err(|_| AppError::NotFound)?;
            let auth = services().auth.clone();
            auth.disconnect_provider(&user, id).await?;
            Ok(Done::back().saying("Disconnected."))
        })
        .await
}
