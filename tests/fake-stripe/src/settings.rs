//! How this Stripe does what accounts can choose, and what is merely likely.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How often a completed checkout session is read before its subscription exists.
    pub attach_after_reads: u32,
    /// How long a new object is not found by search.
    pub search_lag_seconds: i64,
    /// What follows the last failed retry of a payment: `unpaid`, `canceled`, `past_due`.
    pub after_retries: String,
    /// Days after the first failure at which a payment is retried.
    pub retry_days: Vec<i64>,
    /// Of new subscriptions whose maker does not choose: `flexible` or `classic`.
    pub billing_mode: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            attach_after_reads: 0,
            search_lag_seconds: 0,
            after_retries: "unpaid".to_owned(),
            retry_days: vec![3, 5, 7],
            billing_mode: "flexible".to_owned(),
        }
    }
}
