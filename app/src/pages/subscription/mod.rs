//! `/orgs/{slug}/subscription` and the pages below it, a file for each of them.
//!
//! The first one is read by every member, from our row alone: nobody who opens it waits for
//! Stripe. Those below it are for whoever may manage the subscription; some of them ask Stripe,
//! and say so in a sentence when it does not answer.

mod cancel;
mod change;
mod done;
mod invoices;
mod manage;
mod plans;
mod to_stripe;

use leptos::prelude::*;
use orghub::{
    domain::{Permission, SubscriptionView},
    routes::OrgPage,
};
use orghub_ui::{
    components::{CertaintyMessage, LimitsTable, PlanTable, SubscriptionCard},
    context,
    error::AppError,
};

use super::{OrgRequest, render_org};

pub use cancel::CancelPlanPage;
pub use change::ChangePlanPage;
pub use done::CheckoutDonePage;
pub use invoices::InvoicesPage;
pub use plans::PlansPage;
pub use to_stripe::ToStripePage;

use crate::services::services;

/// Plan, status, what Stripe charges, seats, limits; and what can be done about them.
#[component]
pub fn SubscriptionPage() -> impl IntoView {
    render_org(
        OrgPage::Subscription,
        |access| async move {
            let services = services();
            let view = services.billing.get_org_subscription(&access).await?;
            let now = context::now_until(|now| view.certainty_ends(now));
            Ok((view, now))
        },
        |request, (view, now)| {
            let view: &SubscriptionView = &view;
            let plan = view.plan();
            let (limits, overridden) = (view.limits, view.limits_overridden);
            let seats_used = view.seats_used;
            let may_manage = request.access.role().may(Permission::ManageSubscription);
            let manage = may_manage.then(|| manage::card(request, view));
            let contact = may_manage.then(|| manage::contact(request, view));
            view! {
                <div class="page-head"><h1 class="page-title">"Subscription"</h1></div>
                <CertaintyMessage certainty=view.certainty(now)/>
                <SubscriptionCard view=view.clone()/>
                {manage}
                <LimitsTable plan limits overridden seats_used/>
                <PlanTable current=plan/>
                {contact}
            }
            .into_any()
        },
    )
}

/// `None` where a service did not answer, which the page says in a sentence of its own.
fn unless_away<T>(loaded: Result<T, AppError>) -> Result<Option<T>, AppError> {
    match loaded {
        Ok(loaded) => Ok(Some(loaded)),
        Err(AppError::Unavailable) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The sentence.
fn stripe_is_away(what: &'static str) -> AnyView {
    view! {
        <p class="message" data-tone="warning" role="status">
            "Our payment provider does not answer right now, so "
            {what}
            " cannot be shown. Nothing is lost. Please try again in a minute."
        </p>
    }
    .into_any()
}

/// The way back to the subscription.
fn back(request: &OrgRequest) -> AnyView {
    let subscription = OrgPage::Subscription.path(request.access.slug());
    view! { <p><a href=subscription>"Back to the subscription"</a></p> }.into_any()
}
