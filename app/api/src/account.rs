//! What people do with their own account.

use leptos::{
    prelude::*,
    server_fn::codec::{MultipartData, MultipartFormData},
};
use orghub::{
    domain::{Edit, Email, NewPassword, PictureOf, UserName},
    routes::{self, AccountPage},
};
use orghub_ui::{
    context,
    error::AppError,
    forms::{self, Done, FormPost, FormUrl},
};

use super::upload::Upload;
use crate::services::services;

/// Takes the password of somebody who is signed in once more, and leads on to `next`.
/// Requires a user.
#[server(prefix = "/api", endpoint = "confirm", input = FormUrl)]
pub async fn confirm(
    #[server(default)] password: String,
    /// Written by anybody: see [`routes::safe_next`]. Empty: the account's security page.
    #[server(default)]
    next: String,
) -> Result<(), AppError> {
    let next = confirmed_next(&next);
    FormPost::of(&forms::CONFIRM)
        .back_to(routes::confirm_then(next))
        .answer(async {
            let user = context::signed_in()?;
            services().auth.confirm(&user, &password).await?;
            Ok(Done::at(next))
        })
        .await
}

/// Changes the user's password and ends all other sessions. Requires a user, and the
/// password they have.
#[server(prefix = "/api", endpoint = "change_password", input = FormUrl)]
pub async fn change_password(
    #[server(default)] current: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    FormPost::of(&forms::CHANGE_PASSWORD)
        .answer(async {
            let user = context::signed_in()?;
            let client = context::client_info();
            let new = NewPassword::parse(&password, &user.email, &user.name)?;
            let auth = services().auth.clone();
            auth.change_password(&user, &current, new, &client).await?;
            Ok(Done::back().saying("Your password is changed. All other browsers are signed out."))
        })
        .await
}

/// Mails a link to the address that the user wants to have. Requires a user and a fresh
/// proof.
#[server(prefix = "/api", endpoint = "request_email_change", input = FormUrl)]
pub async fn request_email_change(#[server(default)] email: String) -> Result<(), AppError> {
    FormPost::of(&forms::REQUEST_EMAIL_CHANGE)
        .answer(async {
            let user = context::signed_in()?;
            let client = context::client_info();
            let email = Email::parse(&email)?;
            let auth = services().auth.clone();
            auth.request_email_change(&user, &email, &client).await?;
            Ok(Done::back().saying(&format!(
                "We have sent a message to {email}. Open the link in it, and the address is \
                 yours. Until then nothing changes."
            )))
        })
        .await
}

/// Changes the user's name. Requires a user.
#[server(prefix = "/api", endpoint = "change_name", input = FormUrl)]
pub async fn change_name(
    #[server(default)] name: String,
    /// The name that was shown.
    #[server(default)]
    was: String,
) -> Result<(), AppError> {
    FormPost::of(&forms::CHANGE_NAME)
        .answer(async {
            let user = context::signed_in()?;
            let name = Edit::new(was, UserName::parse(&name)?);
            services().auth.change_name(&user, name).await?;
            Ok(Done::back().saying("Your name is saved."))
        })
        .await
}

/// Gives the user a picture, from the file `picture`. Requires a user.
#[server(prefix = "/api", endpoint = "change_picture", input = MultipartFormData)]
pub async fn change_picture(data: MultipartData) -> Result<(), AppError> {
    let picture = Upload::picture(data, PictureOf::User).await;
    FormPost::of(&forms::CHANGE_PICTURE)
        .answer(async {
            let user = context::signed_in()?;
            let picture = picture.file?;
            services().auth.change_picture(&user, picture).await?;
            Ok(Done::back().saying("Your picture is saved."))
        })
        .await
}

/// Takes the user's picture away. Requires a user.
#[server(prefix = "/api", endpoint = "remove_picture", input = FormUrl)]
pub async fn remove_picture() -> Result<(), AppError> {
    FormPost::of(&forms::REMOVE_PICTURE)
        .answer(async {
            let user = context::signed_in()?;
            services().auth.remove_picture(&user).await?;
            Ok(Done::back().saying("Your picture is removed."))
        })
        .await
}

/// Mails a link that deletes the account. Requires a user and a fresh proof; refused to the
/// only owner of others.
#[server(prefix = "/api", endpoint = "request_deletion", input = FormUrl)]
pub async fn request_deletion() -> Result<(), AppError> {
    FormPost::of(&forms::REQUEST_DELETION)
        .answer(async {
            let user = context::signed_in()?;
            let client = context::client_info();
            services().auth.request_deletion(&user, &client).await?;
            Ok(Done::back().saying(&format!(
                "We have sent a message to {}. Open the link in it to delete your account. \
                 Until then nothing changes.",
                user.email
            )))
        })
        .await
}

/// Where somebody goes on who was asked again who they are.
pub(super) fn confirmed_next(next: &str) -> &str {
    match next {
        "" => AccountPage::Security.path(),
        next => routes::safe_next(next),
    }
}
