//! Signing in and out.

use leptos::prelude::*;
use orghub::routes;

use crate::{
    context,
    error::AppError,
    forms::{self, Done, FormPost},
};

/// Signs a user in and leads to `next`. Open to everybody; failures are slow, uniform and
/// limited in number.
#[server(prefix = "/api", endpoint = "sign_in")]
pub async fn sign_in(
    #[server(default)] email: String,
    #[server(default)] password: String,
    /// Written by anybody: see [`routes::safe_next`]. Empty: the list of organizations.
    #[server(default)]
    next: String,
) -> Result<(), AppError> {
    let mut post = FormPost::of(&forms::SIGN_IN).typed("email", &email);
    if !next.is_empty() {
        post = post.back_to(routes::sign_in_then(routes::safe_next(&next)));
    }
    post.answer(async {
        let session = context::session()?;
        let client = context::client_info();
        let auth = context::services().auth;
        auth.sign_in(&session, &email, &password, &client).await?;
        Ok(Done::at(routes::safe_next(&next)))
    })
    .await
}

/// Ends this session. Open to everybody: without a session there is nothing to end.
#[server(prefix = "", endpoint = "sign-out")]
pub async fn sign_out() -> Result<(), AppError> {
    FormPost::of(&forms::SIGN_OUT)
        .answer(async {
            let session = context::session()?;
            context::services().auth.sign_out(&session).await?;
            Ok(Done::at(routes::SIGN_IN).saying("You are signed out."))
        })
        .await
}
