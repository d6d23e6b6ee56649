//! The plans side by side.

use leptos::prelude::*;
use orghub_domain::Plan;

use super::{
    badge::{Badge, Tone},
    grouped,
};

/// What each plan allows; the one in force is marked. What a plan costs says Stripe, which is
/// asked where one is chosen.
#[component]
pub fn PlanTable(current: Plan) -> impl IntoView {
    let rows = Plan::ALL.map(|plan| {
        let limits = plan.limits();
        let storage = format!("{} GB", grouped(limits.storage_gb));
        let is_current = plan == current;
        view! {
            <tr aria-current=is_current.then_some("true")>
                <th scope="row">
                    {plan.label()}
                    {is_current.then(|| view! { <Badge tone=Tone::Accent text="Current"/> })}
                </th>
                <td class="table__number" data-label="Members">{grouped(limits.members)}</td>
                <td class="table__number" data-label="Projects">{grouped(limits.projects)}</td>
                <td class="table__number" data-label="Storage">{storage}</td>
            </tr>
        }
    });
    view! {
        <section class="card" aria-labelledby="plans-title">
            <div class="card__head"><h2 class="card__title" id="plans-title">"Plans"</h2></div>
            <table class="table plans">
                <caption class="visually-hidden">"What each plan allows"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Plan"</th>
                        <th scope="col" class="table__number">"Members"</th>
                        <th scope="col" class="table__number">"Projects"</th>
                        <th scope="col" class="table__number">"Storage"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}
