//! Filters that apply when they are chosen.

use leptos::{prelude::*, wasm_bindgen::JsCast as _};
use web_sys::{HtmlFormElement, HtmlSelectElement};

use crate::dom::{IN_BROWSER, listen};

/// Once on a page, for its forms with `data-live-filter`: a choice in one of them sends it.
/// What is typed waits for the button, as everything does without JavaScript.
#[island]
pub fn LiveFilter() -> impl IntoView {
    if !IN_BROWSER {
        return;
    }
    listen(&window(), "change", |event| {
        let chosen = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        let form = chosen.and_then(|select| select.form());
        if let Some(form) = form.filter(is_filter) {
            // Refused only for a form that has left the document.
            let _left_the_document = form.request_submit();
        }
    });
}

fn is_filter(form: &HtmlFormElement) -> bool {
    form.has_attribute("data-live-filter")
}
