//! The adapter to Stripe. Nothing else names the Stripe library's types: they take minutes to
//! compile, and these files are what an upgrade has to touch.
//!
//! Requests are the library's, which knows every parameter of the API version it was made for.
//! Answers are read field by field (`json`): the library gives up a whole object for one field
//! it does not know, and the customer whose discount has a new shape would keep yesterday's
//! status.
//!
//! Errors of all functions here: [`crate::error::Error::Unavailable`] if Stripe does not
//! answer, or not now; [`crate::error::Error::Conflict`] if a payment is declined;
//! [`crate::error::Error::Internal`] if Stripe refuses the request.

mod checkout;
mod customers;
mod events;
mod invoices;
mod json;
mod portal;
mod prices;
mod schedules;
mod set_up;
mod signature;
mod subscriptions;
mod transport;

use serde_json::Value;
use stripe_client_core::{RequestBuilder, StripeRequest};

pub use self::set_up::SetUp;
use self::transport::{Refusal, Transport};
pub(super) use self::{
    checkout::NewCheckout, schedules::PlannedChange, signature::verify_signature,
};
use crate::{config::StripeConfig, error::Result};

/// Where a subscription, or what it was bought with, says whose it is.
const ORG_METADATA_KEY: &str = "organization_id";

/// Where a price, a product or a phase says which plan it is for.
const PLAN_METADATA_KEY: &str = "plan";
const INTERVAL_METADATA_KEY: &str = "interval";

/// Stripe's own limit of a page.
const PAGE: i64 = 100;

/// Pages of one list that are read: a bound on what a list that never ends costs.
const MAX_PAGES: usize = 50;

/// A Stripe account. Cheap to clone.
#[derive(Clone)]
pub(super) struct Stripe {
    transport: Transport,
}

impl Stripe {
    /// A client for the configured account; connects when it is asked something.
    ///
    /// # Errors
    /// [`crate::error::Error::Internal`] if the key or the address cannot be used.
    pub fn new(config: &StripeConfig) -> Result<Self> {
        Ok(Self {
            transport: Transport::new(config)?,
        })
    }

    /// `None`: what it is about does not exist.
    async fn find(&self, request: &impl StripeRequest) -> Result<Option<Value>> {
        found(self.transport.send(request, None).await)
    }

    async fn get(&self, request: &impl StripeRequest) -> Result<Value> {
        Ok(self.transport.send(request, None).await?)
    }

    /// Orders something; `key` says that it is the same order when it comes again.
    async fn order(&self, request: &impl StripeRequest, key: &str) -> Result<Value> {
        Ok(self.transport.send(request, Some(key)).await?)
    }

    /// The same; `None`: what it is about does not exist.
    async fn order_of(&self, request: &impl StripeRequest, key: &str) -> Result<Option<Value>> {
        found(self.transport.send(request, Some(key)).await)
    }

    async fn order_built(&self, request: &RequestBuilder, key: &str) -> Result<Value> {
        Ok(self.transport.send_built(request, Some(key)).await?)
    }

    async fn get_built(&self, request: &RequestBuilder) -> Result<Value> {
        Ok(self.transport.send_built(request, None).await?)
    }
}

fn found(answer: Result<Value, Refusal>) -> Result<Option<Value>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Refusal::Missing(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}
