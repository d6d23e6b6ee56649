//! How sure it is that a page shows what Stripe has.

use leptos::prelude::*;
use orghub_domain::{Certainty, Conflict, WishKind};

use super::{dates::Moment, grouped};

/// A message where there is anything to say. Carries `data-certainty`.
#[component]
pub fn CertaintyMessage(certainty: Certainty) -> impl IntoView {
    let (kind, tone, text) = match certainty {
        Certainty::InStep => return ().into_any(),
        Certainty::Pending(wish) => {
            let text =
                view! { {asked(wish.kind)}" ("<Moment at=wish.since/>") "{awaited(wish.kind)} };
            ("pending", "neutral", text.into_any())
        }
        Certainty::Delayed { since } => {
            let text = view! {
                <strong>"This may be out of date."</strong>
                " Since "
                <Moment at=since/>
                " Stripe could not be compared with what is shown here, which is the last known \
                 state. It is tried again by itself."
            };
            ("delayed", "warning", text.into_any())
        }
        Certainty::Conflicting(conflict) => ("conflicting", "warning", conflicting(conflict)),
    };
    view! {
        <p class="message" data-tone=tone role="status" data-certainty=kind>{text}</p>
    }
    .into_any()
}

fn asked(wish: WishKind) -> &'static str {
    match wish {
        WishKind::Checkout => "A checkout was begun",
        WishKind::ChangePlan => "A change of plan was asked of Stripe",
        WishKind::Cancel => "The cancellation was asked of Stripe",
        WishKind::Restore => "Going on was asked of Stripe",
        WishKind::KeepPlan => "Keeping the plan was asked of Stripe",
    }
}

fn awaited(wish: WishKind) -> &'static str {
    match wish {
        WishKind::Checkout => "and is not completed. Nothing is charged until it is.",
        _ => "and is not confirmed yet. This page shows it when it is.",
    }
}

fn conflicting(conflict: Conflict) -> AnyView {
    match conflict {
        Conflict::UnknownPrice(price) => view! {
            <strong>"Stripe charges a price that belongs to none of our plans"</strong>
            " ("
            <bdi>{price}</bdi>
            "), so no plan is granted for it. Please contact us."
        }
        .into_any(),
        Conflict::SeveralLive(live) => view! {
            <strong>
                {format!("Stripe has {} subscriptions of this organization", grouped(live))}
            </strong>
            " at the same time. One of them is shown. Please contact us."
        }
        .into_any(),
    }
}
