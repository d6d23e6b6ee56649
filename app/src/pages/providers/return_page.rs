use leptos::prelude::*;
use orghub::domain::{Provider, ProviderProblem};
use orghub_ui::{context, error::AppError, response};

use super::render;
use crate::services::services;

/// Where a provider sends a browser back to: does what was begun, and goes on from there.
#[component]
pub fn ReturnPage() -> impl IntoView {
    render(come_back, |_provider, next: String| {
        response::see_other(&next);
        ().into_any()
    })
}

async fn come_back(provider: Provider) -> Result<String, AppError> {
    // Fetched ahead, or by a `HEAD`: nobody would see what it leads to, and it is done once.
    if !response::is_for_the_eye() {
        return Err(AppError::Provider(ProviderProblem::NotBegun));
    }
    let session = context::session()?;
    let user = context::signed_in().ok();
    let client = context::client_info();
    let auth = services().auth.clone();
    let answer = context::provider_answer();
    let next = auth
        .come_back(&session, user.as_ref(), &provider.name, answer, &client)
        .await?;
    Ok(next)
}
