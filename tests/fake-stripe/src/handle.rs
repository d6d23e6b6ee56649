//! Steering the fake from the same process. README.md has the list.

use serde_json::Value;

use crate::{
    Card, CheckoutSession, Customer, Delivery, EventRecord, Failure, FailureRule, FakeStripe,
    Invoice, Price, Product, RecordedRequest, Settings, SignedEvent, Subscription, WebhookSwitches,
    engine::Scope, store::Store,
};

/// What tests name exists, or they are wrong.
const EXISTS: &str = "the test names an existing object";

impl FakeStripe {
    /// Does something that is announced.
    fn act<T>(&self, what: impl FnOnce(&mut Store) -> T) -> T {
        let done = what(&mut self.shared.store());
        self.shared.flush();
        done
    }

    /// Adds or replaces a customer, without a webhook.
    pub fn put_customer(&self, customer: Customer) {
        let id = customer.id.clone();
        self.shared.store().customers.insert(id, customer);
    }

    /// Adds or replaces a subscription, without a webhook.
    pub fn put_subscription(&self, subscription: Subscription) {
        let id = subscription.id.clone();
        self.shared.store().subscriptions.insert(id, subscription);
    }

    /// Adds or replaces a checkout session, without a webhook.
    pub fn put_checkout_session(&self, session: CheckoutSession) {
        let id = session.id.clone();
        self.shared.store().checkout_sessions.insert(id, session);
    }

    /// Adds or replaces an invoice, without a webhook.
    pub fn put_invoice(&self, invoice: Invoice) {
        let id = invoice.id.clone();
        self.shared.store().invoices.insert(id, invoice);
    }

    /// Adds or replaces a price, without a webhook.
    pub fn put_price(&self, price: Price) {
        self.shared.store().prices.insert(price.id.clone(), price);
    }

    /// Adds or replaces a product, without a webhook.
    pub fn put_product(&self, product: Product) {
        let id = product.id.clone();
        self.shared.store().products.insert(id, product);
    }

    /// Changes a subscription, without a webhook.
    ///
    /// # Panics
    /// If there is no such subscription.
    pub fn change_subscription(&self, id: &str, change: impl FnOnce(&mut Subscription)) {
        change(self.shared.store().subscriptions.get_mut(id).expect(EXISTS));
    }

    /// Changes a customer, without a webhook.
    ///
    /// # Panics
    /// If there is no such customer.
    pub fn change_customer(&self, id: &str, change: impl FnOnce(&mut Customer)) {
        change(self.shared.store().customers.get_mut(id).expect(EXISTS));
    }

    /// All subscriptions, ended ones included.
    pub fn subscriptions(&self) -> Vec<Subscription> {
        self.shared
            .store()
            .subscriptions
            .values()
            .cloned()
            .collect()
    }

    /// An object as the API gives it.
    pub fn object(&self, id: &str) -> Option<Value> {
        self.shared.store().render(id)
    }

    /// Merges `patch` into an object's JSON wherever it is sent from now on, without a
    /// webhook. A second patch replaces the first.
    pub fn patch(&self, id: &str, patch: Value) {
        self.shared.store().patches.insert(id.to_owned(), patch);
    }

    /// Ends [`Self::patch`].
    pub fn unpatch(&self, id: &str) {
        self.shared.store().patches.remove(id);
    }

    /// Gives a customer a card, which is charged from now on.
    pub fn set_card(&self, customer: &str, card: Card) {
        self.act(|store| store.give_card(customer, card));
    }

    /// Announces that a customer's card expires this month.
    ///
    /// # Panics
    /// If the customer has no card.
    pub fn expire_card_soon(&self, customer: &str) {
        self.act(|store| store.expire_card_soon(customer))
            .expect(EXISTS);
    }

    /// Pays an open checkout session, as its page does. Whether the card was accepted.
    pub fn pay_checkout(&self, id: &str, card: Card) -> bool {
        self.act(|store| store.pay_checkout(id, card, true).is_ok())
    }

    /// Makes the subscription of a completed checkout session now.
    ///
    /// # Panics
    /// If there is no such session.
    pub fn attach_checkout(&self, id: &str) {
        self.act(|store| store.attach_checkout(id)).expect(EXISTS);
    }

    /// Makes a price that costs `unit_amount` and takes over the look-up key. Returns its id.
    ///
    /// # Panics
    /// If no price has the key.
    pub fn raise_price(&self, lookup_key: &str, unit_amount: i64) -> String {
        self.act(|store| store.raise_price(lookup_key, unit_amount))
            .expect(EXISTS)
    }

