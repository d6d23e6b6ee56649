//! Updating a subscription.

use super::{
    coupons, object,
    subscriptions::{FIELDS, demand_price},
};
use crate::{
    engine::{Change, End, PaymentBehavior},
    error::{ApiError, ApiResult},
    objects::{CancellationDetails, PauseCollection, Subscription, SubscriptionItem},
    params::Params,
    store::Store,
};

/// `POST /v1/subscriptions/{id}`.
pub(super) fn update(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    let more = [
        "proration_date",
        "cancel_at",
        "cancellation_details[comment]",
        "cancellation_details[feedback]",
        "pause_collection",
        "pause_collection[behavior]",
        "pause_collection[resumes_at]",
    ];
    params.allow(&[&FIELDS[..], &more].concat())?;
    object(store, "subscription", id)?;
    let subscription = store.subscriptions[id].clone();
    let now = store.now_of(&subscription.customer);
    let touches_more = FIELDS
        .iter()
        .chain(&more)
        .map(|name| name.split('[').next().unwrap_or(name))
        .any(|name| !matches!(name, "metadata" | "cancellation_details") && params.has_any(name));
    if subscription.is_over() && touches_more {
        return Err(ApiError::invalid(
            "A canceled subscription can only update its cancellation_details and metadata.",
        ));
    }
    let coupon = coupons::of(store, params)?;
    let trial_end = params.moment("trial_end", now)?;
    let cancel_at = params
        .has("cancel_at")
        .then(|| params.moment("cancel_at", now))
        .transpose()?;
    let pause = pause_of(params)?;
    let ends: Option<bool> = params.parsed("cancel_at_period_end")?;
    let details = CancellationDetails {
        comment: params.set_text("cancellation_details[comment]"),
        feedback: feedback(params)?,
        reason: None,
    };
    let items = wanted_items(store, params, &subscription)?;
    if items.is_some()
        && let Some(schedule) = &subscription.schedule
    {
        return Err(ApiError::invalid(format!(
            "The subscription is managed by the subscription schedule `{schedule}`, and updating \
             any phase-level fields directly is not allowed. Please update the schedule instead."
        )));
    }
    // What can be refused comes first, so that a refused call changes nothing.
    if let Some(items) = items {
        let change = Change {
            items,
            proration: params
                .one_of(
                    "proration_behavior",
                    &["create_prorations", "always_invoice", "none"],
                )?
                .unwrap_or("create_prorations")
                .to_owned(),
            proration_date: params.moment("proration_date", now)?,
            payment: match params.text("payment_behavior") {
                Some("error_if_incomplete") => PaymentBehavior::Refuse,
                Some("pending_if_incomplete") => PaymentBehavior::Wait,
                _ => PaymentBehavior::Allow,
            },
            approved: false,
        };
        store.change_items(id, change)?;
    }
    if let Some(ends) = ends {
        let end = if ends { End::ByFlag } else { End::Never };
        store.set_end(id, end, details.clone());
    }
    let ends_trial = trial_end.is_some_and(|end| end <= now) && subscription.status == "trialing";
    store.change(id, |subscription| {
        set_plain_fields(subscription, params);
        if details != CancellationDetails::default() && ends.is_none() {
            subscription.cancellation_details.comment = details.comment;
            subscription.cancellation_details.feedback = details.feedback;
        }
        if let Some(coupon) = coupon {
            subscription.coupon = coupon;
            subscription.coupon_start = now;
        }
        if let Some(at) = cancel_at {
            subscription.cancel_at = at;
            subscription.canceled_at = at.map(|_| now);
        }
        if let Some(end) = trial_end {
            subscription.trial_end = Some(end);
            subscription.current_period_end = end;
            subscription.billing_cycle_anchor = end;
            if end > now {
                "trialing".clone_into(&mut subscription.status);
            }
        }
        if let Some(pause) = pause {
            subscription.pause_collection = pause;
        }
    });
    if ends_trial {
        store.renew(id);
    }
    object(store, "subscription", id)
}

fn set_plain_fields(subscription: &mut Subscription, params: &Params) {
    params.merge_map("metadata", &mut subscription.metadata);
    if params.has("description") {
        subscription.description = params.set_text("description");
    }
    if params.has("default_payment_method") {
        subscription.default_payment_method = params.set_text("default_payment_method");
    }
}

pub(super) fn feedback(params: &Params) -> Result<Option<String>, ApiError> {
    let name = "cancellation_details[feedback]";
    let known = [
        "",
        "customer_service",
        "low_quality",
        "missing_features",
        "other",
        "switched_service",
        "too_complex",
        "too_expensive",
        "unused",
    ];
    params.one_of(name, &known)?;
    Ok(params.set_text(name))
}

/// The pause that is asked for; `Some(None)`: its end.
fn pause_of(params: &Params) -> Result<Option<Option<PauseCollection>>, ApiError> {
    if params.text("pause_collection") == Some("") {
        return Ok(Some(None));
    }
    if !params.has_any("pause_collection") {
        return Ok(None);
    }
    params.required("pause_collection[behavior]")?;
    let behaviors = ["keep_as_draft", "mark_uncollectible", "void"];
    let behavior = params.one_of("pause_collection[behavior]", &behaviors)?;
    Ok(Some(Some(PauseCollection {
        behavior: behavior.unwrap_or("void").to_owned(),
        resumes_at: params.moment("pause_collection[resumes_at]", 0)?,
    })))
}

/// The items after the update; `None`: it does not name any.
pub(super) fn wanted_items(
    store: &mut Store,
    params: &Params,
    subscription: &Subscription,
) -> Result<Option<Vec<SubscriptionItem>>, ApiError> {
    let wanted = params.list("items");
    if wanted.is_empty() {
        return Ok(None);
    }
    let mut items = subscription.items();
    for item in wanted {
        let price = item.set_text("price");
        if let Some(price) = &price {
            demand_price(store, price)?;
        }
        let quantity: Option<i64> = item.quantity()?;
        match item.set_text("id") {
            Some(id) if item.parsed("deleted")? == Some(true) => {
                items.retain(|own| own.id != id);
            }
            Some(id) => {
                let own = items.iter_mut().find(|own| own.id == id).ok_or_else(|| {
                    ApiError::missing_param("subscription item", &id, "items[0][id]")
                })?;
                own.price = price.unwrap_or_else(|| own.price.clone());
                own.quantity = quantity.unwrap_or(own.quantity);
            }
            // As at Stripe, an item without id comes on top of the others.
            None => items.push(SubscriptionItem {
                id: store.new_id("si"),
                price: price.ok_or_else(|| {
                    ApiError::invalid("Missing required param: items[0][price].")
                        .with_code("parameter_missing")
                        .with_param("items[0][price]")
                })?,
                quantity: quantity.unwrap_or(1),
            }),
        }
    }
    Ok(Some(items))
}
