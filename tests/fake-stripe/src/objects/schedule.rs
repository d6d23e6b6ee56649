//! Changes of a subscription that are to come.

use serde_json::{Value, json};

use super::Metadata;
use crate::store::Store;

#[derive(Clone, Debug, Default)]
pub(crate) struct Schedule {
    /// `sub_sched_…`.
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) subscription: Option<String>,
    /// `active`, `completed`, `released`, `canceled`.
    pub(crate) status: String,
    /// `release` or `cancel`.
    pub(crate) end_behavior: String,
    pub(crate) phases: Vec<Phase>,
    /// Which of them it is in.
    pub(crate) current: usize,
    pub(crate) released_subscription: Option<String>,
    pub(crate) canceled_at: Option<i64>,
    pub(crate) completed_at: Option<i64>,
    pub(crate) released_at: Option<i64>,
    pub(crate) billing_mode: String,
    pub(crate) metadata: Metadata,
    pub(crate) created: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Phase {
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// Prices and quantities.
    pub(crate) items: Vec<(String, i64)>,
    pub(crate) proration_behavior: String,
    pub(crate) coupon: Option<String>,
    pub(crate) trial_end: Option<i64>,
    pub(crate) metadata: Metadata,
}

impl Schedule {
    /// Which phase is the one at `now`; the first before all of them.
    pub(crate) fn index_at(&self, now: i64) -> usize {
        let begun = self.phases.iter().filter(|phase| phase.start <= now);
        begun.count().saturating_sub(1)
    }

    pub(crate) fn to_json(&self, store: &Store) -> Value {
        let current = self
            .phases
            .get(self.current)
            .filter(|_| self.status == "active")
            .map(|phase| json!({ "start_date": phase.start, "end_date": phase.end }));
        json!({
            "id": self.id,
            "object": "subscription_schedule",
            "application": null,
            "billing_mode": super::subscription::billing_mode_json(&self.billing_mode),
            "canceled_at": self.canceled_at,
            "completed_at": self.completed_at,
            "created": self.created,
            "current_phase": current,
            "customer": self.customer,
            "default_settings": {
                "application_fee_percent": null,
                "automatic_tax": { "enabled": false, "disabled_reason": null, "liability": null },
                "billing_cycle_anchor": "automatic",
                "collection_method": "charge_automatically",
                "default_payment_method": null,
                "description": null,
                "invoice_settings": { "issuer": { "type": "self" } },
                "on_behalf_of": null,
                "transfer_data": null,
            },
            "end_behavior": self.end_behavior,
            "livemode": false,
            "metadata": self.metadata,
            "phases": self.phases.iter().map(|phase| phase.to_json(store)).collect::<Vec<_>>(),
            "released_at": self.released_at,
            "released_subscription": self.released_subscription,
            "status": self.status,
            "subscription": self.subscription,
            "test_clock": store.clock_of(&self.customer),
        })
    }
}

impl Phase {
    fn to_json(&self, store: &Store) -> Value {
        let currency = self.items.first().map_or_else(
            || "usd".to_owned(),
            |(price, _)| store.price_or_unlisted(price).currency,
        );
        let items: Vec<_> = self
            .items
            .iter()
            .map(|(price, quantity)| {
                json!({
                    "discounts": [],
                    "metadata": {},
                    "plan": price,
                    "price": price,
                    "quantity": quantity,
                    "tax_rates": [],
                })
            })
            .collect();
        let discounts: Vec<_> = self
            .coupon
            .iter()
            .map(|coupon| json!({ "coupon": coupon, "discount": null, "promotion_code": null }))
            .collect();
        json!({
            "add_invoice_items": [],
            "collection_method": null,
            "currency": currency,
            "default_tax_rates": [],
            "discounts": discounts,
            "end_date": self.end,
            "items": items,
            "metadata": self.metadata,
            "proration_behavior": self.proration_behavior,
            "start_date": self.start,
            "trial_end": self.trial_end,
        })
    }
}
