//! An organization's subscription, as its members see it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{BillingInterval, Limits, OrgId, Plan};

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
    /// Reads Stripe's word; an unknown one is kept.
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

    /// Whether the plan's limits apply. Past due keeps them while Stripe retries;
    /// an unknown status grants nothing.
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
    pub stripe_id: String,
    pub plan: Plan,
    pub interval: BillingInterval,
    pub status: SubscriptionStatus,
    pub current_period_end: Option<OffsetDateTime>,
    /// End of the trial, if there is or was one.
    pub trial_end: Option<OffsetDateTime>,
    /// Whether it ends with the period instead of renewing.
    pub cancel_at_period_end: bool,
    pub canceled_at: Option<OffsetDateTime>,
    /// When the row was last compared with Stripe.
    pub synced_at: OffsetDateTime,
}

/// What the subscription page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionView {
    /// Whose subscription this is: compared with the reader's membership before use.
    pub org_id: OrgId,
    /// `None`: the organization never had one.
    pub subscription: Option<Subscription>,
    /// The limits in force: the plan's, overlaid by the organization's override.
    pub limits: Limits,
    /// Whether an override changed them.
    pub limits_overridden: bool,
    /// Members and pending, unexpired invitations.
    pub seats_used: i64,
}

impl SubscriptionView {
    /// The plan in force: the subscription's while its status grants it, else free.
    pub fn plan(&self) -> Plan {
        match &self.subscription {
            Some(subscription) if subscription.status.grants_plan() => subscription.plan,
            _ => Plan::Free,
        }
    }

    /// Stripe's word for the status; `free` without a subscription.
    pub fn status(&self) -> &str {
        self.subscription
            .as_ref()
            .map_or("free", |subscription| subscription.status.as_str())
    }
}
