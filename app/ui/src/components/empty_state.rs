//! Where a list has nothing to show.

use leptos::prelude::*;

/// Says why there is nothing, and what to do next.
#[component]
pub fn EmptyState(
    title: &'static str,
    /// What to do next: a sentence, a link.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="empty-state">
            <h2 class="empty-state__title">{title}</h2>
            {children()}
        </div>
    }
}
