use leptos::prelude::*;

/// The product's mark and name, as the way home.
#[component]
pub fn Brand(href: &'static str) -> impl IntoView {
    view! {
        <a class="brand" href=href>
            <svg class="brand__mark" viewBox="0 0 32 32" aria-hidden="true">
                <rect width="32" height="32" rx="8"></rect>
                <path d="M16 12.5v4M16 16.5 9.5 21M16 16.5 22.5 21"></path>
                <circle cx="16" cy="9.5" r="3.5"></circle>
                <circle cx="8.5" cy="22" r="3"></circle>
                <circle cx="23.5" cy="22" r="3"></circle>
            </svg>
            "Orghub"
        </a>
    }
}
