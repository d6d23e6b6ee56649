//! The menu that switches between organizations.

use leptos::{prelude::*, task::spawn_local};
use orghub::routes::{self, OrgPage};
use web_sys::Event;

use crate::api::lookups::{OrgLink, list_org_links};

/// The menu that the button with `popovertarget="org-menu"` opens. Opening needs no
/// JavaScript, and the two links at its end always work. The organizations above them are
/// fetched when it opens, because a page view must not pay for a menu that nobody opens.
#[island]
pub fn OrgMenu() -> impl IntoView {
    let orgs = RwSignal::new(Vec::<OrgLink>::new());
    let is_asked = StoredValue::new(false);

    let fetch = move |_opening: Event| {
        let was_asked = is_asked.try_update_value(|asked| std::mem::replace(asked, true));
        if was_asked == Some(false) {
            spawn_local(async move {
                match list_org_links().await {
                    Ok(found) => orgs.set(found),
                    // The links below the list still work, and the next opening asks again.
                    Err(_) => is_asked.set_value(false),
                }
            });
        }
    };
    let links = move || {
        let link = |org: OrgLink| {
            let address = OrgPage::Overview.path(&org.slug);
            view! { <li><a class="menu__item" href=address>{org.name}</a></li> }
        };
        orgs.get().into_iter().map(link).collect_view()
    };

    view! {
        <div class="menu menu--start" id="org-menu" popover="auto" on:beforetoggle=fetch>
            <ul class="menu__list">{links}</ul>
            <ul class="menu__list">
                <li><a class="menu__item" href=routes::ORGS>"All organizations"</a></li>
                <li><a class="menu__item" href=routes::NEW_ORG>"New organization"</a></li>
            </ul>
        </div>
    }
}
