//! What answers without the application: operators', developers' and Stripe's addresses, and
//! files of a user's own.

pub mod account;
pub mod activity;
pub mod csv_download;
pub mod health;
pub mod mailbox;
pub mod members;
pub mod metrics;
mod operators;
pub mod stripe_webhook;
