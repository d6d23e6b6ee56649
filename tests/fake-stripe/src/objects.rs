//! Stripe's objects: what a test sets, and the JSON that a client reads.
//!
//! The JSON has every field that async-stripe insists on, in the shape of the API version
//! compiled into it ([`API_VERSION`]). What Orghub never reads is left out where a client
//! allows it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub(crate) const API_VERSION: &str = "2026-09-30.endive";

/// In seconds.
pub(crate) const DAY: i64 = 24 * 60 * 60;

#[derive(Clone, Debug, Default)]
pub struct Customer {
    /// `cus_…`.
    pub id: String,
    /// Address for receipts.
    pub email: Option<String>,
    /// Notes of the client, such as `organization_id`.
    pub metadata: BTreeMap<String, String>,
    /// In seconds since 1970, as all times here.
    pub created: i64,
}

impl Customer {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "customer",
            "created": self.created,
            "email": self.email,
            "livemode": false,
            "metadata": self.metadata,
        })
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Price {
    /// `pro_month`; the id is `price_pro_month`.
    pub(crate) lookup_key: &'static str,
    product: &'static str,
    interval: &'static str,
    dollars: i64,
}

/// All prices.
pub(crate) const PRICES: [Price; 4] = [
    Price {
        lookup_key: "pro_month",
        product: "pro",
        interval: "month",
        dollars: 49,
    },
    Price {
        lookup_key: "pro_year",
        product: "pro",
        interval: "year",
        dollars: 400,
    },
    Price {
        lookup_key: "ultra_month",
        product: "ultra",
        interval: "month",
        dollars: 100,
    },
    Price {
        lookup_key: "ultra_year",
        product: "ultra",
        interval: "year",
        dollars: 1000,
    },
];

/// The products behind the prices: the last part of the id, and the name.
pub(crate) const PRODUCTS: [(&str, &str); 2] = [("pro", "Orghub Pro"), ("ultra", "Orghub Ultra")];

impl Price {
    pub(crate) fn id(&self) -> String {
        format!("price_{}", self.lookup_key)
    }

    pub(crate) fn to_json(self) -> Value {
        json!({
            "id": self.id(),
            "object": "price",
            "active": true,
            "billing_scheme": "per_unit",
            "created": 0,
            "currency": "usd",
            "livemode": false,
            "lookup_key": self.lookup_key,
            "metadata": {},
            "product": format!("prod_{}", self.product),
            "recurring": {
                "interval": self.interval,
                "interval_count": 1,
                "usage_type": "licensed",
            },
            "type": "recurring",
            "unit_amount": self.dollars * 100,
            "unit_amount_decimal": format!("{}00", self.dollars),
        })
    }
}

pub(crate) fn product_json((key, name): (&str, &str)) -> Value {
    json!({
        "id": format!("prod_{key}"),
        "object": "product",
        "active": true,
        "created": 0,
        "images": [],
        "livemode": false,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "type": "service",
        "updated": 0,
    })
}

/// The price with this id; a test may use one that is not in [`PRICES`].
fn price_json(id: &str) -> Value {
    let listed = PRICES.iter().find(|price| price.id() == id);
    listed.map_or_else(
        || {
            json!({
                "id": id,
                "object": "price",
                "active": true,
                "billing_scheme": "per_unit",
                "created": 0,
                "currency": "usd",
                "livemode": false,
                "lookup_key": null,
                "metadata": {},
                "product": "prod_other",
                "recurring": { "interval": "month", "interval_count": 1, "usage_type": "licensed" },
                "type": "recurring",
                "unit_amount": 100,
                "unit_amount_decimal": "100",
            })
        },
        |price| price.to_json(),
    )
}

/// A subscription with one item.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// `sub_…`.
    pub id: String,
    pub customer: String,
    /// `price_pro_month` and so on.
    pub price: String,
    /// `active`, `past_due` and so on.
    pub status: String,
    pub current_period_start: i64,
    pub current_period_end: i64,
    pub trial_end: Option<i64>,
    pub cancel_at_period_end: bool,
    /// A set end: how Stripe's portal says "ends with the period".
    pub cancel_at: Option<i64>,
    /// When it was canceled, or when that was decided.
    pub canceled_at: Option<i64>,
    pub ended_at: Option<i64>,
    /// Notes of the client, such as `organization_id`.
    pub metadata: BTreeMap<String, String>,
    pub created: i64,
}

impl Subscription {
    /// An active subscription to `price`, made now, with 30 days before it.
    pub fn active(id: &str, customer: &str, price: &str) -> Self {
        let now = crate::store::now();
        Self {
            id: id.to_owned(),
            customer: customer.to_owned(),
            price: price.to_owned(),
            status: "active".to_owned(),
            current_period_start: now,
            current_period_end: now + 30 * DAY,
            trial_end: None,
            cancel_at_period_end: false,
            cancel_at: None,
            canceled_at: None,
            ended_at: None,
            metadata: BTreeMap::new(),
            created: now,
        }
    }

    /// Ends it now.
    pub fn cancel(&mut self) {
        let now = crate::store::now();
        self.status = "canceled".to_owned();
        self.canceled_at = Some(now);
        self.ended_at = Some(now);
        self.cancel_at_period_end = false;
    }

