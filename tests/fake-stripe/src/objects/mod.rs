//! Stripe's objects: what a test sets, and the JSON that a client reads.
//!
//! The JSON has every field that async-stripe insists on, in the shape of the API version
//! compiled into it ([`API_VERSION`]). What Orghub never reads is left out where a client
//! allows it. All times are seconds since 1970, all amounts minor units of their currency.

mod catalog;
mod checkout;
mod customer;
mod entitlement;
mod invoice;
mod payment;
mod portal;
mod schedule;
mod subscription;
mod technical;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use self::{
    catalog::{Coupon, Price, Product},
    checkout::CheckoutSession,
    customer::{Address, Card, Customer, PaymentMethod, TaxId},
    invoice::{Invoice, InvoiceLine},
    payment::{Charge, Dispute, PaymentIntent, Refund},
    subscription::{
        CancellationDetails, PauseCollection, PendingUpdate, Subscription, SubscriptionItem,
    },
};
pub(crate) use self::{
    entitlement::{Feature, ProductFeature},
    portal::{Flow, PortalConfiguration, PortalSession},
    schedule::{Phase, Schedule},
    technical::{TestClock, WebhookEndpoint},
};

pub(crate) const API_VERSION: &str = "2026-09-30.endive";

/// Notes of the client, such as `organization_id`.
pub(crate) type Metadata = BTreeMap<String, String>;

/// A list as Stripe answers it.
pub(crate) fn list_json(path: &str, objects: Vec<Value>, has_more: bool) -> Value {
    json!({ "object": "list", "data": objects, "has_more": has_more, "url": path })
}
