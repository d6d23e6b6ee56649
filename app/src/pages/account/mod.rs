//! `/account` and the pages below it: what people do with their own account.
//!
//! Each page is given to [`render_account`], which draws the frame around what it loads for
//! the user. What a page shows is a column of cards, each in a file of its own.

mod confirm;
mod profile;
mod security;

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::routes::AccountPage;
use orghub_ui::{
    components::AccountFrame,
    context::{self, SignedIn},
    error::AppError,
    forms::Flash,
};

use super::render;

pub use confirm::ConfirmPage;
pub use profile::ProfilePage;
pub use security::{RecoveryCodesPage, SecurityPage, TotpPage};

/// What every page of an account knows of the request.
struct AccountRequest {
    user: SignedIn,
    flash: Flash,
}

/// The page `page` of whoever is signed in: what `load` gets for them, as `view` shows it.
fn render_account<T, L>(
    page: AccountPage,
    load: impl FnOnce(SignedIn) -> L + Send + 'static,
    view: impl FnOnce(&AccountRequest, T) -> AnyView + Send + 'static,
) -> AnyView
where
    T: Send + 'static,
    L: Future<Output = Result<T, AppError>> + Send + 'static,
{
    render_titled(page.label(), page, load, view)
}

/// The same for a page below `page`, with a title of its own.
fn render_titled<T, L>(
    title: &'static str,
    page: AccountPage,
    load: impl FnOnce(SignedIn) -> L + Send + 'static,
    view: impl FnOnce(&AccountRequest, T) -> AnyView + Send + 'static,
) -> AnyView
where
    T: Send + 'static,
    L: Future<Output = Result<T, AppError>> + Send + 'static,
{
    render(
        async move {
            let user = context::signed_in()?;
            let data = context::timed(load(user.clone())).await?;
            Ok((user, data))
        },
        move |(user, data)| {
            let request = AccountRequest {
                user,
                flash: Flash::take(),
            };
            let content = view(&request, data);
            let AccountRequest { user, flash } = request;
            view! {
                <Title text=title/>
                <AccountFrame user=user.user().clone() page flash>{content}</AccountFrame>
            }
            .into_any()
        },
    )
}
