//! Who pays, and with what.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Metadata;

#[derive(Clone, Debug, Default)]
pub struct Customer {
    /// `cus_…`.
    pub id: String,
    pub name: Option<String>,
    /// Address for receipts.
    pub email: Option<String>,
    pub phone: Option<String>,
    pub description: Option<String>,
    pub address: Option<Address>,
    /// Notes of the client, such as `organization_id`.
    pub metadata: Metadata,
    /// Negative: credit, which the next invoice uses.
    pub balance: i64,
    pub currency: Option<String>,
    /// `pm_…`, what is charged.
    pub default_payment_method: Option<String>,
    /// `clock_…`.
    pub test_clock: Option<String>,
    pub deleted: bool,
    /// In seconds since 1970, as all times here.
    pub created: i64,
}

impl Customer {
    pub(crate) fn to_json(&self) -> Value {
        if self.deleted {
            return json!({ "id": self.id, "object": "customer", "deleted": true });
        }
        json!({
            "id": self.id,
            "object": "customer",
            "address": self.address,
            "balance": self.balance,
            "created": self.created,
            "currency": self.currency,
            "default_source": null,
            "delinquent": false,
            "description": self.description,
            "discount": null,
            "email": self.email,
            "invoice_settings": {
                "custom_fields": null,
                "default_payment_method": self.default_payment_method,
                "footer": null,
                "rendering_options": null,
            },
            "livemode": false,
            "metadata": self.metadata,
            "name": self.name,
            "phone": self.phone,
            "preferred_locales": [],
            "shipping": null,
            "tax_exempt": "none",
            "test_clock": self.test_clock,
        })
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Address {
    pub line1: Option<String>,
    pub line2: Option<String>,
    pub city: Option<String>,
    pub postal_code: Option<String>,
    pub state: Option<String>,
    /// Two letters.
    pub country: Option<String>,
}

/// How a card behaves when it is charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Card {
    /// It pays.
    #[default]
    Works,
    /// Its bank refuses.
    Declined,
    /// Its bank wants its owner to approve each payment.
    NeedsAction,
}

impl Card {
    /// All, with the words of the fake's pages.
    pub(crate) const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Works, "works", "A card that works"),
        (Self::Declined, "declined", "A card that is declined"),
        (
            Self::NeedsAction,
            "needs_action",
            "A card that needs a confirmation",
        ),
    ];

    /// By its name in forms, or Stripe's name of a test card.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "works" | "pm_card_visa" | "pm_card_mastercard" => Some(Self::Works),
            "declined" | "pm_card_chargeCustomerFail" => Some(Self::Declined),
            "needs_action" | "pm_card_authenticationRequired" => Some(Self::NeedsAction),
            _ => None,
        }
    }

    fn last4(self) -> &'static str {
        match self {
            Self::Works => "4242",
            Self::Declined => "0341",
            Self::NeedsAction => "3184",
        }
    }
}

#[derive(Clone, Debug)]
pub struct PaymentMethod {
    /// `pm_…`.
    pub id: String,
    pub customer: Option<String>,
    pub card: Card,
    pub exp_month: u8,
    pub exp_year: i32,
    pub created: i64,
}

impl PaymentMethod {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "payment_method",
            "allow_redisplay": "always",
            "billing_details": { "address": null, "email": null, "name": null, "phone": null, "tax_id": null },
            "card": self.card_json(),
            "created": self.created,
            "customer": self.customer,
            "livemode": false,
            "metadata": {},
            "type": "card",
        })
    }

    /// Older than payment methods, and what `customer.source.expiring` is about.
    pub(crate) fn to_source_json(&self) -> Value {
        json!({
            "id": self.id.replacen("pm_", "card_", 1),
            "object": "card",
            "brand": "Visa",
            "customer": self.customer,
            "exp_month": self.exp_month,
            "exp_year": self.exp_year,
            "funding": "credit",
            "last4": self.card.last4(),
            "metadata": {},
        })
    }

    fn card_json(&self) -> Value {
        json!({
            "brand": "visa",
            "country": "US",
            "display_brand": "visa",
            "exp_month": self.exp_month,
            "exp_year": self.exp_year,
            "funding": "credit",
            "last4": self.card.last4(),
        })
    }

    pub(crate) fn words(&self) -> String {
        format!(
            "Visa ending in {}, expires {}/{}",
            self.card.last4(),
            self.exp_month,
            self.exp_year
        )
    }
}

#[derive(Clone, Debug)]
pub struct TaxId {
    /// `txi_…`.
    pub id: String,
    pub customer: String,
    /// `eu_vat` and so on.
    pub kind: String,
    pub value: String,
    pub created: i64,
}

impl TaxId {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "tax_id",
            "country": self.value.get(..2).filter(|_| self.kind == "eu_vat"),
            "created": self.created,
            "customer": self.customer,
            "livemode": false,
            "type": self.kind,
            "value": self.value,
            "verification": { "status": "unverified", "verified_address": null, "verified_name": null },
        })
    }
}
