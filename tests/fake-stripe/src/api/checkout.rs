//! `/v1/checkout/sessions`.

use super::{Routed, coupons, lists, object, retrieve};
use crate::{
    error::{ApiError, ApiResult},
    objects::{CheckoutSession, list_json},
    params::Params,
    store::Store,
};

pub(super) fn route(store: &mut Store, method: &str, path: &[&str], params: &Params) -> Routed {
    Some(match (method, path) {
        ("POST", []) => create(store, params),
        ("GET", []) => list(store, params),
        ("GET", [id]) => {
            let read = store.read_checkout(id);
            read.and_then(|()| retrieve(store, params, "checkout.session", id))
        }
        ("POST", [id]) => update(store, params, id),
        ("POST", [id, "expire"]) => expire(store, params, id),
        ("GET", [id, "line_items"]) => line_items(store, params, id),
        _ => return None,
    })
}

const CREATE: [&str; 45] = [
    "mode",
    "customer",
    "customer_email",
    "customer_update[address]",
    "customer_update[name]",
    "customer_update[shipping]",
    "client_reference_id",
    "success_url",
    "cancel_url",
    "ui_mode",
    "return_url",
    "line_items[*][price]",
    "line_items[*][quantity]",
    "line_items[*][metadata][*]",
    "subscription_data[metadata][*]",
    "subscription_data[description]",
    "subscription_data[trial_period_days]",
    "subscription_data[trial_end]",
    "subscription_data[trial_settings][end_behavior][missing_payment_method]",
    "subscription_data[billing_mode][type]",
    "subscription_data[billing_mode][flexible][proration_discounts]",
    "subscription_data[proration_behavior]",
    "subscription_data[invoice_settings][issuer][type]",
    "metadata[*]",
    "discounts[*][coupon]",
    "discounts[*][promotion_code]",
    "allow_promotion_codes",
    "automatic_tax[enabled]",
    "tax_id_collection[enabled]",
    "tax_id_collection[required]",
    "billing_address_collection",
    "payment_method_collection",
    "payment_method_types[*]",
    "locale",
    "currency",
    "expires_at",
    "submit_type",
    "consent_collection[terms_of_service]",
    "custom_text[submit][message]",
    "custom_text[after_submit][message]",
    "saved_payment_method_options[payment_method_save]",
    "phone_number_collection[enabled]",
    "adaptive_pricing[enabled]",
    "origin_context",
    "integration_identifier",
];

fn create(store: &mut Store, params: &Params) -> ApiResult {
    params.allow(&CREATE)?;
    if params.required("mode")? != "subscription" {
        return Err(ApiError::invalid("The fake sells subscriptions only.").with_param("mode"));
    }
    let customer = params.set_text("customer");
    if let Some(id) = customer
        .as_ref()
        .filter(|id| store.living_customer(id).is_none())
    {
        return Err(ApiError::missing_param("customer", id, "customer"));
    }
    let items = params.list("line_items");
    let [item] = items.as_slice() else {
        return Err(
            ApiError::invalid("The fake sells one line item at a time.").with_param("line_items")
        );
    };
    let price = item.required("price")?.to_owned();
    match store.prices.get(&price) {
        None => {
            return Err(ApiError::missing_param(
                "price",
                &price,
                "line_items[0][price]",
            ));
        }
        Some(found) if !found.active => {
            return Err(ApiError::invalid("The price specified is inactive.")
                .with_param("line_items[0][price]"));
        }
        Some(_) => {}
    }
    let coupon = coupons::of(store, params)?.flatten();
    if coupon.is_some() && params.has("allow_promotion_codes") {
        return Err(ApiError::invalid(
            "You may only specify one of these parameters: allow_promotion_codes, discounts.",
        ));
    }
    let data = params.inside("subscription_data");
    let trial_period_days = data.trial_days()?;
    let now = store.now_of(customer.as_deref().unwrap_or_default());
    let expires_at = params.moment("expires_at", now)?;
    if expires_at.is_some_and(|at| !(now + 29 * 60..=now + 24 * 60 * 60 + 60).contains(&at)) {
        return Err(ApiError::invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.",
        )
        .with_param("expires_at"));
    }
    let id = store.new_id("cs");
    let mut session = CheckoutSession {
        id: id.clone(),
        customer,
        customer_email: params.set_text("customer_email"),
        client_reference_id: params.set_text("client_reference_id"),
        status: "open".to_owned(),
        price,
        quantity: item.quantity()?.unwrap_or(1),
        trial_period_days,
        trial_end_behavior: data
            .set_text("trial_settings[end_behavior][missing_payment_method]")
            .unwrap_or_else(|| "create_invoice".to_owned()),
        coupon,
        billing_mode: data.set_text("billing_mode[type]"),
        success_url: params.required("success_url")?.to_owned(),
        cancel_url: params.set_text("cancel_url").unwrap_or_default(),
        subscription_description: data.set_text("description"),
        expires_at,
        created: now,
        ..CheckoutSession::default()
    };
    params.merge_map("metadata", &mut session.metadata);
    data.merge_map("metadata", &mut session.subscription_metadata);
    store.checkout_sessions.insert(id.clone(), session);
    object(store, "checkout.session", &id)
}

fn update(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&["metadata", "metadata[*]"])?;
    let session = store
        .checkout_sessions
        .get_mut(id)
        .ok_or_else(|| ApiError::missing("checkout.session", id))?;
    params.merge_map("metadata", &mut session.metadata);
    object(store, "checkout.session", id)
}

fn expire(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&[])?;
    let session = store
        .checkout_sessions
        .get(id)
        .ok_or_else(|| ApiError::missing("checkout.session", id))?;
    if session.status != "open" {
        return Err(ApiError::invalid(
            "Only Checkout Sessions with a status in [\"open\"] can be expired.",
        ));
    }
    store.expire_checkout(id);
    object(store, "checkout.session", id)
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
        ],
    )?;
    let is = |name: &str, value: Option<&str>| {
        params.text(name).is_none_or(|wanted| value == Some(wanted))
    };
    let mut rows = Vec::new();
    for session in store.checkout_sessions.values() {
        let matches = is("customer", session.customer.as_deref())
            && is("subscription", session.subscription.as_deref())
            && is("status", Some(&session.status))
            && params.in_range("created", session.created)?;
        if matches {
            rows.push((session.created, session.id.clone()));
        }
    }
    lists::page(store, "/v1/checkout/sessions", rows, params)
}

fn line_items(store: &Store, params: &Params, id: &str) -> ApiResult {
    lists::allow(params, &[])?;
    let session = store
        .checkout_sessions
        .get(id)
        .ok_or_else(|| ApiError::missing("checkout.session", id))?;
    Ok(list_json(
        &format!("/v1/checkout/sessions/{id}/line_items"),
        vec![session.line_items_json(store)],
        false,
    ))
}
