//! A subscription's life: made, changed, paused, ended.

use super::Paid;
use crate::{
    calendar,
    error::ApiError,
    objects::{CancellationDetails, Card, Customer, Metadata, Subscription, SubscriptionItem},
    store::Store,
};

/// What to make.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewSubscription {
    pub(crate) customer: String,
    /// Prices and quantities; at least one.
    pub(crate) items: Vec<(String, i64)>,
    pub(crate) trial_end: Option<i64>,
    pub(crate) trial_end_behavior: Option<String>,
    pub(crate) coupon: Option<String>,
    pub(crate) billing_mode: Option<String>,
    pub(crate) default_payment_method: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) cancel_at_period_end: bool,
    pub(crate) metadata: Metadata,
}

/// What to do when a payment that a call makes due fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PaymentBehavior {
    /// The subscription is incomplete, or past due.
    #[default]
    Allow,
    /// The call fails and changes nothing.
    Refuse,
    /// A change waits until its invoice is paid.
    Wait,
}

/// How a subscription says that it ends with its period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Never,
    /// `cancel_at_period_end`, and `cancel_at`.
    ByFlag,
    /// `cancel_at` alone, as the portal does under flexible billing.
    ByMoment,
}

impl Store {
    /// Changes a customer and announces it, if there was a change and it exists.
    pub(crate) fn change_customer(&mut self, id: &str, change: impl FnOnce(&mut Customer)) {
        let Some(before) = self.render(id) else {
            return;
        };
        if let Some(customer) = self.customers.get_mut(id) {
            change(customer);
        }
        self.emit_change("customer.updated", id, &before);
    }

    /// Changes a subscription and announces it, if there was a change and it exists.
    pub(crate) fn change(&mut self, id: &str, change: impl FnOnce(&mut Subscription)) {
        let Some(before) = self.render(id) else {
            return;
        };
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            change(subscription);
        }
        self.emit_change("customer.subscription.updated", id, &before);
    }

    /// Makes a subscription and collects its first invoice. Returns its id.
    ///
    /// # Errors
    /// `card_error` if that fails and `payment` says so.
    pub(crate) fn subscribe(
        &mut self,
        new: NewSubscription,
        payment: PaymentBehavior,
        approved: bool,
    ) -> Result<String, ApiError> {
        let now = self.now_of(&new.customer);
        let trial_end = new.trial_end.filter(|end| *end > now);
        let id = self.new_id("sub");
        let (price, quantity) = new.items.first().cloned().unwrap_or_default();
        let first = self.price_or_unlisted(&price);
        let period_end = trial_end
            .unwrap_or_else(|| calendar::add(now, now, &first.interval, first.interval_count));
        let more_items = new
            .items
            .iter()
            .skip(1)
            .map(|(price, quantity)| SubscriptionItem {
                id: self.new_id("si"),
                price: price.clone(),
                quantity: *quantity,
            });
        let subscription = Subscription {
            id: id.clone(),
            customer: new.customer.clone(),
            price,
            quantity,
            more_items: more_items.collect(),
            status: if trial_end.is_some() {
                "trialing"
            } else {
                "active"
            }
            .to_owned(),
            current_period_start: now,
            current_period_end: period_end,
            billing_cycle_anchor: trial_end.unwrap_or(now),
            trial_start: trial_end.map(|_| now),
            trial_end,
            trial_end_behavior: new
                .trial_end_behavior
                .unwrap_or_else(|| "create_invoice".to_owned()),
            coupon: new.coupon.clone(),
            coupon_start: now,
            billing_mode: new
                .billing_mode
                .unwrap_or_else(|| self.settings.billing_mode.clone()),
            description: new.description,
            default_payment_method: new.default_payment_method,
            cancel_at_period_end: new.cancel_at_period_end,
            canceled_at: new.cancel_at_period_end.then_some(now),
            metadata: new.metadata,
            created: now,
            ..Subscription::default()
        };
        if payment == PaymentBehavior::Refuse && trial_end.is_none() {
            self.demand_card(
                &new.customer,
                subscription.default_payment_method.as_deref(),
            )?;
        }
        if let Some(coupon) = new.coupon.and_then(|id| self.coupons.get_mut(&id)) {
            coupon.times_redeemed += 1;
        }
        let items = subscription.items();
        self.subscriptions.insert(id.clone(), subscription);
        let mut lines = self.period_lines(&items, now, period_end);
        if trial_end.is_some() {
            for line in &mut lines {
                line.amount = 0;
                line.description = "Trial".to_owned();
            }
        }
        // The event says what came of the payment, as Stripe's does in the end.
        let announced = self.events.len();
        let invoice = self.bill(&id, lines, "subscription_create");
        if self.collect(&invoice, approved) != Paid::Yes
            && let Some(subscription) = self.subscriptions.get_mut(&id)
        {
            "incomplete".clone_into(&mut subscription.status);
        }
        self.emit("customer.subscription.created", &id);
        // It comes before the events of the invoice.
        self.events[announced..].rotate_right(1);
        Ok(id)
    }

    /// Refuses what could not be paid now.
    ///
    /// # Errors
    /// `card_error`.
    pub(crate) fn demand_card(&self, customer: &str, own: Option<&str>) -> Result<(), ApiError> {
        let card = own
            .and_then(|id| self.payment_methods.get(id).map(|method| method.card))
            .or_else(|| self.card_of(customer, "").map(|(_, card)| card));
        match card {
            Some(Card::Works) => Ok(()),
            Some(Card::NeedsAction) => Err(ApiError::card(
                "subscription_payment_intent_requires_action",
                "Payment for this subscription requires additional user action before it can be \
                 completed successfully.",
            )),
            Some(Card::Declined) => Err(ApiError::card("card_declined", "Your card was declined.")),
            None => Err(ApiError::invalid(
                "This customer has no attached payment source or default payment method.",
            )
            .with_code("resource_missing")),
        }
    }

    /// Says that a subscription ends with its period: by the flag, by the moment alone, or not
    /// at all.
    pub(crate) fn set_end(&mut self, id: &str, end: End, details: CancellationDetails) {
        let now = self.now_of(&self.subscriptions[id].customer);
        self.change(id, |subscription| {
            let ends = end != End::Never;
            subscription.cancel_at_period_end = end == End::ByFlag;
            subscription.canceled_at = ends.then_some(now);
            subscription.cancel_at = ends.then_some(subscription.current_period_end);
            subscription.cancellation_details = if ends {
                CancellationDetails {
                    reason: Some("cancellation_requested".to_owned()),
                    ..details
                }
            } else {
                CancellationDetails::default()
            };
        });
    }

    /// Ends a subscription, and its schedule.
    pub(crate) fn cancel_now(&mut self, id: &str, reason: Option<&str>) {
        let now = self.now_of(&self.subscriptions[id].customer);
        let Some(subscription) = self.subscriptions.get_mut(id) else {
            return;
        };
        subscription.cancel_at(now);
        if subscription.cancellation_details.reason.is_none() {
            subscription.cancellation_details.reason = reason.map(str::to_owned);
        }
        let schedule = subscription.schedule.take();
        self.pending_lines.remove(id);
        self.emit("customer.subscription.deleted", id);
        if let Some(schedule) = schedule {
            self.end_schedule(&schedule, "canceled");
        }
    }
}
