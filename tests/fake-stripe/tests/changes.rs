//! Changing what is paid for: plans, quantities, discounts, prices.

#![allow(clippy::unwrap_used, reason = "test helpers may panic, too")]

mod common;

use common::{Stripe, in_order, text};
use fake_stripe::Card;
use serde_json::Value;

const DAY: i64 = 86_400;

/// A customer, its subscription to Pro by the month, and the item's id.
async fn pro(stripe: &Stripe) -> (String, String, String) {
    let customer = stripe.customer().await;
    let id = stripe.subscribe(&customer, "price_pro_month").await;
    let subscription = stripe.get(&format!("v1/subscriptions/{id}")).await;
    let item = text(&subscription["items"]["data"][0]["id"]);
    (customer, id, item)
}

fn price_of(subscription: &Value) -> &str {
    subscription["items"]["data"][0]["price"]["id"]
        .as_str()
        .unwrap()
}

#[tokio::test]
async fn a_preview_says_what_the_change_then_costs() {
    let stripe = Stripe::start().await;
    let (_, id, item) = pro(&stripe).await;
    let start = stripe.get(&format!("v1/subscriptions/{id}")).await["items"]["data"][0]
        ["current_period_start"]
        .as_i64()
        .unwrap();
    let at = start + 10 * DAY;
    let form = format!(
        "subscription={id}&subscription_details[items][0][id]={item}\
         &subscription_details[items][0][price]=price_ultra_month\
         &subscription_details[proration_behavior]=always_invoice\
         &subscription_details[proration_date]={at}"
    );
    let preview = stripe.post("v1/invoices/create_preview", &form).await;
    assert_eq!(preview["lines"]["data"].as_array().unwrap().len(), 2);
    assert_eq!(preview["hosted_invoice_url"], Value::Null);
    let due = preview["amount_due"].as_i64().unwrap();
    assert!((3000..5100).contains(&due), "two thirds of 51 USD: {due}");

    let form = format!(
        "items[0][id]={item}&items[0][price]=price_ultra_month&proration_behavior=always_invoice\
         &proration_date={at}&expand[0]=latest_invoice"
    );
    let changed = stripe.post(&format!("v1/subscriptions/{id}"), &form).await;
    assert_eq!(price_of(&changed), "price_ultra_month");
    assert_eq!(changed["latest_invoice"]["amount_due"], due);
    assert_eq!(changed["latest_invoice"]["status"], "paid");
    assert_eq!(changed["items"]["data"][0]["id"], item.as_str());
}

#[tokio::test]
async fn another_interval_begins_a_period_and_a_cheaper_plan_leaves_credit() {
    let stripe = Stripe::start().await;
    let (customer, id, item) = pro(&stripe).await;
    let path = format!("v1/subscriptions/{id}");
    let yearly =
        format!("items[0][id]={item}&items[0][price]=price_ultra_year&expand[0]=latest_invoice");
    let changed = stripe.post(&path, &yearly).await;
    let item_now = &changed["items"]["data"][0];
    let period = item_now["current_period_end"].as_i64().unwrap()
        - item_now["current_period_start"].as_i64().unwrap();
    assert!((365 * DAY..=366 * DAY).contains(&period));
    assert_eq!(
        changed["latest_invoice"]["billing_reason"],
        "subscription_update"
    );
    assert!(changed["latest_invoice"]["amount_due"].as_i64().unwrap() >= 100_000 - 4900);

    let monthly = format!(
        "items[0][id]={item}&items[0][price]=price_pro_month&proration_behavior=always_invoice\
         &expand[0]=latest_invoice"
    );
    let back = stripe.post(&path, &monthly).await;
    assert_eq!(back["latest_invoice"]["amount_due"], 0);
    let customer = stripe.get(&format!("v1/customers/{customer}")).await;
    assert!(
        customer["balance"].as_i64().unwrap() < -90_000,
        "{customer}"
    );
}

