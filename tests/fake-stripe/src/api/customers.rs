//! `/v1/customers`.

use serde_json::{Value, json};

use super::{Routed, lists, object, retrieve, search};
use crate::{
    error::{ApiError, ApiResult},
    objects::{Address, Card, Customer, TaxId},
    params::Params,
    store::Store,
};

const FIELDS: [&str; 13] = [
    "name",
    "email",
    "phone",
    "description",
    "metadata",
    "metadata[*]",
    "address",
    "address[*]",
    "balance",
    "preferred_locales[*]",
    "invoice_settings[default_payment_method]",
    "tax[validate_location]",
    "tax_exempt",
];

pub(super) fn route(store: &mut Store, method: &str, path: &[&str], params: &Params) -> Routed {
    Some(match (method, path) {
        ("POST", []) => create(store, params),
        ("GET", []) => list(store, params),
        ("GET", ["search"]) => find(store, params),
        ("GET", [id]) => retrieve(store, params, "customer", id),
        ("POST", [id]) => update(store, params, id),
        ("DELETE", [id]) => delete(store, params, id),
        ("GET", [id, "tax_ids"]) => list_tax_ids(store, params, id),
        ("POST", [id, "tax_ids"]) => create_tax_id(store, params, id),
        ("GET", [_, "tax_ids", tax_id]) => retrieve(store, params, "tax_id", tax_id),
        ("DELETE", [id, "tax_ids", tax_id]) => delete_tax_id(store, params, id, tax_id),
        ("GET", [id, "payment_methods"]) => super::payments::list_methods(store, params, Some(*id)),
        _ => return None,
    })
}

fn create(store: &mut Store, params: &Params) -> ApiResult {
    let more = [
        "test_clock",
        "payment_method",
        "tax_id_data[*][type]",
        "tax_id_data[*][value]",
    ];
    params.allow(&[&FIELDS[..], &more].concat())?;
    let clock = params.set_text("test_clock");
    if let Some(clock) = clock
        .as_ref()
        .filter(|id| !store.test_clocks.contains_key(*id))
    {
        return Err(ApiError::missing_param("test clock", clock, "test_clock"));
    }
    let id = store.new_id("cus");
    let mut customer = Customer {
        id: id.clone(),
        test_clock: clock,
        ..Customer::default()
    };
    set_fields(store, &mut customer, params)?;
    store.customers.insert(id.clone(), customer);
    let now = store.now_of(&id);
    if let Some(customer) = store.customers.get_mut(&id) {
        customer.created = now;
    }
    store.emit("customer.created", &id);
    if let Some(card) = params.text("payment_method").and_then(Card::parse) {
        store.give_card(&id, card);
    }
    for tax_id in params.list("tax_id_data") {
        add_tax_id(store, &id, &tax_id)?;
    }
    object(store, "customer", &id)
}

fn update(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&[&FIELDS[..], &["default_source"]].concat())?;
    let before = object(store, "customer", id)?;
    let mut customer = store
        .living_customer(id)
        .ok_or_else(|| ApiError::missing("customer", id))?
        .clone();
    set_fields(store, &mut customer, params)?;
    store.customers.insert(id.to_owned(), customer);
    store.emit_change("customer.updated", id, &before);
    object(store, "customer", id)
}

fn set_fields(store: &Store, customer: &mut Customer, params: &Params) -> Result<(), ApiError> {
    for (name, field) in [
        ("name", &mut customer.name),
        ("email", &mut customer.email),
        ("phone", &mut customer.phone),
        ("description", &mut customer.description),
    ] {
        if params.has(name) {
            *field = params.set_text(name);
        }
    }
    if params.has_any("address") {
        customer.address = (params.text("address") != Some("")).then(|| {
            let part = |part: &str| params.set_text(&format!("address[{part}]"));
            Address {
                line1: part("line1"),
                line2: part("line2"),
                city: part("city"),
                postal_code: part("postal_code"),
                state: part("state"),
                country: part("country"),
            }
        });
    }
    if let Some(method) = params.set_text("invoice_settings[default_payment_method]") {
        if !store.payment_methods.contains_key(&method) {
            let name = "invoice_settings[default_payment_method]";
            return Err(ApiError::missing_param("PaymentMethod", &method, name));
        }
        customer.default_payment_method = Some(method);
    }
    if let Some(balance) = params.number("balance", -99_999_999..=99_999_999)? {
        customer.balance = balance;
    }
    params.merge_map("metadata", &mut customer.metadata);
    Ok(())
}

