//! Second factors: codes from an authenticator app, and recovery codes.

use leptos::prelude::*;
use orghub::{
    domain::Invalid,
    routes::{self, AccountPage},
};
use orghub_ui::{
    context,
    error::AppError,
    forms::{self, Done, Form, FormPost, FormUrl},
    response,
};

use super::account::confirmed_next;
use crate::services::services;

/// Completes a sign-in with a code, and leads to `next`. Open to whoever has one pending.
#[server(prefix = "/api", endpoint = "complete_with_code", input = FormUrl)]
pub async fn complete_with_code(
    #[server(default)] code: String,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    let outcome = async {
        let session = context::session()?;
        let client = context::client_info();
        let auth = services().auth.clone();
        auth.complete_with_code(&session, &code, &client).await?;
        Ok(())
    };
    answer_second_step(&forms::COMPLETE_WITH_CODE, outcome.await, &next).await
}

/// Leads on from the second step of signing in: to `next`, or, if it is over, to the first.
pub(super) async fn answer_second_step(
    form: &'static Form,
    outcome: Result<(), AppError>,
    next: &str,
) -> Result<(), AppError> {
    let next = routes::safe_next(next);
    if outcome == Err(AppError::SignedOut) && !response::wants_json() {
        let over = Invalid::form("That took too long, or too many tries. Sign in again.");
        return FormPost::of(form)
            .back_to(routes::sign_in_then(next))
            .answer(async { Err(AppError::Conflict(over)) })
            .await;
    }
    FormPost::of(form)
        .back_to(routes::second_factor_then(next))
        .answer(async { outcome.map(|()| Done::at(next)) })
        .await
}

/// Takes a code of somebody who is signed in, and leads on to `next`. Requires a user.
#[server(prefix = "/api", endpoint = "confirm_with_code", input = FormUrl)]
pub async fn confirm_with_code(
    #[server(default)] code: String,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    let next = confirmed_next(&next);
    FormPost::of(&forms::CONFIRM_WITH_CODE)
        .back_to(routes::confirm_then(next))
        .answer(async {
            let user = context::signed_in()?;
            services().auth.confirm_with_code(&user, &code).await?;
            Ok(Done::at(next))
        })
        .await
}

/// Makes a secret for an authenticator app. Requires a fresh proof.
#[server(prefix = "/api", endpoint = "begin_totp", input = FormUrl)]
pub async fn begin_totp() -> Result<(), AppError> {
    FormPost::of(&forms::BEGIN_TOTP)
        .answer(async {
            let user = context::signed_in()?;
            services().auth.begin_totp(&user).await?;
            Ok(Done::back())
        })
        .await
}

/// Turns the app on that is being set up. Requires a fresh proof.
#[server(prefix = "/api", endpoint = "turn_on_totp", input = FormUrl)]
pub async fn turn_on_totp(#[server(default)] code: String) -> Result<(), AppError> {
    FormPost::of(&forms::TURN_ON_TOTP)
        .answer(async {
            let user = context::signed_in()?;
            services().auth.turn_on_totp(&user, &code).await?;
            Ok(Done::at(routes::RECOVERY_CODES).saying("Your authenticator app is on."))
        })
        .await
}

/// Requires a fresh proof.
#[server(prefix = "/api", endpoint = "turn_off_totp", input = FormUrl)]
pub async fn turn_off_totp() -> Result<(), AppError> {
    FormPost::of(&forms::TURN_OFF_TOTP)
        .answer(async {
            let user = context::signed_in()?;
            services().auth.turn_off_totp(&user).await?;
            let done = Done::at(AccountPage::Security.path());
            Ok(done.saying("Your authenticator app is off."))
        })
        .await
}

/// Requires a fresh proof.
#[server(prefix = "/api", endpoint = "require_passkey", input = FormUrl)]
pub async fn require_passkey() -> Result<(), AppError> {
    FormPost::of(&forms::REQUIRE_PASSKEY)
        .answer(async {
            let user = context::signed_in()?;
            services().auth.require_passkey(&user).await?;
            let done = Done::at(routes::RECOVERY_CODES);
            Ok(done.saying("You are asked for a passkey after your password now."))
        })
        .await
}

/// Requires a fresh proof.
#[server(prefix = "/api", endpoint = "turn_off_second_factor", input = FormUrl)]
pub async fn turn_off_second_factor() -> Result<(), AppError> {
    FormPost::of(&forms::TURN_OFF_SECOND_FACTOR)
        .answer(async {
            let user = context::signed_in()?;
            services().auth.turn_off_second_factor(&user).await?;
            Ok(Done::back().saying("Signing in takes no second step any more."))
        })
        .await
}

/// Requires a fresh proof.
#[server(prefix = "/api", endpoint = "make_recovery_codes", input = FormUrl)]
pub async fn make_recovery_codes() -> Result<(), AppError> {
    FormPost::of(&forms::MAKE_RECOVERY_CODES)
        .answer(async {
            let user = context::signed_in()?;
            services().auth.make_recovery_codes(&user).await?;
            Ok(Done::back().saying("New codes made. The earlier ones do not work any more."))
        })
        .await
}

/// Shows the new codes no more. Requires a user.
#[server(prefix = "/api", endpoint = "hide_recovery_codes", input = FormUrl)]
pub async fn hide_recovery_codes() -> Result<(), AppError> {
    FormPost::of(&forms::HIDE_RECOVERY_CODES)
        .answer(async {
            let user = context::signed_in()?;
            services().auth.hide_recovery_codes(&user).await?;
            Ok(Done::at(AccountPage::Security.path()))
        })
        .await
}
