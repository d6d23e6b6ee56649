//! From an open checkout session to a subscription.

use super::{NewSubscription, PaymentBehavior};
use crate::{
    calendar::DAY,
    error::ApiError,
    objects::{Card, Customer, PaymentMethod},
    store::Store,
};

impl Store {
    /// Gives a customer a card, which is charged from now on. Returns its id.
    pub(crate) fn give_card(&mut self, customer: &str, card: Card) -> String {
        let id = self.new_id("pm");
        let now = self.now_of(customer);
        let method = PaymentMethod {
            id: id.clone(),
            customer: Some(customer.to_owned()),
            card,
            exp_month: 12,
            exp_year: 2050,
            created: now,
        };
        self.payment_methods.insert(id.clone(), method);
        self.emit("payment_method.attached", &id);
        self.change_customer(customer, |customer| {
            customer.default_payment_method = Some(id.clone());
        });
        let own: Vec<_> = self
            .subscriptions
            .values()
            .filter(|own| own.customer == customer && own.default_payment_method.is_some())
            .map(|own| own.id.clone())
            .collect();
        for subscription in own {
            self.change(&subscription, |own| {
                own.default_payment_method = Some(id.clone());
            });
        }
        id
    }

    /// Announces that a customer's card expires this month.
    ///
    /// # Errors
    /// If there is no such customer, or no card.
    pub(crate) fn expire_card_soon(&mut self, customer: &str) -> Result<(), ApiError> {
        let (id, _) = self
            .card_of(customer, "")
            .ok_or_else(|| ApiError::missing("customer with a card", customer))?;
        let now = time::OffsetDateTime::from_unix_timestamp(self.now_of(customer))
            .map_err(|error| ApiError::invalid(error.to_string()))?;
        if let Some(method) = self.payment_methods.get_mut(&id) {
            method.exp_month = now.month().into();
            method.exp_year = now.year();
        }
        self.emit("customer.source.expiring", &id.replacen("pm_", "card_", 1));
        Ok(())
    }

    /// Pays an open session, or begins its trial. `approved`: a card that wants it was
    /// approved.
    ///
    /// # Errors
    /// `card_error` if the card does not pay; the session stays open.
    pub(crate) fn pay_checkout(
        &mut self,
        id: &str,
        card: Card,
        approved: bool,
    ) -> Result<(), ApiError> {
        let session = self
            .checkout_sessions
            .get(id)
            .ok_or_else(|| ApiError::missing("checkout.session", id))?
            .clone();
        if session.status != "open" {
            return Err(ApiError::invalid("This Checkout Session is not open."));
        }
        let (_, due, _) = session.due(self);
        match card {
            // With nothing to pay now, the bank is not asked.
            Card::Declined if due > 0 => {
                return Err(ApiError::card("card_declined", "Your card was declined."));
            }
            Card::NeedsAction if !approved => {
                return Err(ApiError::card(
                    "authentication_required",
                    "Your bank wants you to confirm this payment.",
                ));
            }
            _ => {}
        }
        let customer = match session.customer {
            Some(customer) => customer,
            None => self.checkout_customer(session.customer_email),
        };
        self.give_card(&customer, card);
        let reads = self.settings.attach_after_reads;
        if let Some(session) = self.checkout_sessions.get_mut(id) {
            "complete".clone_into(&mut session.status);
            session.customer = Some(customer);
            session.reads_before_attached = (reads > 0).then_some(reads);
        }
        if reads == 0 {
            self.attach_checkout(id)?;
        }
        self.emit("checkout.session.completed", id);
        Ok(())
    }

    fn checkout_customer(&mut self, email: Option<String>) -> String {
        let id = self.new_id("cus");
        let created = self.now();
        self.customers.insert(
            id.clone(),
            Customer {
                id: id.clone(),
                email,
                created,
                ..Customer::default()
            },
        );
        self.emit("customer.created", &id);
        id
    }

    /// Makes the subscription of a completed session, unless that was done.
    ///
    /// # Errors
    /// If there is no such session.
    pub(crate) fn attach_checkout(&mut self, id: &str) -> Result<(), ApiError> {
        let session = self
            .checkout_sessions
            .get_mut(id)
            .ok_or_else(|| ApiError::missing("checkout.session", id))?;
        session.reads_before_attached = None;
        let session = session.clone();
        let (None, Some(customer), "complete") = (
            session.subscription,
            session.customer,
            session.status.as_str(),
        ) else {
            return Ok(());
        };
        let now = self.now_of(&customer);
        let new = NewSubscription {
            customer,
            items: vec![(session.price, session.quantity.max(1))],
            trial_end: session.trial_period_days.map(|days| now + days * DAY),
            trial_end_behavior: Some(session.trial_end_behavior),
            coupon: session.coupon,
            billing_mode: session.billing_mode,
            default_payment_method: None,
            description: session.subscription_description,
            cancel_at_period_end: false,
            metadata: session.subscription_metadata,
        };
        let subscription = self.subscribe(new, PaymentBehavior::Allow, true)?;
        if let Some(session) = self.checkout_sessions.get_mut(id) {
            session.subscription = Some(subscription);
        }
        Ok(())
    }

    /// Notes that a session was read, and makes its subscription if that was the last read
    /// without it.
    pub(crate) fn read_checkout(&mut self, id: &str) -> Result<(), ApiError> {
        let Some(session) = self.checkout_sessions.get_mut(id) else {
            return Ok(());
        };
        match session.reads_before_attached {
            Some(0) => self.attach_checkout(id),
            Some(reads) => {
                session.reads_before_attached = Some(reads - 1);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// An open session cannot be paid any more.
    pub(crate) fn expire_checkout(&mut self, id: &str) {
        if let Some(session) = self.checkout_sessions.get_mut(id) {
            "expired".clone_into(&mut session.status);
        }
        self.emit("checkout.session.expired", id);
    }
}
