//! `/sign-in/with/{provider}` and the pages below it: the way to a provider of sign-in and
//! back. None of them can be linked to; each belongs to what the browser's session is in the
//! middle of.

mod connect;
mod leave;
mod return_page;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use orghub::{
    domain::{Provider, ProviderName},
    routes::{self, AccountPage},
};
use orghub_ui::{
    components::{ErrorView, PublicFrame},
    context,
    error::AppError,
    response,
};

pub use connect::ConnectPage;
pub use leave::LeavePage;
pub use return_page::ReturnPage;

use super::error;
use crate::services::services;

/// The provider in the address.
///
/// # Errors
/// [`AppError::NotFound`].
fn provider() -> Result<Provider, AppError> {
    let name = use_params_map().with_untracked(|params| params.get("provider"));
    name.and_then(|name| ProviderName::parse(&name))
        .and_then(|name| services().auth.find_provider(&name))
        .ok_or(AppError::NotFound)
}

/// The page about `provider` that shows what `load` gets with `view`, or says why there is
/// nothing to show, and what to do next.
fn render<T, L>(
    load: impl FnOnce(Provider) -> L + Send + 'static,
    view: impl FnOnce(Provider, T) -> AnyView + Send + 'static,
) -> AnyView
where
    T: Send + 'static,
    L: Future<Output = Result<T, AppError>> + Send + 'static,
{
    let provider = match provider() {
        Ok(provider) => provider,
        Err(error) => return error::page(&error),
    };
    Suspend::new(async move {
        match context::timed(load(provider.clone())).await {
            Ok(data) => view(provider, data),
            Err(error) => refused(&error),
        }
    })
    .into_any()
}

/// Nothing is shown of what came along: anybody could have written it.
fn refused(problem: &AppError) -> AnyView {
    response::set_error(problem);
    let status = problem.status().as_u16();
    let (way_on, words) = if context::current_user().is_some() {
        (AccountPage::Security.path(), "Back to your account")
    } else {
        (routes::SIGN_IN, "Back to sign-in")
    };
    let (title, sentence) = ("That did not work", problem.to_string());
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
