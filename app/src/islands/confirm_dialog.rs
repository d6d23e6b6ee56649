//! A question before a form is sent that cannot be undone.

use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast as _};
use web_sys::{Event, HtmlFormElement};

/// The dialog's return value if the form may be sent.
const YES: &str = "yes";

/// Marks the form that waits for the answer. The document remembers it: the island cannot
/// hold a browser's handle, because the server renders it on one thread and drops it on
/// another.
const WAITING: &str = "data-waiting";

/// One dialog for all forms of the page that carry `data-confirm` (the question),
/// `data-confirm-detail` (what will happen) and `data-confirm-verb` (the button's text).
/// Without JavaScript such a form is sent at once.
#[island]
pub fn ConfirmDialog() -> impl IntoView {
    let [question, detail, verb] = [(); 3].map(|()| RwSignal::new(String::new()));
    let dialog = NodeRef::<html::Dialog>::new();

    // An effect, because effects run in browsers only. The listener stays as long as the
    // page does.
    Effect::new(move || {
        let _kept_by_the_window = window_event_listener(ev::submit, move |event| {
            let Some(form) = event
                .target()
                .and_then(|target| target.dyn_into::<HtmlFormElement>().ok())
            else {
                return;
            };
            let data = form.dataset();
            let (Some(text), Some(dialog)) = (data.get("confirm"), dialog.get_untracked()) else {
                return;
            };
            event.prevent_default();
            question.set(text);
            detail.set(data.get("confirmDetail").unwrap_or_default());
            verb.set(data.get("confirmVerb").unwrap_or_default());
            // Fails only for malformed names.
            let _marked = form.set_attribute(WAITING, "");
            dialog.set_return_value("");
            // Fails only if the dialog is open already.
            let _open_already = dialog.show_modal();
        });
    });

    let answer = move |_closed: Event| {
        let said_yes = dialog
            .get_untracked()
            .is_some_and(|dialog| dialog.return_value() == YES);
        let Some(form) = waiting_form() else { return };
        // Fails only for malformed names.
        let _unmarked = form.remove_attribute(WAITING);
        if said_yes {
            // Unlike a click on its button, this does not ask the listener above again.
            let _left_the_document = form.submit();
        }
    };

    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            on:close=answer
            aria-labelledby="confirm-question"
            aria-describedby="confirm-detail"
        >
            <form method="dialog" class="dialog__form">
                <h2 class="dialog__title" id="confirm-question">{question}</h2>
                <p class="dialog__detail" id="confirm-detail">{detail}</p>
                <div class="dialog__buttons">
                    <button class="button" value="no">"Cancel"</button>
                    <button class="button button--danger" value=YES>{verb}</button>
                </div>
            </form>
        </dialog>
    }
}

fn waiting_form() -> Option<HtmlFormElement> {
    let form = document()
        .query_selector(&format!("form[{WAITING}]"))
        .ok()??;
    form.dyn_into().ok()
}
