//! `/v1/entitlements` and `/v1/products/{id}/features`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Routed, lists, object, retrieve};
use crate::{
    error::{ApiError, ApiResult},
    objects::{Feature, ProductFeature, list_json},
    params::Params,
    store::Store,
};

/// Subscriptions of these statuses give their customer the features of what is paid for.
const ENTITLING: [&str; 3] = ["active", "trialing", "past_due"];

pub(super) fn route(store: &mut Store, method: &str, path: &[&str], params: &Params) -> Routed {
    Some(match (method, path) {
        ("POST", ["entitlements", "features"]) => create(store, params),
        ("GET", ["entitlements", "features"]) => list(store, params),
        ("GET", ["entitlements", "features", id]) => {
            retrieve(store, params, "entitlements.feature", id)
        }
        ("GET", ["entitlements", "active_entitlements"]) => list_active(store, params),
        ("POST", ["products", product, "features"]) => attach(store, params, product),
        ("GET", ["products", product, "features"]) => list_of_product(store, params, product),
        ("DELETE", ["products", product, "features", id]) => detach(store, params, product, id),
        _ => return None,
    })
}

fn create(store: &mut Store, params: &Params) -> ApiResult {
    params.allow(&["lookup_key", "name", "metadata", "metadata[*]"])?;
    let lookup_key = params.required("lookup_key")?.to_owned();
    let name = params.required("name")?.to_owned();
    if find(store, &lookup_key).is_some() {
        return Err(
            ApiError::invalid(format!("A feature already has the key `{lookup_key}`."))
                .with_code("resource_already_exists")
                .with_param("lookup_key"),
        );
    }
    let id = store.new_id("feat");
    let mut feature = Feature {
        id: id.clone(),
        lookup_key,
        name,
        created: store.now(),
        ..Feature::default()
    };
    params.merge_map("metadata", &mut feature.metadata);
    store.features.insert(id.clone(), feature);
    object(store, "entitlements.feature", &id)
}

fn list(store: &Store, params: &Params) -> ApiResult {
    lists::allow(params, &["lookup_key", "archived"])?;
    let wanted = params.text("lookup_key");
    let rows = store
        .features
        .values()
        .filter(|feature| wanted.is_none_or(|wanted| feature.lookup_key == wanted))
        .map(|feature| (feature.created, feature.id.clone()));
    lists::page(store, "/v1/entitlements/features", rows, params)
}

fn list_active(store: &Store, params: &Params) -> ApiResult {
    lists::allow(params, &["customer"])?;
    let customer = params.required("customer")?;
    let rights = store.entitlements(customer);
    lists::page_of_objects("/v1/entitlements/active_entitlements", &rights, params)
}

fn attach(store: &mut Store, params: &Params, product: &str) -> ApiResult {
    params.allow(&["entitlement_feature"])?;
    let feature = params.required("entitlement_feature")?.to_owned();
    if !store.features.contains_key(&feature) {
        let kind = "entitlements.feature";
        return Err(ApiError::missing_param(
            kind,
            &feature,
            "entitlement_feature",
        ));
    }
    let id = store.attach_feature(product, &feature)?;
    object(store, "product_feature", &id)
}

fn list_of_product(store: &Store, params: &Params, product: &str) -> ApiResult {
    lists::allow(params, &[])?;
    if !store.products.contains_key(product) {
        return Err(ApiError::missing("product", product));
    }
    let rows = store
        .product_features
        .values()
        .filter(|one| one.product == product)
        .map(|one| (one.created, one.id.clone()));
    let path = format!("/v1/products/{product}/features");
    lists::page(store, &path, rows, params)
}

fn detach(store: &mut Store, params: &Params, product: &str, id: &str) -> ApiResult {
    params.allow(&[])?;
    let kind = "product_feature";
    let is_there = store
        .product_features
        .get(id)
        .is_some_and(|one| one.product == product);
    if !is_there {
        return Err(ApiError::missing(kind, id));
    }
    store.product_features.remove(id);
    store.announce_entitlements(product);
    Ok(json!({ "id": id, "object": kind, "deleted": true }))
}

fn find<'a>(store: &'a Store, lookup_key: &str) -> Option<&'a Feature> {
    store
        .features
        .values()
        .find(|feature| feature.lookup_key == lookup_key)
}

impl Store {
    /// Gives a product the feature with this look-up key, which is made if nobody has it.
    pub(crate) fn entitle(&mut self, product: &str, lookup_key: &str) -> Result<(), ApiError> {
        let known = find(self, lookup_key).map(|feature| feature.id.clone());
        let feature = match known {
            Some(feature) => feature,
            None => {
                let id = self.new_id("feat");
                let feature = Feature {
                    id: id.clone(),
                    lookup_key: lookup_key.to_owned(),
                    name: lookup_key.to_owned(),
                    created: self.now(),
                    ..Feature::default()
                };
                self.features.insert(id.clone(), feature);
                id
            }
        };
        self.attach_feature(product, &feature).map(|_| ())
    }

    fn attach_feature(&mut self, product: &str, feature: &str) -> Result<String, ApiError> {
        if !self.products.contains_key(product) {
            return Err(ApiError::missing("product", product));
        }
        let id = self.new_id("prodft");
        let attached = ProductFeature {
            id: id.clone(),
            product: product.to_owned(),
            feature: feature.to_owned(),
            created: self.now(),
        };
        self.product_features.insert(id.clone(), attached);
        self.announce_entitlements(product);
        Ok(id)
    }

    /// Tells of everybody who pays for the product what they are entitled to now.
    fn announce_entitlements(&mut self, product: &str) {
        let customers: BTreeSet<String> = self
            .subscriptions
            .values()
            .filter(|one| ENTITLING.contains(&one.status.as_str()))
            .filter(|one| {
                let mut items = one.items().into_iter();
                items.any(|item| self.price_or_unlisted(&item.price).product == product)
            })
            .map(|one| one.customer.clone())
            .collect();
        for customer in customers {
            let rights = self.entitlements(&customer);
            let path = format!("/v1/customer/{customer}/entitlements");
            // It has no id.
            let summary = json!({
                "object": "entitlements.active_entitlement_summary",
                "customer": customer,
                "entitlements": list_json(&path, rights, false),
                "livemode": false,
            });
            let event = "entitlements.active_entitlement_summary.updated";
            self.push_event(event, None, summary, None);
        }
    }

    /// What a customer is entitled to, each once.
    fn entitlements(&self, customer: &str) -> Vec<Value> {
        let products: BTreeSet<String> = self
            .subscriptions
            .values()
            .filter(|one| one.customer == customer && ENTITLING.contains(&one.status.as_str()))
            .flat_map(|one| one.items())
            .map(|item| self.price_or_unlisted(&item.price).product)
            .collect();
        let features: BTreeSet<&String> = self
            .product_features
            .values()
            .filter(|one| products.contains(&one.product))
            .map(|one| &one.feature)
            .collect();
        let known = features.into_iter().filter_map(|id| self.features.get(id));
        known
            .map(|feature| feature.to_entitlement_json(customer))
            .collect()
    }
}
