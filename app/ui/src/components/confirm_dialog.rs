use leptos::prelude::*;

use crate::islands;

/// The one dialog that asks before a dangerous form of the page is sent; the island fills it.
#[component]
pub fn ConfirmDialog() -> impl IntoView {
    view! {
        <dialog
            class="dialog"
            id="confirm"
            aria-labelledby="confirm-question"
            aria-describedby="confirm-detail"
        >
            <form method="dialog" class="dialog__form">
                <h2 class="dialog__title" id="confirm-question"></h2>
                <p class="dialog__detail" id="confirm-detail"></p>
                <div class="dialog__buttons">
                    <button class="button" value="no">"Cancel"</button>
                    <button class="button button--danger" value="yes"></button>
                </div>
            </form>
        </dialog>
        <islands::ConfirmDialog/>
    }
}
