//! Getting an account, and getting back into it.

use leptos::prelude::*;
use orghub::{
    domain::{Email, NewPassword, TokenKind, UserName},
    routes::{self, mailed_link},
};
use orghub_ui::{
    context::{self, LinkToken, NewAccount},
    error::AppError,
    forms::{self, Done, FormPost, FormUrl},
};

use super::sessions::go_on;
use crate::services::services;

/// Makes an account and mails a link that verifies its address. Open to everybody. The
/// answer is the same for an address that has an account.
#[server(prefix = "/api", endpoint = "sign_up", input = FormUrl)]
pub async fn sign_up(
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] password: String,
    /// Written by anybody: see [`routes::safe_next`]. Empty: nothing particular.
    #[server(default)]
    next: String,
) -> Result<(), AppError> {
    let next = match next.as_str() {
        "" => "",
        next => routes::safe_next(next),
    };
    FormPost::of(&forms::SIGN_UP)
        .back_to(routes::sign_up_then(next))
        .answer(async {
            let name = UserName::parse(&name)?;
            let email = Email::parse(&email)?;
            let password = NewPassword::parse(&password, &email, name.as_str())?;
            let notice = mailed_to(&email);
            let new = NewAccount {
                name,
                email,
                password,
                next: next.to_owned(),
            };
            let (session, client) = (context::session()?, context::client_info());
            services().auth.sign_up(&session, new, &client).await?;
            Ok(Done::at(routes::CHECK_MAIL).saying(&notice))
        })
        .await
}

/// Mails the link once more. Requires a user.
#[server(prefix = "/api", endpoint = "resend_verification", input = FormUrl)]
pub async fn resend_verification(
    /// Where the link leads on to. Written by anybody: see [`routes::safe_next`].
    #[server(default)]
    next: String,
) -> Result<(), AppError> {
    let next = match next.as_str() {
        "" => "",
        next => routes::safe_next(next),
    };
    FormPost::of(&forms::RESEND_VERIFICATION)
        .answer(async {
            let user = context::signed_in()?;
            let client = context::client_info();
            services()
                .auth
                .resend_verification(&user, next, &client)
                .await?;
            Ok(Done::at(routes::CHECK_MAIL).saying(&mailed_to(&user.email)))
        })
        .await
}

/// Verifies the address that the link was mailed to, and signs its owner in. Open to whoever
/// has the link and, in another browser than the one that signed up, the password.
#[server(prefix = "/api", endpoint = "verify_email", input = FormUrl)]
pub async fn verify_email(
    #[server(default)] token: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    of_link(&forms::VERIFY_EMAIL, TokenKind::VerifyEmail, &token)
        .answer(async {
            let (session, client) = (context::session()?, context::client_info());
            let signed_in = context::signed_in().ok();
            let token = LinkToken::of(&token);
            let services = services();
            let verified = services
                .auth
                .verify_email(&session, signed_in.as_ref(), &token, &password, &client)
                .await?;
            // Without an invitation, the next thing to do is an organization of one's own.
            let next = match verified.next.as_str() {
                "" if signed_in.is_some() => routes::ORGS,
                "" => routes::NEW_ORG,
                next => next,
            };
            let done = go_on(verified.admitted, next);
            Ok(done.saying("Your e-mail address is confirmed."))
        })
        .await
}

/// Mails a link for a new password, if the address has an account. Open to everybody; the
/// answer does not tell.
#[server(prefix = "/api", endpoint = "forgot_password", input = FormUrl)]
pub async fn forgot_password(#[server(default)] email: String) -> Result<(), AppError> {
    FormPost::of(&forms::FORGOT_PASSWORD)
        .answer(async {
            let email = Email::parse(&email)?;
            let client = context::client_info();
            services().auth.forgot_password(&email, &client).await?;
            let notice = format!(
                "If {email} has an account, a message is on its way. Open the link in it to \
                 set a new password."
            );
            Ok(Done::at(routes::CHECK_MAIL).saying(&notice))
        })
        .await
}

/// Sets a new password. Open to whoever has the link.
#[server(prefix = "/api", endpoint = "reset_password", input = FormUrl)]
pub async fn reset_password(
    #[server(default)] token: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    let kind = TokenKind::ResetPassword;
    of_link(&forms::RESET_PASSWORD, kind, &token)
        .answer(async {
            let token = LinkToken::of(&token);
            let auth = services().auth.clone();
            let link = auth.find_link(kind, &token).await?;
            let password = NewPassword::parse(&password, &link.email, &link.user_name)?;
            auth.reset_password(&token, password).await?;
            Ok(Done::at(routes::SIGN_IN).saying("Your password is set. Sign in with it."))
        })
        .await
}

/// Gives an account the address that the link was mailed to. Open to whoever has the link.
#[server(prefix = "/api", endpoint = "change_email", input = FormUrl)]
pub async fn change_email(#[server(default)] token: String) -> Result<(), AppError> {
    of_link(&forms::CHANGE_EMAIL, TokenKind::ChangeEmail, &token)
        .answer(async {
            services().auth.change_email(&LinkToken::of(&token)).await?;
            Ok(Done::at(after_link()).saying("Your e-mail address is changed."))
        })
        .await
}

/// Gives an account its former address back. Open to whoever has the link.
#[server(prefix = "/api", endpoint = "undo_email_change", input = FormUrl)]
pub async fn undo_email_change(#[server(default)] token: String) -> Result<(), AppError> {
    of_link(
        &forms::UNDO_EMAIL_CHANGE,
        TokenKind::UndoEmailChange,
        &token,
    )
    .answer(async {
        let token = LinkToken::of(&token);
        services().auth.undo_email_change(&token).await?;
        Ok(Done::at(routes::CHECK_MAIL).saying(
            "Your account has its former address again, and everybody is signed out. \
                 We have mailed you a link to set a new password.",
        ))
    })
    .await
}

/// Deletes an account. Open to whoever has the link.
#[server(prefix = "/api", endpoint = "delete_account", input = FormUrl)]
pub async fn delete_account(#[server(default)] token: String) -> Result<(), AppError> {
    of_link(&forms::DELETE_ACCOUNT, TokenKind::DeleteAccount, &token)
        .answer(async {
            services()
                .auth
                .delete_account(&LinkToken::of(&token))
                .await?;
            Ok(Done::at(routes::SIGN_IN).saying("Your account is deleted."))
        })
        .await
}

/// The form of a mailed link's page.
fn of_link(form: &'static forms::Form, kind: TokenKind, token: &str) -> FormPost {
    FormPost::of(form).back_to(mailed_link(kind, token))
}

fn after_link() -> &'static str {
    match context::current_user() {
        Some(_) => routes::AccountPage::Profile.path(),
        None => routes::SIGN_IN,
    }
}

fn mailed_to(email: &Email) -> String {
    format!("We have sent a message to {email}. Open the link in it to go on.")
}
