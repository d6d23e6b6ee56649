//! What can be bought.

use serde_json::{Value, json};

use super::Metadata;

#[derive(Clone, Debug, Default)]
pub struct Product {
    /// `prod_…`.
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub active: bool,
    pub metadata: Metadata,
    pub created: i64,
}

impl Product {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "product",
            "active": self.active,
            "created": self.created,
            "default_price": null,
            "description": self.description,
            "images": [],
            "livemode": false,
            "marketing_features": [],
            "metadata": self.metadata,
            "name": self.name,
            "type": "service",
            "updated": self.created,
        })
    }
}

/// A recurring price.
#[derive(Clone, Debug)]
pub struct Price {
    /// `price_…`.
    pub id: String,
    pub product: String,
    pub lookup_key: Option<String>,
    pub nickname: Option<String>,
    /// Three small letters.
    pub currency: String,
    pub unit_amount: i64,
    /// `day`, `week`, `month`, `year`.
    pub interval: String,
    pub interval_count: i64,
    pub active: bool,
    pub metadata: Metadata,
    pub created: i64,
}

impl Price {
    /// An active price for each `interval`.
    pub fn new(id: &str, product: &str, currency: &str, unit_amount: i64, interval: &str) -> Self {
        Self {
            id: id.to_owned(),
            product: product.to_owned(),
            lookup_key: None,
            nickname: None,
            currency: currency.to_owned(),
            unit_amount,
            interval: interval.to_owned(),
            interval_count: 1,
            active: true,
            metadata: Metadata::new(),
            created: 0,
        }
    }

    /// For a subscription whose price nobody made: it costs something, and is no plan's.
    pub(crate) fn unlisted(id: &str) -> Self {
        Self::new(id, "prod_other", "usd", 100, "month")
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "price",
            "active": self.active,
            "billing_scheme": "per_unit",
            "created": self.created,
            "currency": self.currency,
            "livemode": false,
            "lookup_key": self.lookup_key,
            "metadata": self.metadata,
            "nickname": self.nickname,
            "product": self.product,
            "recurring": {
                "interval": self.interval,
                "interval_count": self.interval_count,
                "usage_type": "licensed",
            },
            "tax_behavior": "unspecified",
            "type": "recurring",
            "unit_amount": self.unit_amount,
            "unit_amount_decimal": self.unit_amount.to_string(),
        })
    }

    /// In the words of Stripe's older plans, which it still sends.
    pub(crate) fn to_plan_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "plan",
            "active": self.active,
            "amount": self.unit_amount,
            "billing_scheme": "per_unit",
            "created": self.created,
            "currency": self.currency,
            "interval": self.interval,
            "interval_count": self.interval_count,
            "livemode": false,
            "metadata": self.metadata,
            "product": self.product,
            "usage_type": "licensed",
        })
    }

    /// `49.00 USD per month`.
    pub(crate) fn words(&self) -> String {
        let amount = crate::money::format(self.unit_amount, &self.currency);
        match self.interval_count {
            1 => format!("{amount} per {}", self.interval),
            count => format!("{amount} every {count} {}s", self.interval),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Coupon {
    pub id: String,
    pub name: Option<String>,
    pub percent_off: Option<f64>,
    pub amount_off: Option<i64>,
    pub currency: Option<String>,
    /// `once`, `repeating`, `forever`.
    pub duration: String,
    pub duration_in_months: Option<i64>,
    pub times_redeemed: i64,
    pub metadata: Metadata,
    pub created: i64,
}

impl Coupon {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "coupon",
            "amount_off": self.amount_off,
            "created": self.created,
            "currency": self.currency,
            "duration": self.duration,
            "duration_in_months": self.duration_in_months,
            "livemode": false,
            "max_redemptions": null,
            "metadata": self.metadata,
            "name": self.name,
            "percent_off": self.percent_off,
            "redeem_by": null,
            "times_redeemed": self.times_redeemed,
            "valid": true,
        })
    }

    /// What it takes off `amount`, which is not negative.
    pub(crate) fn off(&self, amount: i64) -> i64 {
        if let Some(off) = self.amount_off {
            return off.clamp(0, amount.max(0));
        }
        // Hundredths of a percent, so that no amount meets a float.
        #[expect(clippy::cast_possible_truncation, reason = "a percentage is small")]
        let hundredths = (self.percent_off.unwrap_or(0.0) * 100.0).round() as i64;
        crate::money::share(amount, hundredths, 10_000)
    }
}
