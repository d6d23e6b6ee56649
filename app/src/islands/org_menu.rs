//! The menu that switches between organizations.

use leptos::{prelude::*, task::spawn_local};
use web_sys::Event;

use crate::api::lookups::{OrgLink, list_org_links};

/// The menu that the button with `popovertarget="org-menu"` opens. Opening needs
/// no JavaScript and the two links at its end always work; the organizations
/// above them are fetched when it opens, because a page view must not pay for a
/// menu that nobody opens.
#[island]
pub fn OrgMenu() -> impl IntoView {
    let orgs = RwSignal::new(Vec::<OrgLink>::new());
    let asked = StoredValue::new(false);

    let fetch = move |_opening: Event| {
        if asked.try_update_value(|asked| std::mem::replace(asked, true)) == Some(false) {
            spawn_local(async move {
                match list_org_links().await {
                    Ok(found) => orgs.set(found),
                    // The links below the list still work, and the next opening asks again.
                    Err(_) => asked.set_value(false),
                }
            });
        }
    };

    view! {
        <div class="menu menu--start" id="org-menu" popover="auto" on:beforetoggle=fetch>
            <ul class="menu__list">
                {move || {
                    orgs.get()
                        .into_iter()
                        .map(|org| view! { <li><a class="menu__item" href=format!("/orgs/{}", org.slug)>{org.name}</a></li> })
                        .collect_view()
                }}
            </ul>
            <ul class="menu__list">
                <li><a class="menu__item" href="/orgs">"All organizations"</a></li>
                <li><a class="menu__item" href="/orgs/new">"New organization"</a></li>
            </ul>
        </div>
    }
}
