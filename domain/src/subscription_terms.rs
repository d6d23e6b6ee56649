//! What Stripe charges for a subscription, and what will become of it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{BillingInterval, Money, Plan};

/// What is mirrored of a subscription besides its plan, status and dates. Whatever could not
/// be read is absent: nothing here stands in for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// What is charged for the item that gives the plan.
    pub charge: Option<Charge>,
    /// Items besides it, such as add-ons.
    pub other_items: u32,
    /// Discounts on the whole subscription.
    pub discounts: Vec<Discount>,
    /// Stripe collects nothing at the moment, whatever the status says.
    pub paused: Option<Pause>,
    /// What is to become of it, if it is to change by itself.
    pub coming: Option<ComingChange>,
    /// When it ends, if that is fixed: the end of the period, or another moment.
    pub ends_at: Option<OffsetDateTime>,
    /// A change of plan that waits for its payment, until then.
    pub waits_for_payment_until: Option<OffsetDateTime>,
    /// When it last came to be unpaid.
    pub unpaid_since: Option<OffsetDateTime>,
    /// What does not fit together.
    pub conflict: Option<Conflict>,
}

/// What is charged for an item, again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// `price_…`.
    pub price_id: String,
    /// For one; `None`: it is not one amount, such as a price in tiers.
    pub unit: Option<Money>,
    pub quantity: u64,
    /// `None`: Stripe's answer could not be read.
    pub cycle: Option<Cycle>,
}

impl Charge {
    /// What is charged for all of them, before discounts and tax.
    pub fn total(&self) -> Option<Money> {
        self.unit.as_ref()?.times(self.quantity)
    }
}

/// How often something is charged: every `count` of `unit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    pub count: u32,
    /// Stripe's word: `day`, `week`, `month`, `year`, or one this program does not know.
    pub unit: String,
}

impl Cycle {
    /// The interval of our price list that it is; `None`: none of them.
    pub fn interval(&self) -> Option<BillingInterval> {
        self.unit.parse().ok().filter(|_| self.count == 1)
    }

    /// `month`, `3 months`.
    pub fn label(&self) -> String {
        match self.count {
            1 => self.unit.clone(),
            count => format!("{count} {}s", self.unit),
        }
    }
}

/// A discount on a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    /// What the coupon is called; its id if it has no name.
    pub name: Option<String>,
    pub amount: DiscountAmount,
    /// When it ends; `None`: not before the subscription, or that is not known.
    pub ends_at: Option<OffsetDateTime>,
}

/// How much a discount takes off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiscountAmount {
    /// Hundredths of a percent: 1250 is 12.5 %.
    HundredthsOfPercent(u32),
    Money(Money),
    /// Stripe's answer could not be read.
    Unknown,
}

/// Collection is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// What becomes of invoices meanwhile, in Stripe's word: `keep_as_draft`,
    /// `mark_uncollectible`, `void`.
    pub behavior: String,
    /// `None`: until somebody resumes it.
    pub resumes_at: Option<OffsetDateTime>,
}

/// A change that Stripe will make by itself, as a downgrade at the end of the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComingChange {
    /// `None`: to a price that is none of ours.
    pub plan: Option<Plan>,
    pub interval: Option<BillingInterval>,
    pub at: OffsetDateTime,
}

/// What does not fit together between Stripe and us; somebody has to look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Conflict {
    /// It is at a price of none of our plans, `price_…`: no plan is granted for it.
    UnknownPrice(String),
    /// More than one subscription of the organization is alive; how many.
    SeveralLive(u32),
}

/// How sure it is that the view shows what Stripe has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Certainty {
    /// Nothing is known to be otherwise.
    InStep,
    /// Stripe was asked for something that has not been seen yet.
    Pending(PendingWish),
    /// Something is known to have happened that could not be taken over yet, or a wish waits
    /// for too long; since when.
    Delayed { since: OffsetDateTime },
    /// Somebody has to look.
    Conflicting(Conflict),
}

/// What somebody asked for, and Stripe has not confirmed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingWish {
    pub kind: WishKind,
    pub since: OffsetDateTime,
}

/// What can be asked of Stripe. The text is the database's.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum WishKind {
    /// Buying, on a page of Stripe's: it is open until it was paid, left for long, or replaced.
    Checkout,
    ChangePlan,
    Cancel,
    Restore,
    /// Taking a change back that was to come.
    KeepPlan,
}

impl WishKind {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
