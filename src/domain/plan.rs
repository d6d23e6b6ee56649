//! Plans, what they cost and what they allow.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an organization may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Members and pending invitations together.
    pub members: u32,
    /// Projects.
    pub projects: u32,
    /// Storage in GB.
    pub storage_gb: u32,
}

/// How often is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BillingInterval {
    /// Every month.
    Month,
    /// Every year.
    Year,
}

impl BillingInterval {
    /// The interval in database and at Stripe.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Reads Stripe's or the database's word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Month, Self::Year]
            .into_iter()
            .find(|interval| interval.as_str() == text)
    }
}

/// A plan of the price list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// Costs nothing; what every organization has without a subscription.
    Free,
    /// For teams.
    Pro,
    /// For large teams.
    Ultra,
}

impl Plan {
    /// All plans, the cheapest first.
    pub const ALL: [Self; 3] = [Self::Free, Self::Pro, Self::Ultra];

    /// The plan in database, addresses and price look-up keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pro => "pro",
            Self::Ultra => "ultra",
        }
    }

    /// The plan in words for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Free => "Free",
            Self::Pro => "Pro",
            Self::Ultra => "Ultra",
        }
    }

    /// Reads the database's word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plan| plan.as_str() == text)
    }

    /// What the plan allows, before an organization's own override.
    pub fn limits(self) -> Limits {
        match self {
            Self::Free => Limits {
                members: 3,
                projects: 5,
                storage_gb: 10,
            },
            Self::Pro => Limits {
                members: 10,
                projects: 20,
                storage_gb: 50,
            },
            Self::Ultra => Limits {
                members: 100,
                projects: 100,
                storage_gb: 1000,
            },
        }
    }

    /// Price in whole US dollars an interval.
    pub fn price_usd(self, interval: BillingInterval) -> u32 {
        match (self, interval) {
            (Self::Free, _) => 0,
            (Self::Pro, BillingInterval::Month) => 49,
            (Self::Pro, BillingInterval::Year) => 400,
            (Self::Ultra, BillingInterval::Month) => 100,
            (Self::Ultra, BillingInterval::Year) => 1000,
        }
    }

    /// Stripe's look-up key of the plan's price, such as `pro_month`; none for free.
    pub fn price_lookup_key(self, interval: BillingInterval) -> Option<String> {
        (self != Self::Free).then(|| format!("{}_{}", self.as_str(), interval.as_str()))
    }

    /// The plan and interval a look-up key names.
    pub fn from_price_lookup_key(key: &str) -> Option<(Self, BillingInterval)> {
        let (plan, interval) = key.rsplit_once('_')?;
        Some((
            Self::parse(plan).filter(|plan| *plan != Self::Free)?,
            BillingInterval::parse(interval)?,
        ))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