#[tokio::test]
async fn a_change_that_cannot_be_paid_changes_nothing_if_that_is_asked() {
    let stripe = Stripe::start().await;
    let (customer, id, item) = pro(&stripe).await;
    stripe.0.set_card(&customer, Card::Declined);
    let path = format!("v1/subscriptions/{id}");
    let change = format!(
        "items[0][id]={item}&items[0][price]=price_ultra_month&proration_behavior=always_invoice"
    );
    let refused = stripe
        .refused(
            &path,
            &format!("{change}&payment_behavior=error_if_incomplete"),
        )
        .await;
    assert_eq!(refused, (402, "card_declined".to_owned()));
    assert_eq!(price_of(&stripe.get(&path).await), "price_pro_month");
    let changed = stripe.post(&path, &change).await;
    assert_eq!(price_of(&changed), "price_ultra_month");
    assert_eq!(stripe.get(&path).await["status"], "past_due");
}

#[tokio::test]
async fn a_schedule_changes_the_plan_with_the_next_period() {
    let stripe = Stripe::start().await;
    let customer = stripe.customer().await;
    let id = stripe.subscribe(&customer, "price_ultra_month").await;
    let schedule = stripe
        .post(
            "v1/subscription_schedules",
            &format!("from_subscription={id}"),
        )
        .await;
    let schedule_id = text(&schedule["id"]);
    let phase = &schedule["phases"][0];
    let form = format!(
        "end_behavior=release&phases[0][items][0][price]=price_ultra_month\
         &phases[0][items][0][quantity]=1&phases[0][start_date]={}&phases[0][end_date]={}\
         &phases[1][items][0][price]=price_pro_year&phases[1][items][0][quantity]=1\
         &phases[1][iterations]=1",
        phase["start_date"], phase["end_date"]
    );
    let path = format!("v1/subscription_schedules/{schedule_id}");
    let planned = stripe.post(&path, &form).await;
    assert_eq!(planned["phases"].as_array().unwrap().len(), 2);
    let subscription = format!("v1/subscriptions/{id}");
    assert_eq!(
        stripe.get(&subscription).await["schedule"],
        schedule_id.as_str()
    );
    let item = "items[0][price]=price_pro_month";
    assert_eq!(
        stripe.refused(&subscription, item).await.0,
        400,
        "it is managed"
    );

    stripe.new_events();
    stripe.0.advance(32 * DAY);
    let changed = stripe
        .get(&format!("{subscription}?expand[0]=latest_invoice"))
        .await;
    assert_eq!(price_of(&changed), "price_pro_year");
    assert_eq!(
        changed["latest_invoice"]["amount_due"], 40_000,
        "paid whole, no proration"
    );
    stripe.0.advance(366 * DAY);
    let released = stripe.get(&path).await;
    assert_eq!(released["status"], "released");
    assert_eq!(released["released_subscription"], id.as_str());
    assert_eq!(stripe.get(&subscription).await["schedule"], Value::Null);
    let events = stripe.new_events();
    let expected = [
        "subscription_schedule.updated",
        "subscription_schedule.released",
    ];
    assert!(in_order(&events, &expected), "{events:?}");
}

#[tokio::test]
async fn a_released_schedule_changes_nothing() {
    let stripe = Stripe::start().await;
    let (_, id, _) = pro(&stripe).await;
    let form = format!("from_subscription={id}");
    let schedule = text(&stripe.post("v1/subscription_schedules", &form).await["id"]);
    assert_eq!(
        stripe.refused("v1/subscription_schedules", &form).await.0,
        400
    );
    let release = format!("v1/subscription_schedules/{schedule}/release");
    stripe.post(&release, "").await;
    assert_eq!(stripe.refused(&release, "").await.0, 400);
    stripe.0.advance(32 * DAY);
    let subscription = stripe.get(&format!("v1/subscriptions/{id}")).await;
    assert_eq!(price_of(&subscription), "price_pro_month");
    assert_eq!(subscription["status"], "active");
}

