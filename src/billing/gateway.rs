//! What Stripe answers, in our words.

use time::OffsetDateTime;

use crate::domain::{BillingInterval, OrgId, Plan, SubscriptionStatus};

/// A subscription as Stripe had it at the moment of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemoteSubscription {
    /// `sub_…`.
    pub id: String,
    /// The organization it was bought for, as noted in its metadata.
    pub org: Option<OrgId>,
    /// What is paid for.
    pub price: RemotePrice,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// Start of the paid period.
    pub current_period_start: Option<OffsetDateTime>,
    /// Its end.
    pub current_period_end: Option<OffsetDateTime>,
    /// End of the trial, if there is or was one.
    pub trial_end: Option<OffsetDateTime>,
    /// Whether it ends with the period instead of renewing.
    pub cancel_at_period_end: bool,
    /// When it was cancelled.
    pub canceled_at: Option<OffsetDateTime>,
    /// When it was made.
    pub created: OffsetDateTime,
}

/// A price, by its look-up key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RemotePrice {
    /// One of our price list.
    Listed(Plan, BillingInterval),
    /// Another; its id.
    Unlisted(String),
}
