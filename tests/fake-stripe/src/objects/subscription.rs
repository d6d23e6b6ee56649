//! What is paid for regularly.

use serde_json::{Value, json};

use super::Metadata;
use crate::{
    calendar::{DAY, real_now},
    store::Store,
};

/// A subscription; most have one item, and its price and quantity stand on top.
#[derive(Clone, Debug, Default)]
pub struct Subscription {
    /// `sub_…`.
    pub id: String,
    pub customer: String,
    /// `price_pro_month` and so on.
    pub price: String,
    /// Of the first item.
    pub quantity: i64,
    /// Behind the first one.
    pub more_items: Vec<SubscriptionItem>,
    /// `active`, `past_due` and so on.
    pub status: String,
    pub current_period_start: i64,
    pub current_period_end: i64,
    pub billing_cycle_anchor: i64,
    /// If there is or was a trial, from `created` or this on.
    pub trial_start: Option<i64>,
    pub trial_end: Option<i64>,
    /// What follows a trial without payment method: `create_invoice`, `cancel`, `pause`.
    pub trial_end_behavior: String,
    /// Whether `trial_will_end` was announced.
    pub trial_announced: bool,
    pub cancel_at_period_end: bool,
    /// A set end: how Stripe's portal says "ends with the period".
    pub cancel_at: Option<i64>,
    /// When it was canceled, or when that was decided.
    pub canceled_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub cancellation_details: CancellationDetails,
    pub pause_collection: Option<PauseCollection>,
    /// A change that waits for its payment.
    pub pending_update: Option<PendingUpdate>,
    /// The id of a coupon.
    pub coupon: Option<String>,
    /// When the coupon began to apply.
    pub coupon_start: i64,
    /// `flexible` or `classic`.
    pub billing_mode: String,
    pub description: Option<String>,
    pub default_payment_method: Option<String>,
    /// `in_…`.
    pub latest_invoice: Option<String>,
    /// `sub_sched_…`.
    pub schedule: Option<String>,
    /// Failed retries of the open invoice, and when the next one is due.
    pub retries: usize,
    pub next_retry: Option<i64>,
    /// Notes of the client, such as `organization_id`.
    pub metadata: Metadata,
    pub created: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionItem {
    /// `si_…`.
    pub id: String,
    pub price: String,
    pub quantity: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CancellationDetails {
    pub comment: Option<String>,
    /// `too_expensive` and so on, chosen by the customer.
    pub feedback: Option<String>,
    /// `cancellation_requested`, `payment_failed`, `payment_disputed`.
    pub reason: Option<String>,
}

/// Items that a subscription gets when an invoice is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingUpdate {
    pub items: Vec<SubscriptionItem>,
    /// The period that begins with them, if one does.
    pub period: Option<(i64, i64)>,
    /// `in_…`.
    pub invoice: String,
    pub expires_at: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseCollection {
    /// `keep_as_draft`, `mark_uncollectible`, `void`.
    pub behavior: String,
    pub resumes_at: Option<i64>,
}

impl Subscription {
    /// An active subscription to `price`, made now, with 30 days before it.
    pub fn active(id: &str, customer: &str, price: &str) -> Self {
        let now = real_now();
        Self {
            id: id.to_owned(),
            customer: customer.to_owned(),
            price: price.to_owned(),
            quantity: 1,
            status: "active".to_owned(),
            current_period_start: now,
            current_period_end: now + 30 * DAY,
            billing_cycle_anchor: now,
            billing_mode: "flexible".to_owned(),
            trial_end_behavior: "create_invoice".to_owned(),
            created: now,
            ..Self::default()
        }
    }

    /// Ends it now.
    pub fn cancel(&mut self) {
        self.cancel_at(real_now());
    }

    pub(crate) fn cancel_at(&mut self, now: i64) {
        self.status = "canceled".to_owned();
        self.canceled_at = self.canceled_at.or(Some(now));
        self.ended_at = Some(now);
        self.cancel_at_period_end = false;
        self.pending_update = None;
        self.next_retry = None;
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "canceled" | "incomplete_expired")
    }

    /// The first item's id.
    pub fn item_id(&self) -> String {
        self.id.replacen("sub_", "si_", 1)
    }

    /// All items.
    pub fn items(&self) -> Vec<SubscriptionItem> {
        let first = SubscriptionItem {
            id: self.item_id(),
            price: self.price.clone(),
            quantity: self.quantity.max(1),
        };
        std::iter::once(first)
            .chain(self.more_items.iter().cloned())
            .collect()
    }

    pub(crate) fn discount_id(&self) -> Option<String> {
        self.coupon
            .as_ref()
            .map(|_| self.id.replacen("sub_", "di_", 1))
    }

    pub(crate) fn to_json(&self, store: &Store) -> Value {
        let items = self
            .items()
            .iter()
            .map(|item| self.item_json(item, store))
            .collect();
        json!({
            "id": self.id,
            "object": "subscription",
            "automatic_tax": { "enabled": false, "disabled_reason": null, "liability": null },
            "billing_cycle_anchor": self.billing_cycle_anchor,
            "billing_mode": billing_mode_json(&self.billing_mode),
            "billing_schedules": [],
            "cancel_at": self.cancel_at,
            "cancel_at_period_end": self.cancel_at_period_end,
            "canceled_at": self.canceled_at,
            "cancellation_details": {
                "comment": self.cancellation_details.comment,
                "feedback": self.cancellation_details.feedback,
                "reason": self.cancellation_details.reason,
            },
            "collection_method": "charge_automatically",
            "created": self.created,
            "currency": store.price_or_unlisted(&self.price).currency,
            "customer": self.customer,
            "default_payment_method": self.default_payment_method,
            "description": self.description,
            "discounts": self.discount_id().into_iter().collect::<Vec<_>>(),
            "ended_at": self.ended_at,
            "invoice_settings": { "account_tax_ids": null, "issuer": { "type": "self" } },
            "items": super::list_json(
                &format!("/v1/subscription_items?subscription={}", self.id),
                items,
                false,
            ),
            "latest_invoice": self.latest_invoice,
            "livemode": false,
            "metadata": self.metadata,
            "pause_collection": self.pause_collection.as_ref().map(|pause| json!({
                "behavior": pause.behavior,
                "resumes_at": pause.resumes_at,
            })),
            "pending_update": self.pending_update.as_ref().map(|update| json!({
                "billing_cycle_anchor": update.period.map(|(start, _)| start),
                "expires_at": update.expires_at,
                "subscription_items": update
                    .items
                    .iter()
                    .map(|item| self.item_json(item, store))
                    .collect::<Vec<_>>(),
                "trial_end": null,
                "trial_from_plan": null,
            })),
            "schedule": self.schedule,
            "start_date": self.created,
            "status": self.status,
            "test_clock": store.clock_of(&self.customer),
            "trial_end": self.trial_end,
            "trial_settings": { "end_behavior": { "missing_payment_method": self.end_behavior() } },
            "trial_start": self.trial_end.map(|_| self.trial_start.unwrap_or(self.created)),
        })
    }

    fn end_behavior(&self) -> &str {
        match self.trial_end_behavior.as_str() {
            "" => "create_invoice",
            behavior => behavior,
        }
    }

    fn item_json(&self, item: &SubscriptionItem, store: &Store) -> Value {
        let price = store.price_or_unlisted(&item.price);
        json!({
            "id": item.id,
            "object": "subscription_item",
            "created": self.created,
            "current_period_end": self.current_period_end,
            "current_period_start": self.current_period_start,
            "discounts": [],
            "metadata": {},
            "plan": price.to_plan_json(),
            "price": price.to_json(),
            "quantity": item.quantity,
            "subscription": self.id,
            "tax_rates": [],
        })
    }

    /// The same in the words of a much older API version: the period stands on
    /// the subscription itself and newer fields are missing. async-stripe cannot
    /// read it.
    pub(crate) fn to_old_json(&self, store: &Store) -> Value {
        json!({
            "id": self.id,
            "object": "subscription",
            "billing": "charge_automatically",
            "cancel_at_period_end": self.cancel_at_period_end,
            "current_period_end": self.current_period_end,
            "current_period_start": self.current_period_start,
            "customer": self.customer,
            "plan": store.price_or_unlisted(&self.price).to_plan_json(),
            "status": self.status,
        })
    }

    /// The coupon as it applies here.
    pub(crate) fn discount_json(&self, store: &Store) -> Option<Value> {
        let coupon = store.coupons.get(self.coupon.as_ref()?)?;
        let end = coupon.duration_in_months.map(|months| {
            crate::calendar::add(self.coupon_start, self.coupon_start, "month", months)
        });
        Some(json!({
            "id": self.discount_id(),
            "object": "discount",
            "checkout_session": null,
            "customer": self.customer,
            "end": end,
            "invoice": null,
            "invoice_item": null,
            "promotion_code": null,
            "source": { "coupon": coupon.id, "type": "coupon" },
            "start": self.coupon_start,
            "subscription": self.id,
            "subscription_item": null,
        }))
    }
}

pub(crate) fn billing_mode_json(mode: &str) -> Value {
    if mode == "classic" {
        json!({ "type": "classic", "flexible": null })
    } else {
        json!({ "type": "flexible", "flexible": { "proration_discounts": "included" } })
    }
}
