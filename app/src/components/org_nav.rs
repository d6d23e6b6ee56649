use leptos::prelude::*;
use orghub::{
    domain::{OrgSlug, Role},
    routes::OrgPage,
};

use super::icon::{Icon, Symbol};

/// Links to the pages of an organization that `role` may see.
#[component]
pub fn OrgNav(slug: OrgSlug, role: Role, current: OrgPage) -> impl IntoView {
    let links = OrgPage::ALL
        .into_iter()
        .filter(|page| role.may(page.needs()))
        .map(|page| {
            let is_current = (page == current).then_some("page");
            view! {
                <li>
                    <a class="nav__link" href=page.path(&slug) aria-current=is_current>
                        <Icon symbol=Symbol::from(page)/>
                        {page.label()}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav class="nav" aria-label="Organization">
            <ul class="nav__list">{links}</ul>
        </nav>
    }
}
