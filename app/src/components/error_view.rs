//! The page of an error.

use http::header;
use leptos::prelude::*;
use leptos_meta::Title;
use orghub::routes;

use super::layout::PublicLayout;
use crate::{context, error::AppError, response};

/// Seconds after which a service that was away is worth asking again.
const RETRY_AFTER_SECONDS: &str = "2";

/// Says what happened and what to do, with the error's status. Nobody signed in:
/// the way to sign in, and back, instead of a page.
///
/// It depends on the error alone: what does not exist and what the person may not
/// know of look the same.
#[component]
pub fn ErrorView(
    /// What happened.
    error: AppError,
) -> impl IntoView {
    if error == AppError::SignedOut {
        response::see_other(&routes::sign_in_then(&response::request_path()));
        return ().into_any();
    }
    response::set_status(error.status());
    if error == AppError::Unavailable {
        response::insert_header(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
    }

    let title = match error {
        AppError::NotFound => "Page not found",
        AppError::Forbidden => "Not allowed",
        AppError::Unavailable => "Back in a moment",
        _ => "Something went wrong",
    };
    let (way_on, words) = match context::current_user() {
        _ if error == AppError::Unavailable => (response::request_path(), "Try again"),
        Some(_) => (routes::ORGS.to_owned(), "Your organizations"),
        None => (routes::HOME.to_owned(), "Home"),
    };
    let content = view! {
        <div class="error-page">
            <p class="error-page__status">{error.status().as_u16()}</p>
            <h1 class="error-page__title">{title}</h1>
            <p class="error-page__text">{error.to_string()}</p>
            <p><a class="button" href=way_on>{words}</a></p>
        </div>
    };
    view! {
        <Title text=title/>
        <PublicLayout content=content.into_any()/>
    }
    .into_any()
}
