//! All state, and how any object is read by its id.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::{
    calendar::{microseconds, real_now},
    events::StoredEvent,
    failure::Failures,
    idempotency::Replays,
    objects::{
        Charge, CheckoutSession, Coupon, Customer, Dispute, Feature, Invoice, InvoiceLine,
        PaymentIntent, PaymentMethod, PortalConfiguration, PortalSession, Price, Product,
        ProductFeature, Refund, Schedule, Subscription, TaxId, TestClock, WebhookEndpoint,
    },
    settings::Settings,
};

/// An API request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordedRequest {
    /// `GET`, `POST`, `DELETE`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The form, percent-encoded; empty without one.
    pub body: String,
    /// The header `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The header `Stripe-Version`.
    pub api_version: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) customers: BTreeMap<String, Customer>,
    pub(crate) payment_methods: BTreeMap<String, PaymentMethod>,
    pub(crate) tax_ids: BTreeMap<String, TaxId>,
    pub(crate) products: BTreeMap<String, Product>,
    pub(crate) features: BTreeMap<String, Feature>,
    pub(crate) product_features: BTreeMap<String, ProductFeature>,
    pub(crate) prices: BTreeMap<String, Price>,
    pub(crate) coupons: BTreeMap<String, Coupon>,
    pub(crate) subscriptions: BTreeMap<String, Subscription>,
    pub(crate) schedules: BTreeMap<String, Schedule>,
    pub(crate) checkout_sessions: BTreeMap<String, CheckoutSession>,
    pub(crate) invoices: BTreeMap<String, Invoice>,
    /// Prorations that wait for a subscription's next invoice.
    pub(crate) pending_lines: BTreeMap<String, Vec<InvoiceLine>>,
    pub(crate) payment_intents: BTreeMap<String, PaymentIntent>,
    pub(crate) charges: BTreeMap<String, Charge>,
    pub(crate) refunds: BTreeMap<String, Refund>,
    pub(crate) disputes: BTreeMap<String, Dispute>,
    pub(crate) portal_sessions: BTreeMap<String, PortalSession>,
    pub(crate) portal_configurations: BTreeMap<String, PortalConfiguration>,
    pub(crate) test_clocks: BTreeMap<String, TestClock>,
    pub(crate) webhook_endpoints: BTreeMap<String, WebhookEndpoint>,
    /// Oldest first.
    pub(crate) events: Vec<StoredEvent>,
    /// How many of [`Self::events`] were sent, and how many a test took.
    pub(crate) sent: usize,
    pub(crate) taken: usize,
    /// Merged into the JSON of the objects with these ids.
    pub(crate) patches: BTreeMap<String, Value>,
    pub(crate) settings: Settings,
    pub(crate) failures: Failures,
    pub(crate) replays: Replays,
    pub(crate) requests: Vec<RecordedRequest>,
    /// Where the pages are, ending in `/`.
    base: String,
    /// How far the time of everybody without a test clock is ahead, in seconds.
    ahead: i64,
    /// Part of every id, so that a restart does not repeat an event.
    run: i128,
    made: u64,
}

impl Store {
    pub(crate) fn new(base: String) -> Self {
        Self {
            base,
            run: microseconds(),
            ..Self::default()
        }
    }

    /// A new id: `evt_…`, `sub_…`. Ids of a process sort by age.
    pub(crate) fn new_id(&mut self, prefix: &str) -> String {
        let number = self.next_number();
        format!("{prefix}_{:x}_{number:06}", self.run)
    }

    /// A number that was not used before.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// The address of one of the fake's pages.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The time of everybody without a test clock.
    pub(crate) fn now(&self) -> i64 {
        real_now() + self.ahead
    }

    /// Moves [`Self::now`] to `time`; never back.
    pub(crate) fn move_to(&mut self, time: i64) {
        self.ahead = self.ahead.max(time - real_now());
    }

    /// A customer's time.
    pub(crate) fn now_of(&self, customer: &str) -> i64 {
        self.clock_of(customer)
            .and_then(|clock| self.test_clocks.get(clock))
            .map_or_else(|| self.now(), |clock| clock.frozen_time)
    }

    /// The id of a customer's test clock.
    pub(crate) fn clock_of(&self, customer: &str) -> Option<&str> {
        self.customers.get(customer)?.test_clock.as_deref()
    }

    /// The customer, unless it never was or is deleted.
    pub(crate) fn living_customer(&self, id: &str) -> Option<&Customer> {
        self.customers.get(id).filter(|customer| !customer.deleted)
    }

    /// A subscription's price: a test may name one that nobody made.
    pub(crate) fn price_or_unlisted(&self, id: &str) -> Price {
        self.prices
            .get(id)
            .cloned()
            .unwrap_or_else(|| Price::unlisted(id))
    }

    /// The JSON of any object, patches applied; `None` if there is no such object.
    pub(crate) fn render(&self, id: &str) -> Option<Value> {
        let mut object = self.render_plain(id)?;
        if let Some(patch) = self.patches.get(id) {
            merge(&mut object, patch);
        }
        Some(object)
    }

    fn render_plain(&self, id: &str) -> Option<Value> {
        if id.starts_with("sub_sched_") {
            return Some(self.schedules.get(id)?.to_json(self));
        }
        Some(match id.split('_').next()? {
            "sub" => self.subscriptions.get(id)?.to_json(self),
            "cus" => self.customers.get(id)?.to_json(),
            "cs" => self.checkout_sessions.get(id)?.to_json(self),
            "in" => self.invoices.get(id)?.to_json(self),
            "inpay" => self
                .invoices
                .get(&id.replacen("inpay_", "in_", 1))?
                .payment_json()?,
            "price" => self.prices.get(id)?.to_json(),
            "feat" => self.features.get(id)?.to_json(),
            "prodft" => {
                let attached = self.product_features.get(id)?;
                attached.to_json(self.features.get(&attached.feature)?)
            }
            "pi" => self.payment_intents.get(id)?.to_json(self),
            "pm" => self.payment_methods.get(id)?.to_json(),
            "card" => self
                .payment_methods
                .get(&id.replacen("card_", "pm_", 1))?
                .to_source_json(),
            "ch" => self.charges.get(id)?.to_json(self),
            "re" => self.refunds.get(id)?.to_json(),
            "du" => self.disputes.get(id)?.to_json(),
            "txi" => self.tax_ids.get(id)?.to_json(),
            "bps" => self.portal_sessions.get(id)?.to_json(self),
            "bpc" => self.portal_configurations.get(id)?.to_json(),
            "clock" => self.test_clocks.get(id)?.to_json(),
            "we" => self.webhook_endpoints.get(id)?.to_json(),
            "di" => self
                .subscriptions
                .get(&id.replacen("di_", "sub_", 1))?
                .discount_json(self)?,
            "evt" => self.events.iter().find(|event| event.id == id)?.to_json(),
            // Their ids may be chosen by whoever makes them.
            _ => match self.products.get(id) {
                Some(product) => product.to_json(),
                None => self.coupons.get(id)?.to_json(),
            },
        })
    }
}

/// A JSON merge patch (RFC 7396).
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(target) = target else {
        return;
    };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_adds_replaces_and_removes() {
        let mut object = json!({ "a": { "b": 1, "c": 2 }, "d": [1] });
        merge(&mut object, &json!({ "a": { "b": null, "e": 3 }, "d": [] }));
        assert_eq!(object, json!({ "a": { "c": 2, "e": 3 }, "d": [] }));
    }
}
