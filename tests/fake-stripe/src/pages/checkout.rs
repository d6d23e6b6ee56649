//! Paying, declining, confirming and leaving.

use std::collections::HashMap;

use axum::{
    Form,
    extract::{Path, State},
    response::Response,
};

use super::html;
use crate::{Shared, money, objects::Card};

pub(super) async fn show(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    page(&shared, &id, None)
}

fn page(shared: &Shared, id: &str, problem: Option<&str>) -> Response {
    let store = shared.store();
    let Some(session) = store.checkout_sessions.get(id) else {
        return html::not_found("checkout session");
    };
    if session.status != "open" {
        let body = format!(
            "<p>This checkout is {}.</p>{}",
            html::escape(&session.status),
            html::link(&session.cancel_url, "Go back")
        );
        return html::page("Checkout", &body);
    }
    let price = store.price_or_unlisted(&session.price);
    let product = store
        .products
        .get(&price.product)
        .map_or("Something", |product| product.name.as_str());
    let (_, due, currency) = session.due(&store);
    let trial = session
        .trial_period_days
        .map_or_else(String::new, |days| format!("<p>Free for {days} days.</p>"));
    let pay = if session.trial_period_days.is_some() {
        "Start trial"
    } else {
        "Pay"
    };
    let action = format!("/checkout/{id}");
    let buttons = [
        ("works", pay),
        ("declined", "Pay with a card that is declined"),
        ("needs_action", "Pay with a card that needs a confirmation"),
    ]
    .map(|(card, text)| html::button(&action, "card", card, text))
    .concat();
    let body = format!(
        "{}<p>{} × {}: {}</p>{trial}<p>Due now: {}</p>{buttons}{}",
        problem.map(html::alert).unwrap_or_default(),
        session.quantity,
        html::escape(product),
        html::escape(&price.words()),
        money::format(due, &currency),
        html::link(&session.cancel_url, "Go back"),
    );
    html::page("Checkout", &body)
}

pub(super) async fn pay(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    match form.get("card").and_then(|card| Card::parse(card)) {
        Some(Card::NeedsAction) => html::redirect(&format!("/checkout/{id}/confirm")),
        Some(card) => finish(&shared, &id, card, false),
        None => page(&shared, &id, Some("Choose a card.")),
    }
}

/// The bank's question.
pub(super) async fn ask(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    if !shared.store().checkout_sessions.contains_key(&id) {
        return html::not_found("checkout session");
    }
    let action = format!("/checkout/{id}/confirm");
    let body = format!(
        "<p>Your bank asks whether this is you.</p>{}{}",
        html::button(&action, "answer", "approve", "Approve"),
        html::button(&action, "answer", "refuse", "Refuse"),
    );
    html::page("Confirm your payment", &body)
}

pub(super) async fn confirm(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    if form.get("answer").map(String::as_str) == Some("approve") {
        finish(&shared, &id, Card::NeedsAction, true)
    } else {
        page(&shared, &id, Some("Your bank did not confirm the payment."))
    }
}

fn finish(shared: &Shared, id: &str, card: Card, approved: bool) -> Response {
    let paid = shared.store().pay_checkout(id, card, approved);
    shared.flush();
    if let Err(error) = paid {
        return page(shared, id, Some(error.message()));
    }
    let store = shared.store();
    let Some(session) = store.checkout_sessions.get(id) else {
        return html::not_found("checkout session");
    };
    let to = session.success_url.replace("{CHECKOUT_SESSION_ID}", id);
    if to.is_empty() {
        return html::page("Paid", "<p>Thank you.</p>");
    }
    html::redirect(&to)
}
