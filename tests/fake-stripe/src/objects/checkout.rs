//! Buying a subscription on a page.

use serde_json::{Value, json};

use super::Metadata;
use crate::{calendar::DAY, store::Store};

/// A checkout session for a subscription. By default a completed one.
#[derive(Clone, Debug)]
pub struct CheckoutSession {
    /// `cs_…`.
    pub id: String,
    pub customer: Option<String>,
    pub customer_email: Option<String>,
    pub subscription: Option<String>,
    pub client_reference_id: Option<String>,
    /// `open`, `complete`, `expired`.
    pub status: String,
    pub price: String,
    pub quantity: i64,
    pub trial_period_days: Option<i64>,
    pub trial_end_behavior: String,
    pub coupon: Option<String>,
    pub billing_mode: Option<String>,
    pub success_url: String,
    pub cancel_url: String,
    pub metadata: Metadata,
    /// What the subscription gets.
    pub subscription_metadata: Metadata,
    pub subscription_description: Option<String>,
    /// If completed: how often it is still read before its subscription exists.
    pub reads_before_attached: Option<u32>,
    pub expires_at: Option<i64>,
    pub created: i64,
}

impl Default for CheckoutSession {
    fn default() -> Self {
        Self {
            id: String::new(),
            customer: None,
            customer_email: None,
            subscription: None,
            client_reference_id: None,
            status: "complete".to_owned(),
            price: String::new(),
            quantity: 1,
            trial_period_days: None,
            trial_end_behavior: "create_invoice".to_owned(),
            coupon: None,
            billing_mode: None,
            success_url: String::new(),
            cancel_url: String::new(),
            metadata: Metadata::new(),
            subscription_metadata: Metadata::new(),
            subscription_description: None,
            reads_before_attached: None,
            expires_at: None,
            created: 0,
        }
    }
}

impl CheckoutSession {
    pub(crate) fn expires_at(&self) -> i64 {
        self.expires_at.unwrap_or(self.created + DAY)
    }

    /// What is due now: amount and currency.
    pub(crate) fn due(&self, store: &Store) -> (i64, i64, String) {
        let price = store.price_or_unlisted(&self.price);
        if self.trial_period_days.is_some() {
            return (0, 0, price.currency);
        }
        let subtotal = price.unit_amount * self.quantity.max(1);
        let off = self
            .coupon
            .as_ref()
            .and_then(|coupon| store.coupons.get(coupon))
            .map_or(0, |coupon| coupon.off(subtotal));
        (subtotal, subtotal - off, price.currency)
    }

    pub(crate) fn to_json(&self, store: &Store) -> Value {
        let (subtotal, total, currency) = self.due(store);
        let payment_status = match (self.status.as_str(), total) {
            (_, 0) if !self.price.is_empty() => "no_payment_required",
            ("complete", _) => "paid",
            _ => "unpaid",
        };
        let customer = self
            .customer
            .as_ref()
            .and_then(|id| store.customers.get(id));
        let email = customer
            .and_then(|customer| customer.email.clone())
            .or_else(|| self.customer_email.clone());
        let discounts: Vec<_> = self
            .coupon
            .iter()
            .map(|coupon| json!({ "coupon": coupon, "promotion_code": null }))
            .collect();
        let invoice = self
            .subscription
            .as_ref()
            .and_then(|id| store.subscriptions.get(id))
            .and_then(|subscription| subscription.latest_invoice.clone());
        json!({
            "id": self.id,
            "object": "checkout.session",
            "allow_promotion_codes": null,
            "amount_subtotal": subtotal,
            "amount_total": total,
            "automatic_tax": { "enabled": false, "liability": null, "provider": null, "status": null },
            "cancel_url": self.cancel_url,
            "client_reference_id": self.client_reference_id,
            "created": self.created,
            "currency": currency,
            "custom_fields": [],
            "custom_text": {
                "after_submit": null,
                "shipping_address": null,
                "submit": null,
                "terms_of_service_acceptance": null,
            },
            "customer": self.customer,
            "customer_details": {
                "address": null,
                "email": email,
                "name": customer.and_then(|customer| customer.name.clone()),
                "phone": null,
                "tax_exempt": "none",
                "tax_ids": [],
            },
            "customer_email": self.customer_email,
            "discounts": discounts,
            "expires_at": self.expires_at(),
            "invoice": invoice,
            "livemode": false,
            "locale": null,
            "metadata": self.metadata,
            "mode": "subscription",
            "payment_intent": null,
            "payment_method_types": ["card"],
            "payment_status": payment_status,
            "shipping_options": [],
            "status": self.status,
            "subscription": self.subscription,
            "success_url": self.success_url,
            "total_details": {
                "amount_discount": subtotal - total,
                "amount_shipping": 0,
                "amount_tax": 0,
            },
            "url": (self.status == "open").then(|| store.page(&format!("checkout/{}", self.id))),
        })
    }

    pub(crate) fn line_items_json(&self, store: &Store) -> Value {
        let price = store.price_or_unlisted(&self.price);
        let product = store.products.get(&price.product);
        let (subtotal, total, currency) = self.due(store);
        json!({
            "id": self.id.replacen("cs_", "li_", 1),
            "object": "item",
            "amount_discount": subtotal - total,
            "amount_subtotal": subtotal,
            "amount_tax": 0,
            "amount_total": total,
            "currency": currency,
            "description": product.map(|product| product.name.clone()),
            "metadata": {},
            "price": price.to_json(),
            "quantity": self.quantity,
        })
    }
}
