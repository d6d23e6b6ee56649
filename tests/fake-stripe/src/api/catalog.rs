//! `/v1/products` and `/v1/prices`.

use super::{Routed, lists, object, retrieve};
use crate::{
    error::{ApiError, ApiResult},
    objects::{Price, Product},
    params::Params,
    store::Store,
};

pub(super) fn route(store: &mut Store, method: &str, path: &[&str], params: &Params) -> Routed {
    Some(match (method, path) {
        ("POST", ["products"]) => create_product(store, params),
        ("GET", ["products"]) => list_products(store, params),
        ("GET", ["products", id]) => retrieve(store, params, "product", id),
        ("POST", ["products", id]) => update_product(store, params, id),
        ("POST", ["prices"]) => create_price(store, params),
        ("GET", ["prices"]) => list_prices(store, params),
        ("GET", ["prices", id]) => retrieve(store, params, "price", id),
        ("POST", ["prices", id]) => update_price(store, params, id),
        _ => return None,
    })
}

const PRODUCT_FIELDS: [&str; 6] = [
    "name",
    "description",
    "active",
    "metadata",
    "metadata[*]",
    "tax_code",
];

fn create_product(store: &mut Store, params: &Params) -> ApiResult {
    params.allow(&[&PRODUCT_FIELDS[..], &["id", "type"]].concat())?;
    let name = params.required("name")?.to_owned();
    let id = match params.set_text("id") {
        Some(id) if store.products.contains_key(&id) => {
            return Err(ApiError::invalid(format!("Product already exists: {id}"))
                .with_code("resource_already_exists"));
        }
        Some(id) => id,
        None => store.new_id("prod"),
    };
    let mut product = Product {
        id: id.clone(),
        name,
        description: params.set_text("description"),
        active: params.parsed("active")?.unwrap_or(true),
        created: store.now(),
        ..Product::default()
    };
    params.merge_map("metadata", &mut product.metadata);
    store.products.insert(id.clone(), product);
    store.emit("product.created", &id);
    object(store, "product", &id)
}

fn update_product(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&[&PRODUCT_FIELDS[..], &["default_price"]].concat())?;
    let before = object(store, "product", id)?;
    let active = params.parsed("active")?;
    if let Some(product) = store.products.get_mut(id) {
        if let Some(name) = params.set_text("name") {
            product.name = name;
        }
        if params.has("description") {
            product.description = params.set_text("description");
        }
        product.active = active.unwrap_or(product.active);
        params.merge_map("metadata", &mut product.metadata);
    }
    store.emit_change("product.updated", id, &before);
    object(store, "product", id)
}

fn list_products(store: &Store, params: &Params) -> ApiResult {
    lists::allow(params, &["active", "ids[*]", "created", "created[*]"])?;
    let ids = params.values("ids");
    let active: Option<bool> = params.parsed("active")?;
    let mut rows = Vec::new();
    for product in store.products.values() {
        let matches = (ids.is_empty() || ids.contains(&product.id))
            && active.is_none_or(|active| product.active == active)
            && params.in_range("created", product.created)?;
        if matches {
            rows.push((product.created, product.id.clone()));
        }
    }
    lists::page(store, "/v1/products", rows, params)
}

fn create_price(store: &mut Store, params: &Params) -> ApiResult {
    params.allow(&[
        "product",
        "product_data[name]",
        "product_data[metadata][*]",
        "currency",
        "unit_amount",
        "nickname",
        "lookup_key",
        "transfer_lookup_key",
        "recurring[interval]",
        "recurring[interval_count]",
        "recurring[usage_type]",
        "metadata",
        "metadata[*]",
        "active",
        "tax_behavior",
        "billing_scheme",
    ])?;
    let currency = params.required("currency")?.to_owned();
    let unit_amount = params
        .number("unit_amount", 0..=99_999_999)?
        .ok_or_else(|| {
            params.required("unit_amount").err().unwrap_or_else(|| {
                ApiError::invalid("Invalid unit_amount").with_param("unit_amount")
            })
        })?;
    params.required("recurring[interval]")?;
    let interval = params
        .one_of("recurring[interval]", &["day", "week", "month", "year"])?
        .unwrap_or("month")
        .to_owned();
    let lookup_key = params.set_text("lookup_key");
    claim_key(store, lookup_key.as_deref(), params)?;
    let product = match params.set_text("product_data[name]") {
        Some(name) => {
            let id = store.new_id("prod");
            let product = Product {
                id: id.clone(),
                name,
                active: true,
                created: store.now(),
                ..Product::default()
            };
            store.products.insert(id.clone(), product);
            store.emit("product.created", &id);
            id
        }
        None => params.required("product")?.to_owned(),
    };
    if !store.products.contains_key(&product) {
        return Err(ApiError::missing_param("product", &product, "product"));
    }
    let id = store.new_id("price");
    let mut price = Price {
        lookup_key,
        nickname: params.set_text("nickname"),
        interval_count: params
            .number("recurring[interval_count]", 1..=36)?
            .unwrap_or(1),
        active: params.parsed("active")?.unwrap_or(true),
        created: store.now(),
        ..Price::new(&id, &product, &currency, unit_amount, &interval)
    };
    params.merge_map("metadata", &mut price.metadata);
    store.prices.insert(id.clone(), price);
    store.emit("price.created", &id);
    object(store, "price", &id)
}

