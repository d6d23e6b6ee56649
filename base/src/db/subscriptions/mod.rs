//! Subscriptions: what the page shows (`view`), whether another member fits (`seats`),
//! what billing mirrors from Stripe (`mirror`) and of whom (`customer`), which prices
//! there are (`prices`), what is asked of Stripe (`intents`), who is told (`contact`),
//! and how far the comparison of everything has come (`reconcile`).

mod contact;
mod customer;
mod intents;
mod mirror;
mod prices;
mod reconcile;
mod seats;
mod view;

pub use contact::{find_contact, is_first_notice, keep_cancellation, set_contact};
pub use customer::{
    attach_customer, find_customer, find_org_of_customer, forget_wish, lock_billing, note_delay,
    note_seen, note_trial, note_wish,
};
pub use intents::{Intent, NewIntent, close_intent, note_made, open_intent};
pub use mirror::{Mirrored, find_mirrored, find_mirrored_of_org, list_to_compare, write_mirror};
pub use prices::{KnownPrice, find_plan_of_price, keep_prices, list_current_prices};
pub use reconcile::{ReconcileState, find_reconcile, keep_reconcile};
pub use seats::find_seats;
pub use view::find_view;
