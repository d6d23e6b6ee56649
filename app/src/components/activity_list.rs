//! Entries of an organization's audit log.

use leptos::prelude::*;
use orghub::domain::Activity;

use super::dates::Moment;

/// The entries, as sentences, in the order given.
#[component]
pub fn ActivityList(entries: Vec<Activity>) -> impl IntoView {
    view! {
        <ol class="activity">
            {entries
                .into_iter()
                .map(|entry| {
                    let sentence = entry.sentence();
                    view! {
                        <li class="activity__entry">
                            <span><strong>{entry.actor}</strong>" "{sentence}</span>
                            <span class="activity__when"><Moment at=entry.at/></span>
                        </li>
                    }
                })
                .collect_view()}
        </ol>
    }
}
