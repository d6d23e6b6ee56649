//! `/v1/invoices/create_preview`: what a change would cost, or the next invoice.

use serde_json::Value;

use super::subscription_updates::wanted_items;
use crate::{
    calendar,
    error::{ApiError, ApiResult},
    objects::Subscription,
    params::Params,
    store::Store,
};

pub(super) fn create(store: &mut Store, params: &Params) -> ApiResult {
    params.allow(&[
        "customer",
        "subscription",
        "schedule",
        "currency",
        "preview_mode",
        "discounts",
        "discounts[*][coupon]",
        "subscription_details[items][*][id]",
        "subscription_details[items][*][price]",
        "subscription_details[items][*][quantity]",
        "subscription_details[items][*][deleted]",
        "subscription_details[proration_behavior]",
        "subscription_details[proration_date]",
        "subscription_details[cancel_at_period_end]",
        "subscription_details[cancel_now]",
        "subscription_details[trial_end]",
        "subscription_details[billing_cycle_anchor]",
        "automatic_tax[enabled]",
    ])?;
    let details = params.inside("subscription_details");
    let (subscription, is_new) = subject(store, params, &details)?;
    let now = store.now_of(&subscription.customer);
    let at = details.moment("proration_date", now)?.unwrap_or(now);
    let proration = details
        .one_of(
            "proration_behavior",
            &["create_prorations", "always_invoice", "none"],
        )?
        .unwrap_or("create_prorations")
        .to_owned();
    let ends = details.parsed("cancel_at_period_end")? == Some(true)
        || details.parsed("cancel_now")? == Some(true);
    let mut lines = if is_new {
        Vec::new()
    } else {
        store
            .pending_lines
            .get(&subscription.id)
            .cloned()
            .unwrap_or_default()
    };
    let mut after = subscription.clone();
    let mut reason = "upcoming";
    if is_new {
        let price = store.price_or_unlisted(&subscription.price);
        let end = calendar::add(now, now, &price.interval, price.interval_count);
        lines = store.period_lines(&subscription.items(), now, end);
        reason = "subscription_create";
    } else if let Some(items) = wanted_items(store, &details, &subscription)? {
        let prorated = store.prorate(&subscription, &items, at, proration != "none");
        let bills_now = proration == "always_invoice" || prorated.new_period.is_some();
        lines.extend(prorated.lines);
        after.set_items(&items);
        reason = "subscription_update";
        if !bills_now && !ends {
            lines.extend(next_period(store, &after));
        }
    } else if !ends {
        lines.extend(next_period(store, &subscription));
    }
    let coupon = super::coupons::of(store, params)?;
    if let Some(coupon) = coupon {
        after.coupon = coupon;
        after.coupon_start = now;
    }
    let mut invoice = store.draft(&after, lines, reason);
    if is_new {
        invoice.subscription = String::new();
    }
    let mut object: Value = invoice.to_json(store);
    // A preview has no status to act on, and no pages.
    object["attempted"] = false.into();
    Ok(object)
}

/// The lines of the next renewal.
fn next_period(store: &mut Store, subscription: &Subscription) -> Vec<crate::objects::InvoiceLine> {
    if subscription.cancel_at_period_end {
        return Vec::new();
    }
    let price = store.price_or_unlisted(&subscription.price);
    let start = subscription.current_period_end;
    let end = calendar::add(start, start, &price.interval, price.interval_count);
    store.period_lines(&subscription.items(), start, end)
}

/// The subscription that is asked about, or one that would be made.
fn subject(
    store: &Store,
    params: &Params,
    details: &Params,
) -> Result<(Subscription, bool), ApiError> {
    let by_schedule = params
        .set_text("schedule")
        .and_then(|schedule| store.schedules.get(&schedule)?.subscription.clone());
    if let Some(id) = params.set_text("subscription").or(by_schedule) {
        let subscription = store
            .subscriptions
            .get(&id)
            .ok_or_else(|| ApiError::missing_param("subscription", &id, "subscription"))?;
        if subscription.is_over() {
            return Err(
                ApiError::invalid("No upcoming invoices for a canceled subscription.")
                    .with_code("invoice_upcoming_none"),
            );
        }
        return Ok((subscription.clone(), false));
    }
    let customer = params.required("customer")?;
    if store.living_customer(customer).is_none() {
        return Err(ApiError::missing_param("customer", customer, "customer"));
    }
    if let Some(item) = details.list("items").first() {
        let price = item.required("price")?;
        if !store.prices.contains_key(price) {
            return Err(ApiError::missing_param(
                "price",
                price,
                "subscription_details[items][0][price]",
            ));
        }
        let mut new = Subscription::active("sub_preview", customer, price);
        new.quantity = item.quantity()?.unwrap_or(1);
        return Ok((new, true));
    }
    store
        .subscriptions
        .values()
        .find(|subscription| subscription.customer == customer && !subscription.is_over())
        .map(|subscription| (subscription.clone(), false))
        .ok_or_else(|| {
            ApiError::invalid(format!("No upcoming invoices for customer: {customer}"))
                .with_code("invoice_upcoming_none")
        })
}
