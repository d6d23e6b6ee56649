//! What a change in the middle of a period costs.

use crate::{
    calendar, money,
    objects::{InvoiceLine, Subscription, SubscriptionItem},
    store::Store,
};

/// The lines of a change, and the period after it.
pub(crate) struct Prorated {
    pub(crate) lines: Vec<InvoiceLine>,
    /// The new period, if the change starts one: its lines are among the others.
    pub(crate) new_period: Option<(i64, i64)>,
}

impl Store {
    /// What changing to `items` at `now` means: credit for the unused time of what was, and
    /// the rest of the period for what is. Another interval starts a new period, to be paid
    /// whole. During a trial nothing is due. `prorate`: without, only a new period is charged.
    pub(crate) fn prorate(
        &mut self,
        subscription: &Subscription,
        items: &[SubscriptionItem],
        now: i64,
        prorate: bool,
    ) -> Prorated {
        let (start, end) = (
            subscription.current_period_start,
            subscription.current_period_end,
        );
        let mut lines = Vec::new();
        if subscription.status == "trialing" {
            return Prorated {
                lines,
                new_period: None,
            };
        }
        let old = subscription.items();
        let interval = |store: &Self, items: &[SubscriptionItem]| {
            items.first().map(|item| {
                let price = store.price_or_unlisted(&item.price);
                (price.interval, price.interval_count)
            })
        };
        let after = interval(self, items);
        let new_period = (interval(self, &old) != after)
            .then(|| after.map(|(unit, count)| (now, calendar::add(now, now, &unit, count))))
            .flatten();
        if prorate {
            for item in old.iter().filter(|item| !items.contains(item)) {
                let line = self.part(item, (start, end), now, -1, "Unused time on");
                lines.push(line);
            }
        }
        match new_period {
            Some((start, end)) => lines.extend(self.period_lines(items, start, end)),
            None if prorate => {
                for item in items.iter().filter(|item| !old.contains(item)) {
                    let line = self.part(item, (start, end), now, 1, "Remaining time on");
                    lines.push(line);
                }
            }
            None => {}
        }
        Prorated { lines, new_period }
    }

    fn part(
        &mut self,
        item: &SubscriptionItem,
        (start, end): (i64, i64),
        now: i64,
        sign: i64,
        words: &str,
    ) -> InvoiceLine {
        let price = self.price_or_unlisted(&item.price);
        let whole = price.unit_amount * item.quantity;
        InvoiceLine {
            id: self.new_id("il"),
            description: format!(
                "{words} {} × {} after {}",
                item.quantity,
                price.words(),
                calendar::date(now)
            ),
            amount: sign * money::share(whole, end - now, end - start),
            price: item.price.clone(),
            quantity: item.quantity,
            item: item.id.clone(),
            proration: true,
            period_start: now,
            period_end: end,
        }
    }
}
