//! Changing what a subscription is for, and what that costs.

use super::{Paid, PaymentBehavior};
use crate::{
    error::ApiError,
    objects::{Card, PendingUpdate, Subscription, SubscriptionItem},
    store::Store,
};

/// A change of items.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) items: Vec<SubscriptionItem>,
    /// `create_prorations`, `always_invoice`, `none`.
    pub(crate) proration: String,
    /// Counted from this moment on.
    pub(crate) proration_date: Option<i64>,
    pub(crate) payment: PaymentBehavior,
    /// The card's owner is there and approves.
    pub(crate) approved: bool,
}

impl Store {
    /// Changes a subscription's items, with what that costs.
    ///
    /// # Errors
    /// `card_error` if a payment fails and the change says so.
    pub(crate) fn change_items(&mut self, id: &str, change: Change) -> Result<(), ApiError> {
        let subscription = self.subscriptions[id].clone();
        let now = self.now_of(&subscription.customer);
        let at = change.proration_date.unwrap_or(now);
        let prorated = self.prorate(&subscription, &change.items, at, change.proration != "none");
        let bills_now = change.proration == "always_invoice" || prorated.new_period.is_some();
        let due: i64 = prorated.lines.iter().map(|line| line.amount).sum();
        if bills_now && due > 0 && change.payment == PaymentBehavior::Refuse {
            let own = subscription.default_payment_method.as_deref();
            self.demand_card(&subscription.customer, own)?;
        }
        let waits = bills_now
            && due > 0
            && change.payment == PaymentBehavior::Wait
            && !self.pays(id, change.approved);
        if !waits {
            self.apply_items(id, &change.items, prorated.new_period);
        }
        if prorated.lines.is_empty() {
            return Ok(());
        }
        if !bills_now {
            self.pending_lines
                .entry(id.to_owned())
                .or_default()
                .extend(prorated.lines);
            return Ok(());
        }
        let mut lines = self.pending_lines.remove(id).unwrap_or_default();
        lines.extend(prorated.lines);
        let invoice = self.bill(id, lines, "subscription_update");
        if waits {
            self.change(id, |subscription| {
                subscription.pending_update = Some(PendingUpdate {
                    items: change.items,
                    period: prorated.new_period,
                    invoice: invoice.clone(),
                    expires_at: now + 23 * 3600,
                });
            });
            self.collect(&invoice, false);
        } else if self.collect(&invoice, change.approved) != Paid::Yes {
            self.after_failure(id, &invoice);
        }
        Ok(())
    }

    /// Whether the card of a subscription would pay now.
    fn pays(&self, id: &str, approved: bool) -> bool {
        match self.card_of(&self.subscriptions[id].customer, id) {
            Some((_, Card::Works)) => true,
            Some((_, Card::NeedsAction)) => approved,
            Some((_, Card::Declined)) | None => false,
        }
    }

    fn apply_items(
        &mut self,
        id: &str,
        items: &[SubscriptionItem],
        new_period: Option<(i64, i64)>,
    ) {
        self.change(id, |subscription| {
            subscription.set_items(items);
            if let Some((start, end)) = new_period {
                subscription.current_period_start = start;
                subscription.current_period_end = end;
                subscription.billing_cycle_anchor = start;
            }
        });
    }

    /// An invoice was paid: a change that waited for it happens.
    pub(crate) fn apply_pending_update(&mut self, id: &str, invoice: &str) {
        let Some(update) = self.take_pending_update(id, |update| update.invoice == invoice) else {
            return;
        };
        self.apply_items(id, &update.items, update.period);
        self.emit("customer.subscription.pending_update_applied", id);
    }

    /// Nobody paid for a change that waited: it does not happen.
    pub(crate) fn expire_pending_update(&mut self, id: &str) {
        if let Some(update) = self.take_pending_update(id, |_| true) {
            self.emit("customer.subscription.pending_update_expired", id);
            self.set_invoice_status(&update.invoice, "void");
        }
    }

    fn take_pending_update(
        &mut self,
        id: &str,
        is_it: impl FnOnce(&PendingUpdate) -> bool,
    ) -> Option<PendingUpdate> {
        let subscription = self.subscriptions.get(id)?;
        let update = subscription.pending_update.clone().filter(is_it)?;
        self.change(id, |subscription| subscription.pending_update = None);
        Some(update)
    }
}

impl Subscription {
    /// Replaces the items; the first keeps its id.
    pub(crate) fn set_items(&mut self, items: &[SubscriptionItem]) {
        if let Some((first, more)) = items.split_first() {
            self.price.clone_from(&first.price);
            self.quantity = first.quantity;
            self.more_items = more.to_vec();
        }
    }
}
