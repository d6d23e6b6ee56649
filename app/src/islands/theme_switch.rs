//! Light, dark or system, at once.

use leptos::{ev::SubmitEvent, prelude::*, wasm_bindgen::JsCast as _};
use web_sys::HtmlDocument;

use crate::theme::Theme;

/// The choice of colors: a form that the server answers, and that the browser
/// answers itself where it can, without loading the page again.
#[island]
pub fn ThemeSwitch() -> impl IntoView {
    let current = RwSignal::new(Theme::current());
    let clicked = StoredValue::new(Theme::System);

    let choose = move |event: SubmitEvent| {
        event.prevent_default();
        let theme = clicked.get_value();
        let document = document();
        if let Some(root) = document.document_element() {
            // Fails only for a name that is no attribute's.
            let _set = root.set_attribute("data-theme", theme.as_str());
        }
        // Refused where cookies are off: then the choice holds for this page.
        let _kept = document
            .unchecked_into::<HtmlDocument>()
            .set_cookie(&theme.cookie());
        current.set(theme);
    };

    let button = move |theme: Theme| {
        view! {
            <button
                class="theme-switch__choice"
                name="theme"
                value=theme.as_str()
                aria-pressed=move || if current.get() == theme { "true" } else { "false" }
                on:click=move |_| clicked.set_value(theme)
            >
                {theme.label()}
            </button>
        }
    };

    view! {
        <form class="theme-switch" method="post" action="/api/set_theme" on:submit=choose>
            <fieldset class="theme-switch__choices">
                <legend class="visually-hidden">"Colors"</legend>
                {Theme::ALL.map(button)}
            </fieldset>
        </form>
    }
}