    fn interval(&self) -> &'static str {
        PRICES
            .iter()
            .find(|price| price.id() == self.price)
            .map_or("month", |price| price.interval)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "subscription",
            "automatic_tax": { "enabled": false },
            "billing_cycle_anchor": self.current_period_start,
            "billing_mode": {
                "type": "flexible",
                "flexible": { "proration_discounts": "included" },
            },
            "billing_schedules": [],
            "cancel_at": self.cancel_at,
            "cancel_at_period_end": self.cancel_at_period_end,
            "canceled_at": self.canceled_at,
            "collection_method": "charge_automatically",
            "created": self.created,
            "currency": "usd",
            "customer": self.customer,
            "discounts": [],
            "ended_at": self.ended_at,
            "invoice_settings": { "issuer": { "type": "self" } },
            "items": {
                "object": "list",
                "data": [{
                    "id": self.id.replacen("sub_", "si_", 1),
                    "object": "subscription_item",
                    "created": self.created,
                    "current_period_end": self.current_period_end,
                    "current_period_start": self.current_period_start,
                    "discounts": [],
                    "metadata": {},
                    "plan": self.plan_json(),
                    "price": price_json(&self.price),
                    "quantity": 1,
                    "subscription": self.id,
                }],
                "has_more": false,
                "url": format!("/v1/subscription_items?subscription={}", self.id),
            },
            "livemode": false,
            "metadata": self.metadata,
            "start_date": self.created,
            "status": self.status,
            "trial_end": self.trial_end,
            "trial_start": self.trial_end.map(|_| self.created),
        })
    }

    /// The same in the words of a much older API version: the period stands on
    /// the subscription itself and newer fields are missing. async-stripe cannot
    /// read it.
    pub(crate) fn to_old_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "subscription",
            "billing": "charge_automatically",
            "cancel_at_period_end": self.cancel_at_period_end,
            "current_period_end": self.current_period_end,
            "current_period_start": self.current_period_start,
            "customer": self.customer,
            "plan": self.plan_json(),
            "status": self.status,
        })
    }

    /// The item's price in the words of Stripe's older plans, which it still sends.
    fn plan_json(&self) -> Value {
        json!({
            "id": self.price,
            "object": "plan",
            "active": true,
            "billing_scheme": "per_unit",
            "created": 0,
            "currency": "usd",
            "interval": self.interval(),
            "interval_count": 1,
            "livemode": false,
            "metadata": {},
            "usage_type": "licensed",
        })
    }
}

/// A finished checkout of a subscription.
#[derive(Clone, Debug)]
pub struct CheckoutSession {
    /// `cs_…`.
    pub id: String,
    pub customer: Option<String>,
    pub subscription: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub created: i64,
}

impl CheckoutSession {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "checkout.session",
            "automatic_tax": { "enabled": false },
            "created": self.created,
            "custom_fields": [],
            "custom_text": {},
            "customer": self.customer,
            "expires_at": self.created + DAY,
            "livemode": false,
            "metadata": self.metadata,
            "mode": "subscription",
            "payment_method_types": ["card"],
            "payment_status": "paid",
            "shipping_options": [],
            "status": "complete",
            "subscription": self.subscription,
        })
    }
}

/// A subscription's invoice.
#[derive(Clone, Debug)]
pub struct Invoice {
    /// `in_…`.
    pub id: String,
    pub customer: String,
    pub subscription: String,
    /// `paid`, `open` and so on.
    pub status: String,
    /// In cents.
    pub amount_due: i64,
    pub created: i64,
}

impl Invoice {
    pub(crate) fn to_json(&self) -> Value {
        let paid = if self.status == "paid" {
            self.amount_due
        } else {
            0
        };
        json!({
            "id": self.id,
            "object": "invoice",
            "amount_due": self.amount_due,
            "amount_overpaid": 0,
            "amount_paid": paid,
            "amount_remaining": self.amount_due - paid,
            "amount_shipping": 0,
            "attempt_count": 1,
            "attempted": true,
            "automatic_tax": { "enabled": false },
            "collection_method": "charge_automatically",
            "created": self.created,
            "currency": "usd",
            "customer": self.customer,
            "default_tax_rates": [],
            "discounts": [],
            "issuer": { "type": "self" },
            "lines": list_json(&format!("/v1/invoices/{}/lines", self.id), Vec::new(), false),
            "livemode": false,
            "metadata": {},
            "parent": {
                "type": "subscription_details",
                "subscription_details": { "metadata": {}, "subscription": self.subscription },
            },
            "payment_settings": {},
            "period_end": self.created,
            "period_start": self.created,
            "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0,
            "starting_balance": 0,
            "status": self.status,
            "status_transitions": {},
            "subtotal": self.amount_due,
            "total": self.amount_due,
        })
    }
}

/// A list as Stripe answers it.
pub(crate) fn list_json(path: &str, objects: Vec<Value>, has_more: bool) -> Value {
    json!({ "object": "list", "data": objects, "has_more": has_more, "url": path })
}
