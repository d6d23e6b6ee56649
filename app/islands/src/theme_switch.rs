//! Light, dark or system, at once.

use leptos::{ev::SubmitEvent, prelude::*, wasm_bindgen::JsCast as _};
use orghub_domain::routes::api;
use web_sys::HtmlDocument;

use crate::theme::Theme;

/// The choice of colors: a form for the server, which the island answers itself, without
/// loading the page again.
#[island]
pub fn ThemeSwitch() -> impl IntoView {
    let current = RwSignal::new(Theme::current());
    let clicked = StoredValue::new(Theme::System);

    let choose = move |event: SubmitEvent| {
        event.prevent_default();
        let theme = clicked.get_value();
        let document = document();
        let is_secure = window()
            .location()
            .protocol()
            .is_ok_and(|protocol| protocol == "https:");
        if let Some(root) = document.document_element() {
            // Fails only for malformed names.
            let _set = root.set_attribute("data-theme", theme.as_str());
        }
        // Refused if cookies are off: then the choice holds for this page.
        let _kept = document
            .unchecked_into::<HtmlDocument>()
            .set_cookie(&theme.cookie(is_secure));
        current.set(theme);
    };

    let button = move |theme: &Theme| {
        let theme = *theme;
        let is_pressed = move || {
            if current.get() == theme {
                "true"
            } else {
                "false"
            }
        };
        view! {
            <button
                class="theme-switch__choice"
                name="theme"
                value=theme.as_str()
                aria-pressed=is_pressed
                data-command=format!("Colors: {}", theme.label())
                on:click=move |_| clicked.set_value(theme)
            >
                {theme.label()}
            </button>
        }
    };

    view! {
        <form class="theme-switch" method="post" action=api::SET_THEME on:submit=choose>
            <fieldset class="theme-switch__choices">
                <legend class="visually-hidden">"Colors"</legend>
                {Theme::ALL.iter().map(button).collect_view()}
            </fieldset>
        </form>
    }
}
