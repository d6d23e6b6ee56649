use leptos::prelude::*;

use super::choices::{ChoiceField, ChoiceList};
use crate::islands;

/// The dialogs that the island opens: everything one can go to or do, and the list of keys.
#[component]
pub fn CommandPalette() -> impl IntoView {
    view! {
        <dialog class="palette" id="palette" aria-label="Commands">
            <ChoiceField
                class="input palette__field"
                label="Go to or do"
                placeholder="Page, organization, member, action"
            />
            <ChoiceList
                id="palette-choices"
                label="Commands"
                class="palette__choices"
                choice_class="palette__choice"
            />
            <p class="palette__status" role="status"></p>
        </dialog>
        <dialog class="dialog" id="keys" aria-labelledby="keys-title">
            <form method="dialog" class="dialog__form">
                <h2 class="dialog__title" id="keys-title">"Keys"</h2>
                // The island puts those of the page behind these two.
                <dl class="keys">
                    <div class="keys__key">
                        <dt>"Go to or do something"</dt>
                        <dd><kbd>"Ctrl"</kbd>" "<kbd>"K"</kbd></dd>
                    </div>
                    <div class="keys__key"><dt>"This list"</dt><dd><kbd>"?"</kbd></dd></div>
                </dl>
                <label class="keys__switch"><input type="checkbox"/>"Keys without Ctrl"</label>
                <div class="dialog__buttons"><button class="button">"Close"</button></div>
            </form>
        </dialog>
        <islands::CommandPalette/>
    }
}
