//! Which part of the audit log is shown. A plain form puts it into the address.

use leptos::prelude::*;
use orghub_domain::{ActivityGroup, ActivityListQuery, OrgSlug, routes::OrgPage, text};

use super::icon::{Icon, Symbol};

/// The form. The place in the log is not in it, so every choice begins at the newest entry.
#[component]
pub fn ActivityFilter(
    slug: OrgSlug,
    /// What is shown now.
    query: ActivityListQuery,
) -> impl IntoView {
    let everything = OrgPage::Activity.path(&slug);
    let clear = query.is_filtered().then(|| {
        view! { <a class="filter__clear" href=everything.clone()>"Clear"</a> }
    });
    let groups = ActivityGroup::ALL.map(|group| {
        let is_chosen = query.group == Some(group);
        view! { <option value=group.as_str() selected=is_chosen>{group.label()}</option> }
    });
    let [from, to] = [query.from, query.to].map(|day| day.map(|day| day.to_string()));
    view! {
        <form class="filter" method="get" action=everything role="search" aria-label="Activity">
            <div class="filter__search">
                <label class="visually-hidden" for="activity-who">"Name"</label>
                <Icon symbol=Symbol::Search/>
                <input
                    class="input"
                    id="activity-who"
                    name="who"
                    type="search"
                    dir="auto"
                    value=query.search
                    placeholder="Name"
                    maxlength=text::MAX_SEARCH_LENGTH.to_string()
                    autocomplete="off"
                />
            </div>
            <label class="visually-hidden" for="activity-kind">"Kind"</label>
            <select class="select" id="activity-kind" name="kind">
                <option value="">"All kinds"</option>
                {groups}
            </select>
            <div class="filter__day">
                <label for="activity-from">"From"</label>
                <input class="input" id="activity-from" name="from" type="date" value=from/>
            </div>
            <div class="filter__day">
                <label for="activity-to">"To"</label>
                <input class="input" id="activity-to" name="to" type="date" value=to/>
            </div>
            <button class="button">"Apply"</button>
            {clear}
        </form>
    }
    .into_any()
}