#[tokio::test]
async fn coupons_apply_as_long_as_they_say() {
    let stripe = Stripe::start().await;
    stripe
        .post(
            "v1/coupons",
            "id=half&percent_off=50&duration=repeating&duration_in_months=2",
        )
        .await;
    let customer = stripe.customer().await;
    let form = format!(
        "customer={customer}&items[0][price]=price_pro_month&items[0][quantity]=7\
         &discounts[0][coupon]=half&expand[0]=discounts.source.coupon&expand[1]=latest_invoice"
    );
    let subscription = stripe.post("v1/subscriptions", &form).await;
    assert_eq!(subscription["latest_invoice"]["total"], 7 * 4900 / 2);
    let coupon = &subscription["discounts"][0]["source"]["coupon"];
    assert_eq!(coupon["percent_off"], 50.0);
    let id = text(&subscription["id"]);
    stripe.0.advance(93 * DAY);
    let latest = stripe
        .get(&format!("v1/subscriptions/{id}?expand[0]=latest_invoice"))
        .await;
    assert_eq!(latest["latest_invoice"]["total"], 7 * 4900);
}

#[tokio::test]
async fn a_look_up_key_moves_to_a_new_price_in_a_currency_without_decimals() {
    let stripe = Stripe::start().await;
    let form = "product=prod_pro&currency=jpy&unit_amount=7000&recurring[interval]=month\
                &lookup_key=pro_month";
    assert_eq!(
        stripe.refused("v1/prices", form).await.0,
        400,
        "the key is taken"
    );
    let price = stripe
        .post("v1/prices", &format!("{form}&transfer_lookup_key=true"))
        .await;
    let found = stripe.get("v1/prices?lookup_keys[0]=pro_month").await;
    assert_eq!(found["data"][0]["id"], price["id"]);
    let old = stripe.get("v1/prices/price_pro_month").await;
    assert_eq!(old["lookup_key"], Value::Null);
    let customer = stripe.customer().await;
    let id = stripe
        .subscribe(&customer, price["id"].as_str().unwrap())
        .await;
    let subscription = stripe
        .get(&format!("v1/subscriptions/{id}?expand[0]=latest_invoice"))
        .await;
    assert_eq!(subscription["currency"], "jpy");
    let page = text(&subscription["latest_invoice"]["hosted_invoice_url"]);
    assert!(stripe.page(&page).await.text.contains("7000 JPY"));

    let raised = stripe.0.raise_price("pro_month", 8000);
    let found = stripe.get("v1/prices?lookup_keys[0]=pro_month").await;
    assert_eq!(found["data"][0]["id"], raised.as_str());
}

#[tokio::test]
async fn a_change_may_wait_for_its_payment_until_it_expires() {
    let stripe = Stripe::start().await;
    let (customer, id, item) = pro(&stripe).await;
    stripe.0.set_card(&customer, Card::NeedsAction);
    let path = format!("v1/subscriptions/{id}");
    let change = format!(
        "items[0][id]={item}&items[0][price]=price_ultra_month&proration_behavior=always_invoice\
         &payment_behavior=pending_if_incomplete&expand[0]=latest_invoice"
    );
    let waiting = stripe.post(&path, &change).await;
    assert_eq!(waiting["status"], "active");
    assert_eq!(price_of(&waiting), "price_pro_month");
    let pending = &waiting["pending_update"];
    assert!(pending["expires_at"].is_i64());
    assert_eq!(
        pending["subscription_items"][0]["price"]["id"],
        "price_ultra_month"
    );
    let invoice = text(&waiting["latest_invoice"]["id"]);
    assert_eq!(waiting["latest_invoice"]["status"], "open");
    stripe
        .submit(&format!("invoice/{invoice}/confirm"), "answer=approve")
        .await;
    let changed = stripe.get(&path).await;
    assert_eq!(price_of(&changed), "price_ultra_month");
    assert_eq!(changed["pending_update"], Value::Null);

    let back = change.replace("price_ultra_month", "price_ultra_year");
    stripe.post(&path, &back).await;
    stripe.0.advance(DAY);
    let kept = stripe.get(&path).await;
    assert_eq!(price_of(&kept), "price_ultra_month");
    assert_eq!(kept["pending_update"], Value::Null);
    let events = stripe.new_events();
    let expected = [
        "invoice.payment_action_required",
        "customer.subscription.pending_update_applied",
        "customer.subscription.pending_update_expired",
        "invoice.voided",
    ];
    assert!(in_order(&events, &expected), "{events:?}");
}
