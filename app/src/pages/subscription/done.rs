//! `/orgs/{slug}/subscription/done?session=…`: where Stripe sends the browser back to after a
//! checkout.

use leptos::prelude::*;
use orghub::{
    domain::CheckoutOutcome,
    routes::{self, OrgPage},
};
use orghub_ui::{components::Card, response};

use super::{OrgRequest, back, render_org, unless_away};
use crate::services::services;

enum Found {
    /// The address names no checkout.
    Nothing,
    Outcome(CheckoutOutcome),
    /// Stripe does not answer, so nobody knows.
    Unknown,
}

/// Asks Stripe what came of the checkout and has the subscription taken over, so that the next
/// page shows it even if no event comes. Reading this page twice, or ahead, does no harm: it
/// only compares.
#[component]
pub fn CheckoutDonePage() -> impl IntoView {
    let session = routes::param_in(&response::request_query(), "session");
    render_org(
        OrgPage::CheckoutDone,
        move |access| async move {
            if session.is_empty() {
                return Ok(Found::Nothing);
            }
            let billing = services().billing.clone();
            let outcome = billing.finish_checkout(&access, &session).await;
            let outcome = unless_away(outcome.map_err(Into::into))?;
            Ok(outcome.map_or(Found::Unknown, Found::Outcome))
        },
        show,
    )
}

fn show(request: &OrgRequest, found: Found) -> AnyView {
    let slug = request.access.slug();
    let subscription = OrgPage::Subscription.path(slug);
    let plans = OrgPage::Plans.path(slug);
    let again = response::request_path();
    let (outcome, title, text, button, href) = match found {
        Found::Nothing => {
            response::see_other(&subscription);
            return ().into_any();
        }
        Found::Outcome(CheckoutOutcome::Subscribed) => (
            "subscribed",
            "Thank you",
            "The subscription has begun, for everybody in the organization.",
            "Open the subscription",
            subscription,
        ),
        Found::Outcome(CheckoutOutcome::Processing) => (
            "processing",
            "Almost there",
            "Stripe is still busy with the payment. The subscription begins by itself as soon as \
             it is done; there is nothing else to do, and nothing is charged twice.",
            "Look again",
            again,
        ),
        Found::Outcome(CheckoutOutcome::Open) => (
            "open",
            "Not completed",
            "The checkout was not completed, and nothing was charged.",
            "See the plans",
            plans,
        ),
        Found::Outcome(CheckoutOutcome::Expired) => (
            "expired",
            "Not completed",
            "The checkout was closed before it was completed, and nothing was charged.",
            "See the plans",
            plans,
        ),
        Found::Unknown => (
            "unknown",
            "Almost there",
            "Our payment provider does not answer right now. If you have paid, the subscription \
             begins by itself as soon as it does; nothing is lost.",
            "Look again",
            again,
        ),
    };
    view! {
        <div class="page-head"><h1 class="page-title">{title}</h1></div>
        <Card id="outcome-title" title="Your checkout">
            <p data-outcome=outcome>{text}</p>
            <div class="form__buttons">
                <a class="button button--primary" href=href>{button}</a>
            </div>
        </Card>
        {back(request)}
    }
    .into_any()
}
