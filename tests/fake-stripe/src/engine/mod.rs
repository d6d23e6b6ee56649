//! What Stripe does by itself: bills, charges, renews, retries, ends.
//!
//! All of it are methods of [`Store`](crate::store::Store), which change the objects and note
//! the events. Nothing here waits for anything: time passes when a test says so.

mod changes;
mod checkout;
mod invoicing;
mod lifecycle;
mod payments;
mod proration;
mod schedules;
mod time;

pub(crate) use self::{
    changes::Change,
    lifecycle::{End, NewSubscription, PaymentBehavior},
    payments::Paid,
    time::Scope,
};
