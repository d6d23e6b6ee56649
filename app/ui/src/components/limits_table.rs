//! What an organization may use, and how much of it is used.

use leptos::prelude::*;
use orghub_domain::{Limits, Plan};

use super::{
    badge::{Badge, Tone},
    grouped,
};

/// The limits in force with what is used of them, and what the plan alone would allow where
/// they differ. Of projects and storage nothing is counted yet.
#[component]
pub fn LimitsTable(
    plan: Plan,
    limits: Limits,
    /// Whether the organization has limits of its own.
    overridden: bool,
    /// Members and pending invitations.
    seats_used: i64,
) -> impl IntoView {
    let standard = plan.limits();
    let rows = [
        (
            "Members",
            Some(seats_used),
            limits.members,
            standard.members,
            "",
        ),
        ("Projects", None, limits.projects, standard.projects, ""),
        (
            "Storage",
            None,
            limits.storage_gb,
            standard.storage_gb,
            " GB",
        ),
    ]
    .map(|(name, used, limit, standard, unit)| {
        let used = used.map_or_else(|| "–".to_owned(), grouped);
        let note = (limit != standard).then(|| {
            let text = format!("{} in the plan", grouped(standard));
            view! { <span class="limits__standard">{text}</span> }
        });
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="table__number">{used}</td>
                <td class="table__number">{note}{grouped(limit)}{unit}</td>
            </tr>
        }
    });
    view! {
        <section class="card" aria-labelledby="limits-title">
            <div class="card__head">
                <h2 class="card__title" id="limits-title">"Limits"</h2>
                {overridden.then(|| view! { <Badge tone=Tone::Accent text="Custom limits"/> })}
            </div>
            <table class="table limits">
                <caption class="visually-hidden">"What the organization may use"</caption>
                <thead>
                    <tr>
                        <th scope="col">"What"</th>
                        <th scope="col" class="table__number">"Used"</th>
                        <th scope="col" class="table__number">"Limit"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}
