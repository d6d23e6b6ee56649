//! A question before a form is sent that cannot be undone.

use leptos::{prelude::*, wasm_bindgen::JsCast as _};
use web_sys::{HtmlDialogElement, HtmlFormElement};

use crate::dom::{IN_BROWSER, find, listen, set};

/// The dialog's return value if the form may be sent.
const YES: &str = "yes";

/// Marks the form that waits for the answer.
const WAITING: &str = "data-waiting";

/// Asks in `#confirm` before a form is sent that carries `data-confirm` (the question),
/// `data-confirm-detail` (what will happen) and `data-confirm-verb` (the button's text).
/// Without JavaScript such a form is sent at once.
#[island]
pub fn ConfirmDialog() -> impl IntoView {
    if !IN_BROWSER {
        return;
    }
    let dialog = find("#confirm").and_then(|dialog| dialog.dyn_into::<HtmlDialogElement>().ok());
    let Some(dialog) = dialog else { return };
    let asks = dialog.clone();
    listen(&window(), "submit", move |event| {
        let form = event.target().and_then(|target| target.dyn_into().ok());
        if let Some(form) = form
            && ask(&asks, &form)
        {
            event.prevent_default();
        }
    });
    listen(&dialog.clone(), "close", move |_| answer(&dialog));
}

/// Whether there is a question.
fn ask(dialog: &HtmlDialogElement, form: &HtmlFormElement) -> bool {
    let Some(question) = form.get_attribute("data-confirm") else {
        return false;
    };
    for (part, text) in [
        ("#confirm-question", Some(question)),
        ("#confirm-detail", form.get_attribute("data-confirm-detail")),
        (
            "#confirm [value=yes]",
            form.get_attribute("data-confirm-verb"),
        ),
    ] {
        if let Some(part) = find(part) {
            part.set_text_content(text.as_deref());
        }
    }
    set(form, WAITING, Some(""));
    dialog.set_return_value("");
    // Fails only if the dialog is open already.
    let _open_already = dialog.show_modal();
    true
}

fn answer(dialog: &HtmlDialogElement) {
    let waiting = find("form[data-waiting]").and_then(|form| form.dyn_into().ok());
    let Some(form) = waiting else { return };
    let form: HtmlFormElement = form;
    set(&form, WAITING, None);
    if dialog.return_value() == YES {
        // Unlike a click on its button, this does not ask the listener above again.
        let _left_the_document = form.submit();
    }
}
