//! Making in a Stripe account what the program relies on. What is there already stays as it
//! is, so it can be run again.

use std::collections::HashMap;

use serde_json::Value;
use stripe_billing::billing_portal_configuration::{
    CreateBillingPortalConfiguration, CreateBillingPortalConfigurationFeatures,
    CreateBillingPortalConfigurationFeaturesCustomerUpdate,
    CreateBillingPortalConfigurationFeaturesCustomerUpdateAllowedUpdates as Allowed,
    CreateBillingPortalConfigurationFeaturesSubscriptionCancel,
    CreateBillingPortalConfigurationFeaturesSubscriptionCancelMode, InvoiceListParam,
    ListBillingPortalConfiguration, PaymentMethodUpdateParam,
};
use stripe_client_core::{RequestBuilder, StripeMethod, VERSION};
use stripe_product::{
    price::{CreatePrice, CreatePriceRecurring, CreatePriceRecurringInterval},
    product::{CreateProduct, RetrieveProduct},
};

use super::{
    INTERVAL_METADATA_KEY, PAGE, PLAN_METADATA_KEY, Stripe,
    json::Object,
    prices::{SOLD, lookup_key},
};
use crate::{
    db::subscriptions::KnownPrice,
    domain::{BillingInterval, Plan},
    error::{Error, Result},
    event::{ENTITLEMENT_TYPES, PRICE_TYPES, SYNCED_TYPES},
};

/// How our own portal configuration is known again.
const PORTAL_METADATA: (&str, &str) = ("orghub", "portal");

/// What an account has after it was set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetUp {
    /// What was made, a line each; nothing: all was there.
    pub made: Vec<String>,
    /// `bpc_…`, for `STRIPE_PORTAL_CONFIGURATION`.
    pub portal_configuration: String,
    /// For `STRIPE_WEBHOOK_SECRET`. Stripe tells it once, to whoever makes the endpoint.
    pub webhook_secret: Option<String>,
}

impl Stripe {
    /// Makes products, prices, the configuration of the portal and the webhook endpoint, as far
    /// as they are missing.
    pub async fn set_up(&self, webhook_url: &str, return_url: &str) -> Result<SetUp> {
        let mut done = SetUp::default();
        let known = self.list_prices().await?;
        for (plan, interval) in SOLD {
            let is_there = known
                .iter()
                .any(|price| price.listed.plan == plan && price.listed.interval == interval);
            if !is_there {
                let product = self.ensure_product(plan, &known, &mut done).await?;
                self.make_price(plan, interval, &product, &mut done).await?;
            }
        }
        done.portal_configuration = self.ensure_portal(return_url, &mut done).await?;
        done.webhook_secret = self.ensure_endpoint(webhook_url, &mut done).await?;
        Ok(done)
    }

    async fn ensure_product(
        &self,
        plan: Plan,
        known: &[KnownPrice],
        done: &mut SetUp,
    ) -> Result<String> {
        // The other price of the plan has one.
        let used = known.iter().find(|price| price.listed.plan == plan);
        if let Some(used) = used {
            return Ok(used.product_id.clone());
        }
        let id = format!("orghub_{}", plan.as_str());
        if self
            .find(&RetrieveProduct::new(id.as_str()))
            .await?
            .is_some()
        {
            return Ok(id);
        }
        let order = CreateProduct::new(format!("Orghub {}", plan.label()))
            .id(id.as_str())
            .metadata(HashMap::from([(
                PLAN_METADATA_KEY.to_owned(),
                plan.as_str().to_owned(),
            )]));
        self.order(&order, &new_key()).await?;
        done.made.push(format!("product {id}"));
        Ok(id)
    }

