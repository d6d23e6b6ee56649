//! What no route leads to.

use leptos::prelude::*;

use crate::{components::ErrorView, error::AppError};

/// 404, the same as for an organization that does not exist or is not the reader's.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! { <ErrorView error=AppError::NotFound/> }
}
