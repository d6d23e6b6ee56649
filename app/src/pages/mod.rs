//! One file a page: what it loads, and what it shows.
//!
//! A page is complete before its first byte leaves, so that status and redirects
//! can depend on what was loaded. [`render`] is how: it waits for the data within
//! the request's own task, where the request's counters are, and shows either the
//! page or the page of the error. There is one wait a page, on purpose: what a
//! page needs is loaded together, and nothing is streamed in later.

mod landing;
mod members;
mod new_org;
mod not_found;
mod orgs;
mod overview;
mod settings;
mod sign_in;
mod subscription;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use orghub::access::OrgAccess;

pub use landing::LandingPage;
pub use members::MembersPage;
pub use new_org::NewOrgPage;
pub use not_found::NotFoundPage;
pub use orgs::OrgsPage;
pub use overview::OverviewPage;
pub use settings::SettingsPage;
pub use sign_in::SignInPage;
pub use subscription::SubscriptionPage;

use crate::{components::ErrorView, context, error::AppError};

/// Shows what `load` gets with `view`, or why there is nothing to show.
fn render<T: 'static>(
    load: impl Future<Output = Result<T, AppError>> + Send + 'static,
    view: impl FnOnce(T) -> AnyView + Send + 'static,
) -> AnyView {
    Suspend::new(async move {
        match load.await {
            Ok(data) => view(data),
            Err(error) => view! { <ErrorView error/> }.into_any(),
        }
    })
    .into_any()
}

/// The same for a page of the organization in the address: first the proof that
/// the reader is a member, then, with it, what `load` gets.
fn render_org<T, L>(
    load: impl FnOnce(OrgAccess) -> L + Send + 'static,
    view: impl FnOnce(OrgAccess, T) -> AnyView + Send + 'static,
) -> AnyView
where
    T: Send + 'static,
    L: Future<Output = Result<T, AppError>> + Send + 'static,
{
    let slug = use_params_map()
        .with_untracked(|params| params.get("slug"))
        .unwrap_or_default();
    render(
        async move {
            let access = context::org_access(&slug).await?;
            let data = context::timed(load(access.clone())).await?;
            Ok((access, data))
        },
        |(access, data)| view(access, data),
    )
}
