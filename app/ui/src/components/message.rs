//! What a page says about the form that led to it.

use leptos::prelude::*;

/// It did what it was asked to.
#[component]
pub fn NoticeMessage(text: String) -> impl IntoView {
    view! { <p class="message" data-tone="good" role="status">{text}</p> }
}

/// It did not: what is wrong, and what to do.
#[component]
pub fn ProblemMessage(text: String) -> impl IntoView {
    view! { <p class="message" data-tone="bad" role="alert">{text}</p> }
}
