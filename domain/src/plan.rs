//! Plans: what they cost and what they allow.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

/// What an organization may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Members and pending invitations together.
    pub members: u32,
    pub projects: u32,
    pub storage_gb: u32,
}

/// How often a subscription is paid. The text is that of the database and Stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum BillingInterval {
    Month,
    Year,
}

impl BillingInterval {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A plan of the price list. The text is that of database, addresses and price
/// look-up keys.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Plan {
    /// What every organization has without a subscription.
    Free,
    Pro,
    Ultra,
}

impl Plan {
    /// All plans, the cheapest first.
    pub const ALL: [Self; 3] = [Self::Free, Self::Pro, Self::Ultra];

    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The plan as pages show it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Free => "Free",
            Self::Pro => "Pro",
            Self::Ultra => "Ultra",
        }
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

    /// Price per interval, in whole US dollars.
    pub fn price_usd(self, interval: BillingInterval) -> u32 {
        match (self, interval) {
            (Self::Free, _) => 0,
            (Self::Pro, BillingInterval::Month) => 49,
            (Self::Pro, BillingInterval::Year) => 400,
            (Self::Ultra, BillingInterval::Month) => 100,
            (Self::Ultra, BillingInterval::Year) => 1000,
        }
    }

    /// The plan and interval that a look-up key of a Stripe price names, such as
    /// `pro_month`.
    pub fn from_price_lookup_key(key: &str) -> Option<(Self, BillingInterval)> {
        let (plan, interval) = key.rsplit_once('_')?;
        let plan = plan.parse().ok().filter(|plan| *plan != Self::Free)?;
        Some((plan, interval.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_look_up_key_names_a_plan_and_an_interval() {
        let found = Plan::from_price_lookup_key("ultra_year");
        assert_eq!(found, Some((Plan::Ultra, BillingInterval::Year)));
        for key in ["free_month", "pro", "pro_week", "gold_month", ""] {
            assert_eq!(Plan::from_price_lookup_key(key), None, "{key:?}");
        }
    }
}
