//! `/v1/webhook_endpoints`, `/v1/test_helpers/test_clocks`, `/v1/tax_ids`.

use serde_json::json;

use super::{Routed, lists, object, retrieve};
use crate::{
    engine::Scope,
    error::{ApiError, ApiResult},
    objects::{TestClock, WebhookEndpoint},
    params::Params,
    store::Store,
};

pub(super) fn route(store: &mut Store, method: &str, path: &[&str], params: &Params) -> Routed {
    Some(match (method, path) {
        ("POST", ["webhook_endpoints"]) => create_endpoint(store, params),
        ("GET", ["webhook_endpoints"]) => {
            let rows = store
                .webhook_endpoints
                .values()
                .map(|endpoint| (endpoint.created, endpoint.id.clone()));
            let path = "/v1/webhook_endpoints";
            lists::allow(params, &[]).and_then(|()| lists::page(store, path, rows, params))
        }
        ("GET", ["webhook_endpoints", id]) => retrieve(store, params, "webhook_endpoint", id),
        ("POST", ["webhook_endpoints", id]) => update_endpoint(store, params, id),
        ("DELETE", ["webhook_endpoints", id]) => {
            let kind = "webhook_endpoint";
            let gone = store.webhook_endpoints.remove(*id);
            gone.map(|gone| json!({ "id": gone.id, "object": kind, "deleted": true }))
                .ok_or_else(|| ApiError::missing(kind, id))
        }
        ("POST", ["test_helpers", "test_clocks"]) => create_clock(store, params),
        ("GET", ["test_helpers", "test_clocks"]) => {
            let rows = store
                .test_clocks
                .values()
                .map(|clock| (clock.created, clock.id.clone()));
            let path = "/v1/test_helpers/test_clocks";
            lists::allow(params, &[]).and_then(|()| lists::page(store, path, rows, params))
        }
        ("GET", ["test_helpers", "test_clocks", id]) => {
            retrieve(store, params, "test_helpers.test_clock", id)
        }
        ("POST", ["test_helpers", "test_clocks", id, "advance"]) => advance(store, params, id),
        ("DELETE", ["test_helpers", "test_clocks", id]) => delete_clock(store, params, id),
        ("GET", ["tax_ids", id]) => retrieve(store, params, "tax_id", id),
        _ => return None,
    })
}

const ENDPOINT_FIELDS: [&str; 5] = [
    "url",
    "enabled_events[*]",
    "description",
    "metadata",
    "metadata[*]",
];

fn create_endpoint(store: &mut Store, params: &Params) -> ApiResult {
    params.allow(&[&ENDPOINT_FIELDS[..], &["api_version", "connect"]].concat())?;
    let url = params.required("url")?.to_owned();
    let enabled_events = params.values("enabled_events");
    if enabled_events.is_empty() {
        return Err(ApiError::invalid("Missing required param: enabled_events.")
            .with_code("parameter_missing")
            .with_param("enabled_events"));
    }
    let id = store.new_id("we");
    let secret = store.new_id("whsec");
    let mut endpoint = WebhookEndpoint {
        id: id.clone(),
        url,
        enabled_events,
        api_version: params.set_text("api_version"),
        description: params.set_text("description"),
        secret: secret.clone(),
        created: store.now(),
        ..WebhookEndpoint::default()
    };
    params.merge_map("metadata", &mut endpoint.metadata);
    store.webhook_endpoints.insert(id.clone(), endpoint);
    let mut made = object(store, "webhook_endpoint", &id)?;
    // Told this once.
    made["secret"] = json!(secret);
    Ok(made)
}

fn update_endpoint(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&[&ENDPOINT_FIELDS[..], &["disabled"]].concat())?;
    let disabled = params.parsed("disabled")?;
    let endpoint = store
        .webhook_endpoints
        .get_mut(id)
        .ok_or_else(|| ApiError::missing("webhook_endpoint", id))?;
    if let Some(url) = params.set_text("url") {
        endpoint.url = url;
    }
    let enabled_events = params.values("enabled_events");
    if !enabled_events.is_empty() {
        endpoint.enabled_events = enabled_events;
    }
    if params.has("description") {
        endpoint.description = params.set_text("description");
    }
    endpoint.disabled = disabled.unwrap_or(endpoint.disabled);
    params.merge_map("metadata", &mut endpoint.metadata);
    object(store, "webhook_endpoint", id)
}

fn create_clock(store: &mut Store, params: &Params) -> ApiResult {
    params.allow(&["frozen_time", "name"])?;
    params.required("frozen_time")?;
    let frozen_time = params
        .moment("frozen_time", 0)?
        .unwrap_or_else(|| store.now());
    let id = store.new_id("clock");
    let clock = TestClock {
        id: id.clone(),
        name: params.set_text("name"),
        frozen_time,
        created: store.now(),
    };
    store.test_clocks.insert(id.clone(), clock);
    object(store, "test_helpers.test_clock", &id)
}

fn advance(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&["frozen_time"])?;
    params.required("frozen_time")?;
    if !store.test_clocks.contains_key(id) {
        return Err(ApiError::missing("test clock", id));
    }
    let until = params.moment("frozen_time", 0)?.unwrap_or_default();
    store.advance(&Scope::Clock(id.to_owned()), until)?;
    store.emit("test_helpers.test_clock.ready", id);
    object(store, "test_helpers.test_clock", id)
}

/// Its customers go with it.
fn delete_clock(store: &mut Store, params: &Params, id: &str) -> ApiResult {
    params.allow(&[])?;
    if !store.test_clocks.contains_key(id) {
        return Err(ApiError::missing("test clock", id));
    }
    let customers: Vec<_> = store
        .customers
        .values()
        .filter(|customer| !customer.deleted && customer.test_clock.as_deref() == Some(id))
        .map(|customer| customer.id.clone())
        .collect();
    for customer in customers {
        store.delete_customer(&customer)?;
    }
    store.test_clocks.remove(id);
    Ok(json!({ "id": id, "object": "test_helpers.test_clock", "deleted": true }))
}
