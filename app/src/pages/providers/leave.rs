use leptos::prelude::*;
use leptos_meta::Title;
use orghub::domain::ProviderProblem;
use orghub_ui::{components::PublicFrame, context, error::AppError, response};

use super::render;
use crate::services::services;

/// Sends the browser on to the provider; a link does it where that is switched off.
#[component]
pub fn LeavePage() -> impl IntoView {
    render(
        |provider| async move {
            let session = context::session()?;
            let auth = services().auth.clone();
            let address = auth.find_provider_address(&session, &provider.name).await?;
            address.ok_or(AppError::Provider(ProviderProblem::NotBegun))
        },
        |provider, address| {
            response::go_on_to(&address);
            let title = format!("On to {}", provider.label);
            view! {
                <Title text=title.clone()/>
                <PublicFrame>
                    <div class="narrow">
                        <h1 class="page-title">{title}</h1>
                        <p class="lead">
                            "You are being sent there to say who you are. You come back here \
                             afterwards."
                        </p>
                        <p>
                            <a class="button button--primary" href=address>"Continue"</a>
                        </p>
                    </div>
                </PublicFrame>
            }
            .into_any()
        },
    )
}
