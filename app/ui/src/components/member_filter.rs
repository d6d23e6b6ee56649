//! Search, filters, order and page size of the member list. A plain form puts them into the address.

use leptos::prelude::*;
use orghub_domain::{
    Inactivity, MemberListQuery, MemberSort, MemberStatus, NO_FACTOR, OrgSlug, PageSize,
    Permission, Role,
    routes::{self, OrgPage},
    text,
};

use super::icon::{Icon, Symbol};

/// The form. The page number is not in it, so every choice begins at the first page.
#[component]
pub fn MemberFilter(
    slug: OrgSlug,
    /// What is shown now.
    query: MemberListQuery,
    /// The reader's role.
    reader: Role,
) -> impl IntoView {
    let everybody = OrgPage::Members.path(&slug);
    let clear = query.is_filtered().then(|| {
        let unfiltered = MemberListQuery::default().with_size(query.size);
        let unfiltered = routes::member_list(&slug, &unfiltered);
        view! { <a class="filter__clear" href=unfiltered>"Clear"</a> }
    });
    let roles = Role::ALL.map(|role| {
        let is_chosen = query.role == Some(role);
        view! { <option value=role.as_str() selected=is_chosen>{plural(role)}</option> }
    });
    let orders = MemberSort::ALL.map(|sort| {
        let is_chosen = query.sort == sort;
        view! { <option value=sort.as_str() selected=is_chosen>{in_words(sort)}</option> }
    });
    let statuses = MemberStatus::ALL.map(|status| {
        let is_chosen = query.status == Some(status);
        view! { <option value=status.as_str() selected=is_chosen>{label(status)}</option> }
    });
    let activity = Inactivity::ALL.map(|inactive| {
        let is_chosen = query.inactive == Some(inactive);
        view! { <option value=inactive.as_str() selected=is_chosen>{idle(inactive)}</option> }
    });
    let sizes = PageSize::ALL.map(|size| {
        let is_chosen = query.size == size;
        view! {
            <option value=size.to_string() selected=is_chosen>{format!("{size} a page")}</option>
        }
    });
    let factor = reader.may(Permission::ManageMembers).then(|| {
        view! {
            <label class="visually-hidden" for="member-factor">"Second factor"</label>
            <select class="select" id="member-factor" name="factor">
                <option value="">"Any sign-in"</option>
                <option value=NO_FACTOR selected=query.without_factor>"No second factor"</option>
            </select>
        }
    });
    view! {
        <form
            class="filter"
            method="get"
            action=everybody
            role="search"
            aria-label="Members"
            data-live-filter
        >
            <div class="filter__search">
                <label class="visually-hidden" for="member-search">"Name or e-mail"</label>
                <Icon symbol=Symbol::Search/>
                <input
                    class="input"
                    id="member-search"
                    name="q"
                    type="search"
                    dir="auto"
                    value=query.search
                    placeholder="Name or e-mail"
                    maxlength=text::MAX_SEARCH_LENGTH.to_string()
                    autocomplete="off"
                />
            </div>
            <label class="visually-hidden" for="member-role">"Role"</label>
            <select class="select" id="member-role" name="role">
                <option value="">"All roles"</option>
                {roles}
            </select>
            <label class="visually-hidden" for="member-status">"Status"</label>
            <select class="select" id="member-status" name="status">
                <option value="">"Any status"</option>
                {statuses}
            </select>
            <label class="visually-hidden" for="member-inactive">"Activity"</label>
            <select class="select" id="member-inactive" name="inactive">
                <option value="">"Any activity"</option>
                {activity}
            </select>
            {factor}
            <label class="visually-hidden" for="member-sort">"Order"</label>
            <select class="select" id="member-sort" name="sort">{orders}</select>
            <label class="visually-hidden" for="member-size">"Members a page"</label>
            <select class="select" id="member-size" name="size">{sizes}</select>
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
        Role::Billing => "Billing",
        Role::Member => "Members",
    }
}

fn label(status: MemberStatus) -> &'static str {
    match status {
        MemberStatus::Active => "Active",
        MemberStatus::Suspended => "Suspended",
    }
}

fn idle(inactive: Inactivity) -> &'static str {
    match inactive {
        Inactivity::Month => "Inactive for 30 days",
        Inactivity::Quarter => "Inactive for 90 days",
        Inactivity::Never => "Never active",
    }
}

fn in_words(sort: MemberSort) -> &'static str {
    match sort {
        MemberSort::Joined => "Newest",
        MemberSort::Name => "By name",
        MemberSort::Role => "By role",
        MemberSort::Active => "Last active",
    }
}
