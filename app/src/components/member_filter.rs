//! What of the member list is shown: search, role, order. All of it is in the
//! address, put there by a plain form.

use leptos::prelude::*;
use orghub::{
    domain::{MemberListQuery, MemberSort, OrgSlug, Role},
    routes,
};

use super::icon::{Icon, Symbol};

/// The form. What it does not name, the page, starts over.
#[component]
pub fn MemberFilter(
    /// Whose list.
    slug: OrgSlug,
    /// What is shown now.
    query: MemberListQuery,
) -> impl IntoView {
    let is_filtered = !query.search.is_empty() || query.role.is_some();
    let roles = Role::ALL.map(|role| {
        view! { <option value=role.as_str() selected=query.role == Some(role)>{plural(role)}</option> }
    });
    let orders = MemberSort::ALL.map(|sort| {
        view! { <option value=sort.as_str() selected=query.sort == sort>{in_words(sort)}</option> }
    });
    view! {
        <form class="filter" method="get" action=routes::members(&slug) role="search" aria-label="Members">
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
            {is_filtered.then(|| view! { <a class="filter__clear" href=routes::members(&slug)>"Clear"</a> })}
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
