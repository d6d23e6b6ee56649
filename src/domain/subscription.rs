//! An organization's subscription, as its people see it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{BillingInterval, Limits, Plan};

/// Stripe's status of a subscription. One this program does not know is kept
/// and shown as it is, never guessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubscriptionStatus {
    /// Paid.
    Active,
    /// In its trial.
    Trialing,
    /// The last payment failed; Stripe tries again.
    PastDue,
    /// Ended.
    Canceled,
    /// All payment attempts failed.
    Unpaid,
    /// The first payment has not gone through yet.
    Incomplete,
    /// The first payment never went through.
    IncompleteExpired,
    /// Collection is paused.
    Paused,
    /// Something newer than this program.
    Unknown(String),
}

impl SubscriptionStatus {
    /// Reads Stripe's word.
    pub fn parse(text: &str) -> Self {
        match text {
            "active" => Self::Active,
            "trialing" => Self::Trialing,
            "past_due" => Self::PastDue,
            "canceled" => Self::Canceled,
            "unpaid" => Self::Unpaid,
            "incomplete" => Self::Incomplete,
            "incomplete_expired" => Self::IncompleteExpired,
            "paused" => Self::Paused,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// Stripe's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Trialing => "trialing",
            Self::PastDue => "past_due",
            Self::Canceled => "canceled",
            Self::Unpaid => "unpaid",
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Paused => "paused",
            Self::Unknown(word) => word,
        }
    }

    /// Whether the plan's limits hold in this state. Past due keeps them while
    /// Stripe retries; an unknown state grants nothing.
    pub fn grants_plan(&self) -> bool {
        matches!(self, Self::Active | Self::Trialing | Self::PastDue)
    }

    /// Whether the subscription can never come back to life.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Canceled | Self::IncompleteExpired)
    }
}

/// A subscription at Stripe, as our row mirrors it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Stripe's id.
    pub stripe_id: String,
    /// The plan paid for.
    pub plan: Plan,
    /// How often.
    pub interval: BillingInterval,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// End of the paid period, when known.
    pub current_period_end: Option<OffsetDateTime>,
    /// End of the trial, if there is or was one.
    pub trial_end: Option<OffsetDateTime>,
    /// Whether it ends with the period instead of renewing.
    pub cancel_at_period_end: bool,
    /// When it was cancelled.
    pub canceled_at: Option<OffsetDateTime>,
    /// When the row was last compared with Stripe.
    pub synced_at: OffsetDateTime,
}

/// What the subscription page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionView {
    /// The subscription, if the organization has or had one.
    pub subscription: Option<Subscription>,
    /// The limits in force: the plan's, overlaid by the organization's override.
    pub limits: Limits,
    /// Whether an override changed them.
    pub limits_overridden: bool,
    /// Members and pending, unexpired invitations.
    pub seats_used: i64,
}

impl SubscriptionView {
    /// The plan in force: the subscription's while its state grants it, else free.
    pub fn plan(&self) -> Plan {
        match &self.subscription {
            Some(subscription) if subscription.status.grants_plan() => subscription.plan,
            _ => Plan::Free,
        }
    }

    /// The state shown: `free` without a subscription, Stripe's word otherwise.
    pub fn status(&self) -> &str {
        self.subscription
            .as_ref()
            .map_or("free", |subscription| subscription.status.as_str())
    }
}
