//! What answers by itself, without the application: the operator's and Stripe's
//! addresses.

pub mod health;
pub mod metrics;
pub mod stripe_webhook;
