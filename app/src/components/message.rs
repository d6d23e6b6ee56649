//! What a page says about the form that led to it.

use leptos::prelude::*;

use crate::flash::Notice;

/// It went well.
#[component]
pub fn NoticeMessage(
    /// What went well.
    notice: Notice,
) -> impl IntoView {
    view! { <p class="message" data-tone="good" role="status">{notice.sentence()}</p> }
}

/// It did not.
#[component]
pub fn ProblemMessage(
    /// What is wrong and what to do.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! { <p class="message" data-tone="bad" role="alert">{text}</p> }
}
