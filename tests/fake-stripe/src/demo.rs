//! What exists from the start: the products and prices of Orghub, and on demand the customers
//! and subscriptions of its demo organizations, one for each state that the subscription page
//! shows. `hooli` is free and has none.
//!
//! Dates are relative to the start of the process, so that the demo never ages.

use crate::{
    calendar::DAY,
    objects::{Card, Customer, Invoice, Price, Product, Subscription},
    store::Store,
};

/// Products and prices.
pub(crate) fn fill_catalog(store: &mut Store) {
    for (plan, name) in [("pro", "Orghub Pro"), ("ultra", "Orghub Ultra")] {
        let id = format!("prod_{plan}");
        let product = Product {
            id: id.clone(),
            name: name.to_owned(),
            active: true,
            metadata: [("plan".to_owned(), plan.to_owned())].into(),
            ..Product::default()
        };
        store.products.insert(id, product);
    }
    for (plan, interval, dollars) in [
        ("pro", "month", 49),
        ("pro", "year", 400),
        ("ultra", "month", 100),
        ("ultra", "year", 1000),
    ] {
        let key = format!("{plan}_{interval}");
        let id = format!("price_{key}");
        let price = Price {
            lookup_key: Some(key),
            ..Price::new(&id, &format!("prod_{plan}"), "usd", dollars * 100, interval)
        };
        store.prices.insert(id, price);
    }
}

/// The demo organizations.
pub(crate) fn fill(store: &mut Store) {
    let now = store.now();
    add(
        store,
        "acme",
        "price_ultra_month",
        Card::Works,
        |subscription| {
            subscription.current_period_start = now - 10 * DAY;
            subscription.current_period_end = now + 20 * DAY;
        },
    );
    add(
        store,
        "globex",
        "price_pro_month",
        Card::Works,
        |subscription| {
            subscription.status = "trialing".to_owned();
            subscription.current_period_start = now - 5 * DAY;
            subscription.current_period_end = now + 9 * DAY;
            subscription.trial_end = Some(now + 9 * DAY);
        },
    );
    add(
        store,
        "initech",
        "price_pro_month",
        Card::Declined,
        |subscription| {
            subscription.status = "past_due".to_owned();
            subscription.current_period_start = now - 4 * DAY;
            subscription.current_period_end = now + 26 * DAY;
            subscription.next_retry = Some(now + DAY);
            subscription.retries = 1;
        },
    );
    add(
        store,
        "umbrella",
        "price_pro_month",
        Card::Works,
        |subscription| {
            subscription.current_period_start = now - 18 * DAY;
            subscription.current_period_end = now + 12 * DAY;
            subscription.cancel_at_period_end = true;
            subscription.canceled_at = Some(now - DAY);
        },
    );
    // What happened before nobody is told.
    store.events.clear();
}

fn add(
    store: &mut Store,
    slug: &str,
    price: &str,
    card: Card,
    state: impl FnOnce(&mut Subscription),
) {
    let customer = format!("cus_demo_{slug}");
    let mut subscription = Subscription::active(&format!("sub_demo_{slug}"), &customer, price);
    state(&mut subscription);
    subscription.created = subscription.current_period_start;
    subscription.billing_cycle_anchor = subscription.current_period_end;
    store.customers.insert(
        customer.clone(),
        Customer {
            id: customer.clone(),
            email: Some(format!("billing@{slug}.test")),
            created: subscription.created,
            ..Customer::default()
        },
    );
    store.give_card(&customer, card);
    let invoice = invoice_of(store, slug, &subscription);
    subscription.latest_invoice = Some(invoice.id.clone());
    store.invoices.insert(invoice.id.clone(), invoice);
    store
        .subscriptions
        .insert(subscription.id.clone(), subscription);
}

/// Of the current period.
fn invoice_of(store: &mut Store, slug: &str, subscription: &Subscription) -> Invoice {
    let is_trial = subscription.status == "trialing";
    let (start, end) = (
        subscription.current_period_start,
        subscription.current_period_end,
    );
    let lines = if is_trial {
        Vec::new()
    } else {
        store.period_lines(&subscription.items(), start, end)
    };
    let is_paid = subscription.status != "past_due";
    Invoice {
        id: format!("in_demo_{slug}"),
        customer: subscription.customer.clone(),
        subscription: subscription.id.clone(),
        status: if is_paid { "paid" } else { "open" }.to_owned(),
        amount_due: lines.iter().map(|line| line.amount).sum(),
        number: Some(format!("DEMO-{}", slug.to_uppercase())),
        lines,
        billing_reason: "subscription_cycle".to_owned(),
        paid_at: is_paid.then_some(start),
        next_payment_attempt: subscription.next_retry,
        period_start: start,
        period_end: end,
        created: start,
        ..Invoice::default()
    }
}
