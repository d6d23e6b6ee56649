//! What customers are entitled to by what they pay for.

use serde_json::{Value, json};

use super::Metadata;

/// Something that products give a right to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Feature {
    /// `feat_…`.
    pub(crate) id: String,
    /// One feature has it.
    pub(crate) lookup_key: String,
    pub(crate) name: String,
    pub(crate) metadata: Metadata,
    pub(crate) created: i64,
}

impl Feature {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "entitlements.feature",
            "active": true,
            "livemode": false,
            "lookup_key": self.lookup_key,
            "metadata": self.metadata,
            "name": self.name,
        })
    }

    /// The right to it, as a customer has it.
    pub(crate) fn to_entitlement_json(&self, customer: &str) -> Value {
        let right = self.id.replacen("feat_", "ent_", 1);
        json!({
            "id": format!("{right}_{customer}"),
            "object": "entitlements.active_entitlement",
            "feature": self.id,
            "livemode": false,
            "lookup_key": self.lookup_key,
        })
    }
}

/// A feature of a product.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProductFeature {
    /// `prodft_…`.
    pub(crate) id: String,
    pub(crate) product: String,
    /// `feat_…`.
    pub(crate) feature: String,
    pub(crate) created: i64,
}

impl ProductFeature {
    pub(crate) fn to_json(&self, feature: &Feature) -> Value {
        json!({
            "id": self.id,
            "object": "product_feature",
            "entitlement_feature": feature.to_json(),
            "livemode": false,
        })
    }
}
