//! From lines to an invoice that can be paid.

use crate::{
    calendar,
    objects::{Invoice, InvoiceLine, Subscription, SubscriptionItem},
    store::Store,
};

impl Store {
    /// The lines for a whole period of all items.
    pub(crate) fn period_lines(
        &mut self,
        items: &[SubscriptionItem],
        start: i64,
        end: i64,
    ) -> Vec<InvoiceLine> {
        items
            .iter()
            .map(|item| {
                let price = self.price_or_unlisted(&item.price);
                let name = self
                    .products
                    .get(&price.product)
                    .map_or_else(|| price.product.clone(), |product| product.name.clone());
                InvoiceLine {
                    id: self.new_id("il"),
                    description: format!("{} × {name} ({})", item.quantity, price.words()),
                    amount: price.unit_amount * item.quantity,
                    price: item.price.clone(),
                    quantity: item.quantity,
                    item: item.id.clone(),
                    proration: false,
                    period_start: start,
                    period_end: end,
                }
            })
            .collect()
    }

    /// An invoice of these lines with discount and balance, which is not kept: what a preview
    /// shows and [`Self::bill`] makes real.
    pub(crate) fn draft(
        &self,
        subscription: &Subscription,
        lines: Vec<InvoiceLine>,
        reason: &str,
    ) -> Invoice {
        let now = self.now_of(&subscription.customer);
        let discountable: i64 = lines
            .iter()
            .filter(|line| !line.proration)
            .map(|line| line.amount)
            .sum();
        let coupon = self
            .coupon_at(subscription, now)
            .filter(|_| discountable > 0);
        let discount = coupon
            .and_then(|id| self.coupons.get(id))
            .map_or(0, |coupon| coupon.off(discountable));
        let total = lines.iter().map(|line| line.amount).sum::<i64>() - discount;
        let starting_balance = self
            .customers
            .get(&subscription.customer)
            .map_or(0, |customer| customer.balance);
        let after = total + starting_balance;
        Invoice {
            id: "upcoming_in_fake".to_owned(),
            customer: subscription.customer.clone(),
            subscription: subscription.id.clone(),
            status: "draft".to_owned(),
            amount_due: after.max(0),
            currency: self.price_or_unlisted(&subscription.price).currency,
            lines,
            discount,
            coupon: coupon.map(str::to_owned),
            starting_balance,
            ending_balance: after.min(0),
            billing_reason: reason.to_owned(),
            attempt_count: 0,
            period_start: subscription.current_period_start,
            period_end: subscription.current_period_end,
            created: now,
            ..Invoice::default()
        }
    }

    /// Makes an invoice and opens it. Returns its id.
    pub(crate) fn bill(
        &mut self,
        subscription_id: &str,
        lines: Vec<InvoiceLine>,
        reason: &str,
    ) -> String {
        let subscription = self.subscriptions[subscription_id].clone();
        let mut invoice = self.draft(&subscription, lines, reason);
        invoice.id = self.new_id("in");
        invoice.number = Some(format!("F-{:06}", self.next_number()));
        invoice.status = "open".to_owned();
        let id = invoice.id.clone();
        if let Some(customer) = self.customers.get_mut(&invoice.customer) {
            customer.balance = invoice.ending_balance;
            customer.currency = Some(invoice.currency.clone());
        }
        let is_once = invoice
            .coupon
            .as_ref()
            .and_then(|coupon| self.coupons.get(coupon))
            .is_some_and(|coupon| coupon.duration == "once");
        let kept = self
            .subscriptions
            .get_mut(subscription_id)
            .expect("it was just read");
        kept.latest_invoice = Some(id.clone());
        self.invoices.insert(id.clone(), invoice);
        self.emit("invoice.created", &id);
        self.emit("invoice.finalized", &id);
        if is_once && let Some(kept) = self.subscriptions.get_mut(subscription_id) {
            kept.coupon = None;
        }
        id
    }

    /// The subscription's coupon, unless its time is over.
    fn coupon_at<'a>(&self, subscription: &'a Subscription, now: i64) -> Option<&'a str> {
        let id = subscription.coupon.as_deref()?;
        let months = self.coupons.get(id)?.duration_in_months;
        let start = subscription.coupon_start;
        months
            .is_none_or(|months| now < calendar::add(start, start, "month", months))
            .then_some(id)
    }
}