impl Store {
    /// Deletes a customer, which ends its subscriptions at once.
    pub(crate) fn delete_customer(&mut self, id: &str) -> Result<(), ApiError> {
        if self.living_customer(id).is_none() {
            return Err(ApiError::missing("customer", id));
        }
        let live: Vec<_> = self
            .subscriptions
            .values()
            .filter(|subscription| subscription.customer == id && !subscription.is_over())
            .map(|subscription| subscription.id.clone())
            .collect();
        for subscription in live {
            self.cancel_now(&subscription, Some("cancellation_requested"));
        }
        self.emit("customer.deleted", id);
        if let Some(customer) = self.customers.get_mut(id) {
            customer.deleted = true;
        }
        Ok(())
    }
}

fn delete(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&[])?;
    store.delete_customer(id)?;
    object(store, "customer", id)
}

fn list(store: &Store, params: &Params) -> ApiResult {
    lists::allow(params, &["email", "created", "created[*]", "test_clock"])?;
    let mut rows = Vec::new();
    for customer in store
        .customers
        .values()
        .filter(|customer| !customer.deleted)
    {
        let matches = params
            .text("email")
            .is_none_or(|email| customer.email.as_deref() == Some(email))
            && params
                .text("test_clock")
                .is_none_or(|clock| customer.test_clock.as_deref() == Some(clock))
            && params.in_range("created", customer.created)?;
        if matches {
            rows.push((customer.created, customer.id.clone()));
        }
    }
    lists::page(store, "/v1/customers", rows, params)
}

fn find(store: &Store, params: &Params) -> ApiResult {
    let lag = store.settings.search_lag_seconds;
    let mut living: Vec<_> = store
        .customers
        .values()
        .filter(|customer| !customer.deleted)
        .filter(|customer| lag == 0 || customer.created + lag <= store.now_of(&customer.id))
        .map(|customer| (customer.created, &customer.id))
        .collect();
    living.sort_unstable_by(|one, other| other.cmp(one));
    let objects = living
        .into_iter()
        .filter_map(|(_, id)| store.render(id))
        .collect();
    search::search("/v1/customers/search", objects, params)
}

fn list_tax_ids(store: &Store, params: &Params, customer: &str) -> ApiResult {
    lists::allow(params, &[])?;
    let rows = store
        .tax_ids
        .values()
        .filter(|tax_id| tax_id.customer == customer)
        .map(|tax_id| (tax_id.created, tax_id.id.clone()));
    lists::page(
        store,
        &format!("/v1/customers/{customer}/tax_ids"),
        rows,
        params,
    )
}

fn create_tax_id(store: &mut Store, params: &Params, customer: &str) -> ApiResult {
    params.allow(&["type", "value"])?;
    if store.living_customer(customer).is_none() {
        return Err(ApiError::missing("customer", customer));
    }
    add_tax_id(store, customer, params)
}

fn add_tax_id(store: &mut Store, customer: &str, params: &Params) -> ApiResult {
    let kind = params.required("type")?;
    let value = params.required("value")?;
    store.add_tax_id(customer, kind, value)?;
    let id = store
        .tax_ids
        .values()
        .filter(|tax_id| tax_id.customer == customer && tax_id.value == value)
        .map(|tax_id| tax_id.id.clone())
        .next_back()
        .unwrap_or_default();
    object(store, "tax_id", &id)
}

impl Store {
    /// # Errors
    /// If the number cannot be one of this kind.
    pub(crate) fn add_tax_id(
        &mut self,
        customer: &str,
        kind: &str,
        value: &str,
    ) -> Result<(), ApiError> {
        if value.len() < 4
            || !value
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ".- /".contains(c))
        {
            return Err(ApiError::invalid(format!("Invalid value for {kind}."))
                .with_code("tax_id_invalid")
                .with_param("value"));
        }
        let id = self.new_id("txi");
        let tax_id = TaxId {
            id: id.clone(),
            customer: customer.to_owned(),
            kind: kind.to_owned(),
            value: value.to_owned(),
            created: self.now_of(customer),
        };
        self.tax_ids.insert(id.clone(), tax_id);
        self.emit("customer.tax_id.created", &id);
        Ok(())
    }
}

fn delete_tax_id(store: &mut Store, params: &Params, customer: &str, id: &str) -> ApiResult {
    params.allow(&[])?;
    let owned = store
        .tax_ids
        .get(id)
        .is_some_and(|tax_id| tax_id.customer == customer);
    if !owned {
        return Err(ApiError::missing("tax_id", id));
    }
    store.emit("customer.tax_id.deleted", id);
    store.tax_ids.remove(id);
    let deleted: Value = json!({ "id": id, "object": "tax_id", "deleted": true });
    Ok(deleted)
}
