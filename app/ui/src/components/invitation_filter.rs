//! Search and state of the list of invitations. A plain form puts them into the address.

use leptos::prelude::*;
use orghub_domain::{InvitationListQuery, InvitationState, OrgSlug, routes::OrgPage, text};

use super::icon::{Icon, Symbol};

/// The form. The page number is not in it, so every choice begins at the first page.
#[component]
pub fn InvitationFilter(
    slug: OrgSlug,
    /// What is shown now.
    query: InvitationListQuery,
) -> impl IntoView {
    let list = OrgPage::Invitations.path(&slug);
    let is_filtered = query != InvitationListQuery::default();
    let clear = is_filtered.then(|| {
        view! { <a class="filter__clear" href=list.clone()>"Clear"</a> }
    });
    let states = InvitationState::ALL.map(|state| {
        let is_chosen = query.state == state;
        view! { <option value=state.as_str() selected=is_chosen>{state.label()}</option> }
    });
    view! {
        <form class="filter" method="get" action=list role="search" aria-label="Invitations">
            <div class="filter__search">
                <label class="visually-hidden" for="invitation-search">"Address"</label>
                <Icon symbol=Symbol::Search/>
                <input
                    class="input"
                    id="invitation-search"
                    name="q"
                    type="search"
                    dir="auto"
                    value=query.search
                    placeholder="Address"
                    maxlength=text::MAX_SEARCH_LENGTH.to_string()
                    autocomplete="off"
                />
            </div>
            <label class="visually-hidden" for="invitation-state">"State"</label>
            <select class="select" id="invitation-state" name="state">{states}</select>
            <button class="button">"Apply"</button>
            {clear}
        </form>
    }
    .into_any()
}
