use leptos::prelude::*;

/// A section of a page with a title of its own.
#[component]
pub fn Card(
    /// Of the title; unique on the page.
    id: &'static str,
    title: &'static str,
    /// What is in it cannot be undone.
    #[prop(optional)]
    is_dangerous: bool,
    children: Children,
) -> impl IntoView {
    let class = if is_dangerous {
        "card card--danger"
    } else {
        "card"
    };
    view! {
        <section class=class aria-labelledby=id>
            <div class="card__head"><h2 class="card__title" id=id>{title}</h2></div>
            <div class="card__body">{children()}</div>
        </section>
    }
    .into_any()
}
