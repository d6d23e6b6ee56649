//! `/v1/subscriptions`.

use super::{Routed, coupons, lists, object, retrieve, search, subscription_updates};
use crate::{
    calendar::DAY,
    engine::{NewSubscription, PaymentBehavior},
    error::{ApiError, ApiResult},
    objects::{CancellationDetails, Subscription},
    params::Params,
    store::Store,
};

pub(super) fn route(store: &mut Store, method: &str, path: &[&str], params: &Params) -> Routed {
    Some(match (method, path) {
        ("POST", []) => create(store, params),
        ("GET", []) => list(store, params),
        ("GET", ["search"]) => find(store, params),
        ("GET", [id]) => retrieve(store, params, "subscription", id),
        ("POST", [id]) => subscription_updates::update(store, params, id),
        ("DELETE", [id]) => cancel(store, params, id),
        ("POST", [id, "resume"]) => resume(store, params, id),
        ("POST", [id, "migrate"]) => migrate(store, params, id),
        ("DELETE", [id, "discount"]) => {
            store.change(id, |subscription| subscription.coupon = None);
            object(store, "subscription", id)
        }
        _ => return None,
    })
}

/// What both creating and updating take.
pub(super) const FIELDS: [&str; 21] = [
    "items[*][id]",
    "items[*][price]",
    "items[*][quantity]",
    "items[*][deleted]",
    "items[*][metadata][*]",
    "metadata",
    "metadata[*]",
    "description",
    "discounts",
    "discounts[*][coupon]",
    "default_payment_method",
    "cancel_at_period_end",
    "payment_behavior",
    "payment_settings[save_default_payment_method]",
    "proration_behavior",
    "trial_end",
    "trial_settings[end_behavior][missing_payment_method]",
    "automatic_tax[enabled]",
    "off_session",
    "collection_method",
    "billing_cycle_anchor",
];

fn create(store: &mut Store, params: &Params) -> ApiResult {
    let more = [
        "customer",
        "trial_period_days",
        "billing_mode[type]",
        "billing_mode[flexible][proration_discounts]",
        "currency",
    ];
    params.allow(&[&FIELDS[..], &more].concat())?;
    let customer = params.required("customer")?.to_owned();
    if store.living_customer(&customer).is_none() {
        return Err(ApiError::missing_param("customer", &customer, "customer"));
    }
    params.required("items[0][price]")?;
    let mut items = Vec::new();
    for item in params.list("items") {
        let price = item.required("price")?.to_owned();
        demand_price(store, &price)?;
        items.push((price, item.quantity()?.unwrap_or(1)));
    }
    let now = store.now_of(&customer);
    let days = params.trial_days()?;
    let trial_end = match days {
        Some(days) => Some(now + days * DAY),
        None => params.moment("trial_end", now)?,
    };
    let mut new = NewSubscription {
        items,
        trial_end,
        trial_end_behavior: params.set_text("trial_settings[end_behavior][missing_payment_method]"),
        coupon: coupons::of(store, params)?.flatten(),
        billing_mode: params.set_text("billing_mode[type]"),
        default_payment_method: params.set_text("default_payment_method"),
        description: params.set_text("description"),
        cancel_at_period_end: params.parsed("cancel_at_period_end")?.unwrap_or(false),
        customer,
        ..NewSubscription::default()
    };
    params.merge_map("metadata", &mut new.metadata);
    let has_card =
        new.default_payment_method.is_some() || store.card_of(&new.customer, "").is_some();
    let payment = match params.text("payment_behavior") {
        Some("error_if_incomplete") => PaymentBehavior::Refuse,
        Some("default_incomplete") => PaymentBehavior::Allow,
        // Without any card the call itself is refused.
        _ if has_card => PaymentBehavior::Allow,
        _ => PaymentBehavior::Refuse,
    };
    let id = store.subscribe(new, payment, false)?;
    object(store, "subscription", &id)
}

