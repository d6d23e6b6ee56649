//! The customers and subscriptions of Orghub's demo organizations: one for each state that
//! the subscription page shows. `hooli` is free and has none.
//!
//! Dates are relative to the start of the process, so that the demo never ages.

use crate::{
    objects::{Customer, DAY, Subscription},
    store::{Store, now},
};

pub(crate) fn fill(store: &mut Store) {
    let now = now();
    add(store, "acme", "price_ultra_month", |subscription| {
        subscription.current_period_start = now - 10 * DAY;
        subscription.current_period_end = now + 20 * DAY;
    });
    add(store, "globex", "price_pro_month", |subscription| {
        subscription.status = "trialing".to_owned();
        subscription.current_period_start = now - 5 * DAY;
        subscription.current_period_end = now + 9 * DAY;
        subscription.trial_end = Some(now + 9 * DAY);
    });
    add(store, "initech", "price_pro_month", |subscription| {
        subscription.status = "past_due".to_owned();
        subscription.current_period_start = now - 4 * DAY;
        subscription.current_period_end = now + 26 * DAY;
    });
    add(store, "umbrella", "price_pro_month", |subscription| {
        subscription.current_period_start = now - 18 * DAY;
        subscription.current_period_end = now + 12 * DAY;
        subscription.cancel_at_period_end = true;
        subscription.canceled_at = Some(now - DAY);
    });
}

fn add(store: &mut Store, slug: &str, price: &str, state: impl FnOnce(&mut Subscription)) {
    let customer = format!("cus_demo_{slug}");
    let mut subscription = Subscription::active(&format!("sub_demo_{slug}"), &customer, price);
    state(&mut subscription);
    subscription.created = subscription.current_period_start;
    store.customers.insert(
        customer.clone(),
        Customer {
            id: customer,
            email: Some(format!("billing@{slug}.test")),
            created: subscription.created,
            ..Customer::default()
        },
    );
    store
        .subscriptions
        .insert(subscription.id.clone(), subscription);
}
