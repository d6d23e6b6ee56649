//! `/v1/invoices`.

use super::{Routed, lists, object, previews, retrieve};
use crate::{
    engine::Paid,
    error::{ApiError, ApiResult},
    objects::Invoice,
    params::Params,
    store::Store,
};

pub(super) fn route(store: &mut Store, method: &str, path: &[&str], params: &Params) -> Routed {
    Some(match (method, path) {
        ("GET", []) => list(store, params),
        ("POST", ["create_preview"]) => previews::create(store, params),
        ("GET", [id]) => retrieve(store, params, "invoice", id),
        ("GET", [id, "lines"]) => lines(store, params, id),
        ("POST", [id, "pay"]) => pay(store, params, id),
        ("POST", [id, "void"]) => close(store, params, id, "void"),
        ("POST", [id, "mark_uncollectible"]) => close(store, params, id, "uncollectible"),
        _ => return None,
    })
}

fn list(store: &Store, params: &Params) -> ApiResult {
    lists::allow(
        params,
        &[
            "customer",
            "subscription",
            "status",
            "created",
            "created[*]",
            "collection_method",
        ],
    )?;
    let is = |name: &str, value: &str| params.text(name).is_none_or(|wanted| wanted == value);
    let mut rows = Vec::new();
    for invoice in store.invoices.values() {
        let matches = is("customer", &invoice.customer)
            && is("subscription", &invoice.subscription)
            && is("status", &invoice.status)
            && params.in_range("created", invoice.created)?;
        if matches {
            rows.push((invoice.created, invoice.id.clone()));
        }
    }
    lists::page(store, "/v1/invoices", rows, params)
}

fn lines(store: &Store, params: &Params, id: &str) -> ApiResult {
    lists::allow(params, &[])?;
    let invoice = object(store, "invoice", id)?;
    let lines = invoice["lines"]["data"].as_array().cloned();
    lists::page_of_objects(
        &format!("/v1/invoices/{id}/lines"),
        &lines.unwrap_or_default(),
        params,
    )
}

/// An invoice that can still be paid.
fn open<'a>(store: &'a Store, id: &str) -> Result<&'a Invoice, ApiError> {
    let invoice = store
        .invoices
        .get(id)
        .ok_or_else(|| ApiError::missing("invoice", id))?;
    match invoice.status.as_str() {
        "open" | "uncollectible" => Ok(invoice),
        "paid" => {
            Err(ApiError::invalid("Invoice is already paid").with_code("invoice_already_paid"))
        }
        status => Err(ApiError::invalid(format!(
            "This invoice is {status}; only open invoices can be paid."
        ))
        .with_code("invoice_not_editable")),
    }
}

fn pay(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&[
        "off_session",
        "paid_out_of_band",
        "payment_method",
        "forgive",
    ])?;
    open(store, id)?;
    if params.parsed("paid_out_of_band")? == Some(true) {
        store.mark_paid(id);
        return object(store, "invoice", id);
    }
    match store.collect(id, false) {
        Paid::Yes => object(store, "invoice", id),
        Paid::Declined => Err(ApiError::card("card_declined", "Your card was declined.")),
        Paid::NeedsAction => Err(ApiError::card(
            "invoice_payment_intent_requires_action",
            "Payment for this invoice requires additional user action before it can be completed \
             successfully.",
        )),
        Paid::NoCard => Err(ApiError::invalid(
            "There is no default_payment_method set on this Customer or Invoice.",
        )),
    }
}

fn close(store: &mut Store, params: &Params, id: &str, status: &str) -> ApiResult {
    params.allow(&[])?;
    open(store, id)?;
    store.set_invoice_status(id, status);
    object(store, "invoice", id)
}
