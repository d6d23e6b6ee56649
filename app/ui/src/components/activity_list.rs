//! Entries of an organization's audit log.

use leptos::prelude::*;
use orghub_domain::{Activity, ActivityEntry, activity::Phrase};

use super::dates::Moment;

/// The entries, as sentences, in the order given.
#[component]
pub fn ActivityList(entries: Vec<Activity>) -> impl IntoView {
    view! {
        <ol class="activity">
            {entries
                .into_iter()
                .map(|entry| {
                    let sentence = entry.sentence().into_iter().map(phrase).collect_view();
                    view! {
                        <li class="activity__entry">
                            <span><strong><bdi>{entry.actor}</bdi></strong>" "{sentence}</span>
                            <span class="activity__when"><Moment at=entry.at/></span>
                        </li>
                    }
                })
                .collect_view()}
        </ol>
    }
}

/// The entries with all that is kept of them, in the order given.
#[component]
pub fn ActivityLog(entries: Vec<ActivityEntry>) -> impl IntoView {
    view! {
        <ol class="activity">
            {entries
                .into_iter()
                .map(|ActivityEntry { activity, address }| {
                    let sentence = activity.sentence().into_iter().map(phrase).collect_view();
                    let address = address.map(|address| {
                        view! {
                            " from "
                            <bdi>{address}</bdi>
                        }
                    });
                    view! {
                        <li class="activity__entry" data-kind=activity.kind.as_str()>
                            <span><strong><bdi>{activity.actor}</bdi></strong>" "{sentence}</span>
                            <span class="activity__when">
                                <Moment at=activity.at/>
                                {address}
                            </span>
                        </li>
                    }
                })
                .collect_view()}
        </ol>
    }
    .into_any()
}

/// A part of a sentence about an entry.
pub fn phrase(phrase: Phrase) -> AnyView {
    match phrase {
        Phrase::Words(words) => words.into_any(),
        Phrase::Text(text) => view! { <bdi>{text}</bdi> }.into_any(),
    }
}
