//! Signing in and out.

use leptos::prelude::*;
use orghub::routes;

use super::form_post::{Done, FormPost};
use crate::{
    context,
    error::AppError,
    flash::{FormName, Notice},
};

/// Signs a person in and leads to `next`, a path of ours. Open to everybody;
/// failures are slow, uniform and limited in number.
#[server(prefix = "/api", endpoint = "sign_in")]
pub async fn sign_in(
    /// The account's address.
    #[server(default)]
    email: String,
    /// Its password.
    #[server(default)]
    password: String,
    /// Where to go on; empty: to the list of organizations.
    #[server(default)]
    next: String,
) -> Result<(), AppError> {
    let page = if next.is_empty() {
        routes::SIGN_IN.to_owned()
    } else {
        routes::sign_in_then(routes::safe_next(&next))
    };
    FormPost::new(FormName::SignIn, page)
        .typed("email", &email)
        .answer(async {
            let accounts = context::services().accounts;
            accounts
                .sign_in(
                    &context::session()?,
                    &email,
                    &password,
                    &context::client_info(),
                )
                .await?;
            Ok(Done::at(routes::safe_next(&next)))
        })
        .await
}

/// Ends this session. Open to everybody: without a session there is nothing to end.
#[server(prefix = "", endpoint = "sign-out")]
pub async fn sign_out() -> Result<(), AppError> {
    FormPost::new(FormName::SignIn, routes::SIGN_IN)
        .answer(async {
            context::services()
                .accounts
                .sign_out(&context::session()?)
                .await?;
            Ok(Done::at(routes::SIGN_IN).saying(Notice::SignedOut))
        })
        .await
}
