//! An organization's subscription, as its members see it.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{BillingInterval, Certainty, Email, Limits, OrgId, PendingWish, Plan, Terms, WishKind};

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
    /// `None`: it is at a price of none of our plans, and grants none.
    pub plan: Option<Plan>,
    /// `None`: it is charged at an interval of none of our prices; see [`Terms::charge`].
    pub interval: Option<BillingInterval>,
    pub status: SubscriptionStatus,
    pub current_period_start: Option<OffsetDateTime>,
    pub current_period_end: Option<OffsetDateTime>,
    /// End of the trial, if there is or was one.
    pub trial_end: Option<OffsetDateTime>,
    /// Whether it ends with the period instead of renewing.
    pub cancel_at_period_end: bool,
    pub canceled_at: Option<OffsetDateTime>,
    pub terms: Terms,
    /// When the row was last compared with Stripe.
    pub synced_at: OffsetDateTime,
}

impl Subscription {
    /// The plan it grants now; `None`: none.
    pub fn granted_plan(&self) -> Option<Plan> {
        self.plan.filter(|_| self.status.grants_plan())
    }

    /// Whether it will end by itself.
    pub fn is_ending(&self) -> bool {
        !self.status.is_final() && (self.cancel_at_period_end || self.terms.ends_at.is_some())
    }
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
    /// Whether the organization has its one trial still before it.
    pub trial_available: bool,
    /// Where mails about payments go; `None`: to the owners. For whoever may change it.
    pub billing_contact: Option<Email>,
    /// What was asked of Stripe last and has not been seen yet.
    pub wish: Option<PendingWish>,
    /// Since when something Stripe announced could not be taken over.
    pub delayed_since: Option<OffsetDateTime>,
}

/// How long a wish is pending before it counts as delayed: Stripe confirms within seconds.
const WISH_PATIENCE: Duration = Duration::minutes(5);

/// How old a comparison may be before the page says that it is delayed. One is begun by
/// whoever looks after five minutes (`billing::refresh`).
const COMPARISON_PATIENCE: Duration = Duration::HOUR;

impl SubscriptionView {
    /// The plan in force: the subscription's while its status grants it, else free.
    pub fn plan(&self) -> Plan {
        let granted = self
            .subscription
            .as_ref()
            .and_then(Subscription::granted_plan);
        granted.unwrap_or(Plan::Free)
    }

    /// Stripe's word for the status; `free` without a subscription.
    pub fn status(&self) -> &str {
        self.subscription
            .as_ref()
            .map_or("free", |subscription| subscription.status.as_str())
    }

    /// Whether there is a subscription that has not ended: it can be changed, not bought again.
    pub fn has_living(&self) -> bool {
        self.subscription
            .as_ref()
            .is_some_and(|subscription| !subscription.status.is_final())
    }

    /// How sure it is, at `now`, that this is what Stripe has.
    pub fn certainty(&self, now: OffsetDateTime) -> Certainty {
        let living = self.subscription.as_ref().filter(|_| self.has_living());
        if let Some(conflict) = living.and_then(|living| living.terms.conflict.clone()) {
            return Certainty::Conflicting(conflict);
        }
        if let Some(since) = self.delayed_since {
            return Certainty::Delayed { since };
        }
        if let Some(wish) = &self.wish {
            // A checkout waits for a person, everything else for Stripe.
            let is_late = wish.kind != WishKind::Checkout && now - wish.since > WISH_PATIENCE;
            return if is_late {
                Certainty::Delayed { since: wish.since }
            } else {
                Certainty::Pending(wish.clone())
            };
        }
        match living {
            Some(living) if now - living.synced_at > COMPARISON_PATIENCE => Certainty::Delayed {
                since: living.synced_at,
            },
            _ => Certainty::InStep,
        }
    }

    /// When [`Self::certainty`] may become another, although nothing is written.
    pub fn certainty_ends(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let wish = self.wish.as_ref().map(|wish| wish.since + WISH_PATIENCE);
        let living = self.subscription.as_ref().filter(|_| self.has_living());
        let comparison = living.map(|living| living.synced_at + COMPARISON_PATIENCE);
        let moments = wish.into_iter().chain(comparison);
        moments.filter(|moment| *moment >= now).min()
    }
}
