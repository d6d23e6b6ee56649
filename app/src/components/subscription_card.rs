//! Where an organization's subscription stands, in words.

use leptos::prelude::*;
use orghub::domain::{BillingInterval, Subscription, SubscriptionStatus, SubscriptionView};
use time::OffsetDateTime;

use super::{
    badge::{Badge, Tone},
    dates::Day,
    numbers::grouped,
    seats::Seats,
};

/// Plan, status, dates and seats. Carries `data-plan`, `data-status`,
/// `data-seats-used` and `data-seats-limit`.
#[component]
pub fn SubscriptionCard(view: SubscriptionView) -> impl IntoView {
    let plan = view.plan();
    let (seats_used, seats_limit) = (view.seats_used, view.limits.members);
    let status = view.status().to_owned();
    view! {
        <section
            class="card subscription"
            aria-labelledby="plan-title"
            data-plan=plan.as_str()
            data-status=status
            data-seats-used=seats_used.to_string()
            data-seats-limit=seats_limit.to_string()
        >
            <div class="card__head">
                <h2 class="card__title" id="plan-title">{format!("{} plan", plan.label())}</h2>
                {status_badge(&view)}
            </div>
            <div class="card__body">
                {view.subscription.map_or_else(none, standing)}
                <Seats used=seats_used limit=seats_limit/>
            </div>
        </section>
    }
    .into_any()
}

/// The status in a word. One that this version does not know is shown in Stripe's word.
pub fn status_badge(view: &SubscriptionView) -> AnyView {
    let Some(subscription) = &view.subscription else {
        return view! { <Badge tone=Tone::Neutral text="Free"/> }.into_any();
    };
    let (text, tone) = match &subscription.status {
        SubscriptionStatus::Active if subscription.cancel_at_period_end => {
            ("Ends soon", Tone::Warning)
        }
        SubscriptionStatus::Active => ("Active", Tone::Good),
        SubscriptionStatus::Trialing => ("Trial", Tone::Accent),
        SubscriptionStatus::PastDue => ("Past due", Tone::Warning),
        SubscriptionStatus::Canceled => ("Canceled", Tone::Neutral),
        SubscriptionStatus::Unpaid => ("Unpaid", Tone::Bad),
        SubscriptionStatus::Incomplete => ("Payment pending", Tone::Warning),
        SubscriptionStatus::IncompleteExpired => ("Payment expired", Tone::Neutral),
        SubscriptionStatus::Paused => ("Paused", Tone::Warning),
        SubscriptionStatus::Unknown(word) => (word.as_str(), Tone::Neutral),
    };
    view! { <Badge tone text/> }.into_any()
}

fn none() -> AnyView {
    view! { <p>"This organization has no subscription and pays nothing."</p> }.into_any()
}

/// What the status means for the organization, with its dates.
fn standing(subscription: Subscription) -> AnyView {
    let plan = subscription.plan.label();
    let price = price(&subscription);
    let period_end = date(subscription.current_period_end);
    let trial_end = date(subscription.trial_end);
    match &subscription.status {
        SubscriptionStatus::Active if subscription.cancel_at_period_end => warning(
            format!("{plan} is canceled"),
            view! {
                "It stays in force until "
                {period_end}
                ". Then the Free plan applies and nothing more is charged."
            },
        ),
        SubscriptionStatus::Active => {
            view! { <p>{price}". Renews on "{period_end}"."</p> }.into_any()
        }
        SubscriptionStatus::Trialing if subscription.cancel_at_period_end => warning(
            format!("{plan} is canceled"),
            view! {
                "The trial goes on until "
                {trial_end}
                ". Then the Free plan applies and nothing is charged."
            },
        ),
        SubscriptionStatus::Trialing => {
            view! { <p>"The trial ends on "{trial_end}". After that: "{price}"."</p> }.into_any()
        }
        SubscriptionStatus::PastDue => warning(
            "The last payment failed".to_owned(),
            view! {
                {price}
                ". "
                {plan}
                " stays in force while the payment is tried again. \
                 Make sure that the payment method is valid."
            },
        ),
        SubscriptionStatus::Canceled => {
            let ended = date(subscription.canceled_at.or(subscription.current_period_end));
            view! { <p>{plan}" was canceled on "{ended}". The Free plan applies."</p> }.into_any()
        }
        SubscriptionStatus::Unpaid => warning(
            "All attempts to collect the payment failed".to_owned(),
            view! { "The Free plan applies until "{plan}" is paid for." },
        ),
        SubscriptionStatus::Incomplete => warning(
            "The first payment has not gone through yet".to_owned(),
            view! { {plan}" begins when it does. Until then the Free plan applies." },
        ),
        SubscriptionStatus::IncompleteExpired => view! {
            <p>"The first payment for "{plan}" never went through. The Free plan applies."</p>
        }
        .into_any(),
        SubscriptionStatus::Paused => warning(
            format!("{plan} is paused"),
            view! { "The Free plan applies until it is resumed." },
        ),
        SubscriptionStatus::Unknown(word) => warning(
            format!("The payment provider reports “{word}”"),
            view! {
                "This version of Orghub does not know that status, so it grants nothing: \
                 the Free plan applies."
            },
        ),
    }
}

fn warning(title: String, text: impl IntoView + 'static) -> AnyView {
    view! {
        <div class="message" data-tone="warning">
            <p><strong>{title}"."</strong>" "{text.into_any()}</p>
        </div>
    }
    .into_any()
}

fn price(subscription: &Subscription) -> String {
    let interval = match subscription.interval {
        BillingInterval::Month => "month",
        BillingInterval::Year => "year",
    };
    format!(
        "${} a {interval}",
        grouped(subscription.plan.price_usd(subscription.interval))
    )
}

/// A date, or words where Stripe has not told us one.
fn date(at: Option<OffsetDateTime>) -> AnyView {
    match at {
        Some(at) => view! { <Day at/> }.into_any(),
        None => "a date not yet known".into_any(),
    }
}
