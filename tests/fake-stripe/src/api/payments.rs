//! `/v1/payment_methods`, `payment_intents`, `invoice_payments`, `charges`, `refunds`,
//! `disputes`.

use super::{Routed, lists, object, retrieve};
use crate::{
    error::{ApiError, ApiResult},
    objects::Card,
    params::Params,
    store::Store,
};

pub(super) fn route(store: &mut Store, method: &str, path: &[&str], params: &Params) -> Routed {
    Some(match (method, path) {
        ("GET", ["payment_methods"]) => {
            let customer = params.text("customer").map(str::to_owned);
            list_methods(store, params, customer.as_deref())
        }
        ("GET", ["payment_methods", id]) => retrieve(store, params, "payment_method", id),
        ("POST", ["payment_methods", id, "attach"]) => attach(store, params, id),
        ("POST", ["payment_methods", id, "detach"]) => detach(store, params, id),
        ("GET", ["payment_intents", id]) => retrieve(store, params, "payment_intent", id),
        ("GET", ["payment_intents"]) => {
            let rows = store
                .payment_intents
                .values()
                .map(|intent| (intent.created, intent.id.clone(), intent.customer.clone()));
            list(store, params, "/v1/payment_intents", rows.collect())
        }
        ("GET", ["invoice_payments"]) => list_invoice_payments(store, params),
        ("GET", ["invoice_payments", id]) => retrieve(store, params, "invoice_payment", id),
        ("GET", ["charges", id]) => retrieve(store, params, "charge", id),
        ("GET", ["charges"]) => {
            let rows = store
                .charges
                .values()
                .map(|charge| (charge.created, charge.id.clone(), charge.customer.clone()));
            list(store, params, "/v1/charges", rows.collect())
        }
        ("POST", ["refunds"]) => refund(store, params),
        ("GET", ["refunds", id]) => retrieve(store, params, "refund", id),
        ("GET", ["refunds"]) => list_refunds(store, params),
        ("GET", ["disputes", id]) => retrieve(store, params, "dispute", id),
        ("GET", ["disputes"]) => {
            let rows = store
                .disputes
                .values()
                .map(|dispute| (dispute.created, dispute.id.clone(), String::new()));
            list(store, params, "/v1/disputes", rows.collect())
        }
        _ => return None,
    })
}

/// A list that can be narrowed to a customer: times, ids, customers.
fn list(store: &Store, params: &Params, path: &str, rows: Vec<(i64, String, String)>) -> ApiResult {
    lists::allow(params, &["customer", "created", "created[*]"])?;
    let mut found = Vec::new();
    for (created, id, customer) in rows {
        let matches = params
            .text("customer")
            .is_none_or(|wanted| wanted == customer)
            && params.in_range("created", created)?;
        if matches {
            found.push((created, id));
        }
    }
    lists::page(store, path, found, params)
}

pub(super) fn list_methods(store: &Store, params: &Params, customer: Option<&str>) -> ApiResult {
    lists::allow(params, &["customer", "type", "allow_redisplay"])?;
    let rows = store
        .payment_methods
        .values()
        .filter(|method| method.customer.as_deref() == customer)
        .map(|method| (method.created, method.id.clone()));
    lists::page(store, "/v1/payment_methods", rows, params)
}

/// Takes Stripe's names of test cards, such as `pm_card_visa`.
fn attach(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&["customer"])?;
    let customer = params.required("customer")?;
    if store.living_customer(customer).is_none() {
        return Err(ApiError::missing_param("customer", customer, "customer"));
    }
    let card = store
        .payment_methods
        .get(id)
        .map(|method| method.card)
        .or_else(|| Card::parse(id))
        .ok_or_else(|| ApiError::missing("PaymentMethod", id))?;
    let before = store.customers[customer].default_payment_method.clone();
    let attached = store.give_card(customer, card);
    // Attaching alone does not make it the one that is charged.
    if let Some(customer) = store.customers.get_mut(customer) {
        customer.default_payment_method = before;
    }
    object(store, "payment_method", &attached)
}

fn detach(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&[])?;
    let method = store
        .payment_methods
        .get_mut(id)
        .ok_or_else(|| ApiError::missing("PaymentMethod", id))?;
    method.customer = None;
    for customer in store.customers.values_mut() {
        if customer.default_payment_method.as_deref() == Some(id) {
            customer.default_payment_method = None;
        }
    }
    store.emit("payment_method.detached", id);
    object(store, "payment_method", id)
}

fn list_invoice_payments(store: &Store, params: &Params) -> ApiResult {
    lists::allow(
        params,
        &[
            "invoice",
            "status",
            "payment[type]",
            "payment[payment_intent]",
        ],
    )?;
    let is = |name: &str, value: &str| params.text(name).is_none_or(|wanted| wanted == value);
    let rows: Vec<_> = store
        .invoices
        .values()
        .filter(|invoice| {
            let intent = invoice.payment_intent.as_deref().unwrap_or_default();
            is("invoice", &invoice.id) && is("payment[payment_intent]", intent)
        })
        .filter(|invoice| {
            invoice
                .payment_json()
                .is_some_and(|payment| is("status", payment["status"].as_str().unwrap_or_default()))
        })
        .map(|invoice| (invoice.created, invoice.payment_id()))
        .collect();
    lists::page(store, "/v1/invoice_payments", rows, params)
}

fn refund(store: &mut Store, params: &Params) -> ApiResult {
    params.allow(&[
        "charge",
        "payment_intent",
        "amount",
        "reason",
        "metadata[*]",
    ])?;
    let charge = match params.set_text("payment_intent") {
        Some(intent) => store
            .payment_intents
            .get(&intent)
            .and_then(|intent| intent.charge.clone())
            .ok_or_else(|| ApiError::missing_param("payment_intent", &intent, "payment_intent"))?,
        None => params.required("charge")?.to_owned(),
    };
    let reasons = ["duplicate", "fraudulent", "requested_by_customer"];
    let reason = params.one_of("reason", &reasons)?.map(str::to_owned);
    let id = store.refund(&charge, params.parsed("amount")?, reason)?;
    if let Some(refund) = store.refunds.get_mut(&id) {
        params.merge_map("metadata", &mut refund.metadata);
    }
    object(store, "refund", &id)
}

fn list_refunds(store: &Store, params: &Params) -> ApiResult {
    lists::allow(
        params,
        &["charge", "payment_intent", "created", "created[*]"],
    )?;
    let is = |name: &str, value: &str| params.text(name).is_none_or(|wanted| wanted == value);
    let rows: Vec<_> = store
        .refunds
        .values()
        .filter(|refund| is("charge", &refund.charge))
        .filter(|refund| is("payment_intent", &refund.payment_intent))
        .map(|refund| (refund.created, refund.id.clone()))
        .collect();
    lists::page(store, "/v1/refunds", rows, params)
}
