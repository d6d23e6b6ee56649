//! What answers without the application: operators' and Stripe's addresses.

pub mod health;
pub mod metrics;
pub mod stripe_webhook;
