//! `/orgs/{slug}/subscription/plans`: what can be bought, at the prices Stripe has.

use std::sync::Arc;

use leptos::prelude::*;
use orghub::{
    domain::{BillingInterval, ListedPrice, Plan, PriceList, SubscriptionView, TRIAL_DAYS},
    routes::{self, OrgPage},
};
use orghub_ui::{
    components::{Badge, Moment, Tone, grouped},
    forms,
    forms::FormMessage,
};

use super::{OrgRequest, back, manage::can_buy, render_org, stripe_is_away, unless_away};
use crate::services::services;

struct Data {
    view: Arc<SubscriptionView>,
    /// `None`: Stripe does not say.
    prices: Option<Arc<PriceList>>,
}

/// The plans with a button or link for each of their prices.
#[component]
pub fn PlansPage() -> impl IntoView {
    render_org(
        OrgPage::Plans,
        |access| async move {
            let billing = services().billing.clone();
            let view = billing.get_org_subscription(&access).await?;
            let prices = billing.list_prices(&access).await.map_err(Into::into);
            let prices = unless_away(prices)?.filter(|prices| prices.as_of.is_some());
            Ok(Data { view, prices })
        },
        show,
    )
}

fn show(request: &OrgRequest, data: Data) -> AnyView {
    let start = request.flash.state_of(&forms::START_CHECKOUT);
    let change = request.flash.state_of(&forms::CHANGE_PLAN);
    let view = &data.view;
    let offers = match &data.prices {
        None => stripe_is_away("prices"),
        Some(prices) => {
            let offers = [Plan::Pro, Plan::Ultra]
                .map(|plan| offer(request, view, prices, plan))
                .collect_view();
            let as_of = prices.as_of.map(|at| {
                view! { <p class="quiet">"Prices before tax, as Stripe had them on "<Moment at/>"."</p> }
            });
            view! {
                <div class="offers">{offers}</div>
                {as_of}
            }
            .into_any()
        }
    };
    let trial = (view.trial_available && can_buy(view)).then(|| {
        let text = format!(
            "The first {TRIAL_DAYS} days are free. An organization gets one trial, whatever plan \
             it begins with. Cancel before it ends, and nothing is charged."
        );
        view! { <p class="message" data-tone="neutral" data-trial="available">{text}</p> }
    });
    let free = (!can_buy(view)).then(|| {
        let cancel = OrgPage::CancelPlan.path(request.access.slug());
        view! {
            <p class="quiet">
                "To go on with the Free plan, "
                <a href=cancel>"cancel the subscription"</a>
                "."
            </p>
        }
    });
    view! {
        <div class="page-head"><h1 class="page-title">"Plans"</h1></div>
        <FormMessage form=&start/>
        <FormMessage form=&change/>
        {trial}
        {offers}
        {free}
        {back(request)}
    }
    .into_any()
}

/// A plan: what it allows, and its prices.
fn offer(request: &OrgRequest, view: &SubscriptionView, prices: &PriceList, plan: Plan) -> AnyView {
    let limits = plan.limits();
    let title_id = format!("offer-{}", plan.as_str());
    let labelled_by = title_id.clone();
    let ways = [BillingInterval::Month, BillingInterval::Year]
        .into_iter()
        .filter_map(|interval| prices.find(plan, interval))
        .map(|price| way(request, view, price))
        .collect::<Vec<_>>();
    let ways = if ways.is_empty() {
        view! { <p class="quiet">"Not for sale at the moment."</p> }.into_any()
    } else {
        ways.into_view().into_any()
    };
    view! {
        <section class="card offer" aria-labelledby=labelled_by data-offer=plan.as_str()>
            <div class="card__head">
                <h2 class="card__title" id=title_id>{plan.label()}</h2>
                {(view.plan() == plan).then(|| view! { <Badge tone=Tone::Accent text="Current"/> })}
            </div>
            <div class="card__body">
                <ul class="offer__limits">
                    <li>{format!("{} members", grouped(limits.members))}</li>
                    <li>{format!("{} projects", grouped(limits.projects))}</li>
                    <li>{format!("{} GB of storage", grouped(limits.storage_gb))}</li>
                </ul>
                {ways}
            </div>
        </section>
    }
    .into_any()
}

/// One price: the button that buys it, or the link to what a change to it comes to.
fn way(request: &OrgRequest, view: &SubscriptionView, price: &ListedPrice) -> AnyView {
    let slug = request.access.slug();
    let interval = price.interval.as_str();
    let amount = format!("{} a {interval}", price.amount);
    let living = view.subscription.as_ref().filter(|_| !can_buy(view));
    let is_current = living.is_some_and(|living| {
        (living.plan, living.interval) == (Some(price.plan), Some(price.interval))
    });
    let action = if is_current {
        view! { <span class="quiet">"What you have"</span> }.into_any()
    } else if living.is_some() {
        let label = format!("Change to {}, {amount}", price.plan.label());
        let params = [
            ("plan", price.plan.as_str().to_owned()),
            ("interval", interval.to_owned()),
        ];
        let preview = routes::with_query(OrgPage::ChangePlan.path(slug), &params);
        view! { <a class="button" href=preview aria-label=label>"Change"</a> }.into_any()
    } else {
        let (word, label) = if view.trial_available {
            (
                "Start trial",
                format!("Start trial of {}, then {amount}", price.plan.label()),
            )
        } else {
            ("Buy", format!("Buy {}, {amount}", price.plan.label()))
        };
        view! {
            <form method="post" action=forms::START_CHECKOUT.action>
                <input type="hidden" name="org" value=slug.to_string()/>
                <input type="hidden" name="plan" value=price.plan.as_str()/>
                <input type="hidden" name="interval" value=interval/>
                <button class="button button--primary" aria-label=label>{word}</button>
            </form>
        }
        .into_any()
    };
    view! {
        <div class="offer__way" data-price=format!("{}_{interval}", price.plan.as_str())>
            <span class="offer__amount">{amount}</span>
            {action}
        </div>
    }
    .into_any()
}