    /// Gives a product the feature with this look-up key, which is made if nobody has it.
    ///
    /// # Panics
    /// If there is no such product.
    pub fn entitle(&self, product: &str, lookup_key: &str) {
        self.act(|store| store.entitle(product, lookup_key))
            .expect(EXISTS);
    }

    /// Has the card's owner deny the charge of an invoice, or a charge. Returns the dispute's
    /// id.
    ///
    /// # Panics
    /// If nothing was charged.
    pub fn dispute(&self, charge_or_invoice: &str) -> String {
        self.act(|store| store.dispute(charge_or_invoice))
            .expect(EXISTS)
    }

    /// Deletes a customer, which ends its subscriptions.
    ///
    /// # Panics
    /// If there is no such customer.
    pub fn delete_customer(&self, id: &str) {
        self.act(|store| store.delete_customer(id)).expect(EXISTS);
    }

    /// Lets time pass for everybody without a test clock.
    ///
    /// # Panics
    /// If `seconds` is negative, or thousands of periods would pass.
    pub fn advance(&self, seconds: i64) {
        self.act(|store| {
            let until = store.now() + seconds;
            store.advance(&Scope::Real, until)
        })
        .expect("time goes forward, and not too far");
    }

    /// Sets how this account does things.
    pub fn set_settings(&self, settings: Settings) {
        self.shared.store().settings = settings;
    }

    /// A new event about an object as it is now, signed with `secret` and not sent. The
    /// switches apply, as far as they concern what is in it.
    ///
    /// # Panics
    /// If there is no such object.
    pub fn event(&self, event_type: &str, object_id: &str, secret: &str) -> SignedEvent {
        let switches = self.shared.sender.switches();
        let mut store = self.shared.store();
        let event = store.emit(event_type, object_id).expect(EXISTS);
        let signed = event.signed(secret, switches);
        store.skip_events();
        signed
    }

    /// [`Self::event`] about any JSON.
    pub fn raw_event(&self, event_type: &str, object: Value, secret: &str) -> SignedEvent {
        let switches = self.shared.sender.switches();
        let mut store = self.shared.store();
        let id = object["id"].as_str().map(str::to_owned);
        let event = store.push_event(event_type, id.as_deref(), object, None);
        let signed = event.signed(secret, switches);
        store.skip_events();
        signed
    }

    /// All events since the last call, oldest first, signed with `secret`: for tests that
    /// deliver them themselves. Those made by [`Self::event`] are not among them.
    pub fn take_events(&self, secret: &str) -> Vec<SignedEvent> {
        let switches = self.shared.sender.switches();
        let mut store = self.shared.store();
        let known = store.events.len();
        let taken = std::mem::replace(&mut store.taken, known);
        store.events[taken..]
            .iter()
            .filter(|event| !event.given_away)
            .map(|event| event.signed(secret, switches))
            .collect()
    }

    /// Every event so far, oldest first.
    pub fn events(&self) -> Vec<EventRecord> {
        let store = self.shared.store();
        store.events.iter().map(|event| event.record()).collect()
    }

    /// Notes that an event reached its receiver, who got it from the test.
    ///
    /// # Panics
    /// If there is no such event.
    pub fn mark_delivered(&self, event_id: &str) {
        let mut store = self.shared.store();
        let mut events = store.events.iter_mut();
        events
            .find(|event| event.id == event_id)
            .expect(EXISTS)
            .marked_delivered = true;
    }

    /// Posts an event once more. Whether everybody accepted it.
    ///
    /// # Panics
    /// If there is no such event.
    pub async fn redeliver(&self, event_id: &str) -> bool {
        self.shared.redeliver(event_id).await.expect(EXISTS)
    }

    /// Makes every API request fail from now on, until [`Self::recover`].
    pub fn fail(&self, failure: Failure) {
        let rule = FailureRule::always(failure);
        self.shared.store().failures.set(rule);
    }

    /// Makes the next `times` API requests fail.
    pub fn fail_next(&self, times: u32, failure: Failure) {
        let rule = FailureRule::always(failure).times(times);
        self.shared.store().failures.set(rule);
    }

    /// Adds a rule by which API requests fail.
    pub fn fail_on(&self, rule: FailureRule) {
        self.shared.store().failures.add(rule);
    }

    /// Lets API requests succeed again.
    pub fn recover(&self) {
        self.shared.store().failures.clear();
    }

    /// Sets how webhooks go wrong from now on.
    pub fn set_webhook_switches(&self, switches: WebhookSwitches) {
        self.shared.sender.set_switches(switches);
    }

    /// The API requests so far, failed ones included, oldest first.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.store().requests.clone()
    }

    /// The webhook posts so far, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.sender.deliveries()
    }
}
