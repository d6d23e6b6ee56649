//! Collecting an invoice, and giving money back.

use crate::{
    calendar::DAY,
    error::ApiError,
    objects::{Card, Charge, Dispute, PaymentIntent, Refund},
    store::Store,
};

/// What came of trying to collect an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paid {
    Yes,
    Declined,
    /// The card's owner has to approve.
    NeedsAction,
    /// There is nothing to charge.
    NoCard,
}

impl Store {
    /// The card that is charged for a subscription, or for whatever a customer owes.
    pub(crate) fn card_of(&self, customer: &str, subscription: &str) -> Option<(String, Card)> {
        let own = self
            .subscriptions
            .get(subscription)
            .and_then(|subscription| subscription.default_payment_method.clone());
        let id = own.or_else(|| self.customers.get(customer)?.default_payment_method.clone())?;
        let card = self.payment_methods.get(&id)?.card;
        Some((id, card))
    }

    /// Tries to collect an open invoice. `approved`: the card's owner is there and says yes.
    /// Its subscription follows: a paid one is active again.
    pub(crate) fn collect(&mut self, invoice_id: &str, approved: bool) -> Paid {
        let invoice = self.invoices[invoice_id].clone();
        if invoice.amount_due == 0 {
            self.mark_paid(invoice_id);
            return Paid::Yes;
        }
        let card = self.card_of(&invoice.customer, &invoice.subscription);
        let intent = self.intent_of(invoice_id, card.as_ref().map(|(id, _)| id.clone()));
        if let Some(invoice) = self.invoices.get_mut(invoice_id) {
            invoice.attempt_count += 1;
        }
        let outcome = match card {
            None => Paid::NoCard,
            Some((_, Card::Declined)) => Paid::Declined,
            Some((_, Card::NeedsAction)) if !approved => Paid::NeedsAction,
            Some(_) => Paid::Yes,
        };
        match outcome {
            Paid::Yes => {
                let charge = self.charge(&intent, None);
                self.set_intent(&intent, "succeeded", None, Some(charge.clone()));
                self.emit("charge.succeeded", &charge);
                self.emit("payment_intent.succeeded", &intent);
                self.mark_paid(invoice_id);
            }
            Paid::Declined => {
                let charge = self.charge(&intent, Some("card_declined"));
                let code = Some("card_declined".to_owned());
                self.set_intent(
                    &intent,
                    "requires_payment_method",
                    code,
                    Some(charge.clone()),
                );
                self.emit("charge.failed", &charge);
                self.emit("payment_intent.payment_failed", &intent);
                self.emit("invoice.payment_failed", invoice_id);
            }
            Paid::NoCard => {
                self.set_intent(&intent, "requires_payment_method", None, None);
                self.emit("invoice.payment_failed", invoice_id);
            }
            Paid::NeedsAction => {
                self.set_intent(&intent, "requires_action", None, None);
                self.emit("payment_intent.requires_action", &intent);
                self.emit("invoice.payment_failed", invoice_id);
                self.emit("invoice.payment_action_required", invoice_id);
            }
        }
        outcome
    }

    fn intent_of(&mut self, invoice_id: &str, payment_method: Option<String>) -> String {
        let invoice = self.invoices[invoice_id].clone();
        if let Some(id) = invoice.payment_intent {
            if let Some(intent) = self.payment_intents.get_mut(&id) {
                intent.payment_method = payment_method;
            }
            return id;
        }
        let id = self.new_id("pi");
        let intent = PaymentIntent {
            id: id.clone(),
            created: self.now_of(&invoice.customer),
            customer: invoice.customer,
            invoice: invoice_id.to_owned(),
            amount: invoice.amount_due,
            currency: invoice.currency,
            status: "requires_confirmation".to_owned(),
            payment_method,
            ..PaymentIntent::default()
        };
        self.payment_intents.insert(id.clone(), intent);
        if let Some(invoice) = self.invoices.get_mut(invoice_id) {
            invoice.payment_intent = Some(id.clone());
        }
        self.emit("payment_intent.created", &id);
        id
    }

    fn set_intent(
        &mut self,
        id: &str,
        status: &str,
        error: Option<String>,
        charge: Option<String>,
    ) {
        if let Some(intent) = self.payment_intents.get_mut(id) {
            status.clone_into(&mut intent.status);
            intent.error = error;
            intent.charge = charge.or_else(|| intent.charge.take());
        }
    }

    fn charge(&mut self, intent_id: &str, failure: Option<&str>) -> String {
        let intent = self.payment_intents[intent_id].clone();
        let id = self.new_id("ch");
        let charge = Charge {
            id: id.clone(),
            created: self.now_of(&intent.customer),
            customer: intent.customer,
            invoice: intent.invoice,
            payment_intent: intent.id,
            amount: intent.amount,
            currency: intent.currency,
            status: failure.map_or("succeeded", |_| "failed").to_owned(),
            failure_code: failure.map(str::to_owned),
            ..Charge::default()
        };
        self.charges.insert(id.clone(), charge);
        id
    }

