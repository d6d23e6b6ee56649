//! Where an organization's subscription stands, in words.

use leptos::prelude::*;
use orghub_domain::{Plan, Subscription, SubscriptionStatus, SubscriptionView};
use time::OffsetDateTime;

use super::{
    badge::{Badge, Tone},
    charges::{Charges, amount_in_words},
    dates::Day,
    seats::Seats,
};

/// Plan, status, dates, what Stripe charges, and seats. Carries `data-plan`, `data-status`,
/// `data-seats-used` and `data-seats-limit`.
#[component]
pub fn SubscriptionCard(view: SubscriptionView) -> impl IntoView {
    let plan = view.plan();
    let (seats_used, seats_limit) = (view.seats_used, view.limits.members);
    let status = view.status().to_owned();
    let has_living = view.has_living();
    let badge = status_badge(&view);
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
                {badge}
            </div>
            <div class="card__body">
                {view.subscription.as_ref().map_or_else(none, standing)}
                {view.subscription.as_ref().filter(|_| has_living).map(paused)}
                <Seats used=seats_used limit=seats_limit/>
                {view.subscription.map(|subscription| view! { <Charges subscription/> })}
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
        SubscriptionStatus::Active if subscription.terms.paused.is_some() => {
            ("Collection paused", Tone::Warning)
        }
        SubscriptionStatus::Active if subscription.is_ending() => ("Ends soon", Tone::Warning),
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
fn standing(subscription: &Subscription) -> AnyView {
    let plan = subscription.plan.map_or("The subscription", Plan::label);
    let amount = amount_in_words(subscription);
    let period_end = date(subscription.current_period_end);
    let trial_end = date(subscription.trial_end);
    let ends_at = subscription.terms.ends_at;
    match &subscription.status {
        SubscriptionStatus::Active if subscription.is_ending() => warning(
            format!("{plan} is canceled"),
            view! {
                "It stays in force until "
                {date(ends_at.or(subscription.current_period_end))}
                ". Then the Free plan applies and nothing more is charged."
            },
        ),
        // What is collected when is said below.
        SubscriptionStatus::Active if subscription.terms.paused.is_some() => {
            view! { <p>{amount}"."</p> }.into_any()
        }
        SubscriptionStatus::Active => {
            view! { <p>{amount}". Renews on "{period_end}"."</p> }.into_any()
        }
        SubscriptionStatus::Trialing if subscription.is_ending() => warning(
            format!("{plan} is canceled"),
            view! {
                "The trial goes on until "
                {date(ends_at.or(subscription.trial_end))}
                ". Then the Free plan applies and nothing is charged."
            },
        ),
        SubscriptionStatus::Trialing => {
            view! { <p>"The trial ends on "{trial_end}". After that: "{amount}"."</p> }.into_any()
        }
        SubscriptionStatus::PastDue => warning(
            "The last payment failed".to_owned(),
            view! {
                {plan}
                " stays in force while Stripe tries the payment again; make sure that the \
                 payment method is valid. If all attempts fail, the Free plan applies. "
                {NOTHING_IS_LOST}
            },
        ),
        SubscriptionStatus::Canceled => {
            let ended = date(subscription.canceled_at.or(subscription.current_period_end));
            view! { <p>{plan}" was canceled on "{ended}". The Free plan applies."</p> }.into_any()
        }
        SubscriptionStatus::Unpaid => {
            let since = subscription.terms.unpaid_since.map(|at| {
                view! { " It has been unpaid since "<Day at/>"." }
            });
            warning(
                "All attempts to collect the payment failed".to_owned(),
                view! {
                    "The Free plan applies until "
                    {plan}
                    " is paid for."
                    {since}
                    " "
                    {NOTHING_IS_LOST}
                },
            )
        }
        SubscriptionStatus::Incomplete => warning(
            "The first payment has not gone through yet".to_owned(),
            view! {
                {plan}
                " begins when it does; the open invoice says what it waits for. Until then the \
                 Free plan applies."
            },
        ),
        SubscriptionStatus::IncompleteExpired => view! {
            <p>"The first payment for "{plan}" never went through. The Free plan applies."</p>
        }
        .into_any(),
        SubscriptionStatus::Paused => warning(
            format!("{plan} is paused"),
            view! {
                "The trial ended without a payment method. The Free plan applies until there is \
                 one."
            },
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

/// What still works for whoever does not pay, and until when.
const NOTHING_IS_LOST: &str = "Whatever is above its limits stays: you can read, export, remove \
                               and leave for as long as you like. Only adding more has to wait.";

/// That nothing is collected for the moment, which no status says.
fn paused(subscription: &Subscription) -> Option<AnyView> {
    let pause = subscription.terms.paused.as_ref()?;
    let meanwhile = match pause.behavior.as_str() {
        "keep_as_draft" => "Invoices are kept back until then.",
        "void" => "What would be due meanwhile is waived.",
        "mark_uncollectible" => "Invoices are written, and not collected.",
        _ => "",
    };
    let until = match pause.resumes_at {
        Some(at) => view! { " until "<Day at/>". " }.into_any(),
        None => " until it is resumed. ".into_any(),
    };
    Some(warning(
        "Collection is paused".to_owned(),
        view! { "Stripe charges nothing"{until}{meanwhile} },
    ))
}

fn warning(title: String, text: impl IntoView + 'static) -> AnyView {
    view! {
        <div class="message" data-tone="warning">
            <p><strong>{title}"."</strong>" "{text.into_any()}</p>
        </div>
    }
    .into_any()
}

/// A date, or words where Stripe has not told us one.
fn date(at: Option<OffsetDateTime>) -> AnyView {
    match at {
        Some(at) => view! { <Day at/> }.into_any(),
        None => "a date not yet known".into_any(),
    }
}
