//! `/orgs/{slug}/subscription`.

use leptos::prelude::*;
use orghub::routes::OrgPage;

use super::render_org;
use crate::{
    components::{LimitsTable, PriceList, SubscriptionCard},
    context,
};

/// Plan, status, seats, limits, and what the plans cost.
#[component]
pub fn SubscriptionPage() -> impl IntoView {
    render_org(
        OrgPage::Subscription,
        |access| async move {
            let billing = context::services().billing;
            Ok(billing.get_org_subscription(&access).await?)
        },
        |_request, subscription| {
            let plan = subscription.plan();
            let (limits, overridden) = (subscription.limits, subscription.limits_overridden);
            view! {
                <div class="page-head"><h1 class="page-title">"Subscription"</h1></div>
                <SubscriptionCard view=subscription.as_ref().clone()/>
                <LimitsTable plan limits overridden/>
                <PriceList current=plan/>
                <p class="quiet">
                    "This page shows the subscription as the payment provider reports it. \
                     Plans cannot be changed here yet."
                </p>
            }
            .into_any()
        },
    )
}
