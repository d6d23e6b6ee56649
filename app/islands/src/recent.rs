//! Which organizations this browser opened last.
//!
//! In the browser's storage and not in a cookie: only islands ask, so nothing has to travel
//! with every request, and no page view has to write anything. What is kept is what stands in
//! the address. Signing out clears the storage along with the pages (`response::forget_pages`),
//! and somebody else's list would change the order of nothing but their own organizations.

use leptos::prelude::{document, window};
use orghub_domain::org_list::MOST_RECENT;
use web_sys::Storage;

const KEY: &str = "orghub-recent";

/// Slugs, parted by commas, the last one opened first.
pub(crate) fn slugs() -> String {
    storage()
        .and_then(|storage| storage.get_item(KEY).ok()?)
        .unwrap_or_default()
}

/// Puts the organization of this page at the top.
pub(crate) fn remember() {
    let (Some(storage), Some(slug)) = (storage(), current_org()) else {
        return;
    };
    let before = slugs();
    let others = before.split(',').filter(|other| *other != slug);
    let all: Vec<&str> = std::iter::once(slug.as_str())
        .chain(others)
        .filter(|slug| !slug.is_empty())
        .take(MOST_RECENT)
        .collect();
    // Refused if the storage is full or off: then there is no order.
    let _kept = storage.set_item(KEY, &all.join(","));
}

/// The slug in the address, on the pages of an organization.
pub(crate) fn current_org() -> Option<String> {
    document().query_selector(".frame--org").ok()??;
    let path = window().location().pathname().ok()?;
    path.split('/').nth(2).map(str::to_owned)
}

/// `None`: the browser has none for this page.
pub(crate) fn storage() -> Option<Storage> {
    window().local_storage().ok()?
}
