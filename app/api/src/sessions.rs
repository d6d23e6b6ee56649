//! Signing in and out, and ending sessions elsewhere.

use leptos::prelude::*;
use orghub::{
    domain::Invalid,
    routes::{self, AccountPage},
};
use orghub_ui::{
    context::{self, Admitted},
    error::AppError,
    forms::{self, Done, FormPost, FormUrl},
    response,
};

use crate::services::services;

/// Takes a password, and leads to `next` or to the second step. Open to everybody; failures
/// are slow, uniform and limited in number.
#[server(prefix = "/api", endpoint = "sign_in", input = FormUrl)]
pub async fn sign_in(
    #[server(default)] email: String,
    #[server(default)] password: String,
    /// Written by anybody: see [`routes::safe_next`]. Empty: the list of organizations.
    #[server(default)]
    next: String,
) -> Result<(), AppError> {
    let mut post = FormPost::of(&forms::SIGN_IN);
    if !next.is_empty() {
        post = post.back_to(routes::sign_in_then(routes::safe_next(&next)));
    }
    post.answer(async {
        let session = context::session()?;
        let client = context::client_info();
        let auth = services().auth.clone();
        let admitted = auth.sign_in(&session, &email, &password, &client).await?;
        Ok(go_on(admitted, &next))
    })
    .await
}

/// Where somebody who proved who they are goes on.
pub(super) fn go_on(admitted: Admitted, next: &str) -> Done {
    let next = routes::safe_next(next);
    match admitted {
        Admitted::SignedIn => Done::at(next),
        Admitted::SecondFactor => Done::at(routes::second_factor_then(next)),
    }
}

/// Ends this session. Open to everybody: without a session there is nothing to end.
#[server(prefix = "", endpoint = "sign-out", input = FormUrl)]
pub async fn sign_out(
    /// Written by anybody: see [`routes::safe_next`]. Empty: the sign-in page.
    #[server(default)]
    next: String,
) -> Result<(), AppError> {
    let next = match next.as_str() {
        "" => routes::SIGN_IN,
        next => routes::safe_next(next),
    };
    FormPost::of(&forms::SIGN_OUT)
        .answer(async {
            let session = context::session()?;
            services().auth.sign_out(&session).await?;
            response::forget_pages();
            Ok(Done::at(next).saying("You are signed out."))
        })
        .await
}

/// Ends another session of the user. Requires a user who was asked for the password lately.
#[server(prefix = "/api", endpoint = "end_session", input = FormUrl)]
pub async fn end_session(#[server(default)] session: String) -> Result<(), AppError> {
    FormPost::of(&forms::END_SESSION)
        .answer(async {
            let user = context::signed_in()?;
            let auth = services().auth.clone();
            let outcome = match session.parse() {
                Ok(session) => auth
                    .end_session(&user, session)
                    .await
                    .map_err(AppError::from),
                Err(_not_an_id) => Err(AppError::NotFound),
            };
            match outcome {
                // The list was older than that.
                Err(AppError::NotFound) if !response::wants_json() => {
                    Err(Invalid::form("This session has already ended.").into())
                }
                outcome => outcome.map(|()| Done::back().saying("The session has ended.")),
            }
        })
        .await
}

/// Ends all sessions of the user but this one. Requires a user who was asked for the password
/// lately.
#[server(prefix = "/api", endpoint = "end_other_sessions", input = FormUrl)]
pub async fn end_other_sessions() -> Result<(), AppError> {
    FormPost::of(&forms::END_OTHER_SESSIONS)
        .answer(async {
            let user = context::signed_in()?;
            let ended = services().auth.end_other_sessions(&user).await?;
            Ok(Done::at(AccountPage::Security.path()).saying(&match ended {
                0 => "There was no other session.".to_owned(),
                1 => "The other session has ended.".to_owned(),
                many => format!("{many} other sessions have ended."),
            }))
        })
        .await
}
