//! What was, is or would be charged.

use serde_json::{Value, json};

use super::{Metadata, list_json};
use crate::store::Store;

/// A subscription's invoice.
#[derive(Clone, Debug)]
pub struct Invoice {
    /// `in_…`.
    pub id: String,
    pub customer: String,
    /// May be empty.
    pub subscription: String,
    /// `draft`, `paid`, `open`, `void`, `uncollectible`.
    pub status: String,
    /// In minor units of the currency, after the discount and the customer's balance.
    pub amount_due: i64,
    pub currency: String,
    /// What people see: `F-0001`.
    pub number: Option<String>,
    pub lines: Vec<InvoiceLine>,
    /// Taken off by a coupon, and its id.
    pub discount: i64,
    pub coupon: Option<String>,
    /// The customer's balance before and after: negative is credit.
    pub starting_balance: i64,
    pub ending_balance: i64,
    /// `subscription_create`, `subscription_cycle`, `subscription_update`.
    pub billing_reason: String,
    pub attempt_count: u64,
    pub next_payment_attempt: Option<i64>,
    /// `pi_…`.
    pub payment_intent: Option<String>,
    pub paid_at: Option<i64>,
    pub voided_at: Option<i64>,
    pub uncollectible_at: Option<i64>,
    pub period_start: i64,
    pub period_end: i64,
    pub metadata: Metadata,
    pub created: i64,
}