    async fn make_price(
        &self,
        plan: Plan,
        interval: BillingInterval,
        product: &str,
        done: &mut SetUp,
    ) -> Result<()> {
        let key = lookup_key(plan, interval);
        let cents = i64::from(plan.price_usd(interval)) * 100;
        let order = CreatePrice::new(stripe_types::Currency::USD)
            .product(product)
            .unit_amount(cents)
            .recurring(CreatePriceRecurring::new(match interval {
                BillingInterval::Month => CreatePriceRecurringInterval::Month,
                BillingInterval::Year => CreatePriceRecurringInterval::Year,
            }))
            .lookup_key(key.as_str())
            .transfer_lookup_key(true)
            .metadata(HashMap::from([
                (PLAN_METADATA_KEY.to_owned(), plan.as_str().to_owned()),
                (
                    INTERVAL_METADATA_KEY.to_owned(),
                    interval.as_str().to_owned(),
                ),
            ]));
        let made = self.order(&order, &new_key()).await?;
        let id = Object(&made).owned("id").unwrap_or_default();
        done.made
            .push(format!("price {id} with the look-up key {key}"));
        Ok(())
    }

    async fn ensure_portal(&self, return_url: &str, done: &mut SetUp) -> Result<String> {
        let question = ListBillingPortalConfiguration::new()
            .active(true)
            .limit(PAGE);
        let found = self.get(&question).await?;
        let (key, value) = PORTAL_METADATA;
        let ours = Object(&found)
            .list("data")
            .iter()
            .map(Object)
            .find(|one| one.metadata(key) == Some(value))
            .and_then(|ours| ours.owned("id"));
        if let Some(ours) = ours {
            return Ok(ours);
        }
        let mut customer = CreateBillingPortalConfigurationFeaturesCustomerUpdate::new(true);
        customer.allowed_updates = Some(vec![Allowed::Address, Allowed::Name, Allowed::TaxId]);
        let mut cancel = CreateBillingPortalConfigurationFeaturesSubscriptionCancel::new(true);
        cancel.mode =
            Some(CreateBillingPortalConfigurationFeaturesSubscriptionCancelMode::AtPeriodEnd);
        let mut features = CreateBillingPortalConfigurationFeatures::new();
        features.customer_update = Some(customer);
        features.invoice_history = Some(InvoiceListParam::new(true));
        features.payment_method_update = Some(PaymentMethodUpdateParam::new(true));
        features.subscription_cancel = Some(cancel);
        let order = CreateBillingPortalConfiguration::new(features)
            .default_return_url(return_url)
            .metadata(HashMap::from([(key.to_owned(), value.to_owned())]));
        let made = self.order(&order, &new_key()).await?;
        let id = Object(&made)
            .owned("id")
            .ok_or_else(|| Error::internal("Stripe made a portal configuration without an id"))?;
        done.made.push(format!("portal configuration {id}"));
        Ok(id)
    }

    /// The library has webhook endpoints in a crate of much else, so these requests are written
    /// here.
    async fn ensure_endpoint(&self, url: &str, done: &mut SetUp) -> Result<Option<String>> {
        let mut question = RequestBuilder::new(StripeMethod::Get, "/webhook_endpoints");
        question.query = Some(format!("limit={PAGE}"));
        let found = self.get_built(&question).await?;
        let is_ours = |one: &Value| Object(one).text("url") == Some(url);
        if Object(&found).list("data").iter().any(is_ours) {
            return Ok(None);
        }
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("url", url);
        form.append_pair("api_version", VERSION.as_str());
        let taken = SYNCED_TYPES
            .iter()
            .chain(&ENTITLEMENT_TYPES)
            .chain(&PRICE_TYPES);
        for (at, name) in taken.enumerate() {
            form.append_pair(&format!("enabled_events[{at}]"), name);
        }
        let mut order = RequestBuilder::new(StripeMethod::Post, "/webhook_endpoints");
        order.body = Some(form.finish());
        let made = self.order_built(&order, &new_key()).await?;
        let made = Object(&made);
        let id = made.text("id").unwrap_or_default();
        done.made.push(format!("webhook endpoint {id} for {url}"));
        Ok(made.owned("secret"))
    }
}

/// What is made is looked for first, so a key need not be remembered.
fn new_key() -> String {
    uuid::Uuid::now_v7().to_string()
}
