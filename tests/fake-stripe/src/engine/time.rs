//! What happens as time passes: everything that is due, one after the other.

use super::Paid;
use crate::{
    calendar::{self, DAY},
    error::ApiError,
    store::Store,
};

/// Renewals of one advance: more are a mistake of the test.
const MAX_STEPS: usize = 5_000;

/// Whose time passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everybody without a test clock.
    Real,
    /// Customers with this test clock.
    Clock(String),
}

/// What is due of a subscription; of several at the same time the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    TrialEndsSoon,
    Expire,
    ExpireUpdate,
    Resume,
    Cancel,
    NextPhase,
    EndTrial,
    Renew,
    Retry,
}

impl Store {
    /// Lets time pass until `until`.
    ///
    /// # Errors
    /// If that is in the past, or too much would happen.
    pub(crate) fn advance(&mut self, scope: &Scope, until: i64) -> Result<(), ApiError> {
        if until < self.time_of(scope) {
            return Err(ApiError::invalid("Time cannot go back.").with_param("frozen_time"));
        }
        for _ in 0..MAX_STEPS {
            let Some((time, due, id)) = self.next_due(scope).filter(|(time, ..)| *time <= until)
            else {
                self.set_time(scope, until);
                self.expire_checkouts(scope);
                return Ok(());
            };
            let now = time.max(self.time_of(scope));
            self.set_time(scope, now);
            self.expire_checkouts(scope);
            self.happen(due, &id, time);
        }
        Err(ApiError::invalid("Too much happens until then."))
    }

    fn time_of(&self, scope: &Scope) -> i64 {
        match scope {
            Scope::Real => self.now(),
            Scope::Clock(id) => self
                .test_clocks
                .get(id)
                .map_or(0, |clock| clock.frozen_time),
        }
    }

    fn set_time(&mut self, scope: &Scope, time: i64) {
        match scope {
            Scope::Real => self.move_to(time),
            Scope::Clock(id) => {
                if let Some(clock) = self.test_clocks.get_mut(id) {
                    clock.frozen_time = time;
                }
            }
        }
    }

    fn is_in(&self, scope: &Scope, customer: &str) -> bool {
        match (scope, self.clock_of(customer)) {
            (Scope::Real, clock) => clock.is_none(),
            (Scope::Clock(id), clock) => clock == Some(id),
        }
    }

    fn next_due(&self, scope: &Scope) -> Option<(i64, Due, String)> {
        self.subscriptions
            .values()
            .filter(|subscription| {
                !subscription.is_over() && self.is_in(scope, &subscription.customer)
            })
            .flat_map(|subscription| {
                self.due_of(&subscription.id)
                    .into_iter()
                    .map(|(time, due)| (time, due, subscription.id.clone()))
            })
            .min()
    }

    fn due_of(&self, id: &str) -> Vec<(i64, Due)> {
        let subscription = &self.subscriptions[id];
        let end = subscription.current_period_end;
        let mut due = Vec::new();
        match (subscription.status.as_str(), subscription.trial_end) {
            ("trialing", Some(trial_end)) => {
                if !subscription.trial_announced {
                    due.push((trial_end - 3 * DAY, Due::TrialEndsSoon));
                }
                due.push((trial_end, Due::EndTrial));
            }
            ("incomplete", _) => due.push((subscription.created + DAY - 3600, Due::Expire)),
            ("paused", _) => {}
            _ => due.push((end, Due::Renew)),
        }
        if subscription.cancel_at_period_end {
            due.push((end, Due::Cancel));
        } else if let Some(at) = subscription.cancel_at {
            due.push((at, Due::Cancel));
        }
        if let Some(update) = &subscription.pending_update {
            due.push((update.expires_at, Due::ExpireUpdate));
        }
        if let Some(retry) = subscription.next_retry {
            due.push((retry, Due::Retry));
        }
        if let Some(at) = subscription
            .pause_collection
            .as_ref()
            .and_then(|pause| pause.resumes_at)
        {
            due.push((at, Due::Resume));
        }
        let phase_end = subscription
            .schedule
            .as_ref()
            .and_then(|schedule| self.schedules.get(schedule))
            .and_then(|schedule| Some(schedule.phases.get(schedule.current)?.end));
        due.extend(phase_end.map(|end| (end, Due::NextPhase)));
        due
    }