pub(super) fn demand_price(store: &Store, id: &str) -> Result<(), ApiError> {
    match store.prices.get(id) {
        None => Err(ApiError::missing_param("price", id, "items[0][price]")),
        Some(price) if !price.active => Err(ApiError::invalid(
            "The price specified is inactive. This field only accepts active prices.",
        )
        .with_param("items[0][price]")),
        Some(_) => Ok(()),
    }
}

fn cancel(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&[
        "invoice_now",
        "prorate",
        "cancellation_details[comment]",
        "cancellation_details[feedback]",
    ])?;
    let details = CancellationDetails {
        comment: params.set_text("cancellation_details[comment]"),
        feedback: subscription_updates::feedback(params)?,
        reason: Some("cancellation_requested".to_owned()),
    };
    let subscription = store
        .subscriptions
        .get_mut(id)
        .filter(|subscription| !subscription.is_over())
        .ok_or_else(|| ApiError::missing("subscription", id))?;
    subscription.cancellation_details = details;
    store.cancel_now(id, None);
    object(store, "subscription", id)
}

fn resume(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&[
        "billing_cycle_anchor",
        "proration_behavior",
        "proration_date",
        "payment_behavior",
    ])?;
    object(store, "subscription", id)?;
    if store.subscriptions[id].status != "paused" {
        return Err(ApiError::invalid(
            "Only paused subscriptions can be resumed.",
        ));
    }
    let now = store.now_of(&store.subscriptions[id].customer);
    store.change(id, |subscription| {
        "active".clone_into(&mut subscription.status);
        subscription.current_period_end = now;
        subscription.billing_cycle_anchor = now;
    });
    store.emit("customer.subscription.resumed", id);
    store.renew(id);
    object(store, "subscription", id)
}

fn migrate(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&[
        "billing_mode[type]",
        "billing_mode[flexible][proration_discounts]",
    ])?;
    object(store, "subscription", id)?;
    if params.required("billing_mode[type]")? != "flexible" {
        return Err(
            ApiError::invalid("Only flexible is possible.").with_param("billing_mode[type]")
        );
    }
    store.change(id, |subscription| {
        "flexible".clone_into(&mut subscription.billing_mode);
    });
    object(store, "subscription", id)
}

fn list(store: &Store, params: &Params) -> ApiResult {
    lists::allow(
        params,
        &[
            "customer",
            "price",
            "status",
            "created",
            "created[*]",
            "current_period_end[*]",
            "test_clock",
            "collection_method",
        ],
    )?;
    if let Some(customer) = params
        .text("customer")
        .filter(|id| store.living_customer(id).is_none())
    {
        return Err(ApiError::missing_param("customer", customer, "customer"));
    }
    let has_status = |subscription: &Subscription| match params.text("status") {
        Some("all") => true,
        Some("ended") => subscription.is_over(),
        Some(status) => subscription.status == status,
        None => !subscription.is_over(),
    };
    let mut rows = Vec::new();
    for subscription in store.subscriptions.values() {
        let matches = has_status(subscription)
            && params
                .text("customer")
                .is_none_or(|customer| subscription.customer == customer)
            && params
                .text("price")
                .is_none_or(|price| subscription.items().iter().any(|item| item.price == price))
            && params
                .text("test_clock")
                .is_none_or(|clock| store.clock_of(&subscription.customer) == Some(clock))
            && params.in_range("current_period_end", subscription.current_period_end)?
            && params.in_range("created", subscription.created)?;
        if matches {
            rows.push((subscription.created, subscription.id.clone()));
        }
    }
    lists::page(store, "/v1/subscriptions", rows, params)
}

fn find(store: &Store, params: &Params) -> ApiResult {
    let mut all: Vec<_> = store
        .subscriptions
        .values()
        .map(|subscription| (subscription.created, &subscription.id))
        .collect();
    all.sort_unstable_by(|one, other| other.cmp(one));
    let objects = all
        .into_iter()
        .filter_map(|(_, id)| store.render(id))
        .collect();
    search::search("/v1/subscriptions/search", objects, params)
}
