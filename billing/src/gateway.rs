//! What Stripe answers, in our words. What could not be read is absent.

use time::OffsetDateTime;

use crate::domain::{
    BillingInterval, ComingChange, Cycle, Discount, Money, OrgId, Pause, Plan, SubscriptionStatus,
};

/// A subscription as Stripe had it at the moment of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemoteSubscription {
    /// `sub_…`.
    pub id: String,
    /// Who pays.
    pub customer: Option<String>,
    /// The organization it was bought for, as noted in its metadata.
    pub org: Option<OrgId>,
    pub items: Vec<RemoteItem>,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// End of the trial, if there is or was one.
    pub trial_end: Option<OffsetDateTime>,
    /// Whether it ends with the period instead of renewing.
    pub cancel_at_period_end: bool,
    /// When it ends, if that is fixed.
    pub cancel_at: Option<OffsetDateTime>,
    /// When it was cancelled.
    pub canceled_at: Option<OffsetDateTime>,
    /// When it was made.
    pub created: Option<OffsetDateTime>,
    pub discounts: Vec<Discount>,
    pub paused: Option<Pause>,
    /// A change that waits for its payment, until then.
    pub pending_update_until: Option<OffsetDateTime>,
    pub schedule: Option<RemoteSchedule>,
}

/// An item of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemoteItem {
    /// `si_…`.
    pub id: String,
    pub price: RemotePrice,
    pub quantity: u64,
    pub period_start: Option<OffsetDateTime>,
    pub period_end: Option<OffsetDateTime>,
}

/// A price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemotePrice {
    /// `price_…`.
    pub id: String,
    pub product: Option<String>,
    /// The plan it stands for, as far as that is known: by its own metadata or look-up key, or
    /// by what we know of its id and product.
    pub plan: Option<Plan>,
    pub interval: Option<BillingInterval>,
    /// `None`: it is not one amount.
    pub unit: Option<Money>,
    pub cycle: Option<Cycle>,
}

/// A schedule of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemoteSchedule {
    /// `sub_sched_…`.
    pub id: String,
    /// What it does, from phase to phase.
    pub phases: Vec<RemotePhase>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemotePhase {
    pub start: Option<OffsetDateTime>,
    pub end: Option<OffsetDateTime>,
    pub price: Option<String>,
    /// As noted in its metadata.
    pub plan: Option<Plan>,
    pub interval: Option<BillingInterval>,
}

impl RemoteSubscription {
    /// The item that gives the plan: the one of the greatest plan, and of several of that the
    /// first by id, whatever their order.
    pub fn main_item(&self) -> Option<&RemoteItem> {
        let rank = |item: &RemoteItem| {
            Plan::ALL
                .iter()
                .position(|plan| Some(*plan) == item.price.plan)
                .map_or(0, |position| position + 1)
        };
        self.items
            .iter()
            .min_by(|one, other| rank(other).cmp(&rank(one)).then(one.id.cmp(&other.id)))
    }

    /// The first change of price that its schedule will make after `now`.
    pub fn coming(&self, now: OffsetDateTime) -> Option<ComingChange> {
        let phases = &self.schedule.as_ref()?.phases;
        let current = self.main_item().map(|item| item.price.id.as_str());
        let next = phases
            .iter()
            .filter(|phase| phase.price.as_deref() != current)
            .filter_map(|phase| Some((phase.start.filter(|start| *start > now)?, phase)))
            .min_by_key(|(start, _)| *start);
        next.map(|(at, phase)| ComingChange {
            plan: phase.plan,
            interval: phase.interval,
            at,
        })
    }
}

/// A page where something is bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemoteCheckout {
    /// `cs_…`.
    pub id: String,
    /// Where a browser is sent; `None`: it is over.
    pub url: Option<String>,
    /// `open`, `complete`, `expired`, or a word this program does not know.
    pub status: String,
    pub customer: Option<String>,
    /// What was bought; a moment later than it is complete.
    pub subscription: Option<String>,
    /// For whom it was made, as noted with it.
    pub org: Option<OrgId>,
}

impl RemoteCheckout {
    pub fn is_open(&self) -> bool {
        self.status == "open"
    }
}

/// Who pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemoteCustomer {
    /// `cus_…`.
    pub id: String,
    pub org: Option<OrgId>,
}
