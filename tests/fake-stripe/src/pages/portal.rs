//! The customer's own page: plan, end, card, address, invoices.

use std::collections::HashMap;

use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{html, portal_sections as sections};
use crate::{
    Shared,
    engine::{Change, End, PaymentBehavior},
    error::ApiError,
    objects::{Address, CancellationDetails, Card, PortalSession, Subscription},
    store::Store,
};

type Fields = HashMap<String, String>;

pub(super) async fn show(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let store = shared.store();
    let Some(session) = store.portal_sessions.get(&id) else {
        return html::not_found("portal session");
    };
    let mut body = String::new();
    match living(&store, session) {
        Some(subscription) => body.push_str(&sections::subscription_sections(
            &store,
            session,
            subscription,
        )),
        None => body.push_str("<p>You have no subscription.</p>"),
    }
    if sections::wants(&store, session, "payment_method_update") {
        body.push_str(&sections::card_section(&store, session));
    }
    if sections::wants(&store, session, "customer_update") {
        body.push_str(&sections::address_section(&store, session));
    }
    if session.flow.is_none() {
        body.push_str(&sections::invoices_section(&store, session));
    }
    let back = session.return_url.as_deref().unwrap_or_default();
    body.push_str(&html::link(back, "Return"));
    html::page("Your subscription", &body)
}

fn living<'a>(store: &'a Store, session: &PortalSession) -> Option<&'a Subscription> {
    let about = session
        .flow
        .as_ref()
        .and_then(|flow| flow.subscription.as_deref());
    store.subscriptions.values().find(|subscription| {
        subscription.customer == session.customer
            && !subscription.is_over()
            && about.is_none_or(|id| subscription.id == id)
    })
}

/// Does what a form asks for, and goes back to where that leads.
fn act(
    shared: &Shared,
    id: &str,
    what: impl FnOnce(&mut Store, &PortalSession) -> Result<(), ApiError>,
) -> Response {
    let (done, session) = {
        let mut store = shared.store();
        let Some(session) = store.portal_sessions.get(id).cloned() else {
            return html::not_found("portal session");
        };
        (what(&mut store, &session), session)
    };
    shared.flush();
    let here = format!("/portal/{id}");
    match done {
        Ok(()) => html::redirect(
            session
                .flow
                .as_ref()
                .and_then(|flow| flow.redirect.as_deref())
                .unwrap_or(&here),
        ),
        Err(error) => html::refused(StatusCode::OK, error.message(), &here),
    }
}

/// The subscription that a form is about.
fn subject(store: &Store, session: &PortalSession) -> Result<Subscription, ApiError> {
    living(store, session)
        .cloned()
        .ok_or_else(|| ApiError::invalid("You have no subscription."))
}

pub(super) async fn change_plan(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Form(form): Form<Fields>,
) -> Response {
    act(&shared, &id, |store, session| {
        let subscription = subject(store, session)?;
        let price = form
            .get("price")
            .filter(|price| store.prices.contains_key(*price))
            .ok_or_else(|| ApiError::invalid("Choose a price."))?;
        let mut items = subscription.items();
        items[0].price.clone_from(price);
        if let Some(schedule) = &subscription.schedule {
            store.end_schedule(schedule, "released");
        }
        store.change_items(
            &subscription.id,
            Change {
                items,
                proration: "always_invoice".to_owned(),
                proration_date: None,
                payment: PaymentBehavior::Refuse,
                approved: true,
            },
        )
    })
}

pub(super) async fn cancel(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Form(form): Form<Fields>,
) -> Response {
    act(&shared, &id, |store, session| {
        let subscription = subject(store, session)?;
        let text = |name: &str| form.get(name).filter(|text| !text.is_empty()).cloned();
        let details = CancellationDetails {
            comment: text("comment"),
            feedback: text("feedback"),
            reason: Some("cancellation_requested".to_owned()),
        };
        let mode = store
            .portal_configurations
            .get(&session.configuration)
            .map(|configuration| configuration.cancel_mode.clone());
        if mode.as_deref() == Some("immediately") {
            if let Some(subscription) = store.subscriptions.get_mut(&subscription.id) {
                subscription.cancellation_details = details;
            }
            store.cancel_now(&subscription.id, None);
            return Ok(());
        }
        let end = if subscription.billing_mode == "classic" {
            End::ByFlag
        } else {
            End::ByMoment
        };
        store.set_end(&subscription.id, end, details);
        Ok(())
    })
}

pub(super) async fn keep(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    act(&shared, &id, |store, session| {
        let subscription = subject(store, session)?;
        let details = CancellationDetails::default();
        store.set_end(&subscription.id, End::Never, details);
        Ok(())
    })
}

pub(super) async fn change_card(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Form(form): Form<Fields>,
) -> Response {
    act(&shared, &id, |store, session| {
        let card = form
            .get("card")
            .and_then(|card| Card::parse(card))
            .ok_or_else(|| ApiError::invalid("Choose a card."))?;
        store.give_card(&session.customer, card);
        Ok(())
    })
}

pub(super) async fn change_address(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Form(form): Form<Fields>,
) -> Response {
    act(&shared, &id, |store, session| {
        let text = |name: &str| form.get(name).filter(|text| !text.is_empty()).cloned();
        if let Some(tax_id) = text("tax_id") {
            let is_known = store
                .tax_ids
                .values()
                .any(|known| known.customer == session.customer && known.value == tax_id);
            if !is_known {
                store.add_tax_id(&session.customer, "eu_vat", &tax_id)?;
            }
        }
        store.change_customer(&session.customer, |customer| {
            customer.name = text("name");
            customer.address = Some(Address {
                line1: text("line1"),
                city: text("city"),
                postal_code: text("postal_code"),
                country: text("country"),
                ..Address::default()
            });
        });
        Ok(())
    })
}
