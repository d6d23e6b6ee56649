//! Search of the organizations and users of the whole site. A plain form puts it into the
//! address.

use leptos::prelude::*;
use orghub_domain::{RecordQuery, routes::AdminPage, text};

use super::icon::{Icon, Symbol};

/// The form. The page number is not in it, so every search begins at the first page.
#[component]
pub fn RecordFilter(
    /// The page with the list.
    page: AdminPage,
    /// What can be searched for.
    label: &'static str,
    /// What is shown now.
    query: RecordQuery,
) -> impl IntoView {
    let clear = (!query.search.is_empty()).then(|| {
        view! { <a class="filter__clear" href=page.path()>"Clear"</a> }
    });
    view! {
        <form
            class="filter"
            method="get"
            action=page.path()
            role="search"
            aria-label=page.label()
        >
            <div class="filter__search">
                <label class="visually-hidden" for="record-search">{label}</label>
                <Icon symbol=Symbol::Search/>
                <input
                    class="input"
                    id="record-search"
                    name="q"
                    type="search"
                    dir="auto"
                    value=query.search
                    placeholder=label
                    maxlength=text::MAX_SEARCH_LENGTH.to_string()
                    autocomplete="off"
                />
            </div>
            <button class="button">"Search"</button>
            {clear}
        </form>
    }
    .into_any()
}