/// Makes sure that a look-up key is free, or takes it from the price that has it.
fn claim_key(store: &mut Store, key: Option<&str>, params: &Params) -> Result<(), ApiError> {
    let holder = key.and_then(|key| {
        store
            .prices
            .values()
            .find(|price| price.lookup_key.as_deref() == Some(key))
            .map(|price| price.id.clone())
    });
    let Some(holder) = holder else {
        return Ok(());
    };
    if params.parsed("transfer_lookup_key")? != Some(true) {
        return Err(ApiError::invalid(format!(
            "A price (`{holder}`) already uses that lookup key."
        ))
        .with_param("lookup_key"));
    }
    let before = store.render(&holder).unwrap_or_default();
    if let Some(price) = store.prices.get_mut(&holder) {
        price.lookup_key = None;
    }
    store.emit_change("price.updated", &holder, &before);
    Ok(())
}

impl Store {
    /// Makes a price like the one with this look-up key, but for its amount, and moves the key.
    pub(crate) fn raise_price(&mut self, key: &str, amount: i64) -> Result<String, ApiError> {
        let old = self
            .prices
            .values()
            .find(|price| price.lookup_key.as_deref() == Some(key))
            .ok_or_else(|| ApiError::missing("price", key))?
            .clone();
        let transfer = Params::new([("transfer_lookup_key".to_owned(), "true".to_owned())]);
        claim_key(self, Some(key), &transfer)?;
        let id = self.new_id("price");
        let price = Price {
            id: id.clone(),
            unit_amount: amount,
            created: self.now(),
            ..old
        };
        self.prices.insert(id.clone(), price);
        self.emit("price.created", &id);
        Ok(id)
    }
}

fn update_price(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&[
        "active",
        "nickname",
        "lookup_key",
        "transfer_lookup_key",
        "metadata",
        "metadata[*]",
        "tax_behavior",
    ])?;
    let before = object(store, "price", id)?;
    let key = params.set_text("lookup_key");
    if before["lookup_key"].as_str() != key.as_deref() {
        claim_key(store, key.as_deref(), params)?;
    }
    let active = params.parsed("active")?;
    if let Some(price) = store.prices.get_mut(id) {
        if params.has("lookup_key") {
            price.lookup_key = key;
        }
        if params.has("nickname") {
            price.nickname = params.set_text("nickname");
        }
        price.active = active.unwrap_or(price.active);
        params.merge_map("metadata", &mut price.metadata);
    }
    store.emit_change("price.updated", id, &before);
    object(store, "price", id)
}

fn list_prices(store: &Store, params: &Params) -> ApiResult {
    lists::allow(
        params,
        &[
            "active",
            "lookup_keys[*]",
            "product",
            "currency",
            "type",
            "recurring[interval]",
            "created",
            "created[*]",
        ],
    )?;
    let keys = params.values("lookup_keys");
    let active: Option<bool> = params.parsed("active")?;
    let is = |name: &str, value: &str| params.text(name).is_none_or(|wanted| wanted == value);
    let mut rows = Vec::new();
    for price in store.prices.values() {
        let has_key = price
            .lookup_key
            .as_ref()
            .is_some_and(|key| keys.contains(key));
        let matches = (keys.is_empty() || has_key)
            && active.is_none_or(|active| price.active == active)
            && is("product", &price.product)
            && is("currency", &price.currency)
            && is("recurring[interval]", &price.interval)
            && params.in_range("created", price.created)?;
        if matches {
            rows.push((price.created, price.id.clone()));
        }
    }
    lists::page(store, "/v1/prices", rows, params)
}
