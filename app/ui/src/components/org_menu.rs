use leptos::prelude::*;
use orghub_domain::routes;

use super::choices::{ChoiceField, ChoiceList};
use crate::islands;

/// The menu that the button with `popovertarget="org-menu"` opens. Opening needs no JavaScript,
/// and neither do its search, which leads to the list of organizations, and the two links at
/// its end. With JavaScript the organizations are in between.
#[component]
pub fn OrgMenu() -> impl IntoView {
    view! {
        <div class="menu menu--start" id="org-menu" popover="auto">
            <form class="menu__search" method="get" action=routes::ORGS>
                <ChoiceField
                    class="input"
                    label="Search your organizations"
                    placeholder="Search"
                    name="q"
                />
            </form>
            <ChoiceList
                id="org-choices"
                label="Organizations"
                class="menu__list"
                choice_class="menu__item"
            />
            <p class="visually-hidden" role="status"></p>
            <ul class="menu__list menu__list--apart">
                <li>
                    <a
                        class="menu__item"
                        href=routes::ORGS
                        data-command="All organizations"
                        data-key="a"
                    >
                        "All organizations"
                    </a>
                </li>
                <li>
                    <a class="menu__item" href=routes::NEW_ORG data-command="New organization">
                        "New organization"
                    </a>
                </li>
            </ul>
        </div>
        <islands::OrgMenu/>
    }
}
