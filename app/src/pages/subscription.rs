//! `/orgs/{slug}/subscription`.

use leptos::prelude::*;
use leptos_meta::Title;

use super::render_org;
use crate::{
    components::{LimitsTable, OrgLayout, PriceList, Section, SubscriptionCard},
    context,
    flash::Flash,
};

/// Plan, status, seats, limits, and what the plans cost. Every member may read it.
#[component]
pub fn SubscriptionPage() -> impl IntoView {
    let flash = Flash::take();
    render_org(
        |access| async move {
            Ok(context::services()
                .billing
                .get_org_subscription(&access)
                .await?)
        },
        move |access, subscription| {
            let notice = flash.as_ref().and_then(Flash::notice);
            let plan = subscription.plan();
            let content = view! {
                <div class="page-head"><h1 class="page-title">"Subscription"</h1></div>
                <SubscriptionCard view=subscription.as_ref().clone()/>
                <LimitsTable plan limits=subscription.limits overridden=subscription.limits_overridden/>
                <PriceList current=plan/>
                <p class="quiet">"This page shows the subscription as the payment provider reports it. Plans cannot be changed here yet."</p>
            };
            view! {
                <Title text=format!("Subscription · {}", access.membership().org_name)/>
                <OrgLayout access section=Section::Subscription notice content=content.into_any()/>
            }
            .into_any()
        },
    )
}
