//! Passkeys. Each use takes two requests: the island asks here what to ask the device for,
//! and sends the device's answer with a form.

use leptos::prelude::*;
use orghub::{
    domain::{PasskeyId, PasskeyName},
    routes,
};
use orghub_ui::{
    context,
    error::AppError,
    forms::{self, Done, FormPost, FormUrl},
    response,
};

use super::{account::confirmed_next, factors::answer_second_step};
use crate::services::services;

/// Asks for a new passkey. Requires a fresh proof.
#[server(prefix = "/api", endpoint = "begin_passkey", input = FormUrl)]
pub async fn begin_passkey() -> Result<String, AppError> {
    let question = async {
        let user = context::signed_in()?;
        let session = context::session()?;
        Ok(services().auth.begin_passkey(&user, &session).await?)
    };
    question.await.inspect_err(response::set_error)
}

/// Asks for any passkey of the site. Open to everybody, and limited in number.
#[server(prefix = "/api", endpoint = "begin_passkey_sign_in", input = FormUrl)]
pub async fn begin_passkey_sign_in() -> Result<String, AppError> {
    let question = async {
        let session = context::session()?;
        let client = context::client_info();
        let auth = services().auth.clone();
        Ok(auth.begin_passkey_sign_in(&session, &client).await?)
    };
    question.await.inspect_err(response::set_error)
}

/// Asks for a passkey of the user, or of whoever has a sign-in pending.
#[server(prefix = "/api", endpoint = "begin_passkey_proof", input = FormUrl)]
pub async fn begin_passkey_proof() -> Result<String, AppError> {
    let question = async {
        let user = context::signed_in().ok();
        let session = context::session()?;
        let auth = services().auth.clone();
        Ok(auth.begin_passkey_proof(user.as_ref(), &session).await?)
    };
    question.await.inspect_err(response::set_error)
}

/// Adds a passkey that was asked for by [`begin_passkey`]. Requires a user.
#[server(prefix = "/api", endpoint = "add_passkey", input = FormUrl)]
pub async fn add_passkey(
    #[server(default)] name: String,
    /// The device's answer. Empty: the island was refused a question, and this says why.
    #[server(default)]
    credential: String,
) -> Result<(), AppError> {
    FormPost::of(&forms::ADD_PASSKEY)
        .answer(async {
            let user = context::signed_in()?;
            let session = context::session()?;
            let auth = services().auth.clone();
            let name = PasskeyName::parse(&name)?;
            if credential.is_empty() {
                auth.begin_passkey(&user, &session).await?;
            }
            auth.add_passkey(&user, &session, &name, &credential)
                .await?;
            Ok(Done::back().saying("Passkey added."))
        })
        .await
}

/// Signs in with a passkey alone, and leads to `next`. Open to everybody.
#[server(prefix = "/api", endpoint = "sign_in_with_passkey", input = FormUrl)]
pub async fn sign_in_with_passkey(
    #[server(default)] credential: String,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    let next = routes::safe_next(&next);
    FormPost::of(&forms::SIGN_IN_WITH_PASSKEY)
        .back_to(routes::sign_in_then(next))
        .answer(async {
            let session = context::session()?;
            let client = context::client_info();
            let auth = services().auth.clone();
            if credential.is_empty() {
                auth.begin_passkey_sign_in(&session, &client).await?;
            }
            auth.sign_in_with_passkey(&session, &credential, &client)
                .await?;
            Ok(Done::at(next))
        })
        .await
}

/// Completes a sign-in with a passkey, and leads to `next`. Open to whoever has one pending.
#[server(prefix = "/api", endpoint = "complete_with_passkey", input = FormUrl)]
pub async fn complete_with_passkey(
    #[server(default)] credential: String,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    let outcome = async {
        let session = context::session()?;
        let client = context::client_info();
        let auth = services().auth.clone();
        auth.complete_with_passkey(&session, &credential, &client)
            .await?;
        Ok(())
    };
    answer_second_step(&forms::COMPLETE_WITH_PASSKEY, outcome.await, &next).await
}

/// Takes a passkey of somebody who is signed in, and leads on to `next`. Requires a user.
#[server(prefix = "/api", endpoint = "confirm_with_passkey", input = FormUrl)]
pub async fn confirm_with_passkey(
    #[server(default)] credential: String,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    let next = confirmed_next(&next);
    FormPost::of(&forms::CONFIRM_WITH_PASSKEY)
        .back_to(routes::confirm_then(next))
        .answer(async {
            let user = context::signed_in()?;
            let session = context::session()?;
            let auth = services().auth.clone();
            auth.confirm_with_passkey(&user, &session, &credential)
                .await?;
            Ok(Done::at(next))
        })
        .await
}

/// Requires a user.
#[server(prefix = "/api", endpoint = "rename_passkey", input = FormUrl)]
pub async fn rename_passkey(
    #[server(default)] passkey_id: String,
    #[server(default)] name: String,
) -> Result<(), AppError> {
    FormPost::of(&forms::RENAME_PASSKEY)
        .answer(async {
            let user = context::signed_in()?;
            let (name, id) = (PasskeyName::parse(&name)?, id(&passkey_id)?);
            services().auth.rename_passkey(&user, id, &name).await?;
            Ok(Done::back().saying("Passkey renamed."))
        })
        .await
}

/// Requires a fresh proof.
#[server(prefix = "/api", endpoint = "remove_passkey", input = FormUrl)]
pub async fn remove_passkey(#[server(default)] passkey_id: String) -> Result<(), AppError> {
    FormPost::of(&forms::REMOVE_PASSKEY)
        .answer(async {
            let user = context::signed_in()?;
            let id = id(&passkey_id)?;
            services().auth.remove_passkey(&user, id).await?;
            Ok(Done::back().saying("Passkey removed."))
        })
        .await
}

fn id(text: &str) -> Result<PasskeyId, AppError> {
    text.parse().map_err(|_not_an_id| AppError::BadRequest)
}
