//! Where there is nothing to show.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::routes::{self, AccountPage};
use orghub_ui::{
    components::{ErrorView, PublicFrame},
    context,
    error::AppError,
    forms::Flash,
    response,
};

/// What no route leads to: the same 404 as for an organization that does not exist or is
/// not the reader's.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    page(&AppError::NotFound)
}

/// The page of an error, with its status. Signed out, it is the way to sign in and back; and
/// where a fresh proof is asked for, the way to it.
///
/// It depends on the error alone, so what does not exist and what the reader may not know
/// of look the same.
pub(super) fn page(error: &AppError) -> AnyView {
    if *error == AppError::SignedOut {
        response::see_other(&routes::sign_in_then(&response::request_path()));
        return ().into_any();
    }
    if *error == AppError::ConfirmFirst {
        response::see_other(&routes::confirm_then(&response::request_path()));
        return ().into_any();
    }
    response::set_error(error);
    let (way_on, words) = match (error, context::current_user()) {
        (AppError::TooManyAtOnce | AppError::Busy | AppError::Unavailable, _) => {
            (response::request_path(), "Try again")
        }
        (AppError::DeadLink, Some(_)) => (AccountPage::Profile.path().to_owned(), "Your account"),
        (AppError::DeadLink, None) => (routes::SIGN_IN.to_owned(), "Sign in"),
        (_, Some(_)) => (routes::ORGS.to_owned(), "Your organizations"),
        (_, None) => (routes::HOME.to_owned(), "Home"),
    };
    let (status, title, sentence) = (error.status().as_u16(), error.title(), error.to_string());
    view! {
        <Title text=title/>
        <PublicFrame>
            <ErrorView status title sentence>
                <a class="button" href=way_on>{words}</a>
            </ErrorView>
        </PublicFrame>
    }
    .into_any()
}

/// The page of a link into an organization that leads nowhere. It looks the same whether the
/// link was used, has expired, or never was.
pub(super) fn dead_link(title: &'static str, sentence: &str) -> AnyView {
    let error = AppError::DeadLink;
    response::set_error(&error);
    let (status, sentence) = (error.status().as_u16(), sentence.to_owned());
    let (way_on, words) = match context::current_user() {
        Some(_) => (routes::ORGS, "Your organizations"),
        None => (routes::SIGN_IN, "Sign in"),
    };
    view! {
        <Title text=title/>
        <PublicFrame flash=Flash::take()>
            <ErrorView status title sentence>
                <a class="button" href=way_on>{words}</a>
            </ErrorView>
        </PublicFrame>
    }
    .into_any()
}
