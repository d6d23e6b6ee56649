//! Search of the list of organizations. A plain form puts it into the address.

use leptos::prelude::*;
use orghub_domain::{OrgListQuery, routes, text};

use super::icon::{Icon, Symbol};

/// The form. The page number is not in it, so every search begins at the first page.
#[component]
pub fn OrgFilter(
    /// What is shown now.
    query: OrgListQuery,
) -> impl IntoView {
    let clear = (!query.search.is_empty()).then(|| {
        view! { <a class="filter__clear" href=routes::ORGS>"Clear"</a> }
    });
    view! {
        <form
            class="filter"
            method="get"
            action=routes::ORGS
            role="search"
            aria-label="Organizations"
        >
            <div class="filter__search">
                <label class="visually-hidden" for="org-search">"Name or slug"</label>
                <Icon symbol=Symbol::Search/>
                <input
                    class="input"
                    id="org-search"
                    name="q"
                    type="search"
                    dir="auto"
                    value=query.search
                    placeholder="Name or slug"
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
