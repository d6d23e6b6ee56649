//! An invoice that can be paid.

use std::collections::HashMap;

use axum::{
    Form,
    extract::{Path, State},
    response::Response,
};

use super::html;
use crate::{Shared, calendar, engine::Paid, money, objects::Card};

pub(super) async fn show(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    page(&shared, &id, None)
}

fn page(shared: &Shared, id: &str, problem: Option<&str>) -> Response {
    let store = shared.store();
    let Some(invoice) = store.invoices.get(id) else {
        return html::not_found("invoice");
    };
    let lines: String = invoice
        .lines
        .iter()
        .map(|line| {
            format!(
                "<tr><td>{}</td><td>{}</td></tr>",
                html::escape(&line.description),
                money::format(line.amount, &invoice.currency)
            )
        })
        .collect();
    let pay = if invoice.status == "open" {
        format!(
            "<form method=\"post\" action=\"/invoice/{id}\">{}<button>Pay</button></form>",
            html::cards()
        )
    } else {
        String::new()
    };
    let body = format!(
        "{}<p>{}, {}. Status: {}.</p><table><thead><tr><th>For</th><th>Amount</th></tr></thead>\
         <tbody>{lines}</tbody></table><p>Discount: {}. Due: {}.</p>{pay}{}",
        problem.map(html::alert).unwrap_or_default(),
        html::escape(invoice.number.as_deref().unwrap_or(id)),
        calendar::date(invoice.created),
        html::escape(&invoice.status),
        money::format(invoice.discount, &invoice.currency),
        money::format(invoice.amount_due, &invoice.currency),
        html::link(&format!("/invoice/{id}/pdf"), "Download"),
    );
    html::page("Invoice", &body)
}

pub(super) async fn pay(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let Some(card) = form.get("card").and_then(|card| Card::parse(card)) else {
        return page(&shared, &id, Some("Choose a card."));
    };
    let outcome = {
        let mut store = shared.store();
        let customer = store
            .invoices
            .get(&id)
            .filter(|invoice| invoice.status == "open")
            .map(|invoice| invoice.customer.clone());
        customer.map(|customer| {
            store.give_card(&customer, card);
            store.collect(&id, false)
        })
    };
    shared.flush();
    match outcome {
        Some(Paid::NeedsAction) => html::redirect(&format!("/invoice/{id}/confirm")),
        Some(Paid::Yes) | None => html::redirect(&format!("/invoice/{id}")),
        Some(_) => page(&shared, &id, Some("Your card was declined.")),
    }
}

pub(super) async fn ask(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    if !shared.store().invoices.contains_key(&id) {
        return html::not_found("invoice");
    }
    let action = format!("/invoice/{id}/confirm");
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
    if form.get("answer").map(String::as_str) != Some("approve") {
        return page(&shared, &id, Some("Your bank did not confirm the payment."));
    }
    {
        let mut store = shared.store();
        if store
            .invoices
            .get(&id)
            .is_some_and(|invoice| invoice.status == "open")
        {
            store.collect(&id, true);
        }
    }
    shared.flush();
    html::redirect(&format!("/invoice/{id}"))
}
