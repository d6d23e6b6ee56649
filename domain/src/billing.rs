//! What is said between the pages of a subscription and its use cases.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use time::OffsetDateTime;

use super::{BillingInterval, Money, Plan};
#[cfg(feature = "server")]
use super::{Invalid, text};

/// Days of a trial; an organization gets one, ever.
pub const TRIAL_DAYS: u32 = 14;

/// A price that can be bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedPrice {
    pub plan: Plan,
    pub interval: BillingInterval,
    /// `price_…`.
    pub price_id: String,
    pub amount: Money,
}

/// What can be bought, as Stripe said it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceList {
    pub prices: Vec<ListedPrice>,
    /// When Stripe said so; `None`: it never did, and no price is known.
    pub as_of: Option<OffsetDateTime>,
}

impl PriceList {
    pub fn find(&self, plan: Plan, interval: BillingInterval) -> Option<&ListedPrice> {
        self.prices
            .iter()
            .find(|price| price.plan == plan && price.interval == interval)
    }
}

/// What came of a checkout, as its success page tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckoutOutcome {
    /// The subscription is there, and the page of it shows it.
    Subscribed,
    /// Stripe has taken it, but the payment or the subscription takes a moment more: look
    /// again.
    Processing,
    /// Not completed: it can still be.
    Open,
    /// Not completed, and closed.
    Expired,
}

/// When a change of plan takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TakesEffect {
    /// At once: to a greater plan, or to paying by the year.
    Now,
    /// When what is paid for ends.
    AtPeriodEnd(OffsetDateTime),
}

/// What a change of plan would come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePreview {
    pub from: (Option<Plan>, Option<BillingInterval>),
    pub to: ListedPrice,
    pub takes_effect: TakesEffect,
    /// What Stripe would charge at once, tax and the rest of what was paid included; negative:
    /// it becomes a credit.
    pub due_now: Option<Money>,
    /// What there is more of than the plan allows.
    pub over: Vec<OverLimit>,
}

/// Something there will be more of than a plan allows. Nothing is taken away for it; no more
/// can be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverLimit {
    pub what: LimitedThing,
    pub used: u64,
    pub limit: u32,
}

/// What plans limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitedThing {
    Members,
    Projects,
    StorageGb,
}

/// Why somebody cancels. The text is Stripe's `cancellation_details[feedback]`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    strum::EnumIter,
)]
#[strum(serialize_all = "snake_case")]
pub enum CancelFeedback {
    TooExpensive,
    MissingFeatures,
    SwitchedService,
    Unused,
    CustomerService,
    TooComplex,
    LowQuality,
    Other,
}

impl CancelFeedback {
    pub const ALL: [Self; 8] = [
        Self::TooExpensive,
        Self::MissingFeatures,
        Self::SwitchedService,
        Self::Unused,
        Self::CustomerService,
        Self::TooComplex,
        Self::LowQuality,
        Self::Other,
    ];

    pub fn as_str(self) -> &'static str {
        self.into()
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::TooExpensive => "It is too expensive",
            Self::MissingFeatures => "Something is missing",
            Self::SwitchedService => "We use something else now",
            Self::Unused => "We do not use it enough",
            Self::CustomerService => "We were not helped well",
            Self::TooComplex => "It is too complicated",
            Self::LowQuality => "It does not work well enough",
            Self::Other => "Another reason",
        }
    }
}

/// Why somebody cancels, in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelReason {
    pub feedback: CancelFeedback,
    /// In their own words; empty: none.
    pub comment: String,
}

/// Longest comment on a cancellation, in characters.
pub const MAX_CANCEL_COMMENT: usize = 1_000;

#[cfg(feature = "server")]
impl CancelReason {
    /// Reads what a form sends: `feedback` is one of [`CancelFeedback`]'s texts.
    ///
    /// # Errors
    /// [`Invalid`] on the field `reason` or `comment`.
    pub fn parse(feedback: &str, comment: &str) -> Result<Self, Invalid> {
        let feedback = feedback
            .parse()
            .map_err(|_| Invalid::new("reason", "Choose a reason."))?;
        let comment = text::one_line(comment);
        if comment.chars().count() > MAX_CANCEL_COMMENT {
            return Err(Invalid::new(
                "comment",
                format!("Use at most {MAX_CANCEL_COMMENT} characters."),
            ));
        }
        Ok(Self { feedback, comment })
    }
}

/// Which page of Stripe's portal is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PortalPage {
    /// Card, address, tax ids, invoices.
    Home,
    /// Where the card is replaced.
    PaymentMethod,
}

/// An invoice of Stripe's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// `in_…`.
    pub id: String,
    /// The number on the document; drafts have none.
    pub number: Option<String>,
    /// Stripe's word: `draft`, `open`, `paid`, `uncollectible`, `void`, or one this program
    /// does not know.
    pub status: Option<String>,
    pub total: Option<Money>,
    /// What is still to be paid.
    pub remaining: Option<Money>,
    pub created: Option<OffsetDateTime>,
    /// Stripe's page of it, where it can be paid.
    pub hosted_url: Option<String>,
    /// Its document.
    pub pdf_url: Option<String>,
}

/// A page of invoices, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoicePage {
    pub invoices: Vec<Invoice>,
    /// What the page of older ones starts after; `None`: there are none.
    pub next: Option<String>,
}

/// An event of Stripe's in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEvent {
    /// `evt_…`.
    pub id: String,
    pub event_type: String,
    pub object_id: Option<String>,
    pub customer_id: Option<String>,
    /// When it happened at Stripe.
    pub created: OffsetDateTime,
    pub received_at: OffsetDateTime,
    pub attempts: u32,
    /// When it was done with; `None`: it waits to be tried again.
    pub processed_at: Option<OffsetDateTime>,
    /// `processed`, `ignored`, `conflict`; `None`: as above.
    pub outcome: Option<String>,
    pub last_error: Option<String>,
}

/// An event with what was received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    pub event: LedgerEvent,
    /// JSON, as Stripe sent it; `None`: it is not kept any more.
    pub payload: Option<String>,
}

/// Which events of the ledger are listed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum LedgerFilter {
    #[default]
    All,
    /// Those that wait to be tried again.
    Failed,
    /// Those that led to a conflict.
    Conflict,
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_of_the_list_and_its_comment_short() {
        let reason = CancelReason::parse("too_expensive", "  dear \n").expect("a reason");
        assert_eq!(reason.feedback, CancelFeedback::TooExpensive);
        assert_eq!(reason.comment, "dear");
        assert!(CancelReason::parse("bored", "").is_err());
        assert!(CancelReason::parse("other", &"x".repeat(MAX_CANCEL_COMMENT + 1)).is_err());
        for feedback in CancelFeedback::ALL {
            assert_eq!(feedback.as_str().parse(), Ok(feedback));
        }
    }
}
