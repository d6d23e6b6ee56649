use stripe_client_core::{RequestBuilder, StripeMethod};
use stripe_product::{price::ListPrice, product::RetrieveProduct};

use super::{PAGE, PLAN_METADATA_KEY, Stripe, json::Object};
use crate::{
    db::subscriptions::KnownPrice,
    domain::{BillingInterval, Cycle, ListedPrice, Plan},
    error::{Error, Result, chain},
    gateway::RemotePrice,
};

/// The look-up key of a price of our list.
pub(super) fn lookup_key(plan: Plan, interval: BillingInterval) -> String {
    format!("{}_{}", plan.as_str(), interval.as_str())
}

/// Every price that can be bought.
pub(super) const SOLD: [(Plan, BillingInterval); 4] = [
    (Plan::Pro, BillingInterval::Month),
    (Plan::Pro, BillingInterval::Year),
    (Plan::Ultra, BillingInterval::Month),
    (Plan::Ultra, BillingInterval::Year),
];

impl Stripe {
    /// The prices of our list that Stripe has, by their look-up keys. One whose amount or
    /// interval is not what its key says is left out, with a warning.
    pub async fn list_prices(&self) -> Result<Vec<KnownPrice>> {
        let keys: Vec<String> = SOLD
            .map(|(plan, interval)| lookup_key(plan, interval))
            .to_vec();
        let question = ListPrice::new().active(true).lookup_keys(keys).limit(100);
        let found = self.get(&question).await?;
        let mut prices = Vec::new();
        for value in Object(&found).list("data") {
            let object = Object(value);
            let key = object.text("lookup_key").unwrap_or_default();
            let Some((plan, interval)) = Plan::from_price_lookup_key(key) else {
                continue;
            };
            let read = read(object).and_then(|price| {
                let is_right = price.cycle.as_ref()?.interval() == Some(interval);
                is_right.then_some(KnownPrice {
                    listed: ListedPrice {
                        plan,
                        interval,
                        price_id: price.id,
                        amount: price.unit?,
                    },
                    product_id: price.product?,
                })
            });
            match read {
                Some(price) => prices.push(price),
                None => tracing::warn!(
                    stripe.price = object.text("id"),
                    "the price with the look-up key {key} is not one amount for its interval; \
                     it is not sold"
                ),
            }
        }
        Ok(prices)
    }

    /// The plan that a product says it is, itself or by its features; `None`: it does not say.
    pub async fn find_plan_of_product(&self, id: &str) -> Result<Option<Plan>> {
        let Some(product) = self.find(&RetrieveProduct::new(id)).await? else {
            return Ok(None);
        };
        match plan_in(Object(&product)) {
            Some(plan) => Ok(Some(plan)),
            None => self.find_plan_among_features(id).await,
        }
    }

    /// The greatest plan that a feature of the product stands for. Whoever may not read features
    /// has none: that keeps nothing else of a subscription from being read.
    async fn find_plan_among_features(&self, product: &str) -> Result<Option<Plan>> {
        // The library has this in a part that nothing else here needs.
        let path = format!("/products/{product}/features");
        let mut question = RequestBuilder::new(StripeMethod::Get, path);
        question.query = Some(format!("limit={PAGE}"));
        let features = match self.get_built(&question).await {
            Ok(features) => features,
            Err(error @ Error::Internal(_)) => {
                let error = chain(&error);
                tracing::warn!(
                    stripe.product = product,
                    error,
                    "its features cannot be read"
                );
                return Ok(None);
            }
            Err(other) => return Err(other),
        };
        let features = Object(&features).list("data").iter();
        let plans = features
            .filter_map(|one| Object(one).object("entitlement_feature"))
            .filter_map(plan_of_feature);
        Ok(plans.max_by_key(|plan| Plan::ALL.iter().position(|one| one == plan)))
    }
}

fn plan_in(object: Object<'_>) -> Option<Plan> {
    object
        .metadata(PLAN_METADATA_KEY)?
        .parse()
        .ok()
        .filter(|plan| *plan != Plan::Free)
}

/// By its metadata, or its look-up key.
fn plan_of_feature(feature: Object<'_>) -> Option<Plan> {
    let named = |key: &str| key.parse().ok().filter(|plan| *plan != Plan::Free);
    plan_in(feature).or_else(|| named(feature.text("lookup_key")?))
}

pub(super) fn read(price: Object<'_>) -> Option<RemotePrice> {
    let listed = price
        .text("lookup_key")
        .and_then(Plan::from_price_lookup_key)
        .map(|(plan, _)| plan);
    let in_product = price.object("product").and_then(plan_in);
    let cycle = price.object("recurring").and_then(|recurring| {
        Some(Cycle {
            count: recurring
                .number("interval_count")
                .unwrap_or(1)
                .try_into()
                .ok()?,
            unit: recurring.owned("interval")?,
        })
    });
    Some(RemotePrice {
        id: price.owned("id")?,
        product: price.id_of("product").map(str::to_owned),
        plan: listed.or_else(|| plan_in(price)).or(in_product),
        interval: cycle.as_ref().and_then(Cycle::interval),
        unit: price.money("unit_amount"),
        cycle,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_feature_stands_for_a_plan_by_its_metadata_or_its_key() {
        let plan = |feature: serde_json::Value| plan_of_feature(Object(&feature));
        assert_eq!(plan(json!({"lookup_key": "ultra"})), Some(Plan::Ultra));
        assert_eq!(
            plan(json!({"lookup_key": "ultra", "metadata": {"plan": "pro"}})),
            Some(Plan::Pro)
        );
        for none in [
            json!({"lookup_key": "reports"}),
            json!({"lookup_key": "free"}),
            json!({"lookup_key": 7, "metadata": []}),
            json!({}),
        ] {
            assert_eq!(plan(none.clone()), None, "{none}");
        }
    }
}