    fn happen(&mut self, due: Due, id: &str, time: i64) {
        match due {
            Due::TrialEndsSoon => {
                if let Some(subscription) = self.subscriptions.get_mut(id) {
                    subscription.trial_announced = true;
                }
                self.emit("customer.subscription.trial_will_end", id);
            }
            Due::Expire => {
                self.change(id, |subscription| {
                    "incomplete_expired".clone_into(&mut subscription.status);
                    subscription.ended_at = Some(time);
                });
            }
            Due::ExpireUpdate => self.expire_pending_update(id),
            Due::Resume => {
                self.change(id, |subscription| subscription.pause_collection = None);
            }
            Due::Cancel => self.cancel_now(id, Some("cancellation_requested")),
            Due::NextPhase => {
                if let Some(schedule) = self.subscriptions[id].schedule.clone() {
                    self.next_phase(&schedule, time);
                }
            }
            Due::EndTrial => self.end_trial(id),
            Due::Renew => self.renew(id),
            Due::Retry => self.retry(id),
        }
    }

    /// The trial is over: paid, canceled or paused.
    pub(crate) fn end_trial(&mut self, id: &str) {
        let subscription = self.subscriptions[id].clone();
        let has_card = self.card_of(&subscription.customer, id).is_some();
        match subscription.trial_end_behavior.as_str() {
            "cancel" if !has_card => self.cancel_now(id, Some("payment_failed")),
            "pause" if !has_card => {
                self.change(id, |subscription| {
                    "paused".clone_into(&mut subscription.status);
                });
                self.emit("customer.subscription.paused", id);
            }
            _ => self.renew(id),
        }
    }

    /// A new period begins, and is to be paid.
    pub(crate) fn renew(&mut self, id: &str) {
        let subscription = self.subscriptions[id].clone();
        let price = self.price_or_unlisted(&subscription.price);
        let start = subscription.current_period_end;
        let anchor = match subscription.billing_cycle_anchor {
            0 => start,
            anchor => anchor,
        };
        let end = calendar::add(start, anchor, &price.interval, price.interval_count);
        let is_unpaid = subscription.status == "unpaid";
        self.change(id, |subscription| {
            subscription.current_period_start = start;
            subscription.current_period_end = end;
            if subscription.status == "trialing" {
                "active".clone_into(&mut subscription.status);
            }
        });
        let mut lines = self.pending_lines.remove(id).unwrap_or_default();
        lines.extend(self.period_lines(&subscription.items(), start, end));
        let invoice = self.bill(id, lines, "subscription_cycle");
        if let Some(pause) = subscription.pause_collection {
            let status = match pause.behavior.as_str() {
                "void" => "void",
                "mark_uncollectible" => "uncollectible",
                _ => "draft",
            };
            self.set_invoice_status(&invoice, status);
        } else if is_unpaid {
            self.set_invoice_status(&invoice, "draft");
        } else if self.collect(&invoice, false) != Paid::Yes {
            if let Some(subscription) = self.subscriptions.get_mut(id) {
                subscription.retries = 0;
            }
            self.after_failure(id, &invoice);
        }
    }

    /// Voids an invoice, gives it up, or leaves it as a draft.
    pub(crate) fn set_invoice_status(&mut self, id: &str, status: &str) {
        let Some(customer) = self
            .invoices
            .get(id)
            .map(|invoice| invoice.customer.clone())
        else {
            return;
        };
        let now = self.now_of(&customer);
        let invoice = self.invoices.get_mut(id).expect("it was just read");
        status.clone_into(&mut invoice.status);
        invoice.next_payment_attempt = None;
        let event = match status {
            "void" => {
                invoice.voided_at = Some(now);
                "invoice.voided"
            }
            "uncollectible" => {
                invoice.uncollectible_at = Some(now);
                "invoice.marked_uncollectible"
            }
            _ => "invoice.updated",
        };
        self.emit(event, id);
    }

    fn retry(&mut self, id: &str) {
        let Some(invoice) = self.subscriptions[id].latest_invoice.clone() else {
            return;
        };
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            subscription.next_retry = None;
            subscription.retries += 1;
        }
        let is_open = self
            .invoices
            .get(&invoice)
            .is_some_and(|invoice| invoice.status == "open");
        if is_open && self.collect(&invoice, false) != Paid::Yes {
            self.after_failure(id, &invoice);
        }
    }

    fn expire_checkouts(&mut self, scope: &Scope) {
        let now = self.time_of(scope);
        let expired: Vec<_> = self
            .checkout_sessions
            .values()
            .filter(|session| {
                session.status == "open"
                    && session.expires_at() <= now
                    && self.is_in(scope, session.customer.as_deref().unwrap_or_default())
            })
            .map(|session| session.id.clone())
            .collect();
        for id in expired {
            self.expire_checkout(&id);
        }
    }
}
