//! What can be done about a subscription, for whoever may.

use leptos::prelude::*;
use orghub::{
    domain::{ComingChange, Plan, PortalPage, SubscriptionStatus, SubscriptionView},
    routes::OrgPage,
};
use orghub_ui::{
    components::{Card, Day},
    forms::{self, Field, FormMessage},
};

use super::OrgRequest;

/// Buying, changing, cancelling, paying.
pub(super) fn card(request: &OrgRequest, view: &SubscriptionView) -> AnyView {
    let slug = request.access.slug();
    let portal = request.flash.state_of(&forms::OPEN_PORTAL);
    let restore = request.flash.state_of(&forms::RESTORE_SUBSCRIPTION);
    let take_back = request.flash.state_of(&forms::TAKE_BACK_CHANGE);
    let living = view.subscription.as_ref().filter(|_| view.has_living());
    let plans = OrgPage::Plans.path(slug);
    let word = if can_buy(view) {
        "Choose a plan"
    } else {
        "Change plan"
    };
    let first = view! { <a class="button button--primary" href=plans>{word}</a> };
    let ending = living.filter(|_| !can_buy(view)).map(|living| {
        if living.is_ending() {
            restore_form(slug.to_string())
        } else {
            let cancel = OrgPage::CancelPlan.path(slug);
            view! { <a class="button" href=cancel>"Cancel subscription"</a> }.into_any()
        }
    });
    // Who never bought anything has nothing at Stripe.
    let paying = view.subscription.is_some().then(|| {
        let invoices = OrgPage::Invoices.path(slug);
        view! {
            <a class="button" href=invoices>"Invoices"</a>
            {portal_button(request, PortalPage::PaymentMethod, "Payment method")}
            {portal_button(request, PortalPage::Home, "Billing address and tax ID")}
        }
    });
    let coming = living.and_then(|living| living.terms.coming.as_ref());
    let coming = coming.map(|coming| coming_change(slug.to_string(), coming));
    let waiting = living.and_then(|living| living.terms.waits_for_payment_until);
    let waiting = waiting.map(|until| {
        let invoices = OrgPage::Invoices.path(slug);
        view! {
            <p class="message" data-tone="warning">
                "A change of plan waits for its payment until "
                <Day at=until/>
                ". Pay the open one of the "
                <a href=invoices>"invoices"</a>
                ", or it lapses and the plan stays what it is."
            </p>
        }
    });
    view! {
        <Card id="manage-title" title="Manage">
            <FormMessage form=&restore/>
            <FormMessage form=&take_back/>
            <FormMessage form=&portal/>
            {waiting}
            {coming}
            <div class="form__buttons">{first}{ending}{paying}</div>
        </Card>
    }
    .into_any()
}

/// Whether a plan is bought instead of changed: nothing lives, or what was bought was never
/// paid for.
pub(super) fn can_buy(view: &SubscriptionView) -> bool {
    let living = view.subscription.as_ref().filter(|_| view.has_living());
    living.is_none_or(|living| living.status == SubscriptionStatus::Incomplete)
}

fn restore_form(slug: String) -> AnyView {
    view! {
        <form method="post" action=forms::RESTORE_SUBSCRIPTION.action>
            <input type="hidden" name="org" value=slug/>
            <button class="button button--primary">"Keep subscription"</button>
        </form>
    }
    .into_any()
}

fn coming_change(slug: String, coming: &ComingChange) -> AnyView {
    let plan = coming.plan.map_or("another price", Plan::label);
    let paid = coming
        .interval
        .map(|interval| format!(", paid by the {}", interval.as_str()));
    view! {
        <div class="message message--split" data-tone="neutral" data-coming=plan.to_lowercase()>
            <p>"Changes to "{plan}{paid}" on "<Day at=coming.at/>"."</p>
            <form method="post" action=forms::TAKE_BACK_CHANGE.action>
                <input type="hidden" name="org" value=slug/>
                <button class="button">"Take the change back"</button>
            </form>
        </div>
    }
    .into_any()
}

/// A button that leads to a page of Stripe's, and from there back to this one.
fn portal_button(request: &OrgRequest, page: PortalPage, label: &'static str) -> AnyView {
    let page: &'static str = page.into();
    view! {
        <form method="post" action=forms::OPEN_PORTAL.action>
            <input type="hidden" name="org" value=request.access.slug().to_string()/>
            <input type="hidden" name="page" value=page/>
            <button class="button">{label}</button>
        </form>
    }
    .into_any()
}

/// Where mails about payments go.
pub(super) fn contact(request: &OrgRequest, view: &SubscriptionView) -> AnyView {
    let form = request.flash.state_of(&forms::CHANGE_BILLING_CONTACT);
    let contact = view.billing_contact.as_ref();
    let contact = contact.map(ToString::to_string).unwrap_or_default();
    let slug = request.access.slug().to_string();
    view! {
        <Card id="contact-title" title="Billing contact">
            <FormMessage form=&form/>
            <form class="form" method="post" action=form.action()>
                <input type="hidden" name="org" value=slug/>
                <input type="hidden" name="was" value=contact.clone()/>
                <Field
                    form=&form
                    id="billing-contact"
                    name="email"
                    label="E-mail"
                    kind="email"
                    value=&contact
                    optional=true
                    hint="Mails about payments, trials and cards go there. Empty: to the owners."
                />
                <div class="form__buttons">
                    <button class="button button--primary">"Save contact"</button>
                </div>
            </form>
        </Card>
    }
    .into_any()
}
