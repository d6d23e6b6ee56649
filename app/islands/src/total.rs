//! How many a list finds, where its page came before they were counted.

use leptos::prelude::*;

use crate::{
    ask,
    dom::{IN_BROWSER, all, find, spawn},
};

/// Sets all `[data-uncounted]` of the page to what the address in `[data-count]` answers. If the
/// server has no answer, they go on saying what was found so far.
#[island]
pub fn Total() -> impl IntoView {
    if !IN_BROWSER {
        return;
    }
    let counted = find("[data-count]").and_then(|list| list.get_attribute("data-count"));
    if let Some(address) = counted {
        spawn(async move {
            let total = ask::json("GET", &address).await.ok();
            if let Some(total) = total.and_then(|total| total.as_string()) {
                for shown in all("[data-uncounted]") {
                    shown.set_text_content(Some(&total));
                }
            }
        });
    }
}