    /// The invoice is paid, by whatever means, and its subscription lives on.
    pub(crate) fn mark_paid(&mut self, invoice_id: &str) {
        let now = self.now_of(&self.invoices[invoice_id].customer);
        let invoice = self.invoices.get_mut(invoice_id).expect("it was just read");
        "paid".clone_into(&mut invoice.status);
        invoice.paid_at = Some(now);
        invoice.next_payment_attempt = None;
        let subscription = invoice.subscription.clone();
        self.emit("invoice.paid", invoice_id);
        self.emit("invoice.payment_succeeded", invoice_id);
        let payment = self.invoices[invoice_id].payment_id();
        self.emit("invoice_payment.paid", &payment);
        self.change(&subscription, |subscription| {
            let is_latest = subscription.latest_invoice.as_deref() == Some(invoice_id);
            if is_latest
                && matches!(
                    subscription.status.as_str(),
                    "incomplete" | "past_due" | "unpaid"
                )
            {
                "active".clone_into(&mut subscription.status);
                subscription.retries = 0;
                subscription.next_retry = None;
            }
        });
        self.apply_pending_update(&subscription, invoice_id);
    }

    /// After a failed attempt: the subscription is past due, and there may be another one.
    pub(crate) fn after_failure(&mut self, subscription_id: &str, invoice_id: &str) {
        let Some(subscription) = self.subscriptions.get(subscription_id) else {
            return;
        };
        let first = self.invoices[invoice_id].created;
        let next = self
            .settings
            .retry_days
            .get(subscription.retries)
            .map(|days| first + days * DAY);
        let after = self.settings.after_retries.clone();
        if let Some(invoice) = self.invoices.get_mut(invoice_id) {
            invoice.next_payment_attempt = next;
        }
        if next.is_none() && after == "canceled" {
            self.cancel_now(subscription_id, Some("payment_failed"));
            return;
        }
        self.change(subscription_id, |subscription| {
            let status = if next.is_some() { "past_due" } else { &after };
            status.clone_into(&mut subscription.status);
            subscription.next_retry = next;
        });
    }

    /// Gives back what a charge took, or a part of it.
    ///
    /// # Errors
    /// If there is no such charge, or not so much left of it.
    pub(crate) fn refund(
        &mut self,
        charge_id: &str,
        amount: Option<i64>,
        reason: Option<String>,
    ) -> Result<String, ApiError> {
        let charge = self
            .charges
            .get_mut(charge_id)
            .ok_or_else(|| ApiError::missing_param("charge", charge_id, "charge"))?;
        let left = charge.amount - charge.amount_refunded;
        let amount = amount.unwrap_or(left);
        if charge.status != "succeeded" || left == 0 {
            return Err(ApiError::invalid(format!(
                "Charge {charge_id} has already been refunded."
            ))
            .with_code("charge_already_refunded"));
        }
        if amount <= 0 || amount > left {
            return Err(ApiError::invalid(
                "Refund amount is greater than unrefunded amount on charge.",
            )
            .with_param("amount"));
        }
        charge.amount_refunded += amount;
        let charge = charge.clone();
        let id = self.new_id("re");
        let refund = Refund {
            id: id.clone(),
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent,
            amount,
            currency: charge.currency,
            reason,
            created: self.now_of(&charge.customer),
            ..Refund::default()
        };
        self.refunds.insert(id.clone(), refund);
        self.emit("refund.created", &id);
        self.emit("charge.refunded", charge_id);
        Ok(id)
    }

    /// The card's owner denies the charge of an invoice, or a charge.
    ///
    /// # Errors
    /// If nothing was charged.
    pub(crate) fn dispute(&mut self, id: &str) -> Result<String, ApiError> {
        let charge = self
            .charges
            .values_mut()
            .find(|charge| {
                (charge.id == id || charge.invoice == id) && charge.status == "succeeded"
            })
            .ok_or_else(|| ApiError::missing("charge", id))?;
        charge.disputed = true;
        let charge = charge.clone();
        let id = self.new_id("du");
        let dispute = Dispute {
            id: id.clone(),
            charge: charge.id,
            payment_intent: charge.payment_intent,
            amount: charge.amount,
            currency: charge.currency,
            reason: "fraudulent".to_owned(),
            status: "needs_response".to_owned(),
            created: self.now_of(&charge.customer),
        };
        self.disputes.insert(id.clone(), dispute);
        self.emit("charge.dispute.created", &id);
        Ok(id)
    }
}
