//! What an organization may use.

use leptos::prelude::*;
use orghub::domain::{Limits, Plan};

use super::{
    badge::{Badge, Tone},
    numbers::grouped,
};

/// The limits in force, and what the plan alone would allow where they differ.
#[component]
pub fn LimitsTable(
    plan: Plan,
    limits: Limits,
    /// Whether the organization has limits of its own.
    overridden: bool,
) -> impl IntoView {
    let standard = plan.limits();
    let rows = [
        ("Members", limits.members, standard.members, ""),
        ("Projects", limits.projects, standard.projects, ""),
        ("Storage", limits.storage_gb, standard.storage_gb, " GB"),
    ]
    .map(|(name, limit, standard, unit)| {
        let note = (limit != standard).then(|| {
            let text = format!("{} in the plan", grouped(standard));
            view! { <span class="limits__standard">{text}</span> }
        });
        view! {
            <tr>
                <th scope="row">{name}</th>
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
                <thead class="visually-hidden">
                    <tr><th scope="col">"What"</th><th scope="col">"Limit"</th></tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}
