//! The page where customers look after their subscription themselves.

use serde_json::{Value, json};

use super::Metadata;
use crate::store::Store;

#[derive(Clone, Debug, Default)]
pub(crate) struct PortalSession {
    /// `bps_…`.
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) configuration: String,
    pub(crate) return_url: Option<String>,
    pub(crate) flow: Option<Flow>,
    pub(crate) created: i64,
}

/// The one thing a session is for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flow {
    /// `subscription_cancel`, `subscription_update`, `subscription_update_confirm`,
    /// `payment_method_update`, `customer_update`.
    pub(crate) kind: String,
    pub(crate) subscription: Option<String>,
    /// Of `subscription_update_confirm`: the new price and quantity.
    pub(crate) item: Option<(String, i64)>,
    /// Where to go when it is done.
    pub(crate) redirect: Option<String>,
}

impl PortalSession {
    pub(crate) fn to_json(&self, store: &Store) -> Value {
        json!({
            "id": self.id,
            "object": "billing_portal.session",
            "configuration": self.configuration,
            "created": self.created,
            "customer": self.customer,
            "flow": self.flow.as_ref().map(Flow::to_json),
            "livemode": false,
            "locale": null,
            "on_behalf_of": null,
            "return_url": self.return_url,
            "url": store.page(&format!("portal/{}", self.id)),
        })
    }
}

impl Flow {
    fn to_json(&self) -> Value {
        let redirect = self
            .redirect
            .as_ref()
            .map(|url| json!({ "return_url": url }));
        let after = if redirect.is_some() {
            "redirect"
        } else {
            "portal_homepage"
        };
        let about =
            |kind: &str| (self.kind == kind).then(|| json!({ "subscription": self.subscription }));
        let confirm = (self.kind == "subscription_update_confirm").then(|| {
            let (price, quantity) = self.item.clone().unwrap_or_default();
            json!({
                "subscription": self.subscription,
                "discounts": null,
                "items": [{ "id": null, "price": price, "quantity": quantity }],
            })
        });
        json!({
            "type": self.kind,
            "after_completion": {
                "type": after,
                "hosted_confirmation": null,
                "redirect": redirect,
            },
            "subscription_cancel": about("subscription_cancel"),
            "subscription_update": about("subscription_update"),
            "subscription_update_confirm": confirm,
        })
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct PortalConfiguration {
    /// `bpc_…`.
    pub(crate) id: String,
    pub(crate) is_default: bool,
    pub(crate) active: bool,
    pub(crate) headline: Option<String>,
    pub(crate) default_return_url: Option<String>,
    /// Names of the features that are on.
    pub(crate) enabled: Vec<String>,
    /// Products with their prices that one may change to; empty: all.
    pub(crate) products: Vec<(String, Vec<String>)>,
    /// `at_period_end` or `immediately`.
    pub(crate) cancel_mode: String,
    pub(crate) metadata: Metadata,
    pub(crate) created: i64,
}

impl PortalConfiguration {
    pub(crate) fn has(&self, feature: &str) -> bool {
        self.enabled.iter().any(|enabled| enabled == feature)
    }

    /// Whether one may change to the price.
    pub(crate) fn offers(&self, price: &str) -> bool {
        self.products.is_empty()
            || self
                .products
                .iter()
                .any(|(_, prices)| prices.iter().any(|offered| offered == price))
    }

    pub(crate) fn to_json(&self) -> Value {
        let products: Vec<_> = self
            .products
            .iter()
            .map(|(product, prices)| {
                json!({
                    "product": product,
                    "prices": prices,
                    "adjustable_quantity": { "enabled": false, "maximum": null, "minimum": 1 },
                })
            })
            .collect();
        json!({
            "id": self.id,
            "object": "billing_portal.configuration",
            "active": self.active,
            "application": null,
            "business_profile": {
                "headline": self.headline,
                "privacy_policy_url": null,
                "terms_of_service_url": null,
            },
            "created": self.created,
            "default_return_url": self.default_return_url,
            "features": {
                "customer_update": {
                    "allowed_updates": ["name", "address", "tax_id"],
                    "enabled": self.has("customer_update"),
                },
                "invoice_history": { "enabled": self.has("invoice_history") },
                "payment_method_update": { "enabled": self.has("payment_method_update") },
                "subscription_cancel": {
                    "cancellation_reason": { "enabled": true, "options": ["too_expensive", "unused", "other"] },
                    "enabled": self.has("subscription_cancel"),
                    "mode": self.cancel_mode,
                    "proration_behavior": "none",
                },
                "subscription_update": {
                    "default_allowed_updates": ["price"],
                    "enabled": self.has("subscription_update"),
                    "products": products,
                    "proration_behavior": "create_prorations",
                    "schedule_at_period_end": { "conditions": [] },
                    "trial_update_behavior": "continue_trial",
                },
            },
            "is_default": self.is_default,
            "livemode": false,
            "login_page": { "enabled": false, "url": null },
            "metadata": self.metadata,
            "updated": self.created,
        })
    }
}
