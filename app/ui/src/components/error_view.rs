use leptos::prelude::*;

/// What happened, and what to do next.
#[component]
pub fn ErrorView(
    status: u16,
    title: &'static str,
    sentence: String,
    /// The link or button that leads on.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="error-page">
            <p class="error-page__status">{status}</p>
            <h1>{title}</h1>
            <p class="error-page__text">{sentence}</p>
            <p>{children()}</p>
        </div>
    }
}
