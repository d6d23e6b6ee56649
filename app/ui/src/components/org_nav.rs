use leptos::prelude::*;
use orghub_domain::{OrgSlug, Role, routes::OrgPage};

use super::icon::{Icon, Symbol};

/// Links to the pages of an organization that `role` may see.
#[component]
pub fn OrgNav(slug: OrgSlug, role: Role, current: OrgPage) -> impl IntoView {
    let links = OrgPage::ALL
        .into_iter()
        .filter(|page| page.is_in_navigation() && role.may(page.needs()))
        .map(|page| {
            let is_current = (page == current.entry()).then_some("page");
            view! {
                <li>
                    <a
                        class="nav__link"
                        href=page.path(&slug)
                        aria-current=is_current
                        data-command=page.label()
                        data-key=key(page)
                    >
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

/// The letter that opens the page, after `g`. Few have one: only what is opened all the time is
/// worth remembering.
fn key(page: OrgPage) -> Option<&'static str> {
    match page {
        OrgPage::Overview => Some("o"),
        OrgPage::Members => Some("m"),
        OrgPage::Subscription => Some("s"),
        _ => None,
    }
}
