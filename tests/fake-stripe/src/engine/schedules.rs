//! Changes at set times.

use super::{Change, PaymentBehavior};
use crate::{objects::SubscriptionItem, store::Store};

impl Store {
    /// Ends a schedule: `released` leaves its subscription as it is, `canceled` is for a
    /// subscription that has ended.
    pub(crate) fn end_schedule(&mut self, id: &str, status: &str) {
        let Some(schedule) = self.schedules.get(id) else {
            return;
        };
        let now = self.now_of(&schedule.customer);
        let subscription = schedule.subscription.clone();
        let schedule = self.schedules.get_mut(id).expect("it was just read");
        status.clone_into(&mut schedule.status);
        match status {
            "released" => {
                schedule.released_at = Some(now);
                schedule.released_subscription = schedule.subscription.take();
            }
            "canceled" => schedule.canceled_at = Some(now),
            _ => schedule.completed_at = Some(now),
        }
        if let Some(subscription) = subscription {
            self.change(&subscription, |subscription| subscription.schedule = None);
        }
        self.emit(&format!("subscription_schedule.{status}"), id);
    }

    /// A phase of a schedule ends at `now`: the next one begins, or the schedule ends.
    pub(crate) fn next_phase(&mut self, id: &str, now: i64) {
        let Some(schedule) = self.schedules.get_mut(id) else {
            return;
        };
        schedule.current += 1;
        let schedule = schedule.clone();
        let Some(subscription) = schedule.subscription.clone() else {
            return;
        };
        let Some(phase) = schedule.phases.get(schedule.current).cloned() else {
            if schedule.end_behavior == "cancel" {
                self.cancel_now(&subscription, Some("cancellation_requested"));
            } else {
                self.end_schedule(id, "released");
            }
            return;
        };
        // A phase that begins with a period is billed by the renewal.
        let begins_with_period = self.subscriptions[&subscription].current_period_end <= now;
        let items = self.items_of(&subscription, &phase.items);
        if begins_with_period {
            self.change(&subscription, |subscription| subscription.set_items(&items));
        } else {
            // It cannot fail: a payment that does leaves the subscription past due.
            let _ = self.change_items(
                &subscription,
                Change {
                    items,
                    proration: phase.proration_behavior,
                    proration_date: None,
                    payment: PaymentBehavior::Allow,
                    approved: false,
                },
            );
        }
        self.change(&subscription, |subscription| {
            subscription.metadata.extend(phase.metadata);
            if phase.coupon.is_some() {
                subscription.coupon = phase.coupon;
                subscription.coupon_start = now;
            }
        });
        self.emit("subscription_schedule.updated", id);
    }

    /// Items with these prices and quantities; those a subscription has keep their ids.
    pub(crate) fn items_of(
        &mut self,
        subscription: &str,
        wanted: &[(String, i64)],
    ) -> Vec<SubscriptionItem> {
        let old = self.subscriptions[subscription].items();
        wanted
            .iter()
            .enumerate()
            .map(|(index, (price, quantity))| SubscriptionItem {
                id: match old.get(index) {
                    Some(item) => item.id.clone(),
                    None => self.new_id("si"),
                },
                price: price.clone(),
                quantity: *quantity,
            })
            .collect()
    }
}
