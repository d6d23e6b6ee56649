//! Search, role and order of the member list. A plain form puts them into the address.

use leptos::prelude::*;
use orghub::{
    domain::{MemberListQuery, MemberSort, OrgSlug, Role},
    routes::OrgPage,
};

use super::icon::{Icon, Symbol};

/// The form. The page number is not in it, so every choice begins at the first page.
#[component]
pub fn MemberFilter(
    slug: OrgSlug,
    /// What is shown now.
    query: MemberListQuery,
) -> impl IntoView {
    let everybody = OrgPage::Members.path(&slug);
    let is_filtered = !query.search.is_empty() || query.role.is_some();
    let clear = is_filtered.then(|| {
        view! { <a class="filter__clear" href=everybody.clone()>"Clear"</a> }
    });
    let roles = Role::ALL.map(|role| {
        let is_chosen = query.role == Some(role);
        view! { <option value=role.as_str() selected=is_chosen>{plural(role)}</option> }
    });
    let orders = MemberSort::ALL.map(|sort| {
        let is_chosen = query.sort == sort;
        view! { <option value=sort.as_str() selected=is_chosen>{in_words(sort)}</option> }
    });
    view! {
        <form class="filter" method="get" action=everybody role="search" aria-label="Members">
            <div class="filter__search">
                <label class="visually-hidden" for="member-search">"Name or e-mail"</label>
                <Icon symbol=Symbol::Search/>
                <input
                    class="input"
                    id="member-search"
                    name="q"
                    type="search"
                    value=query.search
                    placeholder="Name or e-mail"
                    maxlength=MemberListQuery::MAX_SEARCH_LENGTH.to_string()
                    autocomplete="off"
                />
            </div>
            <label class="visually-hidden" for="member-role">"Role"</label>
            <select class="select" id="member-role" name="role">
                <option value="">"All roles"</option>
                {roles}
            </select>
            <label class="visually-hidden" for="member-sort">"Order"</label>
            <select class="select" id="member-sort" name="sort">{orders}</select>
            <button class="button">"Apply"</button>
            {clear}
        </form>
    }
    .into_any()
}

fn plural(role: Role) -> &'static str {
    match role {
        Role::Owner => "Owners",
        Role::Admin => "Admins",
        Role::Member => "Members",
    }
}

fn in_words(sort: MemberSort) -> &'static str {
    match sort {
        MemberSort::Joined => "Newest",
        MemberSort::Name => "By name",
        MemberSort::Role => "By role",
    }
}
