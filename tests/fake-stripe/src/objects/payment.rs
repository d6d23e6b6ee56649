//! Money that moved, or did not, or moved back.

use serde_json::{Value, json};

use super::Metadata;
use crate::store::Store;

#[derive(Clone, Debug, Default)]
pub struct PaymentIntent {
    /// `pi_…`.
    pub id: String,
    pub customer: String,
    pub invoice: String,
    pub amount: i64,
    pub currency: String,
    /// `succeeded`, `requires_payment_method`, `requires_action`, `canceled`.
    pub status: String,
    pub payment_method: Option<String>,
    /// `card_declined` and so on.
    pub error: Option<String>,
    /// `ch_…`, the last one.
    pub charge: Option<String>,
    pub created: i64,
}

impl PaymentIntent {
    pub(crate) fn to_json(&self, store: &Store) -> Value {
        let action = (self.status == "requires_action").then(|| {
            json!({
                "type": "redirect_to_url",
                "redirect_to_url": {
                    "return_url": null,
                    "url": store.page(&format!("invoice/{}/confirm", self.invoice)),
                },
            })
        });
        let error = self.error.as_ref().map(|code| {
            json!({
                "type": "card_error",
                "code": code,
                "message": "Your card was declined.",
            })
        });
        let succeeded = self.status == "succeeded";
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": 0,
            "amount_received": if succeeded { self.amount } else { 0 },
            "capture_method": "automatic",
            "client_secret": format!("{}_secret_fake", self.id),
            "confirmation_method": "automatic",
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "last_payment_error": error,
            "latest_charge": self.charge,
            "livemode": false,
            "metadata": {},
            "next_action": action,
            "payment_method": self.payment_method,
            "payment_method_types": ["card"],
            "status": self.status,
        })
    }
}

#[derive(Clone, Debug, Default)]
pub struct Charge {
    /// `ch_…`.
    pub id: String,
    pub customer: String,
    pub invoice: String,
    pub payment_intent: String,
    pub amount: i64,
    pub amount_refunded: i64,
    pub currency: String,
    /// `succeeded` or `failed`.
    pub status: String,
    pub failure_code: Option<String>,
    pub disputed: bool,
    pub created: i64,
}

impl Charge {
    pub(crate) fn to_json(&self, store: &Store) -> Value {
        let succeeded = self.status == "succeeded";
        let email = store
            .customers
            .get(&self.customer)
            .and_then(|customer| customer.email.clone());
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": if succeeded { self.amount } else { 0 },
            "amount_refunded": self.amount_refunded,
            "billing_details": { "address": null, "email": email, "name": null, "phone": null, "tax_id": null },
            "captured": succeeded,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "disputed": self.disputed,
            "failure_code": self.failure_code,
            "failure_message": self.failure_code.as_ref().map(|_| "Your card was declined."),
            "livemode": false,
            "metadata": {},
            "paid": succeeded,
            "payment_intent": self.payment_intent,
            "refunded": succeeded && self.amount_refunded == self.amount,
            "status": self.status,
        })
    }
}

#[derive(Clone, Debug, Default)]
pub struct Refund {
    /// `re_…`.
    pub id: String,
    pub charge: String,
    pub payment_intent: String,
    pub amount: i64,
    pub currency: String,
    pub reason: Option<String>,
    pub metadata: Metadata,
    pub created: i64,
}

impl Refund {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": null,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "reason": self.reason,
            "receipt_number": null,
            "status": "succeeded",
        })
    }
}

#[derive(Clone, Debug, Default)]
pub struct Dispute {
    /// `du_…`.
    pub id: String,
    pub charge: String,
    pub payment_intent: String,
    pub amount: i64,
    pub currency: String,
    /// `fraudulent` and so on.
    pub reason: String,
    /// `needs_response`, `won`, `lost`.
    pub status: String,
    pub created: i64,
}

impl Dispute {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": [],
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": { "enhanced_evidence": {} },
            "evidence_details": {
                "due_by": null,
                "enhanced_eligibility": {},
                "has_evidence": false,
                "past_due": false,
                "submission_count": 0,
            },
            "is_charge_refundable": false,
            "livemode": false,
            "metadata": {},
            "payment_intent": self.payment_intent,
            "reason": self.reason,
            "status": self.status,
        })
    }
}