impl Default for Invoice {
    fn default() -> Self {
        Self {
            id: String::new(),
            customer: String::new(),
            subscription: String::new(),
            status: "open".to_owned(),
            amount_due: 0,
            currency: "usd".to_owned(),
            number: None,
            lines: Vec::new(),
            discount: 0,
            coupon: None,
            starting_balance: 0,
            ending_balance: 0,
            billing_reason: "subscription_cycle".to_owned(),
            attempt_count: 1,
            next_payment_attempt: None,
            payment_intent: None,
            paid_at: None,
            voided_at: None,
            uncollectible_at: None,
            period_start: 0,
            period_end: 0,
            metadata: Metadata::new(),
            created: 0,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct InvoiceLine {
    /// `il_…`.
    pub id: String,
    pub description: String,
    /// May be negative: time that was paid for and not used.
    pub amount: i64,
    pub price: String,
    pub quantity: i64,
    /// `si_…`.
    pub item: String,
    pub proration: bool,
    pub period_start: i64,
    pub period_end: i64,
}

impl Invoice {
    fn subtotal(&self) -> i64 {
        if self.lines.is_empty() {
            return self.amount_due + self.discount;
        }
        self.lines.iter().map(|line| line.amount).sum()
    }

    fn total(&self) -> i64 {
        self.subtotal() - self.discount
    }

    pub(crate) fn payment_id(&self) -> String {
        self.id.replacen("in_", "inpay_", 1)
    }

    /// A preview (`upcoming_in_…`) has not happened.
    fn is_preview(&self) -> bool {
        self.id.starts_with("upcoming_")
    }

    pub(crate) fn to_json(&self, store: &Store) -> Value {
        let paid = if self.status == "paid" {
            self.amount_due
        } else {
            0
        };
        let page = |path: &str| {
            (!matches!(self.status.as_str(), "draft") && !self.is_preview())
                .then(|| store.page(&format!("invoice/{}{path}", self.id)))
        };
        let customer = store.customers.get(&self.customer);
        let lines = self.lines.iter().map(|line| line.to_json(self)).collect();
        let parent = (!self.subscription.is_empty()).then(|| {
            let metadata = store
                .subscriptions
                .get(&self.subscription)
                .map(|subscription| subscription.metadata.clone());
            json!({
                "type": "subscription_details",
                "quote_details": null,
                "subscription_details": {
                    "metadata": metadata.unwrap_or_default(),
                    "subscription": self.subscription,
                },
            })
        });
        let discounts: Vec<_> = self
            .coupon
            .as_ref()
            .and_then(|_| store.subscriptions.get(&self.subscription)?.discount_id())
            .into_iter()
            .collect();
        let discount_amounts: Vec<_> = discounts
            .iter()
            .map(|id| json!({ "amount": self.discount, "discount": id }))
            .collect();
        json!({
            "id": self.id,
            "object": "invoice",
            "account_name": "Stripe fake",
            "amount_due": self.amount_due,
            "amount_overpaid": 0,
            "amount_paid": paid,
            "amount_remaining": self.amount_due - paid,
            "amount_shipping": 0,
            "attempt_count": self.attempt_count,
            "attempted": self.attempt_count > 0,
            "auto_advance": self.status == "open",
            "automatic_tax": { "enabled": false, "disabled_reason": null, "liability": null, "provider": null, "status": null },
            "billing_reason": self.billing_reason,
            "collection_method": "charge_automatically",
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "customer_address": customer.and_then(|customer| customer.address.clone()),
            "customer_email": customer.and_then(|customer| customer.email.clone()),
            "customer_name": customer.and_then(|customer| customer.name.clone()),
            "default_tax_rates": [],
            "discounts": discounts,
            "ending_balance": self.ending_balance,
            "hosted_invoice_url": page(""),
            "invoice_pdf": page("/pdf"),
            "issuer": { "type": "self" },
            "lines": list_json(&format!("/v1/invoices/{}/lines", self.id), lines, false),
            "livemode": false,
            "metadata": self.metadata,
            "next_payment_attempt": self.next_payment_attempt,
            "number": self.number,
            "parent": parent,
            "payment_settings": { "default_mandate": null, "payment_method_options": null, "payment_method_types": null },
            "period_end": if self.period_end == 0 { self.created } else { self.period_end },
            "period_start": if self.period_start == 0 { self.created } else { self.period_start },
            "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0,
            "starting_balance": self.starting_balance,
            "status": self.status,
            "status_transitions": {
                "finalized_at": (self.status != "draft").then_some(self.created),
                "marked_uncollectible_at": self.uncollectible_at,
                "paid_at": self.paid_at,
                "voided_at": self.voided_at,
            },
            "subtotal": self.subtotal(),
            "subtotal_excluding_tax": self.subtotal(),
            "test_clock": store.clock_of(&self.customer),
            "total": self.total(),
            "total_discount_amounts": discount_amounts,
            "total_excluding_tax": self.total(),
        })
    }

    /// How it was or is to be paid; nothing to pay, no payment.
    pub(crate) fn payment_json(&self) -> Option<Value> {
        let intent = self.payment_intent.as_ref()?;
        let paid = self.status == "paid";
        let status = match self.status.as_str() {
            "paid" => "paid",
            "void" => "canceled",
            _ => "open",
        };
        Some(json!({
            "id": self.payment_id(),
            "object": "invoice_payment",
            "amount_paid": paid.then_some(self.amount_due),
            "amount_requested": self.amount_due,
            "created": self.created,
            "currency": self.currency,
            "invoice": self.id,
            "is_default": true,
            "livemode": false,
            "payment": { "type": "payment_intent", "payment_intent": intent },
            "status": status,
            "status_transitions": { "canceled_at": self.voided_at, "paid_at": self.paid_at },
        }))
    }
}

impl InvoiceLine {
    fn to_json(&self, invoice: &Invoice) -> Value {
        json!({
            "id": self.id,
            "object": "line_item",
            "amount": self.amount,
            "currency": invoice.currency,
            "description": self.description,
            "discount_amounts": [],
            "discountable": !self.proration,
            "discounts": [],
            "invoice": invoice.id,
            "livemode": false,
            "metadata": {},
            "parent": {
                "type": "subscription_item_details",
                "invoice_item_details": null,
                "subscription_item_details": {
                    "invoice_item": null,
                    "proration": self.proration,
                    "proration_details": { "credited_items": null },
                    "subscription": invoice.subscription,
                    "subscription_item": self.item,
                },
            },
            "period": { "start": self.period_start, "end": self.period_end },
            "pricing": {
                "type": "price_details",
                "price_details": { "price": self.price, "product": "" },
                "unit_amount_decimal": null,
            },
            "quantity": self.quantity,
            "subtotal": self.amount,
            "taxes": [],
        })
    }
}
